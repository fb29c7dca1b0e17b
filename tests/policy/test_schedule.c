/* Schedules over changes of the clocks, years' ends, leap days, midnight, terms; the clock is passed. */
#include "policy/schedule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/civil.h"

#define LONDON   "GMT0BST,M3.5.0/1,M10.5.0"
#define AUCKLAND "NZST-12NZDT,M9.5.0,M4.1.0/3"
#define NEW_YORK "EST5EDT,M3.2.0,M11.1.0"
#define HORIZON  (400LL * CIVIL_DAY_S)

static int32_t day(const char *text)
{
    int32_t value;
    assert_int_equal(calendar_day_from_text(text, &value), 0);
    return value;
}

/* "2027-03-28 00:59:59", UTC. */
static int64_t utc(const char *text)
{
    char date[11];
    int h, m, s = 0;
    snprintf(date, sizeof date, "%.10s", text);
    assert_true(sscanf(text + 11, "%d:%d:%d", &h, &m, &s) >= 2);
    return (int64_t)day(date) * CIVIL_DAY_S + h * 3600 + m * 60 + s;
}

static struct site {
    struct time_zone *zone;
    struct calendar calendar;
    struct window windows[WINDOWS_MAX];
    struct schedule schedule;
} site;

/* Up to two texts of times. */
static void begin(const char *rule, const char *when, const char *also)
{
    struct window_fault fault;
    time_zone_free(site.zone);
    assert_int_equal(time_zone_from_rule(rule, &site.zone), 0);
    site.calendar = (struct calendar){.zone = site.zone};
    int count = window_parse(when, NULL, 0, site.windows, &fault);
    assert_int_equal(count, 1);
    if (also != NULL)
        assert_int_equal(window_parse(also, NULL, 0, site.windows + count++, &fault), 1);
    site.schedule =
        (struct schedule){.windows = site.windows, .window_count = (size_t)count, .dates = SCHEDULE_ALL_DATES};
}

static int end(void **state)
{
    (void)state;
    time_zone_free(site.zone);
    site.zone = NULL;
    return 0;
}

static bool active(const char *at)
{
    return schedule_is_active(&site.schedule, &site.calendar, utc(at));
}

/* All changes from `from` on are at these instants; the last is NULL. */
static void changes(const char *from, const char *const at[])
{
    int64_t now = utc(from);
    for (size_t i = 0; at[i] != NULL; i++) {
        int64_t next = schedule_next_s(&site.schedule, &site.calendar, now, now + HORIZON);
        if (next != utc(at[i]))
            fail_msg("after %lld: change %zu at %lld, wanted %s (%lld)", (long long)now, i, (long long)next, at[i],
                     (long long)utc(at[i]));
        now = next;
    }
}

static void a_school_day_begins_and_ends_to_the_second(void **state)
{
    (void)state;
    begin(LONDON, "Mon-Fri 12:30-13:20", NULL);
    assert_false(active("2026-11-30 12:29:59")); /* a Monday, winter */
    assert_true(active("2026-11-30 12:30:00"));
    assert_true(active("2026-11-30 13:19:59"));
    assert_false(active("2026-11-30 13:20:00"));
    assert_false(active("2026-11-29 12:45:00"));
    assert_true(active("2026-06-01 11:30:00")); /* summer */
    changes("2026-12-04 12:45",
            (const char *const[]){"2026-12-04 13:20", "2026-12-07 12:30", "2026-12-07 13:20", NULL});
}

static void a_window_in_the_hour_that_is_left_out_does_not_open(void **state)
{
    (void)state;
    begin(LONDON, "01:10-01:50", NULL); /* 2027-03-28: 01:00 becomes 02:00 */
    assert_true(active("2027-03-27 01:30"));
    for (int minute = 0; minute < 180; minute++)
        assert_false(schedule_is_active(&site.schedule, &site.calendar, utc("2027-03-28 00:00") + minute * 60));
    changes("2027-03-27 12:00", (const char *const[]){"2027-03-29 00:10", "2027-03-29 00:50", NULL});
}

