/*
 * The school's calendar: its time zone, its terms and holidays, its lessons.
 *
 * A day is in term when a term has it and no holiday does; every other day is holiday.
 *
 * Memory:  what it points to is the caller's. Threads: pure.
 */
#ifndef POLICY_CALENDAR_H
#define POLICY_CALENDAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/time_zone.h"
#include "policy/window.h"

/* Days as civil.h numbers them; both ends belong to it. */
struct calendar_span {
    int32_t first, last;
};

struct calendar {
    const struct time_zone *zone; /* NULL: UTC */
    const struct calendar_span *terms;
    size_t term_count;
    const struct calendar_span *holidays;
    size_t holiday_count;
    const struct window_lesson *lessons;
    size_t lesson_count;
};

/* What the clocks of the school show. */
struct calendar_time {
    int32_t day;
    uint32_t second; /* of the day */
};

struct calendar_time calendar_local(const struct calendar *calendar, int64_t utc_s);
bool calendar_is_term(const struct calendar *calendar, int32_t day);

/* Whether it is lesson time: a lesson's window, on a day of term where there are terms. false too without lessons. */
bool calendar_is_lesson(const struct calendar *calendar, int64_t utc_s);

/*
 * The earliest instant after utc_s at which the clocks show this local time, or jump over it. A time that they show twice
 * has two instants.
 */
int64_t calendar_instant_after(const struct calendar *calendar, int32_t day, uint32_t second, int64_t utc_s);

/* YYYY-MM-DD. ERR_MALFORMED: not this, or no day of the calendar. */
ERR_CHECKED int calendar_day_from_text(const char *text, int32_t *out);

#endif
