/*
 * Reading the query log by blocks: for whoever counts, groups or copies many rows, where a row at a time is too slow.
 *
 *     blocks_open      the walk: the segments of a folder, oldest first, then the living journals; by a filter
 *     blocks_next      a block with tables (who, what, path, each distinct combination once) and, for every row, its time
 *                      and its indices into them
 *
 * A report judges every entry of a table once and then counts rows by index: a month of 100 million rows is a thousand
 * times a few thousand entries. Only the parts that were asked for are unpacked, and blocks that hold nothing of what the
 * filter wants are left out unseen. Of a block, rows that the filter does not want are taken out of the arrays: every row
 * there is a wanted one. Tables keep all their entries. Rows that are still in journals come in the same shape.
 *
 * Who asked is opened with the keys of the days, where this program may read them. Where it may not, or the key was
 * destroyed, is_closed is set, and client, port, device and user of all rows are zero; group and grade are there.
 *
 * Threads: one walk may serve several threads, each with a reader of its own; every block goes to one of them. A view
 * belongs to its reader. blocks_run() does all that, and keeps the order.
 */
#ifndef QLOG_BLOCKS_H
#define QLOG_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"
#include "qlog/block.h"
#include "qlog/reader.h"
#include "qlog/segment.h"

struct blocks_opts {
    struct qlog_filter filter; /* .action = -1 and zeros: everything */
    unsigned parts;            /* enum block_part; what the filter needs comes by itself. BLOCK_ALL: everything */
    uint64_t after_sequence;   /* only segments with a higher number; 0: all */
    bool segments_only;        /* without what is still in journals */
};

/* Pointers to parts that were not asked for may lead to anything. */
struct block_view {
    uint64_t number;               /* 0, 1, 2...: the order of the log; blocks with nothing wanted have one too */
    const struct segment *segment; /* header.sequence, blocks[index].hash...; NULL: rows of journals */
    uint32_t index;                /* of the block in its segment */
    const char *node;
    bool is_closed;
    bool is_whole; /* the filter took nothing out: row i is row i of the block on disk */

    uint32_t row_count;
    const int64_t *time;     /* ns since 1970, ascending within the block */
    const uint16_t *who_of;  /* index in who */
    const uint16_t *what_of; /* index in what */
    const uint16_t *path_of; /* index in path */
    const uint16_t *port;
    const uint32_t *rtt; /* us */

    uint32_t who_count, what_count, path_count;
    const struct block_who *who;
    const struct block_what *what; /* names by block_name(view->block, what->name) */
    const struct block_path *path;
    const char *const *group;    /* by index in who; with BLOCK_TEXTS, as are the next two */
    const char *const *feed;     /* by index in what; "" when none */
    const char *const *upstream; /* by index in path; "" when none */

    uint32_t gap_count;
    const struct journal_gap *gaps; /* in the time wanted, in order of from_ns */

    const struct block *block;
};

struct blocks;
struct blocks_reader;

/* ERR_NOENT: no log in dir. ERR_NOMEM, ERR_ACCESS, ERR_MALFORMED (the filter's code is none). The filter is copied but for
 * what its pointers point to. */
ERR_CHECKED int blocks_open(const char *dir, const struct blocks_opts *opts, struct blocks **out);
/* After all of its readers. NULL is fine. */
void blocks_close(struct blocks *blocks);
/* Makes ready for what came into the log since blocks_open() or the last call: after every reader was at its end. */
ERR_CHECKED int blocks_refresh(struct blocks *blocks);
/* So far. rows, lost and generations are sums over the blocks given out (generations with BLOCK_VERDICT only). */
void blocks_stats(struct blocks *blocks, struct qlog_scan_stats *out);

/* For one thread. ERR_NOMEM. */
ERR_CHECKED int blocks_reader_new(struct blocks *blocks, struct blocks_reader **out);
void blocks_reader_free(struct blocks_reader *reader);
/* 1: *out is the next block with rows or gaps, valid until the next call; 0: the end; negative: stop. Damaged blocks are
 * left out and counted. */
ERR_CHECKED int blocks_next(struct blocks_reader *reader, const struct block_view **out);

/* Puts row i together, as qlog_scan_next() would give it; needs BLOCK_ALL. Texts are valid as long as the view. */
void blocks_row(const struct block_view *view, uint32_t i, struct qlog_row *out);
/* A gap as a row. */
void blocks_gap(const struct block_view *view, uint32_t i, struct qlog_row *out);

/* ---- several threads, results in order ---- */

#define BLOCKS_SLOTS 32u

struct blocks_work {
    unsigned threads; /* 0: as many as there are processors; at most BLOCKS_SLOTS / 2 */
    /* Makes something of a block and leaves it in the caller's slot `slot` (below BLOCKS_SLOTS), whose last content was taken
     * before. Called by several threads at once, never two for one slot. Negative: stop. */
    int (*make)(void *ctx, unsigned slot, const struct block_view *view);
    /* Takes what make() left in the slot: in the order of the log, one at a time, by any of the threads. NULL: nothing is to
     * do. 1: enough, negative: stop. */
    int (*take)(void *ctx, unsigned slot);
    void *ctx;
};

/* Until the end, or enough (both 0), or negative. */
ERR_CHECKED int blocks_run(struct blocks *blocks, const struct blocks_work *work);

#endif
