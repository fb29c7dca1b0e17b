#include "cache/shard.h"

#include <assert.h>
#include <string.h>
#include <sys/mman.h>

#define FETCH_LINES 4  /* of an entry: head and mark, then most messages */
#define MOVES_MAX   16 /* second chances given in one put: bounds the time under the lock */

static_assert(sizeof(struct shard_bucket) == 64, "a bucket is a cache line");

int shard_init(struct shard *shard, size_t ring_size, uint32_t bucket_count)
{
    memset(shard, 0, sizeof *shard);
    shard->ring_size = (uint32_t)(ring_size & ~(size_t)7);
    shard->bucket_count = bucket_count;
    /* Anonymous maps: a page costs nothing before it is used, and comes zeroed. */
    void *ring = mmap(NULL, shard->ring_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (ring == MAP_FAILED)
        return ERR_NOMEM;
    void *buckets = mmap(NULL, (size_t)bucket_count * sizeof(struct shard_bucket), PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (buckets == MAP_FAILED) {
        munmap(ring, shard->ring_size);
        return ERR_NOMEM;
    }
    shard->ring = ring;
    shard->buckets = buckets;
    pthread_mutex_init(&shard->lock, NULL);
    return 0;
}

void shard_done(struct shard *shard)
{
    if (shard->ring == NULL)
        return;
    pthread_mutex_destroy(&shard->lock);
    munmap(shard->ring, shard->ring_size);
    munmap(shard->buckets, (size_t)shard->bucket_count * sizeof(struct shard_bucket));
    shard->ring = NULL;
}

static struct shard_entry *entry_at(const struct shard *shard, uint32_t at)
{
    return (struct shard_entry *)(void *)(shard->ring + ((size_t)at - 1) * 8);
}

static uint32_t place_of(const struct shard *shard, const struct shard_entry *entry)
{
    return (uint32_t)(((const uint8_t *)entry - shard->ring) / 8 + 1);
}

static struct shard_bucket *bucket_of(const struct shard *shard, uint64_t hash)
{
    return &shard->buckets[(uint64_t)(uint32_t)hash * shard->bucket_count >> 32];
}

static uint32_t tag_of(uint64_t hash)
{
    return (uint32_t)(hash >> 32);
}

static void slot_set(struct shard_slot *slot, uint32_t tag, uint32_t at)
{
    __atomic_store_n(&slot->tag, tag, __ATOMIC_RELAXED); /* shard_fetch_entry() looks without the lock */
    __atomic_store_n(&slot->at, at, __ATOMIC_RELAXED);
}

void shard_fetch_bucket(const struct shard *shard, uint64_t hash)
{
    __builtin_prefetch(bucket_of(shard, hash));
}

void shard_fetch_entry(const struct shard *shard, uint64_t hash)
{
    const struct shard_bucket *bucket = bucket_of(shard, hash);
    uint32_t tag = tag_of(hash);
    for (unsigned i = 0; i < SHARD_SLOTS; i++) {
        const struct shard_slot *slot = &bucket->slot[i];
        uint32_t at = __atomic_load_n(&slot->at, __ATOMIC_RELAXED);
        if (at == 0 || __atomic_load_n(&slot->tag, __ATOMIC_RELAXED) != tag)
            continue;
        const uint8_t *entry = shard->ring + ((size_t)at - 1) * 8;
        for (unsigned line = 0; line < FETCH_LINES; line++)
            __builtin_prefetch(entry + line * 64);
    }
}

static bool is_of_key(const struct shard_entry *entry, const struct cache_key *key)
{
    return entry->hash == (uint32_t)key->hash && entry->type == key->type && entry->partition == key->partition &&
           entry->key_flags == key->flags && entry->question_end == MSG_HEADER_LEN + key->name_len + 4 &&
           memcmp(shard_entry_msg(entry) + MSG_HEADER_LEN, key->name, key->name_len) == 0;
}

static struct shard_slot *slot_find(struct shard *shard, const struct cache_key *key)
{
    struct shard_bucket *bucket = bucket_of(shard, key->hash);
    uint32_t tag = tag_of(key->hash);
    for (unsigned i = 0; i < SHARD_SLOTS; i++) {
        struct shard_slot *slot = &bucket->slot[i];
        if (slot->at != 0 && slot->tag == tag && is_of_key(entry_at(shard, slot->at), key))
            return slot;
    }
    return NULL;
}

struct shard_entry *shard_find(struct shard *shard, const struct cache_key *key)
{
    const struct shard_slot *slot = slot_find(shard, key);
    return slot == NULL ? NULL : entry_at(shard, slot->at);
}

/* The slot that points at this very entry, or NULL: the entry was replaced or removed. */
static struct shard_slot *slot_of_entry(struct shard *shard, const struct shard_entry *entry)
{
    struct shard_bucket *bucket = bucket_of(shard, entry->hash);
    uint32_t at = place_of(shard, entry);
    for (unsigned i = 0; i < SHARD_SLOTS; i++)
        if (bucket->slot[i].at == at)
            return &bucket->slot[i];
    return NULL;
}

static void slot_clear(struct shard *shard, struct shard_slot *slot)
{
    slot_set(slot, 0, 0);
    shard->entries--;
}

/* Bytes that can be written at head without touching the tail's entry. */
static uint32_t room_at_head(const struct shard *shard)
{
    if (shard->used == 0)
        return shard->ring_size - shard->head;
    if (shard->head > shard->tail)
        return shard->ring_size - shard->head;
    return shard->tail - shard->head;
}

static uint32_t entry_size(const struct shard_entry *entry)
{
    return (uint32_t)entry->size_8 * 8;
}

static void tail_drop(struct shard *shard)
{
    const struct shard_entry *entry = (const void *)(shard->ring + shard->tail);
    uint32_t size = entry->flags & SHARD_FILLER ? shard->ring_size - shard->tail : entry_size(entry);
    shard->tail += size;
    shard->used -= size;
    if (shard->tail == shard->ring_size)
        shard->tail = 0;
    if (shard->used == 0)
        shard->head = shard->tail = 0;
}

/* Fills the rest of the lap, so that the next entry begins at the start of the ring. */
static void lap_close(struct shard *shard)
{
    uint32_t rest = shard->ring_size - shard->head;
    if (rest >= sizeof(struct shard_entry)) {
        struct shard_entry *filler = (void *)(shard->ring + shard->head);
        memset(filler, 0, sizeof *filler);
        filler->flags = SHARD_FILLER;
    }
    shard->used += rest;
    shard->head = 0;
}

/* Less than a header may be left of a lap: then the tail steps over it without reading. */
static bool tail_skip_sliver(struct shard *shard)
{
    uint32_t rest = shard->ring_size - shard->tail;
    if (rest >= sizeof(struct shard_entry))
        return false;
    shard->used -= rest;
    shard->tail = 0;
    return true;
}

static struct shard_entry *head_take(struct shard *shard, uint32_t size)
{
    struct shard_entry *entry = (void *)(shard->ring + shard->head);
    shard->head += size;
    shard->used += size;
    if (shard->head == shard->ring_size)
        shard->head = 0;
    return entry;
}

static void evict_tail(struct shard *shard)
{
    const struct shard_entry *oldest = (const void *)(shard->ring + shard->tail);
    if (!(oldest->flags & SHARD_FILLER)) {
        struct shard_slot *slot = slot_of_entry(shard, oldest);
        if (slot != NULL) {
            slot_clear(shard, slot);
            shard->evicted++;
        }
    }
    tail_drop(shard);
}

/* Whether the oldest entry deserves a second turn: in the table, and asked since. */
static struct shard_slot *tail_wanted(struct shard *shard)
{
    const struct shard_entry *oldest = (const void *)(shard->ring + shard->tail);
    if ((oldest->flags & (SHARD_FILLER | SHARD_USED)) != SHARD_USED)
        return NULL;
    return slot_of_entry(shard, oldest);
}

/*
 * Appends the oldest entry anew. It is carried in a buffer of the stack, since its own place is what becomes free; an
 * entry too large for that is simply evicted.
 */
static void tail_move(struct shard *shard, struct shard_slot *slot)
{
    _Alignas(8) uint8_t carry[2048];
    const struct shard_entry *oldest = (const void *)(shard->ring + shard->tail);
    uint32_t size = entry_size(oldest);
    if (size > sizeof carry) {
        evict_tail(shard);
        return;
    }
    memcpy(carry, oldest, size);
    tail_drop(shard);
    if (room_at_head(shard) < size) {
        slot_clear(shard, slot);
        shard->evicted++;
        return;
    }
    struct shard_entry *moved = head_take(shard, size);
    memcpy(moved, carry, size);
    moved->flags &= (uint8_t)~SHARD_USED;
    slot_set(slot, slot->tag, place_of(shard, moved));
}

static bool make_room(struct shard *shard, uint32_t size)
{
    unsigned moves = 0;
    if (size > shard->ring_size / 4)
        return false;
    while (room_at_head(shard) < size) {
        bool at_lap_end = shard->used == 0 || shard->head > shard->tail;
        if (at_lap_end && shard->ring_size - shard->head < size) {
            lap_close(shard);
            continue;
        }
        if (tail_skip_sliver(shard))
            continue;
        struct shard_slot *wanted = moves < MOVES_MAX ? tail_wanted(shard) : NULL;
        if (wanted != NULL) {
            moves++;
            tail_move(shard, wanted);
        } else {
            evict_tail(shard);
        }
    }
    return true;
}

/* Where an entry stands in the order of the ring: 0 is the oldest. */
static uint32_t turn_of(const struct shard *shard, const struct shard_slot *slot)
{
    uint32_t at = (slot->at - 1) * 8;
    return at >= shard->tail ? at - shard->tail : at + shard->ring_size - shard->tail;
}

/* An empty slot of the bucket, or the one whose entry is oldest. */
static struct shard_slot *slot_take(struct shard *shard, uint64_t hash)
{
    struct shard_bucket *bucket = bucket_of(shard, hash);
    struct shard_slot *oldest = &bucket->slot[0];
    for (unsigned i = 0; i < SHARD_SLOTS; i++) {
        struct shard_slot *slot = &bucket->slot[i];
        if (slot->at == 0)
            return slot;
        if (turn_of(shard, slot) < turn_of(shard, oldest))
            oldest = slot;
    }
    slot_clear(shard, oldest);
    shard->evicted++;
    return oldest;
}

struct shard_entry *shard_add(struct shard *shard, const struct cache_key *key, size_t size)
{
    size = (size + 7) & ~(size_t)7;
    struct shard_slot *old = slot_find(shard, key);
    if (old != NULL)
        slot_clear(shard, old);
    if (size > (size_t)UINT16_MAX * 8 || !make_room(shard, (uint32_t)size))
        return NULL;
    struct shard_slot *slot = slot_take(shard, key->hash);
    struct shard_entry *entry = head_take(shard, (uint32_t)size);
    memset(entry, 0, sizeof *entry);
    entry->hash = (uint32_t)key->hash;
    entry->size_8 = (uint16_t)(size / 8);
    slot_set(slot, tag_of(key->hash), place_of(shard, entry));
    shard->entries++;
    return entry;
}

void shard_drop(struct shard *shard, const struct cache_key *key)
{
    struct shard_slot *slot = slot_find(shard, key);
    if (slot != NULL)
        slot_clear(shard, slot);
}

size_t shard_remove_if(struct shard *shard, bool (*match)(const struct shard_entry *entry, const void *ctx),
                       const void *ctx)
{
    size_t removed = 0;
    for (uint64_t b = 0; b < shard->bucket_count; b++)
        for (unsigned i = 0; i < SHARD_SLOTS; i++) {
            struct shard_slot *slot = &shard->buckets[b].slot[i];
            if (slot->at != 0 && match(entry_at(shard, slot->at), ctx)) {
                slot_clear(shard, slot);
                removed++;
            }
        }
    return removed;
}
