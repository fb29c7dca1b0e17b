/*
 * Whether the rows of a merged segment are those of the segments it stands for: their digests (qlog/proof.h) are computed
 * once more and compared with those that were signed when they were written.
 *
 * Threads: any.
 */
#ifndef QLOG_MERGED_H
#define QLOG_MERGED_H

#include <stdint.h>

#include "belisha/err.h"
#include "qlog/keyring.h"
#include "qlog/segment.h"

struct merged_result {
    uint64_t origins;
    uint64_t other_rows;  /* origins whose rows are not as they were */
    uint64_t other_who;   /* ... of which others are said to have asked */
    uint64_t who_unknown; /* ... that were not compared in this: a key is gone, or a person was forgotten */
};

/* Reads all blocks. ERR_DAMAGED: it can't be read, or has not the rows that it should; ERR_NOMEM, ERR_IO. */
ERR_CHECKED int merged_compare(struct segment *segment, struct keyring *keys, struct merged_result *out);

#endif
