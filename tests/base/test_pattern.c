#include "base/pattern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct pattern *make(const char *text)
{
    struct pattern *pattern = NULL;
    assert_int_equal(pattern_new(text, strlen(text), &pattern), 0);
    return pattern;
}

static void pattern_matches_anywhere_and_in_either_case(void **state)
{
    static const struct {
        const char *pattern, *text;
        bool matches;
    } rows[] = {
        {"ads", "x.ads.example", true},
        {"ADS", "ads.example", true},
        {"ads", "ADS.example", true},
        {"^ads", "x.ads.example", false},
        {"ads$", "ads.example", false},
        {"^$", "", true},
        {"a", "", false},
        {"^ads[0-9]+\\.", "ads12.example", true},
        {"(?:^|\\.)ad.*\\.example$", "x.ad1.b.example", true},
        {"(?:^|\\.)ad.*\\.example$", "xad1.b.example", false},
        {"(a)\\1", "aa", false}, /* not compiled: groups capture nothing */
        {"\\x61ds", "ads", true},
        {"(?=.*ads)x", "x.ads", true},
        {"(*UTF)a", "a", false}, /* not compiled */
        {"a\\C", "ab", false},   /* not compiled */
        {"(?C1)a", "xa", true},  /* callouts are nobody's */
        {"[[:alpha:]]", "1", false},
        {"^a|b", "xb", true},
        {"^a|^b", "b", true},
        {"^a|^b", "xb", false},
        {"^A", "ab", true},
        {"^[^a]", "b", true},
        {"^[^a]", "a", false},
        {"^(?!ads)x?", "pads", true},
        {"^(?=[a-c])", "b.example", true},
        {"^.", "a", true},
        {"^a?b*", "zz", true},
        {"^(https?|tcp)://", "https.example", false},
        {"(?<=a)X", "ax", true},
        {"^5\\.8\\.", "5.8.example", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pattern *pattern = NULL;
        bool matches = pattern_new(rows[i].pattern, strlen(rows[i].pattern), &pattern) == 0 &&
                       pattern_matches(pattern, rows[i].text, strlen(rows[i].text));
        if (matches != rows[i].matches)
            fail_msg("%s on %s", rows[i].pattern, rows[i].text);
        pattern_free(pattern);
    }
}

static void pattern_refuses_what_it_cannot_compile(void **state)
{
    char text[PATTERN_TEXT_MAX + 1], nested[2 * 30 + 1];
    struct pattern *pattern = NULL;
    (void)state;
    memset(text, 'a', sizeof text);
    memset(nested, '(', 30);
    memset(nested + 30, ')', 30);
    assert_int_equal(pattern_new(text, PATTERN_TEXT_MAX, &pattern), 0);
    pattern_free(pattern);
    pattern = NULL;
    assert_int_equal(pattern_new(text, PATTERN_TEXT_MAX + 1, &pattern), ERR_LIMIT);
    assert_int_equal(pattern_new(nested, 60, &pattern), ERR_MALFORMED);
    assert_int_equal(pattern_new("(", 1, &pattern), ERR_MALFORMED);
    assert_int_equal(pattern_new("[", 1, &pattern), ERR_MALFORMED);
    assert_int_equal(pattern_new("a{2,1}", 6, &pattern), ERR_MALFORMED);
    assert_null(pattern);
    pattern_free(NULL);
}

static void a_match_that_takes_too_long_is_none_and_is_counted(void **state)
{
    struct pattern *pattern = make("^(a+)+$");
    char text[100];
    unsigned exhausted = 5;
    (void)state;
    memset(text, 'a', sizeof text);
    text[99] = 'b';
    assert_false(pattern_matches_or_counts(pattern, text, sizeof text, &exhausted));
    assert_int_equal(exhausted, 6);
    assert_false(pattern_matches_or_counts(pattern, "b", 1, &exhausted));
    assert_true(pattern_matches_or_counts(pattern, text, 99, &exhausted));
    assert_int_equal(exhausted, 6);
    pattern_free(pattern);
}

static void expressions_that_a_name_can_make_dear_are_told(void **state)
{
    static const struct {
        const char *pattern;
        bool dear;
    } rows[] = {
        {"ads", false},
        {"^ads[0-9]+\\.", false},
        {"(?:^|\\.)ad-.*\\.example\\..*$", false},
        {"^(.+[_.-])?ad[sxv]?[0-9]*[_.-]", false},
        {"^(www[0-9]*\\.)?xn--", false},
        {"", false},
        {"(a+)+$", true},
        {"^(a|a)*b", true},
        {"^(q+)+z", true},
        {"^([a-z0-9-]+)*x$", true},
        {"^(\\w+\\d*)+-z$", true},
        {"(.*)*k.*y$", true},
        {"^(xy?)*(xy?)*(xy?)*w", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pattern *pattern = make(rows[i].pattern);
        if (pattern_is_dear(pattern, rows[i].pattern, strlen(rows[i].pattern)) != rows[i].dear)
            fail_msg("%s", rows[i].pattern);
        pattern_free(pattern);
    }
}

static void pattern_tells_what_a_match_may_begin_with(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        char byte;
        bool may;
    } rows[] = {
        {"^ads", 'a', true}, {"^ads", 'A', true},          {"^ads", 'b', false},
        {"ads", 'b', true},  {"^(https?|tcp)", 't', true}, {"^(https?|tcp)", 'b', false},
        {"^a|b", 'c', true}, {"^a?", 'c', true},           {"^$", 'c', true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pattern *pattern = make(rows[i].pattern);
        if (pattern_may_begin(pattern, (uint8_t)rows[i].byte) != rows[i].may)
            fail_msg("%s, %c", rows[i].pattern, rows[i].byte);
        pattern_free(pattern);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pattern_matches_anywhere_and_in_either_case),
        cmocka_unit_test(pattern_tells_what_a_match_may_begin_with),
        cmocka_unit_test(pattern_refuses_what_it_cannot_compile),
        cmocka_unit_test(a_match_that_takes_too_long_is_none_and_is_counted),
        cmocka_unit_test(expressions_that_a_name_can_make_dear_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
