/*
 * Rows of blocks that were read into a block that is being made: the tables are put together, the rows stay as they are and
 * in their order. A person who was forgotten keeps the slot, and stays nobody.
 *
 * Memory:  heap, owned by the struct, which begins as {0}.
 * Threads: one.
 */
#ifndef QLOG_BLOCK_MERGE_H
#define QLOG_BLOCK_MERGE_H

#include <stdbool.h>
#include <stdint.h>

#include "belisha/err.h"
#include "qlog/block.h"

struct block_merge {
    const struct block *from;
    uint32_t *who, *what, *path; /* the builder's numbers, by number in `from`; UINT32_MAX: none yet */
    uint32_t cap;
    bool words_agree; /* with those that the builder has */
};

/* Rows come from this block now, all of whose parts were read; also after the builder was cleared. ERR_NOMEM. */
ERR_CHECKED int block_merge_from(struct block_merge *merge, const struct block *from);
/* Whether row i may follow what the builder holds: there is room, it is not older, and words mean the same. */
bool block_merge_fits(struct block_merge *merge, const struct block_builder *builder, uint32_t i);
ERR_CHECKED int block_merge_row(struct block_merge *merge, struct block_builder *builder, uint32_t i);
/* The same for gaps. */
bool block_merge_gap_fits(const struct block_builder *builder, const struct journal_gap *gap);
void block_merge_done(struct block_merge *merge);

#endif
