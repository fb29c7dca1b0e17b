/*
 * The living journals of a log folder, merged by time: rows that no segment holds yet.
 *
 * Exactly once: journals are opened before the segments are listed, and each segment says how far every journal is in
 * segments. What became part of a segment after that is still read from the journal, which stays mapped when its file
 * is gone.
 *
 * Memory:  heap, owned by the struct, which begins as {.dir_fd = ...}; the folder stays the caller's.
 * Threads: one.
 */
#ifndef QLOG_JOURNALS_H
#define QLOG_JOURNALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"
#include "qlog/journal.h"
#include "qlog/segment.h"

struct journals {
    int dir_fd;
    struct journals_cursor *cursors;
    size_t count;
    size_t head;      /* whose entry journals_head() gave */
    uint64_t damaged; /* files that could not be read */
};

/* Opens the journals not known yet, lets go of those that are gone. is_later: it is not the first look, so that all of a
 * journal not known yet is new. ERR_NOMEM, ERR_ACCESS, ERR_IO. */
ERR_CHECKED int journals_find(struct journals *journals, bool is_later);
/* Whether every journal whose rows the segment holds was opened. */
bool journals_know(const struct journals *journals, const struct segment *segment);
/* The rows of journals that are in this segment are not read from the journals. ERR_NOMEM. */
ERR_CHECKED int journals_skip(struct journals *journals, const struct segment *segment);
/* The oldest entry, which stays until journals_pass(); NULL: there is no more for now. *out_node is who wrote it. */
const struct journal_item *journals_head(struct journals *journals, const char **out_node);
void journals_pass(struct journals *journals);
void journals_done(struct journals *journals);

#endif
