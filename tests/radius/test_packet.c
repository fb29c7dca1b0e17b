/* RADIUS packets: shape, proof, answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "radius/packet.h"
#include "radius/request.h"
#include "tls/digest.h"

#define SECRET "s3cret of the corridor"

static struct radius_packet parse(const struct request *request)
{
    struct radius_packet packet;
    assert_int_equal(radius_packet_parse(request->bytes, request->len, &packet), 0);
    return packet;
}

static enum radius_proof prove(const struct request *request, const char *secret, bool required)
{
    struct radius_packet packet = parse(request);
    enum radius_proof proof;
    assert_int_equal(radius_packet_prove(&packet, secret, required, &proof), 0);
    return proof;
}

static void make_start(struct request *request, int message_authenticator)
{
    request_begin(request, RADIUS_ACCOUNTING_REQUEST, 7);
    request_add_number(request, RADIUS_ACCT_STATUS_TYPE, 1);
    request_add_text(request, RADIUS_ACCT_SESSION_ID, "0001");
    request_sign(request, SECRET, message_authenticator);
}

static void radius_packet_parse_refuses_lengths_that_cannot_be(void **state)
{
    struct request request;
    struct radius_packet packet;
    (void)state;
    make_start(&request, 0);
    for (size_t len = 0; len < request.len; len++)
        assert_int_equal(radius_packet_parse(request.bytes, len, &packet), ERR_TRUNCATED);
    const struct {
        uint16_t said;
        int err;
    } rows[] = {{0, ERR_MALFORMED},    {19, ERR_MALFORMED},   {20, 0}, {21, ERR_MALFORMED}, {4096, ERR_TRUNCATED},
                {4097, ERR_MALFORMED}, {65535, ERR_MALFORMED}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        request.bytes[2] = (uint8_t)(rows[i].said >> 8);
        request.bytes[3] = (uint8_t)rows[i].said;
        assert_int_equal(radius_packet_parse(request.bytes, request.len, &packet), rows[i].err);
    }
}

static void radius_packet_parse_takes_padding_for_no_part_of_it(void **state)
{
    struct request request;
    struct radius_packet packet;
    (void)state;
    make_start(&request, 0);
    assert_int_equal(radius_packet_parse(request.bytes, request.len + 100, &packet), 0);
    assert_int_equal(packet.len, request.len);
}

static void radius_packet_parse_refuses_attributes_that_leave_it(void **state)
{
    struct request request;
    struct radius_packet packet;
    (void)state;
    for (unsigned len = 0; len < 256; len++) {
        request_begin(&request, RADIUS_ACCOUNTING_REQUEST, 1);
        request_add(&request, RADIUS_USER_NAME, "abcd", 4);
        request_sign(&request, SECRET, 0);
        request.bytes[21] = (uint8_t)len;
        int expected = len == 6 ? 0 : ERR_MALFORMED;
        if (len == 4) /* what is left is "cd": type c, length d */
            expected = ERR_MALFORMED;
        assert_int_equal(radius_packet_parse(request.bytes, request.len, &packet), expected);
    }
}

static void radius_packet_parse_takes_one_message_authenticator_of_16_bytes(void **state)
{
    struct request request;
    struct radius_packet packet;
    (void)state;
    make_start(&request, 1);
    assert_non_null(parse(&request).message_authenticator);
    request_begin(&request, RADIUS_ACCOUNTING_REQUEST, 1);
    request_add(&request, RADIUS_MESSAGE_AUTHENTICATOR, "123456789012345", 15);
    request_sign(&request, SECRET, 0);
    assert_int_equal(radius_packet_parse(request.bytes, request.len, &packet), ERR_MALFORMED);
    request_begin(&request, RADIUS_ACCOUNTING_REQUEST, 1);
    request_add(&request, RADIUS_MESSAGE_AUTHENTICATOR, "1234567890123456", 16);
    request_sign(&request, SECRET, 1);
    assert_int_equal(radius_packet_parse(request.bytes, request.len, &packet), ERR_MALFORMED);
}

