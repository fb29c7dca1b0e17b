/*
 * What a scan (qlog/reader.h) is made of: first the segments, block by block (scan_segment.c), then the journals, merged
 * by time (scan_journal.c).
 *
 * Exactly once: journals are opened before the segments are listed, and each segment says how far every journal is in
 * segments. What became part of a segment after that is still read from the journal, which stays mapped when its file
 * is gone.
 */
#ifndef QLOG_SCAN_H
#define QLOG_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"
#include "qlog/block.h"
#include "qlog/filter.h"
#include "qlog/journal.h"
#include "qlog/reader.h"
#include "qlog/segment.h"
#include "qlog/texts.h"

struct scan_cursor {
    struct journal *journal; /* NULL: read to its end and gone, or only known from a segment */
    uint64_t id;
    size_t pos;
    struct journal_item head; /* the next entry, when has_head */
    bool has_head;
    bool gone; /* its file was removed */
};

struct qlog_scan {
    int dir_fd;
    struct filter filter;
    struct qlog_scan_stats stats;
    bool ended;         /* the end was reported: the next call looks for what is new */
    char numbers[3][8]; /* group, feed, upstream without a word */

    struct segment_list list;
    size_t next_file;
    uint64_t last_sequence; /* of the segments known */
    int64_t after_ns;       /* while following: rows of a new segment up to here were shown already */
    int64_t newest_ns;      /* newest row given out */
    struct segment *segment;
    uint32_t next_block;
    struct block block;
    struct keyring keys;
    bool block_is_open;
    bool rows_wanted; /* of the open block */
    uint32_t row, gap;
    uint8_t *who_wanted, *what_wanted; /* BLOCK_ROWS_MAX each: by number in the block's table */

    struct scan_cursor *cursors;
    size_t cursor_count;
    struct texts words; /* for rows in journals */
};

/* ---- scan_segment.c: 1 a row, 0 no more, negative enum err ---- */

int scan_segment_next(struct qlog_scan *scan, struct qlog_row *out);

/* ---- scan_journal.c ---- */

/* Opens the journals not known yet, lets go of those that are gone. ERR_NOMEM, ERR_ACCESS, ERR_IO. */
int scan_journals_find(struct qlog_scan *scan);
/* Whether every journal whose rows the segment holds was opened. */
bool scan_journals_know(struct qlog_scan *scan, const struct segment *segment);
/* The rows of journals that are in this segment are not read from the journals. ERR_NOMEM. */
int scan_journals_skip(struct qlog_scan *scan, const struct segment *segment);
int scan_journal_next(struct qlog_scan *scan, struct qlog_row *out);

/* ---- reader.c ---- */

/* Puts the words behind the numbers of out->record. */
void scan_words(struct qlog_scan *scan, const struct texts *words, const char *node, struct qlog_row *out);
/* Makes out the row of a gap, if it is wanted. */
bool scan_gap(struct qlog_scan *scan, const struct journal_gap *gap, const char *node, struct qlog_row *out);
void scan_count(struct qlog_scan *scan, const struct qlog_row *row);

#endif
