/* What time of the school it is. Times are UTC, which the school's clocks follow from November to March. Threads: pure. */
#ifndef MONTH_CALENDAR_H
#define MONTH_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

enum school_part { PART_NIGHT, PART_EARLY, PART_ARRIVAL, PART_LESSON, PART_BREAK, PART_AFTER, PART_EVENING };

#define DAY_NS      INT64_C(86400000000000)
#define DAY_MINUTES 1440u

struct moment {
    uint32_t day;    /* since 1970 */
    uint32_t minute; /* of the day */
    bool school;     /* a day with lessons */
    uint8_t part;    /* enum school_part; on other days only night, early, after (all day) and evening */
    uint8_t lesson;  /* 0..4 in a lesson */
};

struct moment calendar_at(uint32_t day, uint32_t minute);
/* Monday to Friday in term: not in the last week of October. */
bool calendar_is_school(uint32_t day);
/* "2026-11-02" as days since 1970; 0: it is none. */
uint32_t calendar_day(const char *text);

#endif
