/*
 * What the files of this folder share: the opened generation and its regions.
 * Tests and the fuzzer use blockdb_from_regions() to reach the reader without an LMDB file.
 */
#ifndef BLOCKDB_INTERNAL_H
#define BLOCKDB_INTERNAL_H

#include <lmdb.h>

#include "blockdb/blockdb.h"

/* Bytes of one region; at a multiple of 8. */
struct region {
    const uint8_t *bytes;
    size_t len;
};

struct index;
struct clause_table;

struct blockdb {
    struct blockdb_meta meta;
    struct region regions[BLOCKDB_REGION_COUNT];
    struct blockdb_feed *feeds;   /* meta.feed_count of them */
    struct index *index;          /* index.h */
    struct clause_table *clauses; /* clause.h; NULL: none */
    MDB_env *env;                 /* NULL when made from regions */
    MDB_txn *txn;
};

/*
 * Checks what the look-up relies on (sizes of tables, feed sets, texts, categories) and makes a handle. Checksums are
 * not looked at. The bytes of the regions stay the caller's and must outlive the handle. ERR_DAMAGED, ERR_NOMEM.
 */
ERR_CHECKED int blockdb_from_regions(const struct blockdb_meta *meta, const struct region regions[BLOCKDB_REGION_COUNT],
                                     struct blockdb **out, char *why, size_t why_cap);

/* What remains of the sum over all hits. */
static inline uint64_t blockdb_rules_left(const struct blockdb_rules *sum)
{
    return ((sum->block & ~sum->allow) | sum->important_block) & ~sum->important_allow;
}

static inline void blockdb_match_sum(const struct blockdb_rules *sum, struct blockdb_match *out)
{
    out->listed = sum->block | sum->important_block;
    out->categories = blockdb_rules_left(sum);
}

#endif
