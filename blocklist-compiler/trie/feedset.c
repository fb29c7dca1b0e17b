#include "trie/feedset.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define SETS_START  64
#define POOL_START  256
#define SLOTS_START 256 /* a power of two; at most half of them are used */

static int grow_sets(struct feedset_table *table)
{
    if (table->count < table->cap)
        return 0;
    uint32_t cap = table->cap ? table->cap * 2 : SETS_START;
    struct feedset_slice *sets = realloc(table->sets, cap * sizeof(*sets));
    if (!sets)
        return ERR_NOMEM;
    table->sets = sets;
    table->cap = cap;
    return 0;
}

static int grow_u16(uint16_t **array, size_t *cap, size_t needed)
{
    if (*array && needed <= *cap)
        return 0;
    size_t grown = *cap ? *cap : POOL_START;
    while (grown < needed)
        grown *= 2;
    uint16_t *bytes = realloc(*array, grown * sizeof(*bytes));
    if (!bytes)
        return ERR_NOMEM;
    *array = bytes;
    *cap = grown;
    return 0;
}

/* The slot that holds the set, or the free one where it belongs. */
static uint32_t *slot_find(const struct feedset_table *table, const uint16_t *feeds, size_t count)
{
    uint32_t mask = table->slot_count - 1;
    uint32_t at = (uint32_t)XXH3_64bits(feeds, count * sizeof(*feeds)) & mask;
    for (;; at = (at + 1) & mask) {
        uint32_t *slot = &table->slots[at];
        if (*slot == 0)
            return slot;
        size_t other_count;
        const uint16_t *other = feedset_get(table, *slot - 1, &other_count);
        if (other_count == count && memcmp(other, feeds, count * sizeof(*feeds)) == 0)
            return slot;
    }
}

static int grow_slots(struct feedset_table *table)
{
    if (table->slots && (table->count + 1) * 2 <= table->slot_count)
        return 0;
    uint32_t count = table->slots ? table->slot_count * 2 : SLOTS_START;
    uint32_t *slots = calloc(count, sizeof(*slots));
    if (!slots)
        return ERR_NOMEM;
    free(table->slots);
    table->slots = slots;
    table->slot_count = count;
    for (uint32_t id = 0; id < table->count; id++)
        *slot_find(table, table->pool + table->sets[id].first, table->sets[id].count) = id + 1;
    return 0;
}

int feedset_intern(struct feedset_table *table, const uint16_t *feeds, size_t count, uint32_t *out)
{
    int err = grow_slots(table);
    if (err == 0)
        err = grow_sets(table);
    if (err == 0)
        err = grow_u16(&table->pool, &table->pool_cap, table->pool_count + count);
    if (err < 0)
        return err;
    uint32_t *slot = slot_find(table, feeds, count);
    if (*slot == 0) {
        memcpy(table->pool + table->pool_count, feeds, count * sizeof(*feeds));
        table->sets[table->count] = (struct feedset_slice){(uint32_t)table->pool_count, (uint32_t)count};
        table->pool_count += count;
        *slot = ++table->count;
    }
    *out = *slot - 1;
    return 0;
}

int feedset_init(struct feedset_table *table)
{
    uint32_t empty;
    uint16_t nothing = 0;
    *table = (struct feedset_table){0};
    int err = feedset_intern(table, &nothing, 0, &empty);
    if (err < 0)
        feedset_done(table);
    return err;
}

void feedset_done(struct feedset_table *table)
{
    free(table->pool);
    free(table->sets);
    free(table->slots);
    free(table->scratch);
    *table = (struct feedset_table){0};
}

int feedset_single(struct feedset_table *table, uint16_t feed, uint32_t *out)
{
    return feedset_intern(table, &feed, 1, out);
}

static size_t unite(const uint16_t *a, size_t a_count, const uint16_t *b, size_t b_count, uint16_t *out)
{
    size_t i = 0, j = 0, count = 0;
    while (i < a_count || j < b_count) {
        if (j == b_count || (i < a_count && a[i] < b[j])) {
            out[count++] = a[i++];
            continue;
        }
        i += i < a_count && a[i] == b[j];
        out[count++] = b[j++];
    }
    return count;
}

int feedset_union(struct feedset_table *table, uint32_t a, uint32_t b, uint32_t *out)
{
    size_t a_count, b_count;
    const uint16_t *a_feeds = feedset_get(table, a, &a_count);
    const uint16_t *b_feeds = feedset_get(table, b, &b_count);
    int err = grow_u16(&table->scratch, &table->scratch_cap, a_count + b_count);
    if (err < 0)
        return err;
    size_t count = unite(a_feeds, a_count, b_feeds, b_count, table->scratch);
    return feedset_intern(table, table->scratch, count, out);
}
