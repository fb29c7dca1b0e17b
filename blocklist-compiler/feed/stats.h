/*
 * What reading one feed came to: accepted rules, and every refused line by reason with the first few of each.
 *
 * Owner: the caller, in place; feed_stats_done() frees what a feed with refusals allocated. Threads: one at a time.
 */
#ifndef FEED_STATS_H
#define FEED_STATS_H

#include <stddef.h>
#include <stdint.h>

#include "feed/refusal.h"
#include "feed/span.h"

#define FEED_SAMPLES_MAX     5   /* of each reason */
#define FEED_SAMPLE_TEXT_MAX 120 /* bytes of the refused text that are kept */
#define FEED_SAMPLE_FILE_MAX 80
#define FEED_SAMPLE_NAME_MAX 254 /* a name as text, with the closing zero */

struct feed_sample {
    uint32_t line;
    char file[FEED_SAMPLE_FILE_MAX];
    char text[FEED_SAMPLE_TEXT_MAX]; /* printable: other bytes stand as \xHH */
};

struct feed_samples {
    unsigned count;
    struct feed_sample rows[FEED_SAMPLES_MAX];
};

/* The most popular name that a rule of the feed blocks, and the first such rule. */
struct feed_popular {
    uint32_t rank; /* 1 is the most popular; 0: none is blocked */
    struct feed_sample rule;
    char name[FEED_SAMPLE_NAME_MAX];
};

struct feed_stats {
    uint64_t lines;    /* all, comments and blank ones too */
    uint64_t blocks;   /* accepted blocking rules, before duplicates are merged */
    uint64_t allows;   /* accepted exceptions */
    uint64_t declared; /* "Number of entries" in the feed's own header, the last one; 0 = it doesn't say */
    uint64_t widened;  /* blocking rules that were pages of a host, which the recipe lists whole */
    uint64_t aliases;  /* folders of a tree that are another name of a folder already read */
    uint64_t refused[REFUSAL_COUNT];
    struct feed_samples *samples[REFUSAL_COUNT]; /* NULL until the first of that reason */
    uint64_t flagged[FLAG_COUNT];                /* of the accepted ones */
    struct feed_samples *flag_samples[FLAG_COUNT];
    struct feed_popular popular;
};

void feed_stats_init(struct feed_stats *stats);
void feed_stats_done(struct feed_stats *stats);

/* Counts one refusal; a sample that finds no memory is left out, never the count. */
void feed_stats_refuse(struct feed_stats *stats, enum refusal refusal, const char *file, uint32_t line,
                       struct span text);

/* The same for a rule that is accepted. */
void feed_stats_flag(struct feed_stats *stats, enum feed_flag flag, const char *file, uint32_t line, struct span text);

/* A rule, accepted, blocks the name of this rank. */
void feed_stats_popular(struct feed_stats *stats, uint32_t rank, const char *name, const char *file, uint32_t line,
                        struct span text);

/* Counts with samples, one after the other: refusals by reason, then flags. */
#define FEED_STATS_ROWS (REFUSAL_COUNT + FLAG_COUNT)

struct feed_stats_row {
    uint64_t *count;
    struct feed_samples **samples; /* *samples NULL: none */
};

struct feed_stats_row feed_stats_row(struct feed_stats *stats, unsigned index);

/* Adds a row of the next piece of the same copy; lines_before as below. */
void feed_stats_append_row(struct feed_stats_row row, struct feed_stats_row more, uint64_t lines_before);

/* Drops the pointers of a struct that was read back as bytes, before anybody follows them. */
void feed_stats_forget_samples(struct feed_stats *stats);

/*
 * Adds what reading the next piece of the same copy came to. lines_before: of the copy, before that piece. A sample that
 * finds no memory is left out, never the count.
 */
void feed_stats_append(struct feed_stats *stats, const struct feed_stats *piece, uint64_t lines_before);

uint64_t feed_stats_refused_total(const struct feed_stats *stats);

#endif
