#include "dnstap/event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dnstap/decode.h"

static const uint8_t message[] = {0xbe, 0xef, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 'x', 0, 0, 1, 0, 1};
static const uint8_t zone[] = {4, 't', 'e', 's', 't', 0};

static struct endpoint endpoint_of(const char *text, uint16_t port)
{
    struct endpoint e;
    assert_int_equal(endpoint_from_text(text, port, &e), 0);
    return e;
}

/* Writes it to exactly as much memory as was promised, and reads it back. */
static uint8_t *write_and_read(const struct dnstap_event *event, struct told *out)
{
    uint8_t head[DNSTAP_HEAD_MAX];
    size_t head_len = dnstap_head_write("school", "1.0", head);
    size_t len = dnstap_event_size(event, head_len);
    uint8_t *bytes = malloc(len);
    assert_non_null(bytes);
    dnstap_event_write(event, head, head_len, bytes);
    assert_true(told_read(bytes, len, out));
    return bytes;
}

static void assert_piece(const struct piece *piece, const void *bytes, size_t len)
{
    assert_int_equal(piece->len, len);
    assert_memory_equal(piece->at, bytes, len);
}

static void event_comes_back_with_every_field(void **state)
{
    const struct endpoint client = endpoint_of("10.1.2.3", 40000), server = endpoint_of("10.0.0.53", 53);
    const struct dnstap_policy policy = {.type = "category",
                                         .rule = "gambling",
                                         .action = DNSTAP_LOCAL_DATA,
                                         .match = DNSTAP_MATCH_QNAME,
                                         .value = {zone, sizeof zone}};
    const struct dnstap_event event = {.type = DNSTAP_CLIENT_RESPONSE,
                                       .protocol = DNSTAP_DOH,
                                       .query_from = &client,
                                       .response_from = &server,
                                       .query_ns = INT64_C(1700000000123456789),
                                       .response_ns = INT64_C(1700000001000000001),
                                       .query = {message, sizeof message},
                                       .response = {message, 12},
                                       .zone = {zone, sizeof zone},
                                       .policy = &policy};
    struct told told;
    (void)state;
    uint8_t *bytes = write_and_read(&event, &told);
    assert_piece(&told.identity, "school", 6);
    assert_piece(&told.version, "1.0", 3);
    assert_int_equal(told.type, DNSTAP_CLIENT_RESPONSE);
    assert_int_equal(told.family, 1);
    assert_int_equal(told.protocol, DNSTAP_DOH);
    assert_int_equal(told.http, 2);
    assert_piece(&told.query_address, ipaddr_v4(&client.addr), 4);
    assert_piece(&told.response_address, ipaddr_v4(&server.addr), 4);
    assert_int_equal(told.query_port, 40000);
    assert_int_equal(told.response_port, 53);
    assert_int_equal(told.query_s, 1700000000);
    assert_int_equal(told.query_ns, 123456789);
    assert_int_equal(told.response_s, 1700000001);
    assert_int_equal(told.response_ns, 1);
    assert_piece(&told.query, message, sizeof message);
    assert_piece(&told.response, message, 12);
    assert_piece(&told.zone, zone, sizeof zone);
    assert_true(told.policy.there);
    assert_piece(&told.policy.type, "category", 8);
    assert_piece(&told.policy.rule, "gambling", 8);
    assert_int_equal(told.policy.action, DNSTAP_LOCAL_DATA);
    assert_int_equal(told.policy.match, DNSTAP_MATCH_QNAME);
    assert_piece(&told.policy.value, zone, sizeof zone);
    free(bytes);
}

static void event_leaves_out_what_is_not_known(void **state)
{
    const struct endpoint server = endpoint_of("2001:db8::53", 853);
    const struct dnstap_event event = {
        .type = DNSTAP_FORWARDER_QUERY, .protocol = DNSTAP_DOT, .response_from = &server};
    struct told told;
    (void)state;
    uint8_t *bytes = write_and_read(&event, &told);
    assert_int_equal(told.family, 2);
    assert_piece(&told.response_address, server.addr.bytes, 16);
    assert_null(told.query_address.at);
    assert_int_equal(told.query_port, 0);
    assert_int_equal(told.query_s, 0);
    assert_int_equal(told.response_s, 0);
    assert_null(told.query.at);
    assert_null(told.response.at);
    assert_null(told.zone.at);
    assert_false(told.policy.there);
    assert_int_equal(told.http, 0);
    free(bytes);
}

static void policy_leaves_out_what_the_format_has_no_word_for(void **state)
{
    const struct endpoint client = endpoint_of("10.1.2.3", 1);
    const struct dnstap_policy policy = {.type = "access"};
    const struct dnstap_event event = {
        .type = DNSTAP_CLIENT_RESPONSE, .protocol = DNSTAP_UDP, .query_from = &client, .policy = &policy};
    struct told told;
    (void)state;
    uint8_t *bytes = write_and_read(&event, &told);
    assert_true(told.policy.there);
    assert_piece(&told.policy.type, "access", 6);
    assert_null(told.policy.rule.at);
    assert_null(told.policy.value.at);
    assert_int_equal(told.policy.action, 0);
    assert_int_equal(told.policy.match, 0);
    free(bytes);
}

/* Lengths whose varint has one byte, two and three. */
static void event_takes_messages_of_every_length(void **state)
{
    static const size_t lengths[] = {0, 1, 12, 110, 127, 128, 129, 16383, 16384, 65535};
    static uint8_t long_message[65535];
    const struct endpoint client = endpoint_of("::1", 65535);
    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        const struct dnstap_event event = {.type = DNSTAP_CLIENT_RESPONSE,
                                           .protocol = DNSTAP_TCP,
                                           .query_from = &client,
                                           .response = {long_message, lengths[i]}};
        struct told told;
        uint8_t *bytes = write_and_read(&event, &told);
        assert_int_equal(told.response.len, lengths[i]);
        assert_int_equal(told.query_port, 65535);
        free(bytes);
    }
}

static void hidden_bytes_are_told_as_zeros(void **state)
{
    const struct endpoint client = endpoint_of("::1", 1);
    const struct dnstap_event event = {.type = DNSTAP_CLIENT_RESPONSE,
                                       .query_from = &client,
                                       .response = {(const uint8_t *)"0123456789", 10},
                                       .hidden = {{0, 1}, {3, 2}, {9, 1}},
                                       .hidden_count = 3};
    struct told told;
    (void)state;
    uint8_t *bytes = write_and_read(&event, &told);
    assert_piece(&told.response,
                 "\0"
                 "12\0\0"
                 "5678\0",
                 10);
    free(bytes);
}

static void head_cuts_long_texts_and_leaves_out_empty_ones(void **state)
{
    char text[1000];
    uint8_t head[DNSTAP_HEAD_MAX];
    (void)state;
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_int_equal(dnstap_head_write("", "", head), 0);
    assert_int_equal(dnstap_head_write("a", "", head), 3);
    assert_int_equal(dnstap_head_write(text, text, head), DNSTAP_HEAD_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(event_comes_back_with_every_field),
        cmocka_unit_test(event_leaves_out_what_is_not_known),
        cmocka_unit_test(policy_leaves_out_what_the_format_has_no_word_for),
        cmocka_unit_test(event_takes_messages_of_every_length),
        cmocka_unit_test(hidden_bytes_are_told_as_zeros),
        cmocka_unit_test(head_cuts_long_texts_and_leaves_out_empty_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
