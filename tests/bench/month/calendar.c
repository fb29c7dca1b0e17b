#include "calendar.h"

#include <stdio.h>
#include <time.h>

static const struct {
    uint16_t from;
    uint8_t part, lesson;
} parts[] = {{0, PART_NIGHT, 0},           {6 * 60, PART_EARLY, 0}, {8 * 60, PART_ARRIVAL, 0},
             {530, PART_LESSON, 0},        {590, PART_LESSON, 1},   {650, PART_BREAK, 0},
             {670, PART_LESSON, 2},        {730, PART_LESSON, 3},   {790, PART_BREAK, 0},
             {840, PART_LESSON, 4},        {900, PART_AFTER, 0},    {16 * 60 + 30, PART_EVENING, 0},
             {22 * 60 + 30, PART_NIGHT, 0}};

static struct tm date_of(uint32_t day)
{
    time_t at = (time_t)day * 86400;
    struct tm date;
    gmtime_r(&at, &date);
    return date;
}

bool calendar_is_school(uint32_t day)
{
    struct tm date = date_of(day);
    bool half_term = date.tm_mon == 9 && date.tm_mday >= 24;
    bool christmas = date.tm_mon == 11 && date.tm_mday > 18;
    return date.tm_wday >= 1 && date.tm_wday <= 5 && !half_term && !christmas;
}

struct moment calendar_at(uint32_t day, uint32_t minute)
{
    struct moment moment = {.day = day, .minute = minute, .school = calendar_is_school(day)};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && parts[i].from <= minute; i++) {
        moment.part = parts[i].part;
        moment.lesson = parts[i].lesson;
    }
    if (!moment.school && moment.part > PART_EARLY && moment.part < PART_EVENING)
        moment.part = PART_AFTER;
    return moment;
}

uint32_t calendar_day(const char *text)
{
    struct tm date = {0};
    int used = 0;
    if (sscanf(text, "%4d-%2d-%2d%n", &date.tm_year, &date.tm_mon, &date.tm_mday, &used) != 3 || text[used] != '\0')
        return 0;
    date.tm_year -= 1900;
    date.tm_mon -= 1;
    time_t at = timegm(&date);
    return at <= 0 ? 0 : (uint32_t)(at / 86400);
}