static void a_window_that_begins_in_it_opens_when_the_clocks_jump(void **state)
{
    (void)state;
    begin(LONDON, "01:30-02:30", NULL);
    changes("2027-03-27 12:00",
            (const char *const[]){"2027-03-28 01:00", "2027-03-28 01:30", "2027-03-29 00:30", NULL});
    begin(LONDON, "00:30-01:30", NULL); /* ends in it */
    changes("2027-03-27 12:00",
            (const char *const[]){"2027-03-28 00:30", "2027-03-28 01:00", "2027-03-28 23:30", NULL});
}

static void a_time_that_clocks_show_twice_counts_twice(void **state)
{
    (void)state;
    begin(LONDON, "01:10-01:50", NULL); /* 2027-10-31: 02:00 becomes 01:00, at 01:00 UTC */
    changes("2027-10-30 12:00", (const char *const[]){"2027-10-31 00:10", "2027-10-31 00:50", "2027-10-31 01:10",
                                                      "2027-10-31 01:50", "2027-11-01 01:10", NULL});
}

static void a_window_over_the_hour_shown_twice_follows_the_clock(void **state)
{
    (void)state;
    begin(LONDON, "01:30-02:30", NULL);
    /* open from the first 01:30 until the clocks go back, and from the second 01:30 on */
    changes("2027-10-30 12:00", (const char *const[]){"2027-10-31 00:30", "2027-10-31 01:00", "2027-10-31 01:30",
                                                      "2027-10-31 02:30", "2027-11-01 01:30", NULL});
    begin(LONDON, "00:30-02:30", NULL);
    changes("2027-10-30 12:00",
            (const char *const[]){"2027-10-30 23:30", "2027-10-31 02:30", "2027-11-01 00:30", NULL});
}

static void a_night_over_the_change_is_an_hour_shorter_or_longer(void **state)
{
    (void)state;
    begin(LONDON, "Sat 22:00-06:00", NULL);
    changes("2027-03-27 12:00", (const char *const[]){"2027-03-27 22:00", "2027-03-28 05:00", NULL});
    changes("2027-10-30 12:00", (const char *const[]){"2027-10-30 21:00", "2027-10-31 06:00", NULL});
}

static void other_zones_change_at_other_times(void **state)
{
    (void)state;
    begin(NEW_YORK, "Mon-Fri 09:00-15:00", NULL);
    changes("2027-03-12 12:00",
            (const char *const[]){"2027-03-12 14:00", "2027-03-12 20:00", "2027-03-15 13:00", NULL});
    begin(AUCKLAND, "Mon-Fri 09:00-15:00", NULL); /* clocks go back on the first Sunday of April */
    changes("2027-04-01 12:00", (const char *const[]){"2027-04-01 20:00", "2027-04-02 02:00", "2027-04-04 21:00",
                                                      "2027-04-05 03:00", NULL});
}

static void a_year_ends_in_the_middle_of_a_window(void **state)
{
    (void)state;
    begin(LONDON, "Thu 22:00-02:00", NULL); /* 2026-12-31 is one */
    assert_true(active("2026-12-31 23:59:59"));
    assert_true(active("2027-01-01 00:00:00"));
    changes("2026-12-31 12:00",
            (const char *const[]){"2026-12-31 22:00", "2027-01-01 02:00", "2027-01-07 22:00", NULL});
    begin(AUCKLAND, "Fri 00:00-24:00", NULL); /* already the new year, at noon of the old one in UTC */
    changes("2026-12-31 00:00", (const char *const[]){"2026-12-31 11:00", "2027-01-01 11:00", NULL});
}

static void a_leap_day_is_a_day(void **state)
{
    (void)state;
    begin(LONDON, "Tue 09:00-10:00", NULL); /* 2028-02-29 */
    changes("2028-02-26 00:00",
            (const char *const[]){"2028-02-29 09:00", "2028-02-29 10:00", "2028-03-07 09:00", NULL});
    begin(LONDON, "Mon 23:00-01:00", NULL);
    changes("2028-02-28 12:00",
            (const char *const[]){"2028-02-28 23:00", "2028-02-29 01:00", "2028-03-06 23:00", NULL});
}

