#include "sheet/period.h"

#include <stdio.h>
#include <string.h>

#include "policy/civil.h"

static const char *const weekdays[] = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
static const char *const months[] = {"January", "February", "March",     "April",   "May",      "June",
                                     "July",    "August",   "September", "October", "November", "December"};

/* The instant at which a day begins. */
static int64_t day_begin(const struct calendar *calendar, int32_t day)
{
    return calendar_instant_after(calendar, day, 0, ((int64_t)day - 2) * CIVIL_DAY_S);
}

static struct period make(const struct calendar *calendar, int32_t first, int32_t last, int64_t now_s)
{
    struct period period = {
        .first = first, .last = last, .from_s = day_begin(calendar, first), .to_s = day_begin(calendar, last + 1)};
    period.is_over = period.to_s <= now_s;
    return period;
}

int period_of_days(const struct calendar *calendar, int32_t first, int32_t last, int64_t now_s, struct period *out)
{
    if (first > last || last - first >= PERIOD_DAYS_MAX)
        return ERR_LIMIT;
    *out = make(calendar, first, last, now_s);
    return 0;
}

/* ---- weeks ---- */

static int32_t monday_of(int32_t day)
{
    return day - (int32_t)civil_weekday(day);
}

/* 4 January is always in the first week of its year. */
static int32_t first_monday(int32_t year)
{
    return monday_of(civil_day((struct civil_date){.year = year, .month = 1, .day = 4}));
}

int period_of_week(const struct calendar *calendar, const char *text, int64_t now_s, struct period *out)
{
    static const char form[] = "dddd-Wdd";
    if (strlen(text) != sizeof form - 1)
        return ERR_MALFORMED;
    for (size_t i = 0; form[i] != '\0'; i++)
        if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
            return ERR_MALFORMED;
    const int32_t year = (text[0] - '0') * 1000 + (text[1] - '0') * 100 + (text[2] - '0') * 10 + text[3] - '0';
    const int32_t week = (text[6] - '0') * 10 + text[7] - '0';
    const int32_t monday = first_monday(year) + 7 * (week - 1);
    if (year < 1970 || week < 1 || monday >= first_monday(year + 1))
        return ERR_MALFORMED;
    *out = make(calendar, monday, monday + 6, now_s);
    return 0;
}

struct period period_last_week(const struct calendar *calendar, int64_t now_s)
{
    const int32_t monday = monday_of(calendar_local(calendar, now_s).day);
    return make(calendar, monday - 7, monday - 1, now_s);
}

struct period period_last_day(const struct calendar *calendar, int64_t now_s)
{
    const int32_t today = calendar_local(calendar, now_s).day;
    return make(calendar, today - 1, today - 1, now_s);
}

/* Where no terms are known: a quarter of the year. */
static struct calendar_span last_quarter(int32_t today)
{
    const struct civil_date now = civil_date(today);
    const struct civil_date first = {.year = now.year, .month = (uint8_t)((now.month - 1) / 3 * 3 + 1), .day = 1};
    const bool in_winter = first.month == 1;
    const struct civil_date before = {
        .year = in_winter ? now.year - 1 : now.year, .month = (uint8_t)(in_winter ? 10 : first.month - 3), .day = 1};
    return (struct calendar_span){.first = civil_day(before), .last = civil_day(first) - 1};
}

struct period period_last_term(const struct calendar *calendar, int64_t now_s)
{
    const int32_t today = calendar_local(calendar, now_s).day;
    struct calendar_span best = last_quarter(today);
    bool found = false;
    for (size_t i = 0; i < calendar->term_count; i++) {
        const struct calendar_span *term = &calendar->terms[i];
        if (term->first >= today || (found && term->first <= best.first))
            continue;
        best = *term;
        found = true;
    }
    if (best.last >= today)
        best.last = today - 1;
    if (best.last - best.first >= PERIOD_DAYS_MAX)
        best.first = best.last - PERIOD_DAYS_MAX + 1;
    return make(calendar, best.first, best.last, now_s);
}

struct period period_shift(const struct calendar *calendar, const struct period *period, int32_t days)
{
    return make(calendar, period->first - days, period->first - days + 6, period->to_s);
}

/* ---- texts ---- */

char *period_title(const struct period *period, char out[PERIOD_TEXT_MAX])
{
    const struct civil_date a = civil_date(period->first), b = civil_date(period->last);
    const char *a_day = weekdays[civil_weekday(period->first)], *b_day = weekdays[civil_weekday(period->last)];
    char begin[PERIOD_TEXT_MAX / 2] = "";
    if (period->first != period->last && a.year != b.year)
        snprintf(begin, sizeof begin, "%s %d %s %d to ", a_day, a.day, months[a.month - 1], (int)a.year);
    else if (period->first != period->last && a.month != b.month)
        snprintf(begin, sizeof begin, "%s %d %s to ", a_day, a.day, months[a.month - 1]);
    else if (period->first != period->last)
        snprintf(begin, sizeof begin, "%s %d to ", a_day, a.day);
    snprintf(out, PERIOD_TEXT_MAX, "%s%s %d %s %d", begin, b_day, b.day, months[b.month - 1], (int)b.year);
    return out;
}

static void add_date(const struct civil_date *date, const char *before, char out[PERIOD_TEXT_MAX])
{
    const size_t len = strlen(out);
    snprintf(out + len, PERIOD_TEXT_MAX - len, "%s%04d-%02d-%02d", before, (int)date->year, date->month, date->day);
}

char *period_name(const struct period *period, char out[PERIOD_TEXT_MAX])
{
    const struct civil_date a = civil_date(period->first), b = civil_date(period->last);
    out[0] = '\0';
    if (civil_weekday(period->first) == 0 && period->last == period->first + 6) {
        const int32_t year = civil_date(period->first + 3).year; /* a week is of the year that its Thursday is in */
        snprintf(out, PERIOD_TEXT_MAX, "%04d-W%02d", (int)year, (int)(period->first - first_monday(year)) / 7 + 1);
        return out;
    }
    add_date(&a, "", out);
    if (period->first != period->last)
        add_date(&b, "-to-", out);
    return out;
}

char *period_day_text(int32_t day, char out[PERIOD_TEXT_MAX])
{
    const struct civil_date date = civil_date(day);
    snprintf(out, PERIOD_TEXT_MAX, "%.3s %d %.3s", weekdays[civil_weekday(day)], date.day, months[date.month - 1]);
    return out;
}

char *period_time_text(const struct calendar *calendar, int64_t utc_s, char out[PERIOD_TEXT_MAX])
{
    const struct calendar_time at = calendar_local(calendar, utc_s);
    period_day_text(at.day, out);
    const size_t len = strlen(out);
    snprintf(out + len, PERIOD_TEXT_MAX - len, ", %02u:%02u", at.second / 3600, at.second / 60 % 60);
    return out;
}

char *period_stamp(const struct calendar *calendar, int64_t utc_s, char out[PERIOD_TEXT_MAX])
{
    const struct calendar_time at = calendar_local(calendar, utc_s);
    const struct civil_date date = civil_date(at.day);
    snprintf(out, PERIOD_TEXT_MAX, "%04d-%02d-%02d %02u:%02u:%02u", (int)date.year, date.month, date.day,
             at.second / 3600, at.second / 60 % 60, at.second % 60);
    return out;
}
