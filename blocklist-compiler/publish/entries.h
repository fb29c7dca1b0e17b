/*
 * Writes the entries region: sorted keys in, buckets and their separators out (layout: belisha/blockdb_format.h).
 *
 * A bucket is cut where the separator gets shortest, within bounds: short separators make a small index.
 * Threads: one at a time.
 */
#ifndef PUBLISH_ENTRIES_H
#define PUBLISH_ENTRIES_H

#include <xxhash.h>

#include "publish/bytes.h"
#include "trie/trie.h"

/* What tells the bucket at `bucket` from the one before. */
struct separator {
    uint32_t bucket; /* where the bucket starts in the region */
    uint32_t text;   /* where the text starts in entries.texts */
    uint32_t len;
};

struct entries {
    struct bytes region;
    struct bytes texts;      /* of the separators */
    struct bytes separators; /* struct separator, ascending */
    uint32_t last_bucket;    /* where the last bucket starts */
    uint32_t bucket_count;
    uint64_t name_count;
    uint64_t hash; /* of all entries: entries_hash() of one after the other, from 0 on */
};

/* The hash of the entries before and of the one behind them. value: its number in the file. */
static inline uint64_t entries_hash(uint64_t before, const uint8_t *key, size_t key_len, uint32_t value)
{
    return before * UINT64_C(0x9e3779b97f4a7c15) + XXH3_64bits_withSeed(key, key_len, value);
}

/* value_numbers: from the trie's value ids to those of the file. ERR_NOMEM, ERR_LIMIT (4 GiB). */
ERR_CHECKED int entries_write(const struct trie *trie, const uint32_t *value_numbers, struct entries *out);
void entries_done(struct entries *entries);

#endif
