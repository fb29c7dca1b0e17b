#include "dns/name_map.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define SIGNPOST UINT32_MAX /* a parent of a listed name */

struct slot {
    uint64_t hash;
    const uint8_t *name; /* NULL: free */
    uint32_t number;
    uint8_t len;
};

struct name_map {
    struct slot *slots; /* open addressing */
    size_t mask;
};

/* Hash of a name from that of its parent; label: the length byte and what follows. */
static uint64_t hash_label(uint64_t parent, const uint8_t *label)
{
    return XXH3_64bits_withSeed(label, (size_t)label[0] + 1, parent);
}

/* Offsets of a name's labels, from the left. Returns how many. */
static unsigned label_offsets(const uint8_t *name, uint8_t out[NAME_MAX_LABELS])
{
    unsigned count = 0;
    for (unsigned at = 0; name[at] != 0; at += name[at] + 1u)
        out[count++] = (uint8_t)at;
    return count;
}

/* The slot of a name, or the free one where it would go. */
static struct slot *slot_of(const struct name_map *map, uint64_t hash, const uint8_t *name, size_t len)
{
    for (size_t at = hash & map->mask;; at = (at + 1) & map->mask) {
        struct slot *slot = &map->slots[at];
        if (slot->name == NULL || (slot->hash == hash && slot->len == len && memcmp(slot->name, name, len) == 0))
            return slot;
    }
}

static void add(struct name_map *map, const uint8_t *name, uint32_t number)
{
    uint8_t offsets[NAME_MAX_LABELS];
    unsigned labels = label_offsets(name, offsets);
    const uint8_t *end = name + name_len(name);
    uint64_t hash = 0;
    struct slot *slot = NULL;
    for (unsigned i = 1; i <= labels; i++) {
        const uint8_t *suffix = name + offsets[labels - i];
        hash = hash_label(hash, suffix);
        slot = slot_of(map, hash, suffix, (size_t)(end - suffix));
        if (slot->name == NULL)
            *slot = (struct slot){.hash = hash, .name = suffix, .len = (uint8_t)(end - suffix), .number = SIGNPOST};
    }
    if (slot != NULL && slot->number == SIGNPOST)
        slot->number = number;
}

int name_map_new(const uint8_t *const names[], size_t count, struct name_map **out)
{
    size_t entries = 0;
    size_t slots = 16;
    if (count >= SIGNPOST)
        return ERR_LIMIT;
    for (size_t i = 0; i < count; i++) {
        if (name_check(names[i], NAME_MAX_LEN) <= 1)
            return ERR_MALFORMED;
        entries += name_label_count(names[i]);
    }
    while (slots < entries * 2)
        slots *= 2;
    struct name_map *map = calloc(1, sizeof *map);
    if (map != NULL)
        map->slots = calloc(slots, sizeof *map->slots);
    if (map == NULL || map->slots == NULL) {
        name_map_free(map);
        return ERR_NOMEM;
    }
    map->mask = slots - 1;
    for (size_t i = 0; i < count; i++)
        add(map, names[i], (uint32_t)i);
    *out = map;
    return 0;
}

void name_map_free(struct name_map *map)
{
    if (map == NULL)
        return;
    free(map->slots);
    free(map);
}

size_t name_map_find(const struct name_map *map, const uint8_t *name, struct name_map_hit out[NAME_MAX_LABELS],
                     unsigned *steps)
{
    uint8_t offsets[NAME_MAX_LABELS];
    unsigned labels = label_offsets(name, offsets);
    const uint8_t *end = labels == 0 ? name + 1 : name + offsets[labels - 1] + name[offsets[labels - 1]] + 2;
    uint64_t hash = 0;
    size_t count = 0;
    unsigned i = 1;
    for (; i <= labels; i++) {
        const uint8_t *suffix = name + offsets[labels - i];
        hash = hash_label(hash, suffix);
        const struct slot *slot = slot_of(map, hash, suffix, (size_t)(end - suffix));
        if (slot->name == NULL)
            break;
        if (slot->number != SIGNPOST)
            out[count++] = (struct name_map_hit){slot->number, (uint8_t)i, i == labels};
    }
    if (steps != NULL)
        *steps = i > labels ? labels : i;
    return count;
}
