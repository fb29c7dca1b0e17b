#include "policy/calendar.h"

#include <stdio.h>
#include <string.h>

#include "policy/civil.h"

#define NEARBY_S (36 * 3600) /* from a local time taken for UTC, either side of any change nearby */

struct calendar_time calendar_local(const struct calendar *calendar, int64_t utc_s)
{
    int64_t local = utc_s + time_zone_offset_s(calendar->zone, utc_s);
    int64_t day = local / CIVIL_DAY_S - (local % CIVIL_DAY_S < 0);
    return (struct calendar_time){.day = (int32_t)day, .second = (uint32_t)(local - day * CIVIL_DAY_S)};
}

static bool holds(const struct calendar_span spans[], size_t count, int32_t day)
{
    for (size_t i = 0; i < count; i++)
        if (day >= spans[i].first && day <= spans[i].last)
            return true;
    return false;
}

bool calendar_is_term(const struct calendar *calendar, int32_t day)
{
    return holds(calendar->terms, calendar->term_count, day) &&
           !holds(calendar->holidays, calendar->holiday_count, day);
}

bool calendar_is_lesson(const struct calendar *calendar, int64_t utc_s)
{
    struct calendar_time now = calendar_local(calendar, utc_s);
    int32_t began;
    for (size_t i = 0; i < calendar->lesson_count; i++)
        for (size_t j = 0; j < calendar->lessons[i].count; j++)
            if (window_is_open(&calendar->lessons[i].windows[j], now.day, now.second, &began) &&
                (calendar->term_count == 0 || calendar_is_term(calendar, began)))
                return true;
    return false;
}

int64_t calendar_instant_after(const struct calendar *calendar, int32_t day, uint32_t second, int64_t utc_s)
{
    const int64_t local = (int64_t)day * CIVIL_DAY_S + second;
    const int64_t before = local - time_zone_offset_s(calendar->zone, local - NEARBY_S);
    const int64_t after = local - time_zone_offset_s(calendar->zone, local + NEARBY_S);
    const int64_t jump = before == after ? INT64_MAX : time_zone_next_s(calendar->zone, local - NEARBY_S);
    int64_t best = INT64_MAX;
    bool shown = false;
    const int64_t both[] = {before, after};
    for (size_t i = 0; i < 2; i++) {
        if (both[i] + time_zone_offset_s(calendar->zone, both[i]) != local)
            continue;
        shown = true;
        if (both[i] > utc_s && both[i] < best)
            best = both[i];
    }
    return shown || jump <= utc_s ? best : jump;
}

int calendar_day_from_text(const char *text, int32_t *out)
{
    static const char form[] = "dddd-dd-dd";
    if (strlen(text) != sizeof form - 1)
        return ERR_MALFORMED;
    for (size_t i = 0; form[i] != '\0'; i++)
        if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
            return ERR_MALFORMED;
    const struct civil_date date = {.year = (text[0] - '0') * 1000 + (text[1] - '0') * 100 + (text[2] - '0') * 10 +
                                            text[3] - '0',
                                    .month = (uint8_t)((text[5] - '0') * 10 + text[6] - '0'),
                                    .day = (uint8_t)((text[8] - '0') * 10 + text[9] - '0')};
    if (!civil_is_date(date))
        return ERR_MALFORMED;
    *out = civil_day(date);
    return 0;
}
