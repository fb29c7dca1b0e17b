/*
 * What a merged segment says of those it stands for: enough of each to prove that it was there, signed as it was, and
 * followed the one before it; and how its rows lay in blocks, so that qlog/proof.h can be computed once more.
 *
 * Threads: pure.
 */
#ifndef QLOG_ORIGIN_H
#define QLOG_ORIGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "belisha/err.h"
#include "qlog/format.h"
#include "qlog/segment.h"

struct origin {
    struct segment_origin head;
    struct segment_footer footer; /* the beginning of its stem */
    const uint8_t *stem;          /* head.stem_len bytes */
    const uint8_t *counts;        /* rows and gaps of each block: origin_block() */
    uint64_t rows, gaps;          /* their sums */
};

/* Walks the origins of a merged segment, in order; valid as long as it is open. */
struct origins {
    const uint8_t *bytes;
    size_t len, pos;
    bool damaged; /* the walk ended because of it; an empty one is damaged too */
};

void origins_begin(struct origins *origins, const struct segment *segment);
/* The same, wherever they are kept. */
void origins_of_bytes(struct origins *origins, const uint8_t *bytes, size_t len);
/* false: the end. */
bool origins_next(struct origins *origins, struct origin *out);

/* i < head.block_count. */
void origin_block(const struct origin *origin, uint32_t i, uint32_t *out_rows, uint32_t *out_gaps);

/* Adds an origin, made of an open segment that is whole. rows, who: QLOG_HASH_LEN bytes each. */
void origin_write(const struct segment *segment, const uint8_t *rows, const uint8_t *who, struct text *out);

#endif
