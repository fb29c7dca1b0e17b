#include "sheet/census.h"

#include <stdlib.h>
#include <string.h>

#include "base/verdict.h"
#include "policy/civil.h"

#define SECOND_NS    INT64_C(1000000000)
#define HOUR_S       3600
#define NEAR_S       60 /* gaps that are no further apart are one */
#define SCHOOL_FROM  9  /* hours, where no lessons are known */
#define SCHOOL_UNTIL 15

int census_new(const struct calendar *calendar, const struct period *period, struct census **out)
{
    struct census *census = calloc(1, sizeof *census);
    if (census == NULL)
        return ERR_NOMEM;
    census->calendar = calendar;
    census->period = *period;
    census->hour_count = 24 * (size_t)(period->last - period->first + 1);
    census->asked = calloc(census->hour_count, sizeof *census->asked);
    census->blocked = calloc(census->hour_count, sizeof *census->blocked);
    if (census->asked == NULL || census->blocked == NULL) {
        census_free(census);
        return ERR_NOMEM;
    }
    *out = census;
    return 0;
}

void census_free(struct census *census)
{
    if (census == NULL)
        return;
    free(census->asked);
    free(census->blocked);
    free(census);
}

/* ---- rows ---- */

/* Which hour an instant is in, as long as the clocks are not changed. */
struct clock {
    int64_t offset_s, until_s; /* of the local time; good before until_s */
};

static size_t hour_of(const struct census *census, struct clock *clock, int64_t time_s)
{
    if (time_s >= clock->until_s) {
        clock->offset_s = time_zone_offset_s(census->calendar->zone, time_s);
        clock->until_s = time_zone_next_s(census->calendar->zone, time_s);
    }
    const int64_t local_s = time_s + clock->offset_s - (int64_t)census->period.first * CIVIL_DAY_S;
    return (size_t)(local_s / HOUR_S);
}

static void count_rows(struct census *census, const struct block_view *view, const bool *is_blocked,
                       const uint8_t *grade_of, const bool *is_help)
{
    struct clock clock = {.until_s = INT64_MIN};
    const int64_t from_ns = census->period.from_s * SECOND_NS, to_ns = census->period.to_s * SECOND_NS;
    for (uint32_t i = 0; i < view->row_count; i++) {
        if (view->time[i] < from_ns || view->time[i] >= to_ns)
            continue;
        if (i > 0 && view->time[i] < view->time[i - 1])
            clock.until_s = INT64_MIN;
        const size_t hour = hour_of(census, &clock, view->time[i] / SECOND_NS);
        census->asked[hour]++;
        census->blocked[hour] += is_blocked[view->what_of[i]];
        if (!is_help[view->what_of[i]])
            census->graded[grade_of[view->who_of[i]]]++;
        census->rows++;
    }
}

static void judge_and_count(struct census *census, const struct block_view *view)
{
    static _Thread_local bool is_blocked[BLOCK_ROWS_MAX], is_help[BLOCK_ROWS_MAX];
    static _Thread_local uint8_t grade_of[BLOCK_ROWS_MAX];
    for (uint32_t i = 0; i < view->what_count; i++) {
        const struct verdict verdict = {
            .action = view->what[i].action, .reason = view->what[i].reason, .category = view->what[i].category};
        is_blocked[i] = verdict_is_block(&verdict);
        is_help[i] = view->what[i].unattributed != 0;
    }
    for (uint32_t i = 0; i < view->who_count; i++)
        grade_of[i] = view->who[i].grade < SHEET_GRADES ? view->who[i].grade : 0;
    count_rows(census, view, is_blocked, grade_of, is_help);
}

/* ---- gaps ---- */

/* Workers count on their own, so one trouble of the disk is many gaps at once. false: it is another time, or of
 * another kind. */
static bool gap_join(struct sheet_gap *last, const struct sheet_gap *gap)
{
    if ((last->lost == 0) != (gap->lost == 0) || gap->from_s > last->to_s + NEAR_S || gap->to_s < last->from_s - NEAR_S)
        return false;
    last->from_s = gap->from_s < last->from_s ? gap->from_s : last->from_s;
    last->to_s = gap->to_s > last->to_s ? gap->to_s : last->to_s;
    last->lost += gap->lost;
    return true;
}

static void gap_put(struct census *census, const struct sheet_gap *gap)
{
    if (census->gap_count > 0 && gap_join(&census->gaps[census->gap_count - 1], gap))
        return;
    if (census->gap_count < CENSUS_GAPS_MAX)
        census->gaps[census->gap_count++] = *gap;
}

