/*
 * The segments of a log folder: which there are, and opening them while others merge or remove them.
 *
 *     segment-<first ms>-<sequence>.qlog                      one
 *     segment-<first ms>-<first sequence>-<sequence>.qlog     merged: it stands for these
 *
 * For a while a folder has both a merged segment and those it stands for; then the list has the merged one alone. Later
 * the others are gone: whoever listed them before finds their rows in the merged one, in the same order.
 *
 * Threads: any; a list belongs to one.
 */
#ifndef QLOG_SEGMENT_LIST_H
#define QLOG_SEGMENT_LIST_H

#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"
#include "qlog/format.h"
#include "qlog/segment.h"

struct segment_file {
    char file[QLOG_NAME_MAX];
    uint64_t sequence;       /* the last it stands for */
    uint64_t first_sequence; /* the first; the same when it is not merged */
    int64_t first_ms;
    uint64_t bytes;
};

struct segment_list {
    struct segment_file *files; /* in order of sequence */
    size_t count;
};

/* ERR_NOMEM, ERR_ACCESS, ERR_IO. */
ERR_CHECKED int segment_list(int dir_fd, struct segment_list *out);
/* The same with those that a merged one stands for: *out has what segment_list() says, *out_covered the others. */
ERR_CHECKED int segment_list_all(int dir_fd, struct segment_list *out, struct segment_list *out_covered);
void segment_list_done(struct segment_list *list);

/* What of an opened segment was in files before the one that was asked for: to be passed over, from its first block on. */
struct segment_start {
    uint64_t rows, gaps;
};

/* Of a segment that was opened: what was in files up to this sequence. Nothing of one that is not merged. ERR_DAMAGED. */
ERR_CHECKED int segment_start_after(const struct segment *segment, uint64_t sequence, struct segment_start *out);

/*
 * Opens file *at of the list, or what it was merged into meanwhile; *at moves behind the files that the opened one stands
 * for, or by one on failure. ERR_NOENT: retention was quicker; the errors of segment_open() and segment_list().
 */
ERR_CHECKED int segment_list_open(int dir_fd, const struct segment_list *list, size_t *at, struct segment **out,
                                  struct segment_start *out_start);

#endif
