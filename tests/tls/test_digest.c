/* Digests against the examples of their RFCs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tls/digest.h"

static void assert_hex(const uint8_t *bytes, size_t len, const char *hex)
{
    char text[65] = "";
    for (size_t i = 0; i < len; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    assert_string_equal(text, hex);
}

static void digests_are_those_of_the_rfcs(void **state)
{
    uint8_t out[DIGEST_SHA256_LEN];
    const struct digest_part parts[] = {{"message", 7}, {"", 0}, {" digest", 7}};
    (void)state;
    assert_int_equal(digest_md5(NULL, 0, out), 0);
    assert_hex(out, DIGEST_MD5_LEN, "d41d8cd98f00b204e9800998ecf8427e"); /* RFC 1321, A.5 */
    assert_int_equal(digest_md5(parts, 3, out), 0);
    assert_hex(out, DIGEST_MD5_LEN, "f96b697d7cb7938d525a2f31aaf161d0");
    assert_int_equal(digest_hmac_md5("Jefe", 4, "what do ya want for nothing?", 28, out), 0); /* RFC 2104 */
    assert_hex(out, DIGEST_MD5_LEN, "750c783e6ab0b503eaa86e310a5db738");
    assert_int_equal(digest_sha256("abc", 3, out), 0);
    assert_hex(out, DIGEST_SHA256_LEN, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void a_flow_is_the_digest_of_its_pieces(void **state)
{
    uint8_t whole[DIGEST_SHA256_LEN], pieces[DIGEST_SHA256_LEN];
    struct digest_flow *flow = digest_flow_new();
    (void)state;
    assert_non_null(flow);
    digest_flow_add(flow, "a", 1);
    digest_flow_add(flow, "", 0);
    digest_flow_add(flow, "bc", 2);
    digest_flow_get(flow, pieces);
    assert_int_equal(digest_sha256("abc", 3, whole), 0);
    assert_memory_equal(pieces, whole, sizeof whole);
    digest_flow_free(flow);
    digest_flow_free(NULL);
}

static void digest_equal_compares_all(void **state)
{
    (void)state;
    assert_true(digest_equal("abcd", "abcd", 4));
    assert_false(digest_equal("abcd", "abce", 4));
    assert_false(digest_equal("abcd", "xbcd", 4));
    assert_true(digest_equal("a", "b", 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests_are_those_of_the_rfcs),
        cmocka_unit_test(a_flow_is_the_digest_of_its_pieces),
        cmocka_unit_test(digest_equal_compares_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
