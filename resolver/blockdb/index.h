/*
 * From a key to the bucket that holds its predecessor (layout: belisha/blockdb_format.h).
 *
 * The region holds blocks of sorted words. Which block to look into is found in private memory: a list of the first word
 * of every block, and a guide (guide.h) that leads to the right part of that list. Both are made when a generation is
 * opened, take a twentieth of a byte a name, and stay in the processor's cache, so that a search misses it for one block.
 * Threads: index_new/free belong to one thread, the rest is pure.
 */
#ifndef BLOCKDB_INDEX_H
#define BLOCKDB_INDEX_H

#include <stdbool.h>

#include "blockdb/internal.h"

/* What a search in a damaged region finds: no region is that long, so there is no such bucket. */
#define INDEX_NOWHERE   UINT32_MAX
#define INDEX_BATCH_MAX 32

struct index;

/*
 * Whatever the region holds, takes time and memory by its length only. The region's bytes stay the caller's and must
 * outlive the index. ERR_DAMAGED: a span is not inside the region. ERR_NOMEM.
 */
ERR_CHECKED int index_new(const struct region *region, struct index **out);
void index_free(struct index *index);

/* Where the bucket starts, or INDEX_NOWHERE. */
uint32_t index_find(const struct blockdb *db, const struct name_key *key);

/* The same for count <= INDEX_BATCH_MAX keys; asks for the cache lines at the start of each bucket ahead of time. */
void index_find_batch(const struct blockdb *db, const struct name_key *const keys[], size_t count,
                      uint32_t out_buckets[]);

#endif
