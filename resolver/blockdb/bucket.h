/*
 * One bucket of keys (layout: belisha/blockdb_format.h). Every offset is checked against the end of the region, and
 * nothing is believed about the order of the keys. Threads: pure.
 */
#ifndef BLOCKDB_BUCKET_H
#define BLOCKDB_BUCKET_H

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "blockdb/internal.h"
#include "blockdb/lanes.h"

#define BUCKET_HEADER_LEN 4

static_assert(BLOCKDB_BUCKET_MAX <= ROW && ROW + LANES <= BLOCKDB_TAIL, "a row of any bucket can be read");

struct bucket {
    uint32_t count, prefix_len, ancestor_count, low_count;
    const uint8_t *prefix;
    const uint8_t *lens, *checks; /* count of each */
    const uint8_t *values;        /* of the entries, then of the ancestors */
    const uint8_t *ancestor_lens;
    const uint8_t *lows;
    const uint8_t *texts, *end; /* texts of the entries; end of the region without its tail */
};

/* false: there is no bucket at offset. */
static inline bool bucket_open(const struct region *entries, uint32_t offset, struct bucket *out)
{
    size_t len = entries->len - BLOCKDB_TAIL;
    if (offset + (size_t)BUCKET_HEADER_LEN > len)
        return false;
    const uint8_t *at = entries->bytes + offset;
    out->count = at[0];
    out->prefix_len = at[1];
    out->ancestor_count = at[2];
    out->low_count = at[3];
    out->prefix = at + BUCKET_HEADER_LEN;
    out->lens = out->prefix + out->prefix_len;
    out->checks = out->lens + out->count;
    out->values = out->checks + out->count;
    out->ancestor_lens = out->values + out->count + out->ancestor_count;
    out->lows = out->ancestor_lens + out->ancestor_count;
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

/* The text of an entry, index < count. NULL: it is not inside the region. */
static inline const uint8_t *bucket_text(const struct bucket *b, uint32_t index)
{
    size_t at = row_sum(b->lens, index);
    return at + b->lens[index] <= (size_t)(b->end - b->texts) ? b->texts + at : NULL;
}

#endif
