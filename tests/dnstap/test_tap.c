#include "dnstap/tap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dnstap/decode.h"

#define HELD_MAX 100

struct reader {
    bool takes;
    size_t count;
    uint8_t *frames[HELD_MAX];
    size_t lens[HELD_MAX];
};

static bool take(void *ctx, uint8_t *frame, size_t len)
{
    struct reader *reader = ctx;
    if (!reader->takes || reader->count == HELD_MAX)
        return false;
    reader->lens[reader->count] = len;
    reader->frames[reader->count++] = frame;
    return true;
}

static void give_all_back(struct reader *reader)
{
    while (reader->count > 0)
        tap_give_back(reader->frames[--reader->count]);
}

static const struct tap_opts opts = {
    .identity = "school", .version = "1", .types = 1u << DNSTAP_CLIENT_QUERY | 1u << DNSTAP_CLIENT_RESPONSE};

static struct dnstap_event event_of(const uint8_t *msg, size_t len)
{
    static struct endpoint client;
    assert_int_equal(endpoint_from_text("10.0.0.1", 1234, &client), 0);
    return (struct dnstap_event){
        .type = DNSTAP_CLIENT_QUERY, .protocol = DNSTAP_UDP, .query_from = &client, .query = {msg, len}};
}

static void tap_hands_over_what_can_be_read(void **state)
{
    static const uint8_t msg[] = "a message";
    struct reader reader = {.takes = true};
    struct tap *tap;
    struct told told;
    (void)state;
    assert_int_equal(tap_new(&opts, 4096, take, &reader, &tap), 0);
    struct dnstap_event event = event_of(msg, sizeof msg);
    assert_true(tap_put(tap, &event));
    assert_int_equal(reader.count, 1);
    assert_true(told_read(reader.frames[0], reader.lens[0], &told));
    assert_memory_equal(told.query.at, msg, sizeof msg);
    assert_memory_equal(told.identity.at, "school", 6);
    give_all_back(&reader);
    tap_free(tap);
}

static void tap_wants_only_what_was_asked_for(void **state)
{
    struct reader reader = {0};
    struct tap *tap;
    (void)state;
    assert_int_equal(tap_new(&opts, 4096, take, &reader, &tap), 0);
    assert_true(tap_wants(tap, DNSTAP_CLIENT_QUERY));
    assert_true(tap_wants(tap, DNSTAP_CLIENT_RESPONSE));
    assert_false(tap_wants(tap, DNSTAP_FORWARDER_QUERY));
    assert_false(tap_wants(tap, DNSTAP_FORWARDER_RESPONSE));
    tap_free(tap);
}

static void tap_loses_what_nobody_takes_and_goes_on(void **state)
{
    static const uint8_t msg[500];
    struct reader reader = {.takes = true};
    struct tap *tap;
    size_t put = 0;
    (void)state;
    assert_int_equal(tap_new(&opts, 4096, take, &reader, &tap), 0);
    struct dnstap_event event = event_of(msg, sizeof msg);
    while (tap_put(tap, &event))
        put++;
    assert_in_range(put, 5, 8); /* the ring is full */
    give_all_back(&reader);
    reader.takes = false; /* the way to the reader is */
    for (int i = 0; i < 1000; i++)
        assert_false(tap_put(tap, &event));
    reader.takes = true;
    assert_true(tap_put(tap, &event));
    give_all_back(&reader);
    tap_free(tap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tap_hands_over_what_can_be_read),
        cmocka_unit_test(tap_wants_only_what_was_asked_for),
        cmocka_unit_test(tap_loses_what_nobody_takes_and_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
