/*
 * What one run came to, for people (report_write_text) and for programs (report_write_json). docs/reference/feeds.md
 * has the fields of the JSON form.
 *
 * Memory: a report points to texts and stats of others, which must outlive it. Threads: one.
 */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include <stdint.h>
#include <stdio.h>

#include "belisha/category.h"
#include "belisha/err.h"
#include "feed/stats.h"

/* X(enum suffix, name in reports) */
#define REPORT_FEED_STATES(X)                                                                                          \
    X(FRESH, "fresh")     /* a new copy was read */                                                                    \
    X(CURRENT, "current") /* the copy from before is still the newest */                                               \
    X(STALE, "stale")     /* no good new copy could be had: the one from before is used */                             \
    X(MISSING, "missing") /* and there is none */

#define REPORT_OUTCOMES(X)                                                                                             \
    X(PUBLISHED, "published")                                                                                          \
    X(UNCHANGED, "unchanged")                                                                                          \
    X(FAILED, "not-published")

enum report_feed_state {
#define X(suffix, name) REPORT_FEED_##suffix,
    REPORT_FEED_STATES(X)
#undef X
};

enum report_outcome {
#define X(suffix, name) REPORT_##suffix,
    REPORT_OUTCOMES(X)
#undef X
};

struct report_feed {
    const char *name, *format, *source, *licence;
    enum report_feed_state state;
    const char *why; /* what was wrong with the new copy; "" */
    int64_t fetched_s;
    uint64_t categories;
    const struct feed_stats *stats; /* NULL: not read, since nothing has changed */
};

#define REPORT_REFERENCES 2

/* A list that feeds are judged by: public suffixes, popular names. */
struct report_reference {
    const char *name;
    const char *source; /* NULL: none was asked for */
    const char *used;   /* which one decides, in words; NULL: the run did not get that far */
    enum report_feed_state state;
    const char *why;   /* what was wrong with the copy; "" */
    int64_t fetched_s; /* of the copy; 0: not fetched */
    int64_t made_s;    /* as the list says; 0: not known */
    uint64_t count;    /* rules or names; 0: not known */
};

/* The new list beside the one before, entry by entry. */
struct report_count {
    uint64_t names, added, removed;
};

struct report {
    enum report_outcome outcome;
    const char *why; /* REPORT_FAILED: the reason, a sentence without full stop */
    int64_t now_s, elapsed_ms;
    uint64_t generation, previous; /* 0: none */
    uint64_t rules, duplicates, subsumed, file_bytes;
    struct report_count all;
    struct report_count categories[CATEGORY_MAX];
    const struct report_feed *feeds;
    size_t feed_count;
    const struct report_reference *references[REPORT_REFERENCES]; /* NULL: none */
};

const char *report_feed_state_name(enum report_feed_state state);
const char *report_outcome_name(enum report_outcome outcome);

void report_write_text(const struct report *report, FILE *to);

/* ERR_NOMEM, ERR_IO. */
ERR_CHECKED int report_write_json(const struct report *report, FILE *to);

#endif
