#include "sheet/weekly.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sample.h"

static void write_weekly(const struct sheet *sheet, FILE *to)
{
    weekly_write(sheet, "weekly.csv", to);
}

static size_t count(const char *text, const char *part)
{
    size_t found = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at++)
        found++;
    return found;
}

static void names_of_people_and_websites_are_never_markup(void **state)
{
    char *html = sample_written(write_weekly, sample_sheet(true));
    (void)state;
    assert_null(strstr(html, "<script"));
    assert_null(strstr(html, "\x1b"));
    assert_null(strstr(html, "alert('1')"));
    assert_true(count(html, "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;") > 40);
    for (const char *at = html; *at != '\0'; at++)
        assert_int_not_equal((unsigned char)*at, 0xff);
    free(html);
}

static void the_page_asks_for_nothing_and_runs_nothing(void **state)
{
    static const char *const parts[] = {
        "<script", "http://", "https://", " src=", "url(http", "@import", "onclick", "javascript:"};
    char *html = sample_written(write_weekly, sample_sheet(false));
    (void)state;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        assert_null(strstr(html, parts[i]));
    assert_non_null(strstr(html, "default-src 'none'"));
    free(html);
}

static void who_it_was_is_told_with_its_grade_and_never_guessed(void **state)
{
    char *html = sample_written(write_weekly, sample_sheet(false));
    (void)state;
    assert_non_null(strstr(html, "logged on as <strong>m.abara</strong> at library-pc-07"));
    assert_non_null(strstr(html, "this device: <strong>trolley-2-laptop-11</strong>, not known who used it"));
    assert_non_null(strstr(html, "signed in as <strong>t.lindqvist</strong>"));
    assert_non_null(strstr(html, "a device lent to <strong>r.fontaine</strong>, whoever held it"));
    free(html);
}

static void the_same_advice_is_given_once(void **state)
{
    char *html = sample_written(write_weekly, sample_sheet(false));
    (void)state;
    assert_int_equal(count(html, "ask about money, debts and sleep"), 1);
    assert_int_equal(count(html, "As for number 3."), 1);
    free(html);
}

static void what_was_not_recorded_is_said_plainly(void **state)
{
    struct sheet *sheet = sample_sheet(false);
    char *html = sample_written(write_weekly, sheet);
    (void)state;
    assert_non_null(strstr(html, "Not everything was recorded."));
    assert_non_null(strstr(html, "1,400 questions could not be written down"));
    assert_non_null(strstr(html, "Wed 18 Nov, 10:03 to 10:04"));
    free(html);
    sheet->gap_count = 0;
    html = sample_written(write_weekly, sheet);
    assert_null(strstr(html, "Not everything was recorded."));
    assert_non_null(strstr(html, "The log has no gap in this time."));
    free(html);
}

static void an_empty_week_has_every_section_and_says_that_it_is_empty(void **state)
{
    static const char *const parts[] = {"Nothing this week asks for a closer look.",
                                        "that is what it",
                                        "Nobody has asked for a website to be opened",
                                        "There are no visits in a category that matters.",
                                        "There were no blocked visits.",
                                        "None was blocked.",
                                        "No rule was changed",
                                        "There is no record of the blocklists.",
                                        "No check is on record",
                                        "What this sheet can&#39;t see"};
    char *html = sample_written(write_weekly, sample_empty());
    (void)state;
    assert_non_null(strstr(html, parts[0]));
    for (size_t i = 2; i < sizeof parts / sizeof parts[0]; i++)
        if (strstr(html, parts[i]) == NULL)
            fail_msg("'%s' is not on the page", parts[i]);
    free(html);
}

static void what_never_pauses_is_told_as_that(void **state)
{
    struct sheet *sheet = sample_sheet(false);
    (void)state;
    sheet->entries[0].visits = 1;
    sheet->entries[0].site_count = 1;
    sheet->entries[0].days = 7;
    char *html = sample_written(write_weekly, sheet);
    assert_non_null(strstr(html, "without a pause on 7 days, all blocked"));
    free(html);
    sheet->entries[0].days = 1;
    html = sample_written(write_weekly, sheet);
    assert_non_null(strstr(html, "1 visit, blocked"));
    free(html);
}

static void long_lists_are_cut_and_say_so(void **state)
{
    struct sheet *sheet = sample_sheet(false);
    struct sheet_visit *visits = calloc(SHEET_LISTED_MAX + 7, sizeof *visits);
    (void)state;
    for (size_t i = 0; i < SHEET_LISTED_MAX + 7; i++)
        visits[i] = sheet->visits[0];
    sheet->visits = visits;
    sheet->visit_count = SHEET_LISTED_MAX + 7;
    char *html = sample_written(write_weekly, sheet);
    assert_non_null(strstr(html, "... and 107 more of less concern, which are in that file."));
    free(html);
    free(visits);
}

static void a_week_that_goes_on_says_so(void **state)
{
    struct sheet *sheet = sample_sheet(false);
    (void)state;
    sheet->period.is_over = false;
    char *html = sample_written(write_weekly, sheet);
    assert_non_null(strstr(html, "(so far)"));
    free(html);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_people_and_websites_are_never_markup),
        cmocka_unit_test(the_page_asks_for_nothing_and_runs_nothing),
        cmocka_unit_test(who_it_was_is_told_with_its_grade_and_never_guessed),
        cmocka_unit_test(the_same_advice_is_given_once),
        cmocka_unit_test(what_was_not_recorded_is_said_plainly),
        cmocka_unit_test(an_empty_week_has_every_section_and_says_that_it_is_empty),
        cmocka_unit_test(what_never_pauses_is_told_as_that),
        cmocka_unit_test(long_lists_are_cut_and_say_so),
        cmocka_unit_test(a_week_that_goes_on_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
