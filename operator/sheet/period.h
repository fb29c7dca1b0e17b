/*
 * The days that a sheet is about: whole days as the school's clocks count them, so a week in which the clocks change
 * has 167 or 169 hours.
 *
 * Threads: pure.
 */
#ifndef SHEET_PERIOD_H
#define SHEET_PERIOD_H

#include "belisha/err.h"
#include "policy/calendar.h"

#define PERIOD_TEXT_MAX 96
#define PERIOD_DAYS_MAX 400

struct period {
    int32_t first, last;  /* days as civil.h numbers them; both belong to it */
    int64_t from_s, to_s; /* the same as instants: [from, to) */
    bool is_over;         /* at the time that it was made for */
};

/* ERR_LIMIT: first is behind last, or it has more than PERIOD_DAYS_MAX days. */
ERR_CHECKED int period_of_days(const struct calendar *calendar, int32_t first, int32_t last, int64_t now_s,
                               struct period *out);
/* "2026-W47": from Monday to Sunday, as ISO 8601 counts weeks. ERR_MALFORMED. */
ERR_CHECKED int period_of_week(const struct calendar *calendar, const char *text, int64_t now_s, struct period *out);

/* The last week, from Monday to Sunday, that is over. */
struct period period_last_week(const struct calendar *calendar, int64_t now_s);
/* Yesterday. */
struct period period_last_day(const struct calendar *calendar, int64_t now_s);
/* The last term that has begun, up to yesterday if it still lasts; without terms, the quarter of the year that is
 * over. */
struct period period_last_term(const struct calendar *calendar, int64_t now_s);

/* The seven days that begin so many days before. */
struct period period_shift(const struct calendar *calendar, const struct period *period, int32_t days);

/* "Monday 16 to Sunday 22 November 2026", "Tuesday 17 November 2026". Returns out. */
char *period_title(const struct period *period, char out[PERIOD_TEXT_MAX]);
/* For the names of files: "2026-W47", "2026-11-17", "2026-09-01-to-2026-12-18". Returns out. */
char *period_name(const struct period *period, char out[PERIOD_TEXT_MAX]);

/* "Tue 17 Nov" and "Tue 17 Nov, 14:05". Return out. */
char *period_day_text(int32_t day, char out[PERIOD_TEXT_MAX]);
char *period_time_text(const struct calendar *calendar, int64_t utc_s, char out[PERIOD_TEXT_MAX]);
/* "2026-11-17 14:05:09", as spreadsheets read it. Returns out. */
char *period_stamp(const struct calendar *calendar, int64_t utc_s, char out[PERIOD_TEXT_MAX]);

#endif
