/*
 * A window of the week: some days, from one time of day to another; past midnight it belongs to the day it began on.
 *
 *     Mon-Fri 12:30-13:20        Sat,Sun              Sun-Thu 21:30-06:00
 *     08:50-15:20                Mon,Wed period-3     period-3
 *
 * Without days it is every day, without times the whole of them. Instead of times a named lesson of the calendar may
 * stand, which has its own windows; days then choose among those.
 *
 * Threads: pure.
 */
#ifndef POLICY_WINDOW_H
#define POLICY_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"

#define WINDOW_EVERY_DAY 0x7f
#define WINDOWS_MAX      64 /* that one text may stand for */

struct window {
    uint32_t from_s; /* of the day, local time */
    uint32_t to_s;   /* not included; at or before from_s: of the next day; 86,400 is the day's end */
    uint8_t days;    /* bit 0: Monday */
};

/* A lesson and what it stands for. */
struct window_lesson {
    const char *name;
    const struct window *windows;
    size_t count;
};

/* What is wrong with a text: the word, and what would be right. */
struct window_fault {
    size_t at, len; /* in the text; len 0: at its end */
    const char *want;
};

/*
 * Writes the windows that text (zero-terminated) means to out and returns how many there are, at least 1. ERR_MALFORMED:
 * *fault says why; ERR_LIMIT: over WINDOWS_MAX.
 */
ERR_CHECKED int window_parse(const char *text, const struct window_lesson lessons[], size_t lesson_count,
                             struct window out[WINDOWS_MAX], struct window_fault *fault);

/* Whether it is open at a local time; day and second as the clock shows them. began: the day that it began on. */
bool window_is_open(const struct window *window, int32_t day, uint32_t second, int32_t *began);

#endif
