#include "qlog/dict.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/random.h"

struct dict_entry {
    size_t offset;
    uint32_t len;
};

/* All that a look needs but for the string itself: two misses of the processor's cache, not three. */
struct dict_slot {
    uint32_t offset;
    uint32_t len;
    uint32_t hash;
    uint32_t number; /* + 1; 0 = free */
};

#define SLOTS_FIRST 256u

uint32_t dict_hash(const struct dict *dict, const void *key, size_t len)
{
    return (uint32_t)XXH3_64bits_withSeed(key, len, dict->seed);
}

/* The slot of the key, or the free one where it belongs. */
static struct dict_slot *slot_of(const struct dict *dict, const void *key, size_t len, uint32_t hash)
{
    uint32_t mask = dict->slot_count - 1;
    for (uint32_t i = hash & mask;; i = (i + 1) & mask) {
        struct dict_slot *slot = &dict->slots[i];
        if (slot->number == 0)
            return slot;
        if (slot->hash == hash && slot->len == len && memcmp(dict->bytes + slot->offset, key, len) == 0)
            return slot;
    }
}

static int slots_grow(struct dict *dict)
{
    uint32_t count = dict->slot_count == 0 ? SLOTS_FIRST : dict->slot_count * 2;
    struct dict_slot *slots = calloc(count, sizeof *slots);
    if (slots == NULL)
        return ERR_NOMEM;
    if (dict->slot_count == 0) {
        struct random_pool pool = {0};
        random_bytes(&pool, &dict->seed, sizeof dict->seed);
    }
    for (uint32_t i = 0; i < dict->slot_count; i++) {
        if (dict->slots[i].number == 0)
            continue;
        uint32_t at = dict->slots[i].hash & (count - 1);
        while (slots[at].number != 0)
            at = (at + 1) & (count - 1);
        slots[at] = dict->slots[i];
    }
    free(dict->slots);
    dict->slots = slots;
    dict->slot_count = count;
    return 0;
}

void dict_touch(const struct dict *dict, uint32_t hash)
{
    /* Whichever string is there: to ask would mean to wait for the slot. Most end in the next line of the cache. */
    const uint8_t *string = dict->bytes + dict->slots[hash & (dict->slot_count - 1)].offset;
    __builtin_prefetch(string);
    __builtin_prefetch(string + 48);
}

int dict_begin(struct dict *dict)
{
    return dict->slot_count == 0 ? slots_grow(dict) : 0;
}

static int room_make(struct dict *dict, size_t len)
{
    if (len > UINT32_MAX - dict->bytes_len)
        return ERR_NOMEM;
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

int64_t dict_put_hashed(struct dict *dict, const void *key, size_t len, uint32_t hash)
{
    struct dict_slot *slot = slot_of(dict, key, len, hash);
    if (slot->number != 0)
        return slot->number - 1;
    uint32_t slots_before = dict->slot_count;
    if (room_make(dict, len) < 0)
        return ERR_NOMEM;
    if (dict->slot_count != slots_before)
        slot = slot_of(dict, key, len, hash);
    uint32_t offset = (uint32_t)dict->bytes_len;
    memcpy(dict->bytes + offset, key, len);
    dict->entries[dict->count++] = (struct dict_entry){.offset = offset, .len = (uint32_t)len};
    *slot = (struct dict_slot){.offset = offset, .len = (uint32_t)len, .hash = hash, .number = dict->count};
    dict->bytes_len += len;
    return dict->count - 1;
}

int64_t dict_put(struct dict *dict, const void *key, size_t len)
{
    if (dict_begin(dict) < 0)
        return ERR_NOMEM;
    return dict_put_hashed(dict, key, len, dict_hash(dict, key, len));
}

int64_t dict_find(const struct dict *dict, const void *key, size_t len)
{
    if (dict->slot_count == 0)
        return -1;
    return (int64_t)slot_of(dict, key, len, dict_hash(dict, key, len))->number - 1;
}

void dict_pop(struct dict *dict)
{
    const struct dict_entry *last = &dict->entries[dict->count - 1];
    const uint8_t *key = dict->bytes + last->offset;
    struct dict_slot *slot = slot_of(dict, key, last->len, dict_hash(dict, key, last->len));
    slot->number = 0; /* no other string was put behind it */
    dict->bytes_len = last->offset;
    dict->count--;
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
