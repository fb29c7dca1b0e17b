#include "policy/window.h"

#include <string.h>
#include <strings.h>

#include "policy/civil.h"

#define DAYS_WANTED "days are Mon, Tue, Wed, Thu, Fri, Sat, Sun, ranges such as Mon-Fri, or several: Mon,Wed-Fri"
#define TIME_WANTED "times are such as 12:30-13:20, from 00:00 to 24:00"

static const char *const day_names[] = {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};

struct word {
    const char *at;
    size_t len;
};

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " \t");
}

static struct word word_at(const char *at)
{
    return (struct word){.at = at, .len = strcspn(at, " \t")};
}

static int fail(const char *text, struct word word, const char *want, struct window_fault *fault)
{
    *fault = (struct window_fault){.at = (size_t)(word.at - text), .len = word.len, .want = want};
    return ERR_MALFORMED;
}

/* ---- days ---- */

/* "Mon" or "Monday" at the beginning: its number, and how long it is; -1: none. */
static int day_at(const char *at, size_t len, size_t *out_len)
{
    for (int day = 0; day < 7; day++) {
        size_t whole = strlen(day_names[day]);
        if (len >= whole && strncasecmp(at, day_names[day], whole) == 0) {
            *out_len = whole;
            return day;
        }
        if (len >= 3 && strncasecmp(at, day_names[day], 3) == 0) {
            *out_len = 3;
            return day;
        }
    }
    return -1;
}

/* Days in the word, all of it; 0: it is something else. */
static uint8_t days_of(struct word word)
{
    uint8_t days = 0;
    const char *at = word.at;
    const char *end = word.at + word.len;
    while (at < end) {
        size_t len;
        int first = day_at(at, (size_t)(end - at), &len);
        if (first < 0)
            return 0;
        at += len;
        int last = first;
        if (at < end && *at == '-') {
            last = day_at(at + 1, (size_t)(end - at - 1), &len);
            if (last < 0)
                return 0;
            at += 1 + len;
        }
        for (int day = first;; day = (day + 1) % 7) {
            days |= (uint8_t)(1u << day);
            if (day == last)
                break;
        }
        if (at < end && (*at++ != ',' || at == end))
            return 0;
    }
    return days;
}

/* ---- times ---- */

/* hh:mm; -1: it is something else. */
static int32_t time_at(const char *at, size_t len, size_t *out_len)
{
    size_t hour_len = strspn(at, "0123456789");
    if (hour_len < 1 || hour_len > 2 || hour_len + 3 > len || at[hour_len] != ':')
        return -1;
    const char *minute = at + hour_len + 1;
    if (minute[0] < '0' || minute[0] > '5' || minute[1] < '0' || minute[1] > '9')
        return -1;
    int32_t hours = hour_len == 1 ? at[0] - '0' : (at[0] - '0') * 10 + at[1] - '0';
    int32_t seconds = hours * 3600 + ((minute[0] - '0') * 10 + minute[1] - '0') * 60;
    *out_len = hour_len + 3;
    return seconds > CIVIL_DAY_S ? -1 : seconds;
}

static bool looks_like_times(struct word word)
{
    return word.len > 0 && word.at[0] >= '0' && word.at[0] <= '9' && memchr(word.at, ':', word.len) != NULL;
}

/* 0 or ERR_MALFORMED. */
static int times_of(struct word word, struct window *out)
{
    size_t from_len, to_len;
    int32_t from = time_at(word.at, word.len, &from_len);
    if (from < 0 || from == CIVIL_DAY_S || from_len >= word.len || word.at[from_len] != '-')
        return ERR_MALFORMED;
    const char *rest = word.at + from_len + 1;
    int32_t to = time_at(rest, word.len - from_len - 1, &to_len);
    if (to < 0 || from_len + 1 + to_len != word.len || from == to)
        return ERR_MALFORMED;
    out->from_s = (uint32_t)from;
    out->to_s = (uint32_t)to;
    return 0;
}

/* ---- the whole ---- */

static const struct window_lesson *lesson_find(struct word word, const struct window_lesson lessons[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(lessons[i].name) == word.len && strncmp(lessons[i].name, word.at, word.len) == 0)
            return &lessons[i];
    return NULL;
}

static int take_lesson(const struct window_lesson *lesson, uint8_t days, struct window out[WINDOWS_MAX])
{
    int count = 0;
    for (size_t i = 0; i < lesson->count; i++) {
        if ((lesson->windows[i].days & days) == 0)
            continue;
        if (count == WINDOWS_MAX)
            return ERR_LIMIT;
        out[count] = lesson->windows[i];
        out[count++].days &= days;
    }
    return count;
}

int window_parse(const char *text, const struct window_lesson lessons[], size_t lesson_count,
                 struct window out[WINDOWS_MAX], struct window_fault *fault)
{
    struct window window = {.from_s = 0, .to_s = CIVIL_DAY_S, .days = WINDOW_EVERY_DAY};
    struct word word = word_at(skip_blanks(text));
    uint8_t days = days_of(word);
    if (word.len == 0)
        return fail(text, word, DAYS_WANTED "; " TIME_WANTED, fault);
    if (days != 0) {
        window.days = days;
        word = word_at(skip_blanks(word.at + word.len));
    }
    const struct window_lesson *lesson = word.len == 0 ? NULL : lesson_find(word, lessons, lesson_count);
    if (word.len > 0 && lesson == NULL && looks_like_times(word) && times_of(word, &window) < 0)
        return fail(text, word, TIME_WANTED, fault);
    if (word.len > 0 && lesson == NULL && !looks_like_times(word))
        return fail(text, word, days != 0 ? TIME_WANTED ", or a lesson of the calendar" : DAYS_WANTED, fault);
    struct word more = word_at(skip_blanks(word.at + word.len));
    if (more.len > 0)
        return fail(text, more, "one range of days and one of times; several make a list", fault);
    if (lesson == NULL) {
        out[0] = window;
        return 1;
    }
    int count = take_lesson(lesson, window.days, out);
    return count == 0 ? fail(text, word, "a lesson that takes place on one of these days", fault) : count;
}

bool window_is_open(const struct window *window, int32_t day, uint32_t second, int32_t *began)
{
    bool past_midnight = window->to_s <= window->from_s;
    bool today = window->days >> civil_weekday(day) & 1;
    bool yesterday = window->days >> civil_weekday(day - 1) & 1;
    if (today && second >= window->from_s && (past_midnight || second < window->to_s)) {
        *began = day;
        return true;
    }
    *began = day - 1;
    return past_midnight && yesterday && second < window->to_s;
}
