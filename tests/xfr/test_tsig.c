/* Against ldns, which signs and checks single messages; what goes over several is checked against ourselves. */
#include "xfr/tsig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <ldns/ldns.h>

#include "dns/msg.h"
#include "xfr/xfr.h"

#define SECRET "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

/* "zone.example", and the header and question of an answer about it. */
static const uint8_t zone[] = "\4zone\7example";
static const uint8_t answer[] = "\x12\x34\x84\0\0\1\0\0\0\0\0\0\4zone\7example\0\0\xfc\0\1";
#define ANSWER_LEN (sizeof answer - 1)
#define TTL_AT     10 /* in the TSIG record, whose owner ldns compresses to "key" and a pointer */

static void make_key(const char *algorithm, struct tsig_key *out)
{
    assert_int_equal(tsig_key_make("Key.Example", algorithm, SECRET, out), 0);
}

static size_t signed_request(const struct tsig_key *key, struct tsig *tsig, uint8_t msg[XFR_REQUEST_MAX])
{
    struct xfr xfr;
    xfr_init(&xfr, XFR_AXFR, zone, NULL, 0, 0x1234);
    size_t len = xfr_request(&xfr, msg);
    assert_int_equal(tsig_sign(tsig, key, msg, &len, XFR_REQUEST_MAX, time(NULL)), 0);
    return len;
}

static ldns_pkt *parse(const uint8_t *msg, size_t len)
{
    ldns_pkt *pkt = NULL;
    assert_int_equal(ldns_wire2pkt(&pkt, msg, len), LDNS_STATUS_OK);
    return pkt;
}

static void ldns_accepts_our_request(void **state)
{
    static const char *const algorithms[] = {"hmac-sha256", "hmac-sha512"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct tsig_key key;
        struct tsig tsig;
        uint8_t msg[XFR_REQUEST_MAX];
        make_key(algorithms[i], &key);
        size_t len = signed_request(&key, &tsig, msg);
        ldns_pkt *pkt = parse(msg, len);
        assert_non_null(ldns_pkt_tsig(pkt));
        assert_true(ldns_pkt_tsig_verify(pkt, msg, len, "key.example.", SECRET, NULL));
        assert_false(ldns_pkt_tsig_verify(pkt, msg, len, "key.example.", "b3RoZXI=", NULL));
        ldns_pkt_free(pkt);
    }
}

/* An answer to the request, signed by ldns. */
static size_t ldns_answer(const uint8_t *request, size_t request_len, uint8_t out[1024])
{
    ldns_pkt *asked = parse(request, request_len), *pkt = parse(answer, ANSWER_LEN);
    uint8_t *wire;
    size_t len;
    assert_int_equal(
        ldns_pkt_tsig_sign(pkt, "key.example.", SECRET, 300, "hmac-sha256.", ldns_rr_rdf(ldns_pkt_tsig(asked), 3)),
        LDNS_STATUS_OK);
    assert_int_equal(ldns_pkt2wire(&wire, pkt, &len), LDNS_STATUS_OK);
    assert_true(len <= 1024);
    memcpy(out, wire, len);
    LDNS_FREE(wire);
    ldns_pkt_free(asked);
    ldns_pkt_free(pkt);
    return len;
}

static int verify(const struct tsig *tsig, const uint8_t *msg, size_t len, int64_t now_s)
{
    struct tsig copy = *tsig;
    uint8_t bytes[1024];
    char why[TSIG_WHY_MAX] = "";
    size_t out_len = 0;
    bool is_signed = false;
    memcpy(bytes, msg, len);
    int err = tsig_verify(&copy, bytes, len, now_s, &out_len, &is_signed, why);
    assert_true(err == 0 ? out_len == ANSWER_LEN && is_signed : why[0] != '\0');
    return err;
}

