/*
 * What a run came to for the statutory tier: counts, ages and digests. No entry of a list is in it, nor a refused line.
 *
 * Memory: points to texts of others. Threads: one.
 */
#ifndef REPORT_STATUTORY_H
#define REPORT_STATUTORY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "belisha/statutory_format.h"
#include "report/report.h"

struct json_t;

struct report_statutory_feed {
    const struct statutory_feed_record *record;
    enum report_feed_state state;
    bool forsaken; /* it was set up, and the recipe no longer names it: its last list stays in force */
    const char *why;
};

struct report_statutory {
    enum report_outcome outcome; /* REPORT_PUBLISHED or REPORT_FAILED */
    const char *why;             /* REPORT_FAILED: the reason */
    const char *warning;         /* something to see to; "" */
    int64_t now_s;
    uint64_t generation, previous; /* 0: none */
    uint64_t hosts;                /* entries of the list in force */
    const struct report_statutory_feed *feeds;
    size_t feed_count;
};

void report_statutory_write_text(const struct report_statutory *tier, FILE *to);
/* A section of the page. */
void report_statutory_write_html(const struct report_statutory *tier, FILE *to);
/* Whether something of it wants a look. */
bool report_statutory_is_alarm(const struct report_statutory *tier);
/* An object that the caller owns; NULL: no memory. */
struct json_t *report_statutory_json(const struct report_statutory *tier);

#endif