static void radius_packet_next_gives_attributes_without_values_too(void **state)
{
    struct request request;
    struct radius_attribute attribute;
    size_t at = 0;
    (void)state;
    request_begin(&request, RADIUS_ACCOUNTING_REQUEST, 1);
    request_add(&request, RADIUS_USER_NAME, "", 0);
    request_add_text(&request, RADIUS_NAS_IDENTIFIER, "ap-7");
    request_sign(&request, SECRET, 0);
    struct radius_packet packet = parse(&request);
    assert_true(radius_packet_next(&packet, &at, &attribute));
    assert_int_equal(attribute.type, RADIUS_USER_NAME);
    assert_int_equal(attribute.len, 0);
    assert_true(radius_packet_next(&packet, &at, &attribute));
    assert_memory_equal(attribute.value, "ap-7", 4);
    assert_false(radius_packet_next(&packet, &at, &attribute));
    request_begin(&request, RADIUS_ACCOUNTING_REQUEST, 1);
    request_sign(&request, SECRET, 0);
    packet = parse(&request);
    at = 0;
    assert_false(radius_packet_next(&packet, &at, &attribute));
}

static void radius_packet_prove_needs_the_secret(void **state)
{
    struct request request;
    (void)state;
    make_start(&request, 0);
    assert_int_equal(prove(&request, SECRET, false), RADIUS_PROVED);
    assert_int_equal(prove(&request, "s3cret of the corridoR", false), RADIUS_WRONG_AUTHENTICATOR);
    assert_int_equal(prove(&request, SECRET, true), RADIUS_NO_MESSAGE_AUTHENTICATOR);
    make_start(&request, 1);
    assert_int_equal(prove(&request, SECRET, false), RADIUS_PROVED);
    assert_int_equal(prove(&request, SECRET, true), RADIUS_PROVED);
    assert_int_equal(prove(&request, "another", true), RADIUS_WRONG_AUTHENTICATOR);
}

