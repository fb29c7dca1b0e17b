/* One line of the chronicle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/category.h"
#include "change/change_line.h"

static struct change_line line_of(enum change_op op)
{
    struct change_line line = {
        .op = op, .number = 12, .at_s = 1764403200, .uid = 1001, .by = "anna", .reason = "why \"so\"\n"};
    if (op == CHANGE_PROPOSE || op == CHANGE_ADOPT) {
        line.base = 11;
        memset(line.hash, 0xab, sizeof line.hash);
        line.opens = UINT64_C(1) << CATEGORY_SOCIAL_MEDIA | CHANGE_OPENS_ANYTHING;
        strcpy(line.replay, "312 look-ups");
        line.has_assessment = true;
        line.assessment = (struct assessment){.purpose = "art", .age_minimum = 13, .terms_checked = true};
    }
    if (op == CHANGE_APPROVE) {
        strcpy(line.roles[0], "technical");
        strcpy(line.roles[1], "head \"of\" year");
        line.role_count = 2;
    }
    line.when_s = op == CHANGE_SCHEDULE ? 1764403300 : 0;
    line.review_s = op == CHANGE_REVIEW ? 1764403400 : 0;
    return line;
}

static void what_is_written_reads_back_the_same(void **state)
{
    (void)state;
    for (int op = CHANGE_PROPOSE; op <= CHANGE_MISS; op++) {
        struct change_line line = line_of((enum change_op)op), read;
        struct text text = {0};
        change_line_write(&line, &text);
        assert_true(text_ok(&text));
        assert_int_equal(text.bytes[text.len - 1], '\n');
        assert_null(memchr(text.bytes, '\n', text.len - 1));
        assert_int_equal(change_line_parse(text.bytes, text.len - 1, &read), 0);
        assert_int_equal(read.op, op);
        assert_int_equal(read.number, 12);
        assert_int_equal(read.at_s, line.at_s);
        assert_int_equal(read.uid, 1001);
        assert_string_equal(read.reason, line.reason);
        assert_true(read.opens == line.opens);
        assert_memory_equal(read.hash, line.hash, sizeof read.hash);
        assert_int_equal(read.has_assessment, line.has_assessment);
        assert_string_equal(read.replay, line.replay);
        assert_int_equal(read.role_count, line.role_count);
        assert_string_equal(read.roles[1], line.roles[1]);
        assert_int_equal(read.when_s, line.when_s);
        assert_int_equal(read.review_s, line.review_s);
        text_done(&text);
    }
}

static void any_changed_byte_makes_a_line_damaged(void **state)
{
    struct change_line line = line_of(CHANGE_APPROVE), read;
    struct text text = {0};
    (void)state;
    change_line_write(&line, &text);
    for (size_t i = 0; i < text.len - 1; i++) {
        text.bytes[i] ^= 1;
        assert_int_equal(change_line_parse(text.bytes, text.len - 1, &read), ERR_DAMAGED);
        text.bytes[i] ^= 1;
        assert_int_equal(change_line_parse(text.bytes, i, &read), ERR_DAMAGED);
    }
    text_done(&text);
}

#define WHO "\"number\":1,\"at\":1,\"uid\":1,\"by\":\"a\",\"reason\":\"\""

static void what_is_not_of_the_form_is_refused(void **state)
{
    static const struct {
        const char *body;
        int err;
    } rows[] = {
        {"{\"v\":1,\"op\":\"activate\"," WHO "}", 0},
        {"{\"v\":2,\"op\":\"activate\"," WHO "}", ERR_FORMAT_VERSION},
        {"{\"v\":1,\"op\":\"bless\"," WHO "}", ERR_UNSUPPORTED},
        {"{\"v\":1,\"op\":\"schedule\"," WHO "}", ERR_MALFORMED},
        {"{\"v\":1,\"op\":\"propose\"," WHO "}", ERR_MALFORMED},
        {"{\"v\":1,\"op\":\"approve\"," WHO ",\"roles\":[1]}", ERR_MALFORMED},
        {"{\"v\":1,\"op\":\"activate\",\"number\":0,\"at\":1,\"uid\":1,\"by\":\"a\",\"reason\":\"\"}", ERR_MALFORMED},
        {"[]", ERR_MALFORMED},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[512];
        struct change_line read = {.number = 99};
        int len = snprintf(text, sizeof text, "%016llx %s",
                           (unsigned long long)XXH3_64bits(rows[i].body, strlen(rows[i].body)), rows[i].body);
        assert_int_equal(change_line_parse(text, (size_t)len, &read), rows[i].err);
        if (rows[i].err < 0)
            assert_int_equal(read.number, 99);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_reads_back_the_same),
        cmocka_unit_test(any_changed_byte_makes_a_line_damaged),
        cmocka_unit_test(what_is_not_of_the_form_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
