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

static size_t slot_of(const struct map16 *map, const uint8_t key[16])
{
    size_t slot = map16_hash(key, map->seed) & map->mask;
    while (map->slots[slot] != 0 && memcmp(map->keys[map->slots[slot] - 1], key, 16) != 0)
        slot = (slot + 1) & map->mask;
    return slot;
}

uint32_t map16_add(struct map16 *map, const uint8_t key[16])
{
    size_t slot = slot_of(map, key);
    if (map->slots[slot] == 0) {
        memcpy(map->keys[map->count], key, 16);
        map->slots[slot] = (uint32_t)++map->count;
    }
    return map->slots[slot] - 1;
}

uint32_t map16_find(const struct map16 *map, const uint8_t key[16])
{
    return map->slots[slot_of(map, key)] - 1; /* a free one: MAP16_NONE */
}
