/*
 * How much the feeds have in common: one pass over what entries can say, each with the number of entries that say it.
 *
 * Memory: 8 bytes for each pair of feeds, 8 MB at most. Threads: one.
 */
#ifndef COMPILER_OVERLAP_H
#define COMPILER_OVERLAP_H

#include "belisha/err.h"
#include "report/report.h"
#include "trie/trie.h"

struct overlap {
    size_t feed_count;
    uint64_t *pairs; /* feed_count rows of feed_count: entries that both list; on the diagonal those of the feed */
    uint64_t *only;
};

/* ERR_NOMEM; overlap_done() is right in any case. */
ERR_CHECKED int overlap_init(struct overlap *overlap, size_t feed_count);
void overlap_done(struct overlap *overlap);

/* That many entries are listed by these feeds, ascending. */
void overlap_add(struct overlap *overlap, const uint16_t *feeds, size_t count, uint64_t entries);

/* All entries of a built list. */
void overlap_add_trie(struct overlap *overlap, const struct trie *trie);

void overlap_report(const struct overlap *overlap, size_t feed, struct report_overlap *out);

#endif
