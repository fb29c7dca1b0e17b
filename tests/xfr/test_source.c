#include "xfr/source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* "zone at primary at primary ", or the error's number. */
static void describe(const char *text, char out[512])
{
    struct source source = {.primary_count = 0};
    char name[NAME_TEXT_MAX], at[ENDPOINT_TEXT_MAX];
    int err = source_parse(text, &source);
    if (err < 0) {
        snprintf(out, 512, "%d", err);
        return;
    }
    int len = snprintf(out, 512, "%s", name_to_text(source.zone, name));
    for (size_t i = 0; i < source.primary_count; i++)
        len += snprintf(out + len, 512 - (size_t)len, " at %s", endpoint_to_text(&source.primaries[i], at));
}

static void source_has_primaries_and_a_zone(void **state)
{
    static const struct {
        const char *text, *expected;
    } rows[] = {
        {"dns://192.0.2.1/rpz.example", "rpz.example at 192.0.2.1:53"},
        {"dns://192.0.2.1:5300/RPZ.Example.", "rpz.example at 192.0.2.1:5300"},
        {"dns://[2001:db8::1]:5300,192.0.2.1,2001:db8::2/z",
         "z at [2001:db8::1]:5300 at 192.0.2.1:53 at [2001:db8::2]:53"},
    };
    char found[512];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        describe(rows[i].text, found);
        assert_string_equal(found, rows[i].expected);
    }
}

static void source_refuses_what_is_none(void **state)
{
    static const char *const rows[] = {
        "",
        "dns:",
        "dns://",
        "dns:///z",
        "dns://192.0.2.1",
        "dns://192.0.2.1/",
        "dns://192.0.2.1/.",
        "dns://192.0.2.1/a..b",
        "dns://name.example/z",
        "dns://192.0.2.1,,192.0.2.2/z",
        "dns://192.0.2.1:0x/z",
        "https://192.0.2.1/z",
        "dns://,192.0.2.1/z",
    };
    char found[512], expected[16];
    (void)state;
    snprintf(expected, sizeof expected, "%d", ERR_MALFORMED);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        describe(rows[i], found);
        if (strcmp(found, expected) != 0)
            print_message("'%s' gave %s\n", rows[i], found);
        assert_string_equal(found, expected);
    }
}

static void source_has_eight_primaries_at_most(void **state)
{
    struct source source = {.primary_count = 0};
    (void)state;
    assert_int_equal(source_parse("dns://1.1.1.1,1.1.1.2,1.1.1.3,1.1.1.4,1.1.1.5,1.1.1.6,1.1.1.7,1.1.1.8/z", &source),
                     0);
    assert_int_equal(source.primary_count, SOURCE_PRIMARIES_MAX);
    assert_int_equal(
        source_parse("dns://1.1.1.1,1.1.1.2,1.1.1.3,1.1.1.4,1.1.1.5,1.1.1.6,1.1.1.7,1.1.1.8,1.1.1.9/z", &source),
        ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(source_has_primaries_and_a_zone),
        cmocka_unit_test(source_refuses_what_is_none),
        cmocka_unit_test(source_has_eight_primaries_at_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
