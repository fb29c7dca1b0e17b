#include "sheet/period.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "policy/civil.h"

#define HOUR_S INT64_C(3600)

static struct calendar london;

static int set_up(void **state)
{
    struct time_zone *zone;
    assert_int_equal(time_zone_from_rule("GMT0BST,M3.5.0/1,M10.5.0", &zone), 0);
    london = (struct calendar){.zone = zone};
    *state = zone;
    return 0;
}

static int tear_down(void **state)
{
    time_zone_free(*state);
    return 0;
}

static int32_t day(int32_t year, uint8_t month, uint8_t date)
{
    return civil_day((struct civil_date){.year = year, .month = month, .day = date});
}

static void weeks_are_those_of_iso_8601(void **state)
{
    static const struct {
        const char *text;
        int32_t year;
        uint8_t month, date;
    } rows[] = {{"2026-W47", 2026, 11, 16}, {"2026-W01", 2025, 12, 29}, {"2026-W53", 2026, 12, 28},
                {"2027-W01", 2027, 1, 4},   {"2020-W53", 2020, 12, 28}, {"2024-W01", 2024, 1, 1}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct period period;
        char name[PERIOD_TEXT_MAX];
        assert_int_equal(period_of_week(&london, rows[i].text, 0, &period), 0);
        assert_int_equal(period.first, day(rows[i].year, rows[i].month, rows[i].date));
        assert_int_equal(period.last, period.first + 6);
        assert_string_equal(period_name(&period, name), rows[i].text);
    }
}

static void what_is_no_week_is_refused(void **state)
{
    static const char *const texts[] = {"",         "2026",      "2026-47",  "2026-W0",  "2026-W00", "2026-W54",
                                        "2025-W53", "2026-W477", "w026-W47", "2026-w47", "0000-W01"};
    struct period period;
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_int_equal(period_of_week(&london, texts[i], 0, &period), ERR_MALFORMED);
}

static void a_week_in_which_clocks_change_has_another_length(void **state)
{
    static const struct {
        const char *text;
        int64_t hours;
    } rows[] = {{"2026-W12", 168}, {"2026-W13", 167}, {"2026-W14", 168}, {"2026-W43", 169}, {"2026-W44", 168}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct period period;
        assert_int_equal(period_of_week(&london, rows[i].text, 0, &period), 0);
        assert_int_equal((period.to_s - period.from_s) / HOUR_S, rows[i].hours);
        assert_int_equal(calendar_local(&london, period.from_s).second, 0);
        assert_int_equal(calendar_local(&london, period.from_s).day, period.first);
        assert_int_equal(calendar_local(&london, period.to_s - 1).day, period.last);
    }
}

static void the_last_week_is_the_one_that_is_over(void **state)
{
    const int64_t monday_s = (int64_t)day(2026, 11, 23) * CIVIL_DAY_S;
    char title[PERIOD_TEXT_MAX];
    (void)state;
    struct period before = period_last_week(&london, monday_s - 1), after = period_last_week(&london, monday_s);
    assert_int_equal(before.first, day(2026, 11, 9));
    assert_int_equal(after.first, day(2026, 11, 16));
    assert_true(after.is_over);
    assert_string_equal(period_title(&after, title), "Monday 16 to Sunday 22 November 2026");
    assert_int_equal(period_last_day(&london, monday_s).first, day(2026, 11, 22));
    assert_int_equal(period_shift(&london, &after, 7).first, before.first);
    assert_true(period_shift(&london, &after, 7).to_s == after.from_s);
}

static void a_period_that_goes_on_is_not_over(void **state)
{
    struct period period;
    const int32_t first = day(2026, 11, 16);
    (void)state;
    assert_int_equal(period_of_days(&london, first, first, (int64_t)first * CIVIL_DAY_S + 86399, &period), 0);
    assert_false(period.is_over);
    assert_int_equal(period_of_days(&london, first, first, (int64_t)first * CIVIL_DAY_S + 86400, &period), 0);
    assert_true(period.is_over);
    assert_int_equal(period_of_days(&london, first, first - 1, 0, &period), ERR_LIMIT);
    assert_int_equal(period_of_days(&london, first, first + PERIOD_DAYS_MAX, 0, &period), ERR_LIMIT);
}