/* Each bit of a request counts, but for those that parsing refuses. */
static void radius_packet_prove_sees_every_change(void **state)
{
    struct request request;
    (void)state;
    make_start(&request, 1);
    for (size_t bit = 0; bit < request.len * 8; bit++) {
        struct radius_packet packet;
        enum radius_proof proof;
        if (bit / 8 == 0)
            continue; /* the code is the caller's to look at */
        request.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (radius_packet_parse(request.bytes, request.len, &packet) == 0) {
            assert_int_equal(radius_packet_prove(&packet, SECRET, false, &proof), 0);
            assert_int_not_equal(proof, RADIUS_PROVED);
        }
        request.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_int_equal(prove(&request, SECRET, false), RADIUS_PROVED);
}

/* The authenticator is right, and made over a Message-Authenticator that is not. */
static void radius_packet_prove_checks_a_message_authenticator_that_need_not_be(void **state)
{
    struct request request;
    (void)state;
    request_begin(&request, RADIUS_ACCOUNTING_REQUEST, 1);
    request_add(&request, RADIUS_MESSAGE_AUTHENTICATOR, "1234567890123456", 16);
    request_sign(&request, SECRET, 0);
    assert_int_equal(prove(&request, SECRET, false), RADIUS_WRONG_MESSAGE_AUTHENTICATOR);
}

static void radius_packet_prove_asks_a_status_server_for_its_message_authenticator(void **state)
{
    struct request request;
    (void)state;
    request_begin(&request, RADIUS_STATUS_SERVER, 9);
    request_sign(&request, SECRET, 1);
    assert_int_equal(prove(&request, SECRET, false), RADIUS_PROVED);
    assert_int_equal(prove(&request, "another", false), RADIUS_WRONG_MESSAGE_AUTHENTICATOR);
    request_begin(&request, RADIUS_STATUS_SERVER, 9);
    request_sign(&request, SECRET, 0);
    assert_int_equal(prove(&request, SECRET, false), RADIUS_NO_MESSAGE_AUTHENTICATOR);
}

/* Checks an answer as a client does: RFC 2866, 3. */
static void check_answer(const struct request *request, const uint8_t *answer, size_t len)
{
    uint8_t right[16];
    const struct digest_part parts[] = {
        {answer, 4}, {request->bytes + 4, 16}, {answer + 20, len - 20}, {SECRET, strlen(SECRET)}};
    assert_int_equal(answer[0], RADIUS_ACCOUNTING_RESPONSE);
    assert_int_equal(answer[1], request->bytes[1]);
    assert_int_equal((size_t)answer[2] << 8 | answer[3], len);
    assert_int_equal(digest_md5(parts, 4, right), 0);
    assert_memory_equal(answer + 4, right, 16);
}

static void radius_packet_answer_echoes_proxy_states_in_order(void **state)
{
    struct request request;
    uint8_t answer[RADIUS_LEN_MAX], again[RADIUS_LEN_MAX];
    (void)state;
    request_begin(&request, RADIUS_ACCOUNTING_REQUEST, 200);
    request_add_text(&request, RADIUS_PROXY_STATE, "near");
    request_add_number(&request, RADIUS_ACCT_STATUS_TYPE, 1);
    request_add_text(&request, RADIUS_PROXY_STATE, "far");
    request_add_text(&request, RADIUS_ACCT_SESSION_ID, "1");
    request_add(&request, RADIUS_PROXY_STATE, "", 0);
    request_sign(&request, SECRET, 0);
    struct radius_packet packet = parse(&request);
    int len = radius_packet_answer(&packet, SECRET, answer, sizeof answer);
    assert_int_equal(len, 20 + 6 + 5 + 2);
    check_answer(&request, answer, (size_t)len);
    assert_memory_equal(answer + 20,
                        "\x21\x06near\x21\x05"
                        "far\x21\x02",
                        13);
    assert_int_equal(radius_packet_answer(&packet, SECRET, again, sizeof again), len);
    assert_memory_equal(answer, again, (size_t)len);
    assert_int_equal(radius_packet_answer(&packet, SECRET, again, 32), ERR_LIMIT);
    assert_int_equal(radius_packet_answer(&packet, SECRET, again, 19), ERR_LIMIT);
}

static void radius_packet_answer_signs_to_a_status_server(void **state)
{
    struct request request;
    uint8_t answer[RADIUS_LEN_MAX], signed_over[RADIUS_LEN_MAX], right[16];
    (void)state;
    make_start(&request, 1);
    struct radius_packet packet = parse(&request);
    assert_int_equal(radius_packet_answer(&packet, SECRET, answer, sizeof answer), 20);
    request_begin(&request, RADIUS_STATUS_SERVER, 9);
    request_sign(&request, SECRET, 1);
    packet = parse(&request);
    int len = radius_packet_answer(&packet, SECRET, answer, sizeof answer);
    assert_int_equal(len, 38);
    check_answer(&request, answer, (size_t)len);
    assert_int_equal(answer[20], RADIUS_MESSAGE_AUTHENTICATOR);
    memcpy(signed_over, answer, (size_t)len);
    memcpy(signed_over + 4, request.bytes + 4, 16);
    memset(signed_over + 22, 0, 16);
    assert_int_equal(digest_hmac_md5(SECRET, strlen(SECRET), signed_over, (size_t)len, right), 0);
    assert_memory_equal(answer + 22, right, 16);
}

/* As many Proxy-States as fit into a request, with a Message-Authenticator: the answer is no longer than the request. */
static void radius_packet_answer_fits_whatever_was_asked(void **state)
{
    struct request request;
    uint8_t answer[RADIUS_LEN_MAX];
    char filler[RADIUS_VALUE_MAX];
    (void)state;
    memset(filler, 'p', sizeof filler);
    request_begin(&request, RADIUS_STATUS_SERVER, 1);
    while (request.len + sizeof filler + 2 + 18 <= RADIUS_LEN_MAX)
        request_add(&request, RADIUS_PROXY_STATE, filler, sizeof filler);
    size_t left = RADIUS_LEN_MAX - 18 - request.len;
    if (left >= 2)
        request_add(&request, RADIUS_PROXY_STATE, filler, left - 2);
    request_sign(&request, SECRET, 1);
    assert_int_equal(request.len, RADIUS_LEN_MAX);
    struct radius_packet packet = parse(&request);
    assert_int_equal(radius_packet_answer(&packet, SECRET, answer, sizeof answer), RADIUS_LEN_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(radius_packet_parse_refuses_lengths_that_cannot_be),
        cmocka_unit_test(radius_packet_parse_takes_padding_for_no_part_of_it),
        cmocka_unit_test(radius_packet_parse_refuses_attributes_that_leave_it),
        cmocka_unit_test(radius_packet_parse_takes_one_message_authenticator_of_16_bytes),
        cmocka_unit_test(radius_packet_next_gives_attributes_without_values_too),
        cmocka_unit_test(radius_packet_prove_needs_the_secret),
        cmocka_unit_test(radius_packet_prove_sees_every_change),
        cmocka_unit_test(radius_packet_prove_checks_a_message_authenticator_that_need_not_be),
        cmocka_unit_test(radius_packet_prove_asks_a_status_server_for_its_message_authenticator),
        cmocka_unit_test(radius_packet_answer_echoes_proxy_states_in_order),
        cmocka_unit_test(radius_packet_answer_signs_to_a_status_server),
        cmocka_unit_test(radius_packet_answer_fits_whatever_was_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
