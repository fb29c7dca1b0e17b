/*
 * From a key to the bucket that holds its predecessor (layout: belisha/blockdb_format.h).
 * Threads: pure.
 */
#ifndef BLOCKDB_INDEX_H
#define BLOCKDB_INDEX_H

#include <stdbool.h>

#include "blockdb/internal.h"

/* What a search in a damaged region finds: no region is that long, so there is no such bucket. */
#define INDEX_NOWHERE   UINT32_MAX
#define INDEX_BATCH_MAX 32

/*
 * The span of a group of the root span by its word. Nearly all keys are below one of a few hundred top-level labels, so
 * this table, made when a generation is opened, spares them the root span.
 */
struct index_start {
    uint64_t word; /* 0: free slot */
    uint32_t span;
};

#define INDEX_STARTS 4096 /* slots, a power of two; at most half are used */

/* Whether all spans lie inside the region, which index_find() relies on. Takes time by the length of the region. */
bool index_check(const struct region *index);

/* starts: INDEX_STARTS zeroed slots. index_check() has passed. */
void index_starts_fill(const struct region *index, struct index_start *starts);

/* Where the bucket starts, or INDEX_NOWHERE. */
uint32_t index_find(const struct blockdb *db, const struct name_key *key);

/* The same for count <= INDEX_BATCH_MAX keys; asks for the cache lines at the start of each bucket ahead of time. */
void index_find_batch(const struct blockdb *db, const struct name_key *const keys[], size_t count,
                      uint32_t out_buckets[]);

#endif
