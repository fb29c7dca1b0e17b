/*
 * The upper trie: from a key to the bucket that holds its predecessor (layout: belisha/blockdb_format.h).
 *
 * A walk takes one node a step, so that a batch of walks can wait for their cache misses together. Each step uses up at
 * least one byte of the key, so every walk ends, whatever the region holds.
 * Threads: pure.
 */
#ifndef BLOCKDB_INDEX_H
#define BLOCKDB_INDEX_H

#include <stdbool.h>

#include "blockdb/internal.h"

/* Where a walk through a damaged region ends: no region is that long, so no bucket is found. */
#define INDEX_NOWHERE UINT32_MAX

struct index_walk {
    const uint8_t *key;
    uint32_t key_len;
    uint32_t pos;    /* bytes of the key used up */
    uint32_t node;   /* where the next node starts */
    uint32_t before; /* bucket in front of that node's separators; at the end of the walk: the bucket found */
    uint32_t end;    /* the last bucket of that node's separators */
};

/*
 * Where a walk is once it has used up a top-level label and its boundary. Half of the steps of most walks lead through
 * "com" and the like, so a table of these, made when a generation is opened, spares them.
 */
struct index_start {
    uint64_t label; /* its bytes, the first one lowest; 0: free slot */
    uint32_t node, before, end;
};

#define INDEX_STARTS      4096 /* slots, a power of two; at most half are used */
#define INDEX_START_BYTES 7    /* of a label; longer ones have no slot */

/* starts: INDEX_STARTS zeroed slots. Bounded work, whatever the region holds. */
void index_starts_fill(const struct region *index, struct index_start *starts);

/* Returns false when the walk is over already (one bucket only). */
bool index_begin(const struct blockdb *db, const struct name_key *key, struct index_walk *out);

/* Returns false when walk->before is the bucket. */
bool index_step(const struct region *index, struct index_walk *walk);

static inline void index_prefetch(const struct region *index, const struct index_walk *walk)
{
    __builtin_prefetch(index->bytes + walk->node);
    __builtin_prefetch(index->bytes + walk->node + 64);
}

#endif
