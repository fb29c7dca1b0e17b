#include "trie/value.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define VALUES_START 256
#define SLOTS_START  1024 /* a power of two; at most half of them are used */
#define MERGES       4096 /* a power of two */

static uint32_t *slot_find(const struct value_table *table, const struct value *value)
{
    uint32_t mask = table->slot_count - 1;
    uint32_t at = (uint32_t)XXH3_64bits(value, sizeof(*value)) & mask;
    for (;; at = (at + 1) & mask) {
        uint32_t *slot = &table->slots[at];
        if (*slot == 0 || memcmp(&table->values[*slot - 1], value, sizeof(*value)) == 0)
            return slot;
    }
}

static int grow_values(struct value_table *table)
{
    if (table->count < table->cap)
        return 0;
    if (table->count == BLOCKDB_VALUE_MAX)
        return ERR_LIMIT;
    uint32_t cap = table->cap ? table->cap * 2 : VALUES_START;
    struct value *values = realloc(table->values, cap * sizeof(*values));
    if (!values)
        return ERR_NOMEM;
    table->values = values;
    table->cap = cap;
    return 0;
}

static int grow_slots(struct value_table *table)
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
        *slot_find(table, &table->values[id]) = id + 1;
    return 0;
}

int value_init(struct value_table *table)
{
    *table = (struct value_table){0};
    int err = feedset_init(&table->feedsets);
    if (err < 0)
        return err;
    err = feedset_init(&table->clausesets);
    if (err < 0) {
        feedset_done(&table->feedsets);
        return err;
    }
    table->merges = malloc(MERGES * sizeof(*table->merges));
    err = table->merges ? grow_slots(table) : ERR_NOMEM;
    if (err < 0) {
        value_done(table);
        return err;
    }
    for (size_t i = 0; i < MERGES; i++)
        table->merges[i].pair = UINT64_MAX;
    return 0;
}

void value_done(struct value_table *table)
{
    free(table->values);
    free(table->slots);
    free(table->merges);
    feedset_done(&table->feedsets);
    feedset_done(&table->clausesets);
    *table = (struct value_table){0};
}

int value_intern(struct value_table *table, const struct value *value, uint32_t *out)
{
    int err = grow_slots(table);
    if (err < 0)
        return err;
    uint32_t *slot = slot_find(table, value);
    if (*slot == 0) {
        err = grow_values(table);
        if (err < 0)
            return err;
        table->values[table->count] = *value;
        *slot = ++table->count;
    }
    *out = *slot - 1;
    return 0;
}

int value_merge(struct value_table *table, uint32_t a, uint32_t b, uint32_t *out)
{
    uint64_t pair = a < b ? (uint64_t)a << 32 | b : (uint64_t)b << 32 | a;
    struct value_merge *known = &table->merges[XXH3_64bits(&pair, sizeof(pair)) & (MERGES - 1)];
    if (a == b || known->pair == pair) {
        *out = a == b ? a : known->merged;
        return 0;
    }
    struct value both = table->values[a];
    uint32_t merged;
    rules_add(&both.self, &table->values[b].self);
    rules_add(&both.below, &table->values[b].below);
    int err = feedset_union(&table->feedsets, both.feedset, table->values[b].feedset, &both.feedset);
    if (err == 0)
        err = feedset_union(&table->clausesets, both.clauseset, table->values[b].clauseset, &both.clauseset);
    if (err == 0)
        err = value_intern(table, &both, &merged);
    if (err < 0)
        return err;
    *known = (struct value_merge){pair, merged};
    *out = merged;
    return 0;
}
