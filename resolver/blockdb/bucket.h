/*
 * One bucket of front-coded keys, read entry by entry (layout: belisha/blockdb_format.h). Every read is checked against
 * the end of the region. Threads: pure.
 */
#ifndef BLOCKDB_BUCKET_H
#define BLOCKDB_BUCKET_H

#include <stdbool.h>
#include <string.h>

#include "blockdb/internal.h"

struct bucket {
    const uint8_t *at, *end; /* next byte; end of the region */
    uint32_t entries_left, ancestors_left;
};

struct bucket_ancestor {
    uint32_t key_len, value;
};

struct bucket_entry {
    uint32_t shared, rest_len, value;
    const uint8_t *rest;
};

/* false: there is no bucket at offset. */
static inline bool bucket_open(const struct region *entries, uint32_t offset, struct bucket *out)
{
    if (offset >= entries->len || entries->len - offset < 2)
        return false;
    out->at = entries->bytes + offset;
    out->end = entries->bytes + entries->len;
    out->entries_left = out->at[0];
    out->ancestors_left = out->at[1];
    out->at += 2;
    return true;
}

/* Reads the value whose first byte is at `at`, of `left` bytes. Returns its length, 0 when it is cut. */
static inline uint32_t bucket_value(const uint8_t *at, size_t left, uint32_t *out)
{
    uint16_t low;
    if (left >= 1 && at[0] < BLOCKDB_VALUE_INLINE) {
        *out = at[0];
        return 1;
    }
    if (left < 3)
        return 0;
    memcpy(&low, at + 1, sizeof(low));
    *out = (uint32_t)(at[0] - BLOCKDB_VALUE_INLINE) << 16 | low;
    return 3;
}

/* false at the end of the chain or of the region. */
static inline bool bucket_next_ancestor(struct bucket *b, struct bucket_ancestor *out)
{
    if (b->ancestors_left == 0 || b->end - b->at < 2)
        return false;
    uint32_t value_len = bucket_value(b->at + 1, (size_t)(b->end - b->at) - 1, &out->value);
    if (value_len == 0)
        return false;
    out->key_len = b->at[0];
    b->at += 1 + value_len;
    b->ancestors_left--;
    return true;
}

/* Call after the last ancestor. false at the end of the bucket or of the region. */
static inline bool bucket_next_entry(struct bucket *b, struct bucket_entry *out)
{
    size_t left = (size_t)(b->end - b->at);
    if (b->entries_left == 0 || left < 3)
        return false;
    uint32_t value_len = bucket_value(b->at + 2, left - 2, &out->value);
    out->shared = b->at[0];
    out->rest_len = b->at[1];
    out->rest = b->at + 2 + value_len;
    if (value_len == 0 || out->rest_len > left - 2 - value_len)
        return false;
    b->at = out->rest + out->rest_len;
    b->entries_left--;
    return true;
}

#endif
