/*
 * Hints: what a block of a segment can't have, so that a search for a name, a category or a verdict leaves out most blocks
 * without reading them. They lie in the footer, where the chain value reaches, as section SEGMENT_HINTS.
 *
 *     struct segment_hints | struct segment_hint of each block | bits of the names, 64 to a word
 *
 * Of each name, asked or matched, the names that are its last two labels, its last three... up to `labels_max` are keys of
 * a Bloom filter: whoever looks for a name finds the blocks with names at or below it, or at least near it. A key sets `hashes` bits: bit i is
 * (low + i * high) mod 2^32, times the number of bits, over 2^32; low and high (made odd) are the halves of XXH3-64 of the
 * key's wire form.
 *
 * They tell nothing of who asked. One block in ten is looked into in vain; none is missed.
 *
 * Memory:  struct hints is heap, owned by its maker. Reading: nothing.
 * Threads: one for making; reading is pure.
 */
#ifndef QLOG_HINTS_H
#define QLOG_HINTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "belisha/err.h"
#include "qlog/block.h"
#include "qlog/filter.h"
#include "qlog/segment.h"

#define HINTS_HASHES       3u
#define HINTS_LABELS_MAX   3u
#define HINTS_BITS_PER_KEY 5u
#define HINTS_LABELS_READ  8u /* files that were made with more labels are read up to this */

/* ---- making ---- */

struct hints;

ERR_CHECKED int hints_new(struct hints **out); /* ERR_NOMEM */
/* Notes what the builder holds, as the segment's next block. ERR_NOMEM. */
ERR_CHECKED int hints_add(struct hints *hints, const struct block_builder *builder);
/* Adds the section's bytes to out. */
void hints_write(const struct hints *hints, struct text *out);
void hints_free(struct hints *hints);

/* ---- reading ---- */

/* What a filter asks of hints. */
struct hints_query {
    bool has_name;
    unsigned labels;                           /* of the name, at most HINTS_LABELS_READ */
    uint64_t name_hash[HINTS_LABELS_READ + 1]; /* of its last two labels, last three... by their number */
    uint64_t categories;                       /* 0: any */
    uint32_t actions;                          /* a bit for each; 0: any */
};

void hints_query_make(struct hints_query *query, const struct filter *filter);
/* Whether block i of the segment may have a row that is wanted; true where there are no hints. */
bool hints_allow(const struct segment *segment, uint32_t block, const struct hints_query *query);

#endif
