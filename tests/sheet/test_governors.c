#include "sheet/governors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sample.h"

static void nothing_in_it_leads_to_a_person_a_device_or_a_website(void **state)
{
    static const char *const parts[] = {
        "m.abara",        "library-pc-07", "trolley-2",  "t.lindqvist",   "r.fontaine", "chromebook",
        "Ms Hale",        "dark-thoughts", "lucky-spin", "games-for-all", "shiny-new",  "war-poets",
        "bridge-builder", "p.technician",  "d.okafor",   "10:00",         "13:12",      "statutory.invalid"};
    char *html = sample_written(governors_write, sample_sheet(false));
    (void)state;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (strstr(html, parts[i]) != NULL)
            fail_msg("'%s' is on the page", parts[i]);
    free(html);
}

/* 1 to 4 of something, where only that could be the number. */
static void small_numbers_are_not_told(void **state)
{
    struct sheet *sheet = sample_sheet(false);
    struct sheet_topic topics[] = {
        {.topic = "games", .visits = 700, .askers = 99},
        {.topic = "drugs", .visits = 5, .askers = 5, .is_concern = true},
        {.topic = "self-harm or suicide", .visits = 4, .is_concern = true},
        {.topic = "weapons", .visits = 36, .askers = 4, .is_concern = true},
        {.topic = "on a statutory list", .visits = 60, .askers = 60, .is_concern = true, .is_statutory = true}};
    struct sheet_week weeks[] = {{.first_day = sheet->period.first, .known = true, .concerning = 3, .other = 0}};
    (void)state;
    sheet->topics = topics;
    sheet->topic_count = 5;
    sheet->weeks = weeks;
    sheet->week_count = 1;
    sheet->concerning = 10;
    sheet->other = 3;
    char *html = sample_written(governors_write, sheet);
    assert_non_null(strstr(html, "About 10 visits in categories of concern, and fewer than 10 others"));
    assert_non_null(
        strstr(html, "Fewer than 5 visits or people each, so that no number is told: self-harm or suicide, weapons."));
    assert_null(strstr(html, "on a statutory list"));
    assert_null(strstr(html, ">60<"));
    assert_null(strstr(html, ">3<"));
    assert_null(strstr(html, ">4<"));
    assert_null(strstr(html, ">36<"));
    assert_non_null(strstr(html, "under 5"));
    free(html);
}

static void texts_from_outside_are_never_markup(void **state)
{
    char *html = sample_written(governors_write, sample_sheet(true));
    (void)state;
    assert_null(strstr(html, "<script"));
    free(html);
}

static void a_term_without_anything_can_be_told(void **state)
{
    char *html = sample_written(governors_write, sample_empty());
    (void)state;
    assert_non_null(strstr(html, "There were no hours of school in this time."));
    assert_non_null(strstr(html, "Nobody asked for a website to be opened."));
    free(html);
}

static void requests_have_the_median_of_their_answers(void **state)
{
    struct sheet *sheet = sample_sheet(false);
    struct sheet_request requests[12];
    (void)state;
    for (int i = 0; i < 12; i++)
        requests[i] = (struct sheet_request){
            .kind = SHEET_UNBLOCK, .time_s = 1000, .answered_s = i < 7 ? 1000 + 3600 * (i + 2) : 0};
    sheet->requests = requests;
    sheet->request_count = 12;
    char *html = sample_written(governors_write, sheet);
    assert_non_null(
        strstr(html, "12 requests to open a website, 5 not answered yet; half of the answers came within 5 hours"));
    free(html);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_in_it_leads_to_a_person_a_device_or_a_website),
        cmocka_unit_test(small_numbers_are_not_told),
        cmocka_unit_test(texts_from_outside_are_never_markup),
        cmocka_unit_test(a_term_without_anything_can_be_told),
        cmocka_unit_test(requests_have_the_median_of_their_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
