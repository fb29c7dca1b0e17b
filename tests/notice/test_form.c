#include "notice/form.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct read {
    char a[9]; /* eight bytes and a zero */
    char b[9];
};

static int parse(const char *body, struct read *out)
{
    struct form_field fields[] = {
        {.name = "a", .value = out->a, .cap = sizeof out->a, .one_line = true},
        {.name = "b", .value = out->b, .cap = sizeof out->b},
    };
    return form_parse(body, strlen(body), fields, 2);
}

static void form_decodes_what_browsers_send(void **state)
{
    static const struct {
        const char *body, *a, *b;
    } rows[] = {
        {"", "", ""},
        {"&&&", "", ""},
        {"a", "", ""},
        {"=x", "", ""},
        {"a=", "", ""},
        {"a=x&b=y", "x", "y"},
        {"b=y&a=x", "x", "y"},
        {"c=1&a=x&d", "x", ""},
        {"a=x=y", "x=y", ""},
        {"a=x+y%2B%26", "x y+&", ""},
        {"%61=x", "x", ""},
        {"a=12345678", "12345678", ""},
        {"a=%E2%82%ac", "\xe2\x82\xac", ""},
        {"a=1%0D%0A2&b=1%0D%0A2", "1 2", "1\n2"},
        {"a=1%0D2&b=1%0D2", "1 2", "1\n2"},
        {"a=+%20x%0A+", "x", ""},
        {"a=%00", "", ""},
        {"a=x%00y", "x y", ""},
        {"a=%1b[31m", "[31m", ""},
        {"a=1%E2%80%AE2", "1 2", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct read got;
        assert_int_equal(parse(rows[i].body, &got), 0);
        assert_string_equal(got.a, rows[i].a);
        assert_string_equal(got.b, rows[i].b);
    }
}

static void form_refuses_what_no_browser_sends(void **state)
{
    static const char *const rows[] = {"a=%",      "a=%4",        "a=%4x",          "a=%x4",    "a=x&a=y", "a=%FF",
                                       "a=%C0%80", "a=%ED%A0%80", "a=%F4%90%80%80", "a=%E2%82", "a=&%61="};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct read got;
        assert_int_equal(parse(rows[i], &got), ERR_MALFORMED);
    }
}

static void form_refuses_a_value_longer_than_its_room(void **state)
{
    struct read got;
    (void)state;
    assert_int_equal(parse("a=123456789", &got), ERR_LIMIT);
    assert_int_equal(parse("a=12345678%39", &got), ERR_LIMIT);
    assert_int_equal(parse("unknown=123456789012345678901234567890", &got), 0);
}

static void form_reads_a_bounded_number_of_pairs(void **state)
{
    char body[4 * (FORM_PAIRS_MAX + 1) + 1] = "";
    struct read got;
    (void)state;
    for (int i = 0; i < FORM_PAIRS_MAX; i++)
        strcat(body, "x=1&");
    assert_int_equal(parse(body, &got), 0);
    strcat(body, "x=1");
    assert_int_equal(parse(body, &got), ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(form_decodes_what_browsers_send),
        cmocka_unit_test(form_refuses_what_no_browser_sends),
        cmocka_unit_test(form_refuses_a_value_longer_than_its_room),
        cmocka_unit_test(form_reads_a_bounded_number_of_pairs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
