#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "base/text.h"

static void text_grows_and_stays_terminated(void **state)
{
    struct text text = {0};
    (void)state;
    for (int i = 0; i < 1000; i++)
        text_printf(&text, "%d,", i % 10);
    assert_true(text_ok(&text));
    assert_int_equal(text.len, 2000);
    assert_int_equal(strlen(text.bytes), 2000);
    text_done(&text);
    assert_null(text.bytes);
}

static void text_stops_at_its_bound(void **state)
{
    struct text text = {.max = 8};
    (void)state;
    text_add(&text, "1234567", 7);
    assert_true(text_ok(&text));
    text_add(&text, "8", 1);
    assert_false(text_ok(&text));
    assert_string_equal(text.bytes, "1234567");
    text_done(&text);
}

static void text_escapes_json_strings(void **state)
{
    static const struct {
        const char *value, *json;
    } rows[] = {
        {"", "\"\""},
        {"plain", "\"plain\""},
        {"a\"b\\c", "\"a\\\"b\\\\c\""},
        {"line\nend\x7f", "\"line\\u000aend\\u007f\""},
        {"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", "\"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\""},
        {"\xff", "\"\\ufffd\""},
        {"\xc3", "\"\\ufffd\""},
        {"\xe2\x82", "\"\\ufffd\\ufffd\""},
        {"\xc0\x80", "\"\\ufffd\\ufffd\""},            /* overlong */
        {"\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\""}, /* surrogate */
        {"\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct text text = {0};
        text_add_json(&text, rows[i].value);
        assert_string_equal(text.bytes, rows[i].json);
        text_done(&text);
    }
}

static void random_below_reaches_every_value_and_none_else(void **state)
{
    struct random_pool pool = {0};
    unsigned seen[7] = {0};
    (void)state;
    for (int i = 0; i < 7000; i++) {
        uint32_t value = random_below(&pool, 7);
        assert_true(value < 7);
        seen[value]++;
    }
    for (int i = 0; i < 7; i++)
        assert_in_range(seen[i], 700, 1300); /* 10 standard deviations around 1,000 */
    assert_int_equal(random_below(&pool, 1), 0);
}

static void text_adds_members_to_an_object(void **state)
{
    struct text text = {0};
    (void)state;
    text_add(&text, "{\"n\":1", 6);
    text_add_json_member(&text, "who", "a \"b\"");
    text_add(&text, "}", 1);
    assert_string_equal(text.bytes, "{\"n\":1,\"who\":\"a \\\"b\\\"\"}");
    text_done(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_grows_and_stays_terminated),
        cmocka_unit_test(text_stops_at_its_bound),
        cmocka_unit_test(text_escapes_json_strings),
        cmocka_unit_test(text_adds_members_to_an_object),
        cmocka_unit_test(random_below_reaches_every_value_and_none_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