static void several_windows_are_one_schedule(void **state)
{
    (void)state;
    begin(LONDON, "Mon 09:00-10:00", "Mon 10:00-11:00"); /* they touch: no change between them */
    changes("2026-11-30 08:00",
            (const char *const[]){"2026-11-30 09:00", "2026-11-30 11:00", "2026-12-07 09:00", NULL});
    begin(LONDON, "Mon 09:00-11:00", "Mon 10:00-12:00");
    changes("2026-11-30 08:00", (const char *const[]){"2026-11-30 09:00", "2026-11-30 12:00", NULL});
}

static void terms_and_holidays_decide_by_the_day_it_began(void **state)
{
    const struct calendar_span terms[] = {{day("2026-09-03"), day("2026-12-18")},
                                          {day("2027-01-05"), day("2027-03-26")}};
    const struct calendar_span holidays[] = {{day("2026-10-26"), day("2026-10-30")}};
    (void)state;
    begin(LONDON, "22:00-06:00", NULL);
    site.calendar.terms = terms;
    site.calendar.term_count = 2;
    site.calendar.holidays = holidays;
    site.calendar.holiday_count = 1;
    site.schedule.season = SCHEDULE_TERM;
    assert_true(active("2026-12-18 23:00"));
    assert_true(active("2026-12-19 05:59:59")); /* began on the last day of term */
    assert_false(active("2026-12-19 22:00"));
    assert_true(active("2026-10-26 05:00")); /* began on Sunday, the day before the holiday (in winter time already) */
    assert_false(active("2026-10-26 22:00"));
    assert_false(active("2026-10-31 05:00"));
    assert_true(active("2026-10-31 22:00"));
    changes("2026-12-19 12:00", (const char *const[]){"2027-01-05 22:00", "2027-01-06 06:00", NULL});
    site.schedule.season = SCHEDULE_HOLIDAY;
    assert_false(active("2026-12-18 23:00"));
    assert_true(active("2026-12-19 23:00"));
    assert_true(active("2026-10-27 05:00"));
    assert_true(active("2027-08-01 23:00")); /* what is in no term is holiday */
}

static void dates_bound_a_schedule(void **state)
{
    (void)state;
    begin(LONDON, "Mon-Fri 09:00-12:00", NULL);
    site.schedule.dates = (struct calendar_span){day("2027-05-10"), day("2027-05-11")};
    changes("2027-01-01 00:00", (const char *const[]){"2027-05-10 08:00", "2027-05-10 11:00", "2027-05-11 08:00",
                                                      "2027-05-11 11:00", NULL});
    int64_t after = utc("2027-05-11 12:00");
    assert_true(schedule_next_s(&site.schedule, &site.calendar, after, after + HORIZON) == INT64_MAX);
}

static void what_lies_behind_the_horizon_is_not_told(void **state)
{
    (void)state;
    begin(LONDON, "Mon 09:00-10:00", NULL);
    int64_t now = utc("2026-11-30 08:00");
    assert_true(schedule_next_s(&site.schedule, &site.calendar, now, now + 3600) == INT64_MAX);
    assert_true(schedule_next_s(&site.schedule, &site.calendar, now, now + 3601) == now + 3600);
}

