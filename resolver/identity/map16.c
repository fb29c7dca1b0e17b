#include "identity/map16.h"

#include <stdlib.h>
#include <string.h>

int map16_init(struct map16 *map, size_t max, uint64_t seed)
{
    size_t slots = 16;
    while (slots < max * 2)
        slots *= 2;
    *map = (struct map16){.mask = slots - 1, .cap = max, .seed = seed};
    map->slots = calloc(slots, sizeof *map->slots);
    map->keys = malloc((max + 1) * sizeof *map->keys);
    return map->slots == NULL || map->keys == NULL ? ERR_NOMEM : 0;
}

void map16_done(struct map16 *map)
{
    free(map->slots);
    free(map->keys);
}

/* The slot that has the key, or the free one where it would go. *out_tag: what goes into its lower half. */
static uint64_t *slot_of(const struct map16 *map, const uint8_t key[16], uint32_t *out_tag)
{
    uint64_t hash = map16_hash(key, map->seed);
    size_t slot = hash & map->mask;
    *out_tag = (uint32_t)(hash >> 32);
    for (; map->slots[slot] != 0; slot = (slot + 1) & map->mask)
        if ((uint32_t)map->slots[slot] == *out_tag && memcmp(map->keys[(map->slots[slot] >> 32) - 1], key, 16) == 0)
            break;
    return &map->slots[slot];
}

void map16_fetch(const struct map16 *map, const uint8_t key[16])
{
    __builtin_prefetch(&map->slots[map16_hash(key, map->seed) & map->mask]);
}

uint32_t map16_add(struct map16 *map, const uint8_t key[16])
{
    uint32_t tag;
    uint64_t *slot = slot_of(map, key, &tag);
    if (*slot == 0) {
        memcpy(map->keys[map->count], key, 16);
        *slot = (uint64_t)++map->count << 32 | tag;
    }
    return (uint32_t)(*slot >> 32) - 1;
}

uint32_t map16_find(const struct map16 *map, const uint8_t key[16])
{
    uint32_t tag;
    return (uint32_t)(*slot_of(map, key, &tag) >> 32) - 1; /* a free one: MAP16_NONE */
}
