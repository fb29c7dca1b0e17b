#include "policy/schedule.h"

#include "policy/civil.h"

static bool is_in_season(const struct schedule *schedule, const struct calendar *calendar, int32_t day)
{
    if (day < schedule->dates.first || day > schedule->dates.last)
        return false;
    switch (schedule->season) {
    case SCHEDULE_ALWAYS:
        break;
    case SCHEDULE_TERM:
        return calendar_is_term(calendar, day);
    case SCHEDULE_HOLIDAY:
        return !calendar_is_term(calendar, day);
    }
    return true;
}

bool schedule_is_active(const struct schedule *schedule, const struct calendar *calendar, int64_t utc_s)
{
    struct calendar_time now = calendar_local(calendar, utc_s);
    int32_t began;
    for (size_t i = 0; i < schedule->window_count; i++)
        if (window_is_open(&schedule->windows[i], now.day, now.second, &began) &&
            is_in_season(schedule, calendar, began))
            return true;
    return false;
}

/* Where the window that begins on that day begins and ends, the earlier of what is after utc_s. */
static int64_t edge_after(const struct window *window, const struct calendar *calendar, int32_t day, int64_t utc_s)
{
    int32_t end_day = day + (window->to_s <= window->from_s);
    int64_t from = calendar_instant_after(calendar, day, window->from_s, utc_s);
    int64_t to = calendar_instant_after(calendar, end_day, window->to_s, utc_s);
    return from < to ? from : to;
}

/* The next instant at which something may change: an edge of a window, or a jump of the clocks. */
static int64_t candidate_after(const struct schedule *schedule, const struct calendar *calendar, int64_t utc_s)
{
    int64_t best = time_zone_next_s(calendar->zone, utc_s);
    int32_t today = calendar_local(calendar, utc_s).day;
    for (size_t i = 0; i < schedule->window_count; i++) {
        const struct window *window = &schedule->windows[i];
        int64_t found = INT64_MAX;
        for (int32_t day = today - 1; day <= today + 8 && found == INT64_MAX; day++)
            if (window->days >> civil_weekday(day) & 1)
                found = edge_after(window, calendar, day, utc_s);
        if (found < best)
            best = found;
    }
    return best;
}

int64_t schedule_next_s(const struct schedule *schedule, const struct calendar *calendar, int64_t utc_s,
                        int64_t until_s)
{
    bool active = schedule_is_active(schedule, calendar, utc_s);
    int64_t at = utc_s;
    while ((at = candidate_after(schedule, calendar, at)) < until_s)
        if (schedule_is_active(schedule, calendar, at) != active)
            return at;
    return INT64_MAX;
}