/* The rule itself, asked minute by minute, against the changes that were foretold. */
static void foretold_changes_are_all_there_are(void **state)
{
    static const char *const zones[] = {LONDON, AUCKLAND, NEW_YORK};
    static const char *const times[] = {"01:00-02:00", "00:00-24:00",         "Sun 00:30-01:30",    "23:30-03:30",
                                        "02:30-01:30", "Sat,Sun 01:59-02:01", "Mon-Fri 08:50-15:20"};
    static const char *const around[] = {"2027-03-26 00:00", "2027-10-29 00:00", "2027-04-02 00:00",
                                         "2027-09-24 00:00", "2027-03-12 00:00", "2027-11-05 00:00"};
    (void)state;
    for (size_t z = 0; z < 3; z++)
        for (size_t t = 0; t < sizeof times / sizeof times[0]; t++)
            for (size_t a = 0; a < sizeof around / sizeof around[0]; a++) {
                begin(zones[z], times[t], NULL);
                int64_t now = utc(around[a]);
                int64_t next = schedule_next_s(&site.schedule, &site.calendar, now, now + HORIZON);
                bool was = schedule_is_active(&site.schedule, &site.calendar, now);
                for (int64_t at = now + 60; at < now + 5 * CIVIL_DAY_S; at += 60) {
                    bool is = schedule_is_active(&site.schedule, &site.calendar, at);
                    if ((is != was) != (at == next))
                        fail_msg("%s, %s: at %lld, foretold %lld", zones[z], times[t], (long long)at, (long long)next);
                    if (is != was)
                        next = schedule_next_s(&site.schedule, &site.calendar, at, at + HORIZON);
                    was = is;
                }
            }
}

static void lessons_are_lessons_in_term_only(void **state)
{
    static const struct window monday = {9 * 3600, 10 * 3600, 0x01};
    static const struct window_lesson lesson = {"p1", &monday, 1};
    const struct calendar_span term = {day("2026-09-03"), day("2026-12-18")};
    (void)state;
    begin(LONDON, "Mon", NULL);
    assert_false(calendar_is_lesson(&site.calendar, utc("2026-11-30 09:30")));
    site.calendar.lessons = &lesson;
    site.calendar.lesson_count = 1;
    assert_true(calendar_is_lesson(&site.calendar, utc("2026-12-28 09:30")));
    site.calendar.terms = &term;
    site.calendar.term_count = 1;
    assert_true(calendar_is_lesson(&site.calendar, utc("2026-11-30 09:30")));
    assert_false(calendar_is_lesson(&site.calendar, utc("2026-11-30 10:00")));
    assert_false(calendar_is_lesson(&site.calendar, utc("2026-12-28 09:30")));
}

static void dates_are_read_and_refused(void **state)
{
    static const char *const bad[] = {"",           "2026-1-01",  "2026-13-01", "2026-02-29", "2026-00-10",
                                      "2026-01-00", "2026-01-1x", "2026/01/01", "2026-01-011"};
    int32_t value;
    (void)state;
    assert_int_equal(calendar_day_from_text("1970-01-02", &value), 0);
    assert_int_equal(value, 1);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(calendar_day_from_text(bad[i], &value), ERR_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_school_day_begins_and_ends_to_the_second, end),
        cmocka_unit_test_teardown(a_window_in_the_hour_that_is_left_out_does_not_open, end),
        cmocka_unit_test_teardown(a_window_that_begins_in_it_opens_when_the_clocks_jump, end),
        cmocka_unit_test_teardown(a_time_that_clocks_show_twice_counts_twice, end),
        cmocka_unit_test_teardown(a_window_over_the_hour_shown_twice_follows_the_clock, end),
        cmocka_unit_test_teardown(a_night_over_the_change_is_an_hour_shorter_or_longer, end),
        cmocka_unit_test_teardown(other_zones_change_at_other_times, end),
        cmocka_unit_test_teardown(a_year_ends_in_the_middle_of_a_window, end),
        cmocka_unit_test_teardown(a_leap_day_is_a_day, end),
        cmocka_unit_test_teardown(several_windows_are_one_schedule, end),
        cmocka_unit_test_teardown(terms_and_holidays_decide_by_the_day_it_began, end),
        cmocka_unit_test_teardown(dates_bound_a_schedule, end),
        cmocka_unit_test_teardown(what_lies_behind_the_horizon_is_not_told, end),
        cmocka_unit_test_teardown(foretold_changes_are_all_there_are, end),
        cmocka_unit_test_teardown(lessons_are_lessons_in_term_only, end),
        cmocka_unit_test_teardown(dates_are_read_and_refused, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
