/*
 * A schedule: at which times something applies.
 *
 * Times are what the school's clocks show. Where clocks go back, a time that they show twice counts twice; where they go
 * forward, a window that lies in the hour left out does not open, and one that begins in it opens when the clocks jump.
 * Whether a window is of the term says the day on which it began, also past midnight.
 *
 * Memory:  what it points to is the caller's. Threads: pure.
 */
#ifndef POLICY_SCHEDULE_H
#define POLICY_SCHEDULE_H

#include "policy/calendar.h"

enum schedule_season { SCHEDULE_ALWAYS, SCHEDULE_TERM, SCHEDULE_HOLIDAY };

struct schedule {
    const struct window *windows;
    size_t window_count;
    enum schedule_season season;
    struct calendar_span dates; /* windows that begin on these days */
};

#define SCHEDULE_ALL_DATES                                                                                             \
    {                                                                                                                  \
        .first = INT32_MIN, .last = INT32_MAX                                                                          \
    }

bool schedule_is_active(const struct schedule *schedule, const struct calendar *calendar, int64_t utc_s);

/* When that changes next, after utc_s; INT64_MAX: not before until_s. */
int64_t schedule_next_s(const struct schedule *schedule, const struct calendar *calendar, int64_t utc_s,
                        int64_t until_s);

#endif
