#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "signing/signing_key.h"

/* RFC 8032, 7.1, TEST 2: the seed in PKCS #8, the public half, the signature of the byte 0x72. */
static const char rfc_secret[] = "-----BEGIN PRIVATE KEY-----\n"
                                 "MC4CAQAwBQYDK2VwBCIEIEzNCJso/5banbbDRuwRTg9bijGfNaumJNqM9u1PuKb7\n"
                                 "-----END PRIVATE KEY-----\n";
static const uint8_t rfc_public[] = {0x3d, 0x40, 0x17, 0xc3, 0xe8, 0x43, 0x89, 0x5a, 0x92, 0xb7, 0x0a,
                                     0xa7, 0x4d, 0x1b, 0x7e, 0xbc, 0x9c, 0x98, 0x2c, 0xcf, 0x2e, 0xc4,
                                     0x96, 0x8c, 0xc0, 0xcd, 0x55, 0xf1, 0x2a, 0xf4, 0x66, 0x0c};
static const uint8_t rfc_signature[] = {0x92, 0xa0, 0x09, 0xa9, 0xf0, 0xd4, 0xca, 0xb8, 0x72, 0x0e, 0x82, 0x0b, 0x5f,
                                        0x64, 0x25, 0x40, 0xa2, 0xb2, 0x7b, 0x54, 0x16, 0x50, 0x3f, 0x8f, 0xb3, 0x76,
                                        0x22, 0x23, 0xeb, 0xdb, 0x69, 0xda, 0x08, 0x5a, 0xc1, 0xe4, 0x3e, 0x15, 0x99,
                                        0x6e, 0x45, 0x8f, 0x36, 0x13, 0xd0, 0xf1, 0x1d, 0x8c, 0x38, 0x7b, 0x2e, 0xae,
                                        0xb4, 0x30, 0x2a, 0xee, 0xb0, 0x0d, 0x29, 0x16, 0x12, 0xbb, 0x0c, 0x00};

struct place {
    char dir[64];
    char key[128];
};

static void place_begin(struct place *place)
{
    snprintf(place->dir, sizeof place->dir, "/tmp/belisha-signing-XXXXXX");
    assert_non_null(mkdtemp(place->dir));
    snprintf(place->key, sizeof place->key, "%s/keys/log.key", place->dir);
}

static void place_end(const struct place *place)
{
    char keys[80];
    snprintf(keys, sizeof keys, "%s/keys", place->dir);
    unlink(place->key);
    rmdir(keys);
    assert_int_equal(rmdir(place->dir), 0);
}

static void put(const struct place *place, const char *text, mode_t mode)
{
    char keys[80];
    snprintf(keys, sizeof keys, "%s/keys", place->dir);
    mkdir(keys, 0700);
    unlink(place->key);
    int fd = open(place->key, O_WRONLY | O_CREAT, 0600);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static void a_key_is_made_once_and_found_again(void **state)
{
    struct place place;
    struct signing_key first;
    struct signing_key second;
    struct stat st;
    bool made;
    (void)state;
    place_begin(&place);
    assert_int_equal(signing_key_open(place.key, &first, &made), 0);
    assert_true(made);
    assert_int_equal(stat(place.key, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0400);
    assert_int_equal(signing_key_open(place.key, &second, &made), 0);
    assert_false(made);
    assert_memory_equal(&first, &second, sizeof first);
    place_end(&place);
}

static void signatures_are_those_of_rfc_8032(void **state)
{
    struct place place;
    struct signing_key key;
    uint8_t signature[SIGNING_SIGNATURE_LEN];
    const uint8_t message[] = {0x72};
    bool made;
    (void)state;
    place_begin(&place);
    put(&place, rfc_secret, 0400);
    assert_int_equal(signing_key_open(place.key, &key, &made), 0);
    assert_memory_equal(key.public.bytes, rfc_public, sizeof rfc_public);
    signing_key_sign(&key, message, sizeof message, signature);
    assert_memory_equal(signature, rfc_signature, sizeof signature);
    assert_true(signing_public_verify(&key.public, message, sizeof message, signature));
    signature[10] ^= 1;
    assert_false(signing_public_verify(&key.public, message, sizeof message, signature));
    signature[10] ^= 1;
    assert_false(signing_public_verify(&key.public, "s", 1, signature));
    signing_key_done(&key);
    place_end(&place);
}

static void a_key_that_others_may_read_is_not_used(void **state)
{
    struct place place;
    struct signing_key key;
    bool made;
    (void)state;
    place_begin(&place);
    put(&place, rfc_secret, 0440);
    assert_int_equal(signing_key_open(place.key, &key, &made), ERR_ACCESS);
    place_end(&place);
}

static void a_file_that_is_no_key_is_refused_and_stays(void **state)
{
    static const char *const texts[] = {
        "", "secret", "-----BEGIN PRIVATE KEY-----\n", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\n"
        "MC4CAQAwBQYDK2VuBCIEIEzNCJso/5banbbDRuwRTg9bijGfNaumJNqM9u1PuKb7\n" /* X25519, not Ed25519 */
        "-----END PRIVATE KEY-----\n"};
    struct place place;
    struct signing_key key;
    struct stat st;
    bool made;
    (void)state;
    place_begin(&place);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        put(&place, texts[i], 0400);
        assert_int_equal(signing_key_open(place.key, &key, &made), ERR_MALFORMED);
        assert_int_equal(stat(place.key, &st), 0);
        assert_int_equal(st.st_size, strlen(texts[i]));
    }
    place_end(&place);
}

static void a_public_half_goes_to_pem_and_back(void **state)
{
    struct signing_public public;
    struct text pem = {0};
    char id[SIGNING_ID_TEXT_MAX];
    (void)state;
    memcpy(public.bytes, rfc_public, sizeof rfc_public);
    signing_public_write(&public, &pem);
    assert_string_equal(pem.bytes, "-----BEGIN PUBLIC KEY-----\n"
                                   "MCowBQYDK2VwAyEAPUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=\n"
                                   "-----END PUBLIC KEY-----\n");
    struct signing_public back;
    assert_int_equal(signing_public_parse(pem.bytes, pem.len, &back), 0);
    assert_memory_equal(back.bytes, rfc_public, sizeof rfc_public);
    assert_int_equal(strlen(signing_id_to_text(back.id, id)), 2 * SIGNING_ID_LEN);
    for (size_t len = 0; len < pem.len - 1; len++)
        assert_int_equal(signing_public_parse(pem.bytes, len, &back), ERR_MALFORMED);
    assert_int_equal(signing_public_parse(rfc_secret, strlen(rfc_secret), &back), ERR_MALFORMED);
    text_done(&pem);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_made_once_and_found_again),
        cmocka_unit_test(signatures_are_those_of_rfc_8032),
        cmocka_unit_test(a_key_that_others_may_read_is_not_used),
        cmocka_unit_test(a_file_that_is_no_key_is_refused_and_stays),
        cmocka_unit_test(a_public_half_goes_to_pem_and_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