static void titles_say_no_more_than_is_needed(void **state)
{
    static const struct {
        int32_t a_year, b_year;
        uint8_t a_month, a_date, b_month, b_date;
        const char *title, *name;
    } rows[] = {
        {2026, 2026, 11, 17, 11, 17, "Tuesday 17 November 2026", "2026-11-17"},
        {2026, 2026, 9, 1, 12, 18, "Tuesday 1 September to Friday 18 December 2026", "2026-09-01-to-2026-12-18"},
        {2026, 2027, 12, 28, 1, 3, "Monday 28 December 2026 to Sunday 3 January 2027", "2026-W53"},
        {2026, 2026, 11, 17, 11, 18, "Tuesday 17 to Wednesday 18 November 2026", "2026-11-17-to-2026-11-18"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct period period;
        char text[PERIOD_TEXT_MAX];
        assert_int_equal(period_of_days(&london, day(rows[i].a_year, rows[i].a_month, rows[i].a_date),
                                        day(rows[i].b_year, rows[i].b_month, rows[i].b_date), 0, &period),
                         0);
        assert_string_equal(period_title(&period, text), rows[i].title);
        assert_string_equal(period_name(&period, text), rows[i].name);
    }
}

static void a_term_is_the_last_that_has_begun(void **state)
{
    const struct calendar_span terms[] = {{day(2026, 9, 1), day(2026, 12, 18)}, {day(2027, 1, 4), day(2027, 3, 25)}};
    struct calendar calendar = {.zone = london.zone, .terms = terms, .term_count = 2};
    (void)state;
    struct period now = period_last_term(&calendar, (int64_t)day(2026, 11, 25) * CIVIL_DAY_S + 3600);
    assert_int_equal(now.first, terms[0].first);
    assert_int_equal(now.last, day(2026, 11, 24));
    struct period holidays = period_last_term(&calendar, (int64_t)day(2026, 12, 29) * CIVIL_DAY_S);
    assert_int_equal(holidays.last, terms[0].last);
    static const struct {
        int32_t year, first_year;
        uint8_t month, date, first_month, last_month, last_date;
    } quarters[] = {{2026, 2026, 11, 25, 7, 9, 30},
                    {2026, 2025, 1, 1, 10, 12, 31},
                    {2026, 2025, 3, 31, 10, 12, 31},
                    {2026, 2026, 4, 1, 1, 3, 31}};
    for (size_t i = 0; i < sizeof quarters / sizeof quarters[0]; i++) {
        const int32_t now_day = day(quarters[i].year, quarters[i].month, quarters[i].date);
        struct period none = period_last_term(&london, (int64_t)now_day * CIVIL_DAY_S + 7200);
        assert_int_equal(none.first, day(quarters[i].first_year, quarters[i].first_month, 1));
        assert_int_equal(none.last, day(quarters[i].first_year, quarters[i].last_month, quarters[i].last_date));
        assert_true(none.is_over);
    }
}

static void times_are_those_of_the_schools_clocks(void **state)
{
    char text[PERIOD_TEXT_MAX];
    const int64_t summer_s = (int64_t)day(2026, 6, 2) * CIVIL_DAY_S + 13 * HOUR_S + 5 * 60 + 9;
    (void)state;
    assert_string_equal(period_time_text(&london, summer_s, text), "Tue 2 Jun, 14:05");
    assert_string_equal(period_stamp(&london, summer_s, text), "2026-06-02 14:05:09");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weeks_are_those_of_iso_8601),
        cmocka_unit_test(what_is_no_week_is_refused),
        cmocka_unit_test(a_week_in_which_clocks_change_has_another_length),
        cmocka_unit_test(the_last_week_is_the_one_that_is_over),
        cmocka_unit_test(a_period_that_goes_on_is_not_over),
        cmocka_unit_test(titles_say_no_more_than_is_needed),
        cmocka_unit_test(a_term_is_the_last_that_has_begun),
        cmocka_unit_test(times_are_those_of_the_schools_clocks),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
