/*
 * Sets of feeds, each kept once under an id. Id 0 is the empty set. Threads: one at a time.
 */
#ifndef TRIE_FEEDSET_H
#define TRIE_FEEDSET_H

#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"

struct feedset_slice {
    uint32_t first, count; /* where its feeds are in the pool */
};

struct feedset_table {
    uint16_t *pool; /* feeds of all sets, ascending within one */
    size_t pool_count, pool_cap;
    struct feedset_slice *sets;
    uint32_t count, cap;
    uint32_t *slots; /* id + 1 by hash, 0: free */
    uint32_t slot_count;
    uint16_t *scratch; /* where a union is made */
    size_t scratch_cap;
};

ERR_CHECKED int feedset_init(struct feedset_table *table);
void feedset_done(struct feedset_table *table);

/* The id of a set, given ascending. ERR_NOMEM. */
ERR_CHECKED int feedset_intern(struct feedset_table *table, const uint16_t *feeds, size_t count, uint32_t *out);
/* The id of the set of one feed. ERR_NOMEM. */
ERR_CHECKED int feedset_single(struct feedset_table *table, uint16_t feed, uint32_t *out);
/* The id of the union of two sets. ERR_NOMEM. */
ERR_CHECKED int feedset_union(struct feedset_table *table, uint32_t a, uint32_t b, uint32_t *out);

static inline const uint16_t *feedset_get(const struct feedset_table *table, uint32_t id, size_t *out_count)
{
    *out_count = table->sets[id].count;
    return table->pool + table->sets[id].first;
}

#endif
