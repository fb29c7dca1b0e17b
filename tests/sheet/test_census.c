#include "sheet/census.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "belisha/verdict.h"
#include "policy/civil.h"
#include "qlog/record.h"

#define NS INT64_C(1000000000)

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

/* What rows may be: allowed, blocked, a call for help. */
enum { ALLOWED, BLOCKED, HELP };

static const struct block_what what[] = {
    [ALLOWED] = {.action = VERDICT_RESOLVE},
    [BLOCKED] = {.action = VERDICT_NOTICE, .reason = REASON_CATEGORY, .category = CATEGORY_GAMBLING},
    [HELP] = {.action = VERDICT_RESOLVE, .reason = REASON_PROTECTED_HELP, .unattributed = 1},
};
static const struct block_who who[] = {
    {.grade = QLOG_GRADE_LOGON}, {.grade = QLOG_GRADE_ADDRESS}, {.grade = QLOG_GRADE_NONE}};

struct rows {
    int64_t time[16];
    uint16_t who_of[16], what_of[16];
    struct journal_gap gaps[4];
    struct segment segment;
    struct block_view view;
};

static void rows_begin(struct rows *rows, uint64_t sequence)
{
    *rows = (struct rows){.segment = {.header = {.sequence = sequence}, .trailer = {.chain = {(uint8_t)sequence}}}};
    rows->view = (struct block_view){.segment = &rows->segment,
                                     .node = "dns-1",
                                     .time = rows->time,
                                     .who_of = rows->who_of,
                                     .what_of = rows->what_of,
                                     .who = who,
                                     .who_count = 3,
                                     .what = what,
                                     .what_count = 3,
                                     .gaps = rows->gaps};
}

static void row_put(struct rows *rows, int64_t time_s, uint16_t by, uint16_t about)
{
    const uint32_t i = rows->view.row_count++;
    rows->time[i] = time_s * NS;
    rows->who_of[i] = by;
    rows->what_of[i] = about;
}

static struct census *week(const char *text)
{
    struct period period;
    struct census *census;
    assert_int_equal(period_of_week(&london, text, INT64_MAX, &period), 0);
    assert_int_equal(census_new(&london, &period, &census), 0);
    return census;
}

static uint64_t sum(const uint64_t *hours, size_t count)
{
    uint64_t all = 0;
    for (size_t i = 0; i < count; i++)
        all += hours[i];
    return all;
}

static void every_row_of_the_period_counts_once(void **state)
{
    struct census *census = week("2026-W47");
    struct rows rows;
    (void)state;
    rows_begin(&rows, 7);
    row_put(&rows, census->period.from_s - 1, 0, ALLOWED);
    row_put(&rows, census->period.from_s, 0, ALLOWED);
    row_put(&rows, census->period.from_s + 3599, 1, BLOCKED);
    row_put(&rows, census->period.from_s + 3600, 0, BLOCKED);
    row_put(&rows, census->period.to_s - 1, 0, ALLOWED);
    row_put(&rows, census->period.to_s, 0, ALLOWED);
    census_count(census, &rows.view);
    assert_int_equal(census->rows, 4);
    assert_int_equal(sum(census->asked, census->hour_count), 4);
    assert_int_equal(sum(census->blocked, census->hour_count), 2);
    assert_int_equal(census->asked[0], 2);
    assert_int_equal(census->blocked[1], 1);
    assert_int_equal(census->asked[census->hour_count - 1], 1);
    assert_int_equal(census->graded[QLOG_GRADE_LOGON], 3);
    assert_int_equal(census->graded[QLOG_GRADE_ADDRESS], 1);
    assert_int_equal(census->last_segment, 7);
    assert_string_equal(census->node, "dns-1");
    census_free(census);
}

static void calls_for_help_are_in_the_sum_alone(void **state)
{
    struct census *census = week("2026-W47");
    struct rows rows;
    (void)state;
    rows_begin(&rows, 1);
    row_put(&rows, census->period.from_s + 7200, 2, HELP);
    census_count(census, &rows.view);
    assert_int_equal(census->asked[2], 1);
    assert_int_equal(census->blocked[2], 0);
    for (size_t i = 0; i < SHEET_GRADES; i++)
        assert_int_equal(census->graded[i], 0);
    census_free(census);
}

static void hours_are_those_of_the_clocks_when_these_change(void **state)
{
    struct census *spring = week("2026-W13"), *autumn = week("2026-W43");
    struct rows rows;
    (void)state;
    /* Sunday 29 March: at 01:00 UTC it is 02:00. Sunday 25 October: from 00:00 UTC on it is 01:00 twice. */
    const int64_t march_s = (int64_t)civil_day((struct civil_date){2026, 3, 29}) * CIVIL_DAY_S;
    const int64_t october_s = (int64_t)civil_day((struct civil_date){2026, 10, 25}) * CIVIL_DAY_S;
    rows_begin(&rows, 1);
    row_put(&rows, march_s + 3599, 0, ALLOWED);
    row_put(&rows, march_s + 3600, 0, ALLOWED);
    census_count(spring, &rows.view);
    assert_int_equal(spring->asked[6 * 24], 1);
    assert_int_equal(spring->asked[6 * 24 + 1], 0);
    assert_int_equal(spring->asked[6 * 24 + 2], 1);
    rows_begin(&rows, 2);
    row_put(&rows, october_s, 0, ALLOWED);
    row_put(&rows, october_s + 3600, 0, ALLOWED);
    row_put(&rows, october_s + 7200, 0, ALLOWED);
    row_put(&rows, autumn->period.to_s - 1, 0, ALLOWED);
    census_count(autumn, &rows.view);
    assert_int_equal(autumn->asked[6 * 24 + 1], 2);
    assert_int_equal(autumn->asked[6 * 24 + 2], 1);
    assert_int_equal(autumn->asked[6 * 24 + 23], 1);
    assert_int_equal(autumn->rows, 4);
    census_free(spring);
    census_free(autumn);
}

