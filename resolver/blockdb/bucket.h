/*
 * One bucket of front-coded keys (layout: belisha/blockdb_format.h). Every offset is checked against the end of the
 * region, and nothing is believed about the order of the keys. Threads: pure.
 */
#ifndef BLOCKDB_BUCKET_H
#define BLOCKDB_BUCKET_H

#include <stdbool.h>
#include <string.h>

#include "blockdb/internal.h"

#define BUCKET_HEADER_LEN 3

struct bucket {
    uint32_t count, ancestor_count, low_count;
    const uint8_t *shared, *rest_lens; /* count of each */
    const uint8_t *ancestor_lens;
    const uint8_t *values; /* ancestors first */
    const uint8_t *lows;
    const uint8_t *texts, *end; /* rests of the entries; end of the region without its tail */
};

struct bucket_entry {
    uint32_t shared, rest_len;
    const uint8_t *rest;
};

/* false: there is no bucket at offset. */
static inline bool bucket_open(const struct region *entries, uint32_t offset, struct bucket *out)
{
    size_t len = entries->len - BLOCKDB_TAIL;
    if (offset + (size_t)BUCKET_HEADER_LEN > len)
        return false;
    const uint8_t *at = entries->bytes + offset;
    out->count = at[0];
    out->ancestor_count = at[1];
    out->low_count = at[2];
    out->shared = at + BUCKET_HEADER_LEN;
    out->rest_lens = out->shared + out->count;
    out->ancestor_lens = out->rest_lens + out->count;
    out->values = out->ancestor_lens + out->ancestor_count;
    out->lows = out->values + out->ancestor_count + out->count;
    out->texts = out->lows + 2 * (size_t)out->low_count;
    out->end = entries->bytes + len;
    return out->count > 0 && out->count <= BLOCKDB_BUCKET_MAX && out->texts <= out->end;
}

/* The id of a value; UINT32_MAX, which no value has, when its low bits are missing. */
static inline uint32_t bucket_value(const struct bucket *b, uint32_t index)
{
    uint16_t low;
    uint32_t lows_before = 0;
    uint8_t value = b->values[index];
    if (value < BLOCKDB_VALUE_INLINE)
        return value;
    for (uint32_t i = 0; i < index; i++)
        lows_before += b->values[i] >= BLOCKDB_VALUE_INLINE;
    if (lows_before >= b->low_count)
        return UINT32_MAX;
    memcpy(&low, b->lows + 2 * (size_t)lows_before, sizeof(low));
    return (uint32_t)(value - BLOCKDB_VALUE_INLINE) << 16 | low;
}

/* index < count; text: sum of the rest lengths before it. false: its rest is not inside the region. */
static inline bool bucket_entry(const struct bucket *b, uint32_t index, uint32_t text, struct bucket_entry *out)
{
    out->shared = b->shared[index];
    out->rest_len = b->rest_lens[index];
    out->rest = b->texts + text;
    return text + (size_t)out->rest_len <= (size_t)(b->end - b->texts);
}

#endif
