#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/stream.h"

/* Three messages of 3, 0 and 300 bytes, and the beginning of a fourth. */
#define TEXT_LEN (2 + 3 + 2 + 2 + 300 + 1)
static uint8_t text[TEXT_LEN];
static const size_t lens[] = {3, 0, 300};

static int fill_text(void **state)
{
    size_t at = 0;
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        stream_prefix((uint16_t)lens[i], text + at);
        at += STREAM_PREFIX_LEN;
        for (size_t k = 0; k < lens[i]; k++)
            text[at++] = (uint8_t)(k * 7 + i);
    }
    text[at] = 0x12;
    return 0;
}

/* Lends an exact-sized copy that is gone after the call, so a stray read shows. Returns the messages seen so far. */
static size_t feed_piece(struct stream *stream, const uint8_t *bytes, size_t len, size_t seen)
{
    const uint8_t *msg;
    size_t msg_len;
    int found;
    uint8_t *copy = malloc(len == 0 ? 1 : len);
    assert_non_null(copy);
    memcpy(copy, bytes, len);
    stream_feed(stream, copy, len);
    while ((found = stream_next(stream, &msg, &msg_len)) == 1) {
        assert_true(seen < 3);
        assert_int_equal(msg_len, lens[seen]);
        for (size_t k = 0; k < msg_len; k++)
            assert_int_equal(msg[k], (uint8_t)(k * 7 + seen));
        seen++;
    }
    assert_int_equal(found, 0);
    free(copy);
    return seen;
}

static void stream_finds_the_same_messages_at_every_split(void **state)
{
    (void)state;
    for (size_t first = 0; first <= TEXT_LEN; first++) {
        for (size_t second = first; second <= TEXT_LEN; second += first < 12 ? 1 : 17) {
            struct stream stream = {0};
            size_t seen = feed_piece(&stream, text, first, 0);
            seen = feed_piece(&stream, text + first, second - first, seen);
            seen = feed_piece(&stream, text + second, TEXT_LEN - second, seen);
            assert_int_equal(seen, 3);
            assert_true(stream_is_partial(&stream));
            stream_done(&stream);
        }
    }
}

static void stream_finds_the_same_messages_byte_by_byte(void **state)
{
    struct stream stream = {0};
    size_t seen = 0;
    (void)state;
    for (size_t at = 0; at < TEXT_LEN; at++)
        seen = feed_piece(&stream, text + at, 1, seen);
    assert_int_equal(seen, 3);
    stream_done(&stream);
}

static void stream_gives_whole_messages_without_a_copy(void **state)
{
    struct stream stream = {0};
    const uint8_t *msg;
    size_t len;
    (void)state;
    stream_feed(&stream, text, 5);
    assert_int_equal(stream_next(&stream, &msg, &len), 1);
    assert_ptr_equal(msg, text + 2);
    assert_int_equal(stream_next(&stream, &msg, &len), 0);
    assert_false(stream_is_partial(&stream));
    assert_null(stream.part);
    stream_done(&stream);
}

static void stream_hold_keeps_what_was_not_read(void **state)
{
    (void)state;
    for (size_t take = 0; take <= 3; take++) {
        struct stream stream = {0};
        const uint8_t *msg;
        size_t len;
        uint8_t *copy = malloc(TEXT_LEN);
        assert_non_null(copy);
        memcpy(copy, text, TEXT_LEN);
        stream_feed(&stream, copy, TEXT_LEN);
        for (size_t i = 0; i < take; i++)
            assert_int_equal(stream_next(&stream, &msg, &len), 1);
        assert_int_equal(stream_hold(&stream), 0);
        free(copy);
        for (size_t i = take; i < 3; i++) {
            assert_int_equal(stream_next(&stream, &msg, &len), 1);
            assert_int_equal(len, lens[i]);
            if (len > 0)
                assert_int_equal(msg[len - 1], (uint8_t)((len - 1) * 7 + i));
        }
        assert_int_equal(stream_next(&stream, &msg, &len), 0);
        assert_null(stream.held);
        assert_true(stream_is_partial(&stream));
        stream_done(&stream);
    }
}

static void stream_takes_the_longest_message_and_lets_go_of_its_buffer(void **state)
{
    static uint8_t longest[2 + 65535];
    struct stream stream = {0};
    const uint8_t *msg;
    size_t len;
    (void)state;
    stream_prefix(65535, longest);
    longest[65536] = 0x5a;
    stream_feed(&stream, longest, 65536);
    assert_int_equal(stream_next(&stream, &msg, &len), 0);
    stream_feed(&stream, longest + 65536, 1);
    assert_int_equal(stream_next(&stream, &msg, &len), 1);
    assert_int_equal(len, 65535);
    assert_int_equal(msg[65534], 0x5a);
    assert_int_equal(stream_next(&stream, &msg, &len), 0);
    assert_null(stream.part);
    stream_done(&stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stream_finds_the_same_messages_at_every_split),
        cmocka_unit_test(stream_finds_the_same_messages_byte_by_byte),
        cmocka_unit_test(stream_gives_whole_messages_without_a_copy),
        cmocka_unit_test(stream_hold_keeps_what_was_not_read),
        cmocka_unit_test(stream_takes_the_longest_message_and_lets_go_of_its_buffer),
    };
    return cmocka_run_group_tests(tests, fill_text, NULL);
}
