/* Refused lines: whether they speak of a name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "provenance/mention.h"

static const struct {
    const char *line;
    const char *name;
    bool speaks;
} rows[] = {
    {"", "a.example", false},
    {"a.example", "a.example", true},
    {"A.Example.", "a.example", true},
    {"a.example/page?q=1", "a.example", true},
    {"https://www.a.example:8443/", "www.a.example", true},
    {"||a.example/ads", "deep.www.a.example", true},
    {"*.a.example^$client=10.0.0.1", "www.a.example", true},
    {".a.example", "www.a.example", true},
    /* below it, beside it, or only the same letters */
    {"www.a.example/page", "a.example", false},
    {"ba.example", "a.example", false},
    {"a.example.org", "a.example", false},
    {"a-example", "example", false},
    /* what stands behind the mark is about something else */
    {"||b.example^$domain=a.example", "a.example", false},
    {"b.example##a[href*=\"a.example\"]", "a.example", false},
    {"a.example##.banner", "a.example", true},
    /* a top-level domain is meant only where nothing else stands */
    {"example", "a.example", true},
    {"||example^", "a.example", true},
    {"b.org/example", "a.example", false},
    {"example b.org", "a.example", false},
    /* international names in either form */
    {"b\xc3\xbc"
     "cher.example/x",
     "xn--bcher-kva.example", true},
    {"\xff\xfe.example", "a.example", false},
};

static void a_line_speaks_of_a_name_and_what_is_below_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct listed_name name;
        assert_int_equal(normalise_name(span_of(rows[i].name), &name), REFUSED_NONE);
        if (mention_of(span_of(rows[i].line), &name) != rows[i].speaks)
            fail_msg("'%s' about '%s': %d is wanted", rows[i].line, rows[i].name, rows[i].speaks);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_line_speaks_of_a_name_and_what_is_below_it)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