static void gaps_that_are_near_each_other_are_one(void **state)
{
    struct census *census = week("2026-W47");
    struct rows rows;
    uint64_t school, heard;
    const uint64_t at = (uint64_t)census->period.from_s + 10 * 3600;
    (void)state;
    rows_begin(&rows, 1);
    rows.view.gap_count = 4;
    rows.gaps[0] = (struct journal_gap){.from_ns = at * NS, .to_ns = (at + 5) * NS, .lost = 10};
    rows.gaps[1] = (struct journal_gap){.from_ns = (at + 9) * NS, .to_ns = (at + 9) * NS, .lost = 3};
    rows.gaps[2] = (struct journal_gap){.from_ns = (at + 7200) * NS, .to_ns = (at + 7201) * NS, .lost = 1};
    rows.gaps[3] = (struct journal_gap){.from_ns = (at - 40) * NS, .to_ns = (at - 30) * NS, .lost = 4};
    census_count(census, &rows.view);
    census_find_silence(census, INT64_MAX, &school, &heard);
    assert_int_equal(census->lost, 18);
    assert_int_equal(census->gap_count, 2);
    assert_int_equal(census->gaps[0].lost, 17);
    assert_int_equal(census->gaps[0].from_s, at - 40);
    assert_int_equal(census->gaps[1].lost, 1);
    census_free(census);
}

/* One question in every school hour but from 10 to 12 on Tuesday. */
static void a_school_hour_without_any_question_is_told(void **state)
{
    struct census *census = week("2026-W47");
    struct rows rows;
    uint64_t school, heard;
    (void)state;
    for (int day = 0; day < 5; day++) {
        rows_begin(&rows, 1);
        for (int hour = 8; hour < 16; hour++)
            if (day != 1 || hour < 10 || hour >= 12)
                row_put(&rows, census->period.from_s + (day * 24 + hour) * 3600, 0, ALLOWED);
        census_count(census, &rows.view);
    }
    census_find_silence(census, INT64_MAX, &school, &heard);
    assert_int_equal(school, 30);
    assert_int_equal(heard, 28);
    assert_int_equal(census->gap_count, 1);
    assert_int_equal(census->gaps[0].lost, 0);
    assert_int_equal(census->gaps[0].from_s, census->period.from_s + (24 + 10) * 3600);
    assert_int_equal(census->gaps[0].to_s - census->gaps[0].from_s, 7200);
    census_free(census);
}

static void holidays_are_not_silence_and_a_day_of_term_is(void **state)
{
    const int32_t monday = civil_day((struct civil_date){2026, 11, 16});
    const struct calendar_span term = {monday, monday};
    struct calendar calendar = {.zone = london.zone, .terms = &term, .term_count = 1};
    struct period period;
    struct census *census;
    uint64_t school, heard;
    (void)state;
    assert_int_equal(period_of_week(&calendar, "2026-W47", INT64_MAX, &period), 0);
    assert_int_equal(census_new(&calendar, &period, &census), 0);
    census_find_silence(census, INT64_MAX, &school, &heard);
    assert_int_equal(school, 6);
    assert_int_equal(heard, 0);
    assert_int_equal(census->gap_count, 1);
    assert_int_equal(census->gaps[0].to_s - census->gaps[0].from_s, 6 * 3600);
    census_free(census);
    assert_int_equal(census_new(&calendar, &period, &census), 0);
    census_find_silence(census, period.from_s + 10 * 3600, &school, &heard); /* it is ten now */
    assert_int_equal(school, 1);
    census_free(census);
}

static void several_are_added_up(void **state)
{
    struct census *all = week("2026-W47"), *part = week("2026-W47");
    struct rows rows;
    (void)state;
    rows_begin(&rows, 9);
    row_put(&rows, all->period.from_s, 0, BLOCKED);
    census_count(all, &rows.view);
    rows_begin(&rows, 4);
    row_put(&rows, all->period.from_s, 1, ALLOWED);
    rows.view.gap_count = 1;
    rows.gaps[0] = (struct journal_gap){
        .from_ns = (uint64_t)all->period.from_s * NS, .to_ns = (uint64_t)all->period.from_s * NS, .lost = 2};
    census_count(part, &rows.view);
    census_add(all, part);
    assert_int_equal(all->rows, 2);
    assert_int_equal(all->asked[0], 2);
    assert_int_equal(all->blocked[0], 1);
    assert_int_equal(all->lost, 2);
    assert_int_equal(all->gap_count, 1);
    assert_int_equal(all->first_segment, 4);
    assert_int_equal(all->last_segment, 9);
    assert_int_equal(all->chain[0], 9);
    census_free(all);
    census_free(part);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_of_the_period_counts_once),
        cmocka_unit_test(calls_for_help_are_in_the_sum_alone),
        cmocka_unit_test(hours_are_those_of_the_clocks_when_these_change),
        cmocka_unit_test(gaps_that_are_near_each_other_are_one),
        cmocka_unit_test(a_school_hour_without_any_question_is_told),
        cmocka_unit_test(holidays_are_not_silence_and_a_day_of_term_is),
        cmocka_unit_test(several_are_added_up),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
