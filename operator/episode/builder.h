/*
 * Makes episodes (episode/episode.h) of rows of the query log.
 *
 *     struct episode_builder *builder;
 *     episode_builder_new(&(struct episode_opts){.tables = tables, .finder = finder, .from_ns = ..., .to_ns = ...}, &builder);
 *     while (blocks_next(reader, &view) == 1)
 *         episode_builder_add_block(builder, view);        or row by row: episode_builder_add(builder, &row)
 *     episode_builder_finish(builder);
 *     for (size_t i = 0; i < episode_count(builder); i++)
 *         episode_get(builder, i, &episode);     the most concerning first
 *
 * Rows come in the order of time; a row that is a little late counts, but may begin a visit of its own. Rows of equal time
 * may come in any order: the result is the same.
 *
 * Memory:  bounded by opts, whatever the log has. When there are more episodes, those of least concern go, and are counted.
 * Threads: one.
 */
#ifndef EPISODE_BUILDER_H
#define EPISODE_BUILDER_H

#include "episode/episode.h"
#include "episode/site.h"
#include "policy/calendar.h"
#include "qlog/blocks.h"
#include "qlog/reader.h"

/* How young the people of a group are. */
enum episode_age { EPISODE_AGE_UNKNOWN, EPISODE_AGE_PRIMARY, EPISODE_AGE_SECONDARY, EPISODE_AGE_ADULT };

struct seen; /* episode/seen.h */

#define EPISODE_GAP_S       600   /* a visit ends after so much silence */
#define EPISODE_VISIT_S     14400 /* ... and after so long in any case: a program would be at one visit for weeks */
#define EPISODE_LOOKUP_S    5     /* questions for one name within it are one look-up */
#define EPISODE_MAX_DEFAULT 400000

/* Whose episodes are wanted: one of the three is set. */
struct episode_only {
    uint32_t user;               /* what is attributed to this user; 0: any */
    uint32_t device;             /* what comes from this device, whoever sits there; 0: any */
    const struct ipaddr *client; /* ... from this address; NULL: any */
};

struct episode_opts {
    const struct tables *tables; /* all three outlive the builder */
    const struct site_finder *finder;
    const struct calendar *calendar; /* for nights and lessons; NULL: UTC, no lessons */
    int64_t from_ns, to_ns;          /* [from, to): rows outside are passed over; both must be given */
    enum episode_age (*age)(void *ctx, const char *group); /* NULL: nothing is known of ages */
    void *ctx;
    /* Each visit of an episode when it begins, in the order of time, also of episodes that have to go later; strand: as in
     * struct episode. NULL: nobody. */
    void (*visit)(void *visit_ctx, int64_t begin_ns, uint64_t strand, uint8_t category, uint8_t verdict);
    void *visit_ctx;
    const struct seen *seen; /* sites seen before; NULL: no site counts as new */
    bool all; /* also what is in no category, or in one that does not matter: to look into one person's hour */
    const struct episode_only
        *only;  /* NULL: of all. Give the rows of the others too: they tell what is to be left out */
    size_t max; /* episodes kept at once; 0: EPISODE_MAX_DEFAULT */
};

struct episode_builder;

/* ERR_NOMEM, ERR_INVAL (no period). */
ERR_CHECKED int episode_builder_new(const struct episode_opts *opts, struct episode_builder **out);
void episode_builder_free(struct episode_builder *builder);

/* A row or a gap, as qlog_scan_next() gives it. ERR_NOMEM. */
ERR_CHECKED int episode_builder_add(struct episode_builder *builder, const struct qlog_row *row);

/* The parts of a block that are needed (qlog/blocks.h). */
#define EPISODE_PARTS                                                                                                  \
    (BLOCK_GAPS | BLOCK_TEXTS | BLOCK_WHO_TABLE | BLOCK_NAMES | BLOCK_VERDICT | BLOCK_ANSWER | BLOCK_TIME |            \
     BLOCK_WHO | BLOCK_WHAT)

/* All rows of a block, as if they came one by one, but ten times as fast. ERR_NOMEM. */
ERR_CHECKED int episode_builder_add_block(struct episode_builder *builder, const struct block_view *view);

/* Scores all and puts them in order: by score, then the gravest category, the newest first. Then nothing is added.
 * ERR_NOMEM. */
ERR_CHECKED int episode_builder_finish(struct episode_builder *builder);

size_t episode_count(const struct episode_builder *builder);
/* index below episode_count(), which is their order. Texts are good until the builder is freed. */
void episode_get(struct episode_builder *builder, size_t index, struct episode *out);

/* What became of the rows: they add up to `rows`. */
struct episode_sums {
    uint64_t rows; /* within the period */
    uint64_t in_episodes;
    uint64_t help;       /* protected help, or somebody whom the log does not name: never more than this sum */
    uint64_t background; /* delivery, adverts, telemetry, platforms... without a category that matters */
    uint64_t plain;      /* sites in no category that matters (with opts.all they are in episodes) */
    uint64_t no_visit;   /* the school's own names, errors, types that no page asks for, names that do not exist */
    uint64_t dropped;    /* were in episodes that had to go */
    uint64_t dropped_episodes;
    uint64_t lost;   /* records that the log itself lost */
    uint64_t people; /* different users, devices and addresses */
    uint64_t sites;  /* different ones that people asked for */
};

void episode_sums(const struct episode_builder *builder, struct episode_sums *out);

#endif