static void an_answer_signed_by_ldns_is_taken_and_a_changed_one_is_not(void **state)
{
    struct tsig_key key;
    struct tsig tsig;
    uint8_t request[XFR_REQUEST_MAX], msg[1024];
    (void)state;
    make_key("hmac-sha256", &key);
    size_t request_len = signed_request(&key, &tsig, request);
    size_t len = ldns_answer(request, request_len, msg);
    assert_int_equal(verify(&tsig, msg, len, time(NULL)), 0);
    for (size_t bit = 0; bit < len * 8; bit++) {
        bool letter = bit / 8 >= ANSWER_LEN && ((msg[bit / 8] | 0x20) >= 'a' && (msg[bit / 8] | 0x20) <= 'z');
        msg[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
        /* Upper and lower case are the same in the key's and the algorithm's name, and the TTL does not count. */
        bool same = (letter && bit % 8 == 2) || verify(&tsig, msg, len, time(NULL)) < 0;
        msg[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
        bool ttl = bit / 8 >= ANSWER_LEN + TTL_AT && bit / 8 < ANSWER_LEN + TTL_AT + 4;
        if (!same && !ttl)
            print_message("bit %zu of byte %zu\n", bit % 8, bit / 8);
        assert_true(same || ttl);
    }
    for (size_t cut = 0; cut < len; cut++)
        assert_true(verify(&tsig, msg, cut, time(NULL)) < 0);
}

static void an_answer_of_another_time_is_not_taken(void **state)
{
    struct tsig_key key;
    struct tsig tsig;
    uint8_t request[XFR_REQUEST_MAX], msg[1024];
    (void)state;
    make_key("hmac-sha256", &key);
    size_t len = ldns_answer(request, signed_request(&key, &tsig, request), msg);
    int64_t now_s = time(NULL);
    assert_int_equal(verify(&tsig, msg, len, now_s + 290), 0);
    assert_int_equal(verify(&tsig, msg, len, now_s - 290), 0);
    assert_int_equal(verify(&tsig, msg, len, now_s + 310), ERR_ACCESS);
    assert_int_equal(verify(&tsig, msg, len, now_s - 310), ERR_ACCESS);
}

static void an_answer_to_another_request_is_not_taken(void **state)
{
    struct tsig_key key;
    struct tsig first, second;
    uint8_t request[XFR_REQUEST_MAX], other[XFR_REQUEST_MAX], msg[1024];
    (void)state;
    make_key("hmac-sha256", &key);
    size_t len = ldns_answer(request, signed_request(&key, &first, request), msg);
    struct xfr xfr;
    xfr_init(&xfr, XFR_SOA, zone, NULL, 0, 0x1234);
    size_t other_len = xfr_request(&xfr, other);
    assert_int_equal(tsig_sign(&second, &key, other, &other_len, sizeof other, time(NULL)), 0);
    assert_int_equal(verify(&first, msg, len, time(NULL)), 0);
    assert_int_equal(verify(&second, msg, len, time(NULL)), ERR_ACCESS);
}

static void keys_are_base64_of_something(void **state)
{
    struct tsig_key key;
    (void)state;
    assert_int_equal(tsig_key_make("k", "hmac-sha256", " MDEy\nMzQ1 ", &key), 0);
    assert_int_equal(key.secret_len, 6);
    assert_int_equal(tsig_key_make("k", "hmac-sha256", "", &key), ERR_MALFORMED);
    assert_int_equal(tsig_key_make("k", "hmac-sha256", "MDEyMzQ1*", &key), ERR_MALFORMED);
    assert_int_equal(tsig_key_make("k", "hmac-md5", SECRET, &key), ERR_MALFORMED);
    assert_int_equal(tsig_key_make("", "hmac-sha256", SECRET, &key), ERR_MALFORMED);
    assert_int_equal(tsig_key_make(".", "hmac-sha256", SECRET, &key), ERR_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ldns_accepts_our_request),
        cmocka_unit_test(an_answer_signed_by_ldns_is_taken_and_a_changed_one_is_not),
        cmocka_unit_test(an_answer_of_another_time_is_not_taken),
        cmocka_unit_test(an_answer_to_another_request_is_not_taken),
        cmocka_unit_test(keys_are_base64_of_something),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
