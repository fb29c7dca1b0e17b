/*
 * What one run came to: for people as text or as a page, for programs as JSON, and for the audit as a record that stays.
 * docs/reference/feeds.md has the fields of the JSON forms.
 *
 * Memory: a report points to texts and stats of others, which must outlive it. Threads: one.
 */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include <stdbool.h>
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

#define REPORT_SHARED_MAX 5

/* What a feed has in common with the others, in entries of the list: what a listed parent covers counts with the parent. */
struct report_overlap {
    uint64_t names; /* entries that it lists */
    uint64_t only;  /* of them, those that no other feed lists */
    struct report_shared {
        uint16_t feed; /* index */
        uint64_t names;
    } shared[REPORT_SHARED_MAX]; /* with whom it shares most; ends with names 0 */
};

struct report_feed {
    const char *name, *format, *source, *licence;
    enum report_feed_state state;
    const char *why; /* what was wrong with the new copy; "" */
    int64_t fetched_s;
    uint64_t categories;
    uint64_t copy_bytes;
    char digest[33];                /* of the copy, as hexadecimal digits; "": there is none */
    const struct feed_stats *stats; /* NULL: not read, since nothing has changed */
    struct report_overlap overlap;  /* of a published list */
    uint32_t popular, popular_new;  /* names among the most popular that it blocks; of them, those not blocked before */
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

#define REPORT_CHANGES_MAX 20 /* samples of a category and direction */

struct report_change {
    uint32_t rank; /* popularity; 0: not among the popular names */
    char name[FEED_SAMPLE_NAME_MAX];
};

/* Samples of what came to a category and what left it, popular names first. */
struct report_changes {
    unsigned added_count, removed_count;
    struct report_change added[REPORT_CHANGES_MAX], removed[REPORT_CHANGES_MAX];
};

#define REPORT_POPULAR_FEEDS_MAX 8

/* A popular name that the list blocks. */
struct report_popular {
    const char *name, *by; /* by: the listed name that covers it, or the same; NULL: a pattern */
    uint32_t rank;
    bool ours;               /* of the shipped list */
    uint64_t categories;     /* that block it */
    uint64_t new_categories; /* of them, those that did not in the generation before */
    unsigned feed_count;
    uint16_t feeds[REPORT_POPULAR_FEEDS_MAX]; /* index */
};

#define REPORT_STAGES_MAX 12

struct report_stage {
    const char *name;
    int64_t ms;
};

struct report_statutory;

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
    const struct report_changes *changes; /* CATEGORY_MAX of them; NULL: nothing to compare with */
    const struct report_popular *popular; /* new ones first, then by rank */
    size_t popular_count, popular_new;
    const char *inputs; /* digest of all that the list is made of, hexadecimal; "": not known */
    struct report_stage stages[REPORT_STAGES_MAX];
    size_t stage_count;
    uint64_t peak_bytes; /* largest resident memory of the run; 0: not known */
    const struct report_statutory *statutory; /* report/statutory.h; NULL: no such tier */
};

const char *report_feed_state_name(enum report_feed_state state);
const char *report_outcome_name(enum report_outcome outcome);

void report_write_text(const struct report *report, FILE *to);

/* One page that needs nothing else: no script, no outside resource; for screens of any width, light and dark, and paper. */
void report_write_html(const struct report *report, FILE *to);

/* ERR_NOMEM, ERR_IO. */
ERR_CHECKED int report_write_json(const struct report *report, FILE *to);

/* What an audit needs to know of the run, without samples of names. The same errors. */
ERR_CHECKED int report_write_record(const struct report *report, FILE *to);

#endif
