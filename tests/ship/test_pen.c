/* The forms in which columns are written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ship/columns.h"
#include "ship/pen.h"

static struct text out;

static void assert_written(const void *bytes, size_t len)
{
    assert_true(text_ok(&out));
    assert_int_equal(out.len, len);
    assert_memory_equal(out.bytes, bytes, len);
    text_done(&out);
}

static void a_number_is_little_endian_and_as_wide_as_its_column(void **state)
{
    const struct pen pen = {PEN_BINARY, &out};
    (void)state;
    pen_number(&pen, "a", 0x0102, 2);
    pen_number(&pen, "b", UINT64_C(0x1122334455667788), 8);
    assert_written("\x02\x01\x88\x77\x66\x55\x44\x33\x22\x11", 10);
}

static void a_text_has_its_length_before_it(void **state)
{
    const struct pen pen = {PEN_BINARY, &out};
    char longest[300] = "";
    char expected[302] = "\xab\x02";
    (void)state;
    pen_text(&pen, "a", "");
    pen_text(&pen, "b", "ab");
    assert_written("\0\x02"
                   "ab",
                   4);
    memset(longest, 'x', 299);
    memcpy(expected + 2, longest, 299);
    pen_text(&pen, "c", longest);
    assert_written(expected, 301);
}

static void texts_have_their_count_before_them(void **state)
{
    const struct pen pen = {PEN_BINARY, &out};
    (void)state;
    pen_texts(&pen, "a", (const char *const[]){"x", "yz"}, 2);
    pen_texts(&pen, "b", NULL, 0);
    assert_written("\x02\x01x\x02yz\0", 7);
}

static void json_leaves_out_what_says_nothing(void **state)
{
    static const uint8_t none[16];
    const struct pen pen = {PEN_JSON, &out};
    (void)state;
    pen_number(&pen, "zero", 0, 8);
    pen_text(&pen, "empty", "");
    pen_address(&pen, "none", none);
    pen_pseudonym(&pen, "nobody", 0);
    pen_texts(&pen, "no", NULL, 0);
    pen_word(&pen, "usual", 0, (const char *const[]){"row"});
    assert_int_equal(out.len, 0);
    pen_number(&pen, "n", 7, 1);
    pen_text(&pen, "t", "a\"b");
    pen_pseudonym(&pen, "p", 0xab);
    pen_texts(&pen, "c", (const char *const[]){"x", "y"}, 2);
    assert_written(",\"n\":7,\"t\":\"a\\\"b\",\"p\":\"00000000000000ab\",\"c\":[\"x\",\"y\"]", 54);
}

static void fields_are_pairs_with_zero_bytes(void **state)
{
    const struct pen pen = {PEN_FIELDS, &out};
    (void)state;
    pen_number(&pen, "n", 7, 1);
    pen_texts(&pen, "c", (const char *const[]){"x", "y"}, 2);
    assert_written("n\0"
                   "7\0c\0x\0c\0y\0",
                   12);
}

static void a_time_has_its_nanoseconds_also_before_1970(void **state)
{
    char text[SHIP_TIME_MAX];
    (void)state;
    assert_string_equal(ship_time_to_text(INT64_C(1795912345000000007), text), "2026-11-29T00:32:25.000000007Z");
    assert_string_equal(ship_time_to_text(0, text), "1970-01-01T00:00:00.000000000Z");
    assert_string_equal(ship_time_to_text(-1, text), "1969-12-31T23:59:59.999999999Z");
}

static size_t count(const char *text, char byte)
{
    size_t found = 0;
    for (; *text != '\0'; text++)
        found += *text == byte;
    return found;
}

static void every_binary_column_has_its_name(void **state)
{
    const struct pen pen = {PEN_BINARY, &out};
    const struct ship_item item = {0};
    const struct ship_origin origin = {.site = "", .node = ""};
    struct text names = {0};
    (void)state;
    columns_names(&names);
    assert_true(text_ok(&names));
    assert_int_equal(count(names.bytes, ','), 40 - 1);
    assert_int_equal(strncmp(names.bytes, "time,ns,day,kind,number,", 24), 0);
    columns_item(&pen, &item);
    assert_int_equal(out.len, 4 + 4 + 2 + 1 + 8 + 8 + 4);
    columns_origin(&pen, &origin);
    columns_who(&pen, &ship_nobody);
    columns_what(&pen, &ship_nothing);
    columns_path(&pen, &ship_nowhere);
    assert_true(text_ok(&out));
    text_done(&out);
    text_done(&names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_is_little_endian_and_as_wide_as_its_column),
        cmocka_unit_test(a_text_has_its_length_before_it),
        cmocka_unit_test(texts_have_their_count_before_them),
        cmocka_unit_test(json_leaves_out_what_says_nothing),
        cmocka_unit_test(fields_are_pairs_with_zero_bytes),
        cmocka_unit_test(a_time_has_its_nanoseconds_also_before_1970),
        cmocka_unit_test(every_binary_column_has_its_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