static void count_gaps(struct census *census, const struct block_view *view)
{
    for (uint32_t i = 0; i < view->gap_count; i++) {
        const struct journal_gap *gap = &view->gaps[i];
        const int64_t from_s = (int64_t)gap->from_ns / SECOND_NS, to_s = (int64_t)gap->to_ns / SECOND_NS;
        if (from_s < census->period.to_s && to_s >= census->period.from_s)
            gap_put(census, &(struct sheet_gap){.from_s = from_s, .to_s = to_s, .lost = gap->lost});
        else
            continue;
        census->lost += gap->lost;
    }
}

/* ---- where it came from ---- */

static void take_segment(struct census *census, uint64_t first, uint64_t last, const uint8_t *chain)
{
    if (census->first_segment == 0 || first < census->first_segment)
        census->first_segment = first;
    if (last >= census->last_segment) {
        census->last_segment = last;
        memcpy(census->chain, chain, QLOG_HASH_LEN);
    }
}

void census_count(struct census *census, const struct block_view *view)
{
    const uint64_t before = census->rows;
    judge_and_count(census, view);
    count_gaps(census, view);
    if (census->rows == before)
        return;
    census->closed_blocks += view->is_closed;
    if (view->segment != NULL)
        take_segment(census, view->segment->header.sequence, view->segment->header.sequence,
                     view->segment->trailer.chain);
    strncpy(census->node, view->node, sizeof census->node - 1);
}

void census_add(struct census *census, const struct census *other)
{
    for (size_t i = 0; i < census->hour_count; i++) {
        census->asked[i] += other->asked[i];
        census->blocked[i] += other->blocked[i];
    }
    for (size_t i = 0; i < SHEET_GRADES; i++)
        census->graded[i] += other->graded[i];
    census->rows += other->rows;
    census->closed_blocks += other->closed_blocks;
    if (other->last_segment > 0)
        take_segment(census, other->first_segment, other->last_segment, other->chain);
    if (census->node[0] == '\0')
        memcpy(census->node, other->node, sizeof census->node);
    for (size_t i = 0; i < other->gap_count; i++)
        gap_put(census, &other->gaps[i]);
    census->lost += other->lost;
}

/* ---- silence ---- */

static bool any_on_day(const struct census *census, size_t day)
{
    for (size_t hour = 0; hour < 24; hour++)
        if (census->asked[24 * day + hour] > 0)
            return true;
    return false;
}

/* Both ends of the hour are looked at, so that no break beside a lesson counts as one. */
static bool is_school(const struct census *census, size_t hour, int64_t begin_s)
{
    const struct calendar *calendar = census->calendar;
    const int32_t day = census->period.first + (int32_t)(hour / 24);
    const bool is_term = calendar->term_count > 0 ? calendar_is_term(calendar, day) : any_on_day(census, hour / 24);
    if (!is_term)
        return false;
    if (calendar->lesson_count > 0)
        return calendar_is_lesson(calendar, begin_s) && calendar_is_lesson(calendar, begin_s + HOUR_S - 1);
    return civil_weekday(day) < 5 && hour % 24 >= SCHOOL_FROM && hour % 24 < SCHOOL_UNTIL;
}

static int by_time(const void *a, const void *b)
{
    const struct sheet_gap *x = a, *y = b;
    return (x->from_s > y->from_s) - (x->from_s < y->from_s);
}

static void put_in_order(struct census *census)
{
    size_t kept = 0;
    qsort(census->gaps, census->gap_count, sizeof *census->gaps, by_time);
    for (size_t i = 0; i < census->gap_count; i++)
        if (kept == 0 || !gap_join(&census->gaps[kept - 1], &census->gaps[i]))
            census->gaps[kept++] = census->gaps[i];
    census->gap_count = kept;
}

void census_find_silence(struct census *census, int64_t now_s, uint64_t *out_school, uint64_t *out_heard)
{
    *out_school = *out_heard = 0;
    for (size_t hour = 0; hour < census->hour_count; hour++) {
        const int32_t day = census->period.first + (int32_t)(hour / 24);
        const int64_t begin_s = calendar_instant_after(census->calendar, day, (uint32_t)(hour % 24) * HOUR_S,
                                                       ((int64_t)day - 2) * CIVIL_DAY_S);
        if (begin_s + HOUR_S > now_s || !is_school(census, hour, begin_s))
            continue;
        ++*out_school;
        *out_heard += census->asked[hour] > 0;
        if (census->asked[hour] == 0)
            gap_put(census, &(struct sheet_gap){.from_s = begin_s, .to_s = begin_s + HOUR_S});
    }
    put_in_order(census);
}
