/* One line of the ledger. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/entry.h"

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define TAIL  ",\"before\":\"" ZEROS "\"}"

static const struct entry plain = {
    .number = 17, .time_s = 1764403200, .kind = "policy.approve", .object = "version 12", .by = "anna", .uid = 1001};

static void an_entry_is_one_line_that_anybody_can_read(void **state)
{
    struct text text = {0};
    (void)state;
    assert_int_equal(entry_write(&plain, &text), 0);
    assert_string_equal(text.bytes, "{\"n\":17,\"time\":\"2025-11-29T08:00:00Z\",\"kind\":\"policy.approve\","
                                    "\"object\":\"version 12\",\"by\":\"anna\",\"uid\":1001" TAIL "\n");
    text_done(&text);
}

static void what_is_written_reads_back_the_same(void **state)
{
    struct entry entry = plain;
    struct entry_read read;
    struct text text = {0};
    (void)state;
    entry.reason = "a \"reason\"\nof two lines, \xc3\xbc and \\";
    entry.detail = "{\"opens\":[\"social-media\"],\"n\":3}";
    memset(entry.before, 0xab, sizeof entry.before);
    assert_int_equal(entry_write(&entry, &text), 0);
    assert_null(memchr(text.bytes, '\n', text.len - 1));
    assert_int_equal(entry_parse(text.bytes, text.len - 1, &read), 0);
    assert_int_equal(read.entry.number, 17);
    assert_int_equal(read.entry.time_s, 1764403200);
    assert_int_equal(read.entry.uid, 1001);
    assert_string_equal(read.entry.kind, entry.kind);
    assert_string_equal(read.entry.object, entry.object);
    assert_string_equal(read.entry.by, entry.by);
    assert_string_equal(read.entry.reason, entry.reason);
    assert_string_equal(read.entry.detail, entry.detail);
    assert_memory_equal(read.entry.before, entry.before, sizeof entry.before);
    entry_read_done(&read);
    text_done(&text);
}

static void what_would_break_the_chain_is_not_written(void **state)
{
    static char long_reason[ENTRY_LINE_MAX];
    struct text text = {0};
    struct entry entry = plain;
    (void)state;
    entry.kind = "Policy";
    assert_int_equal(entry_write(&entry, &text), ERR_INVAL);
    entry = plain;
    entry.detail = "{\"a\":1,\n\"b\":2}";
    assert_int_equal(entry_write(&entry, &text), ERR_INVAL);
    entry.detail = "[]";
    assert_int_equal(entry_write(&entry, &text), ERR_INVAL);
    entry = plain;
    memset(long_reason, 'x', sizeof long_reason - 1);
    entry.reason = long_reason;
    assert_int_equal(entry_write(&entry, &text), ERR_LIMIT);
    assert_int_equal(text.len, 0);
}

static void a_line_that_is_no_entry_is_refused(void **state)
{
    static const char *const lines[] = {
        "",
        "{}",
        "[]",
        "{\"n\":1}",
        "{\"n\":0,\"time\":\"2025-11-29T08:00:00Z\",\"kind\":\"a\",\"object\":\"b\",\"by\":\"c\",\"uid\":1" TAIL,
        "{\"n\":1,\"time\":\"2025-11-29 08:00:00\",\"kind\":\"a\",\"object\":\"b\",\"by\":\"c\",\"uid\":1" TAIL,
        "{\"n\":1,\"time\":\"2025-11-29T08:00:00Z\",\"kind\":1,\"object\":\"b\",\"by\":\"c\",\"uid\":1" TAIL,
        "{\"n\":1,\"time\":\"2025-11-29T08:00:00Z\",\"kind\":\"a\",\"object\":\"b\",\"by\":\"c\",\"uid\":-1" TAIL,
        "{\"n\":1,\"n\":2,\"time\":\"2025-11-29T08:00:00Z\",\"kind\":\"a\",\"object\":\"b\",\"by\":\"c\",\"uid\":"
        "1" TAIL,
        "{\"n\":1,\"time\":\"2025-11-29T08:00:00Z\",\"kind\":\"a\",\"object\":\"b\",\"by\":\"c\",\"uid\":1,\"before\":"
        "\"0\"}",
        "{\"n\":1,\"time\":\"2025-11-29T08:00:00Z\",\"kind\":\"a\",\"object\":\"b\",\"by\":\"c\",\"uid\":1,\"detail\":"
        "1" TAIL,
    };
    struct entry_read read = {.room = NULL};
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        if (entry_parse(lines[i], strlen(lines[i]), &read) != ERR_MALFORMED)
            fail_msg("%s", lines[i]);
        assert_null(read.room);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_is_one_line_that_anybody_can_read),
        cmocka_unit_test(what_is_written_reads_back_the_same),
        cmocka_unit_test(what_would_break_the_chain_is_not_written),
        cmocka_unit_test(a_line_that_is_no_entry_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
