/*
 * Days of the Gregorian calendar as numbers: 0 is 1970-01-01, a Thursday.
 *
 * Threads: pure.
 */
#ifndef POLICY_CIVIL_H
#define POLICY_CIVIL_H

#include <stdbool.h>
#include <stdint.h>

#define CIVIL_DAY_S 86400

struct civil_date {
    int32_t year;
    uint8_t month; /* 1 to 12 */
    uint8_t day;   /* 1 to 31 */
};

/* Years begin in March here, so that the day that some have more is the last (Hinnant, chrono-compatible algorithms). */
static inline int32_t civil_day(struct civil_date date)
{
    int32_t year = date.year - (date.month <= 2);
    int32_t era = (year >= 0 ? year : year - 399) / 400;
    int32_t of_era = year - era * 400;
    int32_t of_year = (153 * (date.month + (date.month > 2 ? -3 : 9)) + 2) / 5 + date.day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static inline struct civil_date civil_date(int32_t day)
{
    int32_t shifted = day + 719468;
    int32_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int32_t of_era = shifted - era * 146097;
    int32_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int32_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int32_t month = (5 * of_year + 2) / 153;
    int32_t civil_month = month + (month < 10 ? 3 : -9);
    return (struct civil_date){.year = year_of_era + era * 400 + (civil_month <= 2),
                               .month = (uint8_t)civil_month,
                               .day = (uint8_t)(of_year - (153 * month + 2) / 5 + 1)};
}

/* 0 is Monday, 6 Sunday. */
static inline unsigned civil_weekday(int32_t day)
{
    int32_t rest = (day + 3) % 7;
    return (unsigned)(rest < 0 ? rest + 7 : rest);
}

static inline bool civil_is_leap(int32_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static inline bool civil_is_date(struct civil_date date)
{
    static const uint8_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (date.month < 1 || date.month > 12 || date.day < 1)
        return false;
    return date.day <= lengths[date.month - 1] + (date.month == 2 && civil_is_leap(date.year));
}

#endif
