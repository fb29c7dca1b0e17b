#include "qlog/dict.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/random.h"

struct dict_entry {
    size_t offset;
    uint32_t len;
    uint32_t hash;
};

#define SLOTS_FIRST 256u

static uint32_t key_hash(const struct dict *dict, const void *key, size_t len)
{
    return (uint32_t)XXH3_64bits_withSeed(key, len, dict->seed);
}

/* The slot of the key, or the free one where it belongs. */
static uint32_t slot_of(const struct dict *dict, const void *key, size_t len, uint32_t hash)
{
    uint32_t mask = dict->slot_count - 1;
    for (uint32_t slot = hash & mask;; slot = (slot + 1) & mask) {
        uint32_t number = dict->slots[slot];
        if (number == 0)
            return slot;
        const struct dict_entry *e = &dict->entries[number - 1];
        if (e->hash == hash && e->len == len && memcmp(dict->bytes + e->offset, key, len) == 0)
            return slot;
    }
}

static int slots_grow(struct dict *dict)
{
    uint32_t count = dict->slot_count == 0 ? SLOTS_FIRST : dict->slot_count * 2;
    uint32_t *slots = calloc(count, sizeof *slots);
    if (slots == NULL)
        return ERR_NOMEM;
    if (dict->slot_count == 0) {
        struct random_pool pool = {0};
        random_bytes(&pool, &dict->seed, sizeof dict->seed);
    }
    for (uint32_t i = 0; i < dict->count; i++) {
        uint32_t slot = dict->entries[i].hash & (count - 1);
        while (slots[slot] != 0)
            slot = (slot + 1) & (count - 1);
        slots[slot] = i + 1;
    }
    free(dict->slots);
    dict->slots = slots;
    dict->slot_count = count;
    return 0;
}

static int room_make(struct dict *dict, size_t len)
{
    if (dict->bytes_cap - dict->bytes_len < len) {
        size_t cap = dict->bytes_cap * 2 + len + 4096;
        uint8_t *bytes = realloc(dict->bytes, cap);
        if (bytes == NULL)
            return ERR_NOMEM;
        dict->bytes = bytes;
        dict->bytes_cap = cap;
    }
    if (dict->count == dict->entry_cap) {
        uint32_t cap = dict->entry_cap * 2 + 64;
        struct dict_entry *entries = realloc(dict->entries, cap * sizeof *entries);
        if (entries == NULL)
            return ERR_NOMEM;
        dict->entries = entries;
        dict->entry_cap = cap;
    }
    return dict->count + 1 > dict->slot_count / 2 ? slots_grow(dict) : 0;
}

int64_t dict_put(struct dict *dict, const void *key, size_t len)
{
    if (dict->slot_count == 0 && slots_grow(dict) < 0)
        return ERR_NOMEM;
    uint32_t hash = key_hash(dict, key, len);
    uint32_t slot = slot_of(dict, key, len, hash);
    if (dict->slots[slot] != 0)
        return dict->slots[slot] - 1;
    uint32_t slots_before = dict->slot_count;
    if (room_make(dict, len) < 0)
        return ERR_NOMEM;
    if (dict->slot_count != slots_before)
        slot = slot_of(dict, key, len, hash);
    memcpy(dict->bytes + dict->bytes_len, key, len);
    dict->entries[dict->count] = (struct dict_entry){.offset = dict->bytes_len, .len = (uint32_t)len, .hash = hash};
    dict->bytes_len += len;
    dict->slots[slot] = ++dict->count;
    return dict->count - 1;
}

int64_t dict_find(const struct dict *dict, const void *key, size_t len)
{
    if (dict->slot_count == 0)
        return -1;
    return (int64_t)dict->slots[slot_of(dict, key, len, key_hash(dict, key, len))] - 1;
}

const uint8_t *dict_at(const struct dict *dict, uint32_t number, size_t *out_len)
{
    const struct dict_entry *e = &dict->entries[number];
    *out_len = e->len;
    return dict->bytes + e->offset;
}

void dict_clear(struct dict *dict)
{
    dict->bytes_len = 0;
    dict->count = 0;
    if (dict->slots != NULL)
        memset(dict->slots, 0, dict->slot_count * sizeof *dict->slots);
}

void dict_done(struct dict *dict)
{
    free(dict->bytes);
    free(dict->entries);
    free(dict->slots);
    *dict = (struct dict){0};
}
