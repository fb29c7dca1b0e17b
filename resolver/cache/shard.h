/*
 * One shard of the cache: a ring of entries and a table that finds them. Internal to cache/.
 *
 * Entry in the ring, 8-byte aligned, 68 bytes more than its TTL offsets and its message:
 *
 *     struct shard_entry | ttl_count x u16 | message
 *
 * The table is set-associative: a key can only be in the bucket that its hash names. A full bucket gives up its oldest
 * slot. Slot `at` is the entry's place in the ring in units of 8 bytes, plus one; 0 is an empty slot.
 *
 * The ring is a byte queue: `head` is where the next entry goes, `tail` the oldest one; an entry never wraps (a filler
 * closes the lap). Making room drops entries from the tail; one that is still in the table and was asked since it was
 * stored is appended anew instead (second chance), a bounded number per put.
 *
 * Threads: the caller holds `lock` for every function here but shard_fetch_*().
 */
#ifndef CACHE_SHARD_H
#define CACHE_SHARD_H

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cache/cache.h"

#define SHARD_SLOTS 8

struct shard_slot {
    uint32_t tag; /* upper bits of the hash */
    uint32_t at;
};

struct shard_bucket {
    _Alignas(64) struct shard_slot slot[SHARD_SLOTS];
};

enum shard_flag {
    SHARD_USED = 1,     /* asked since it was stored or moved */
    SHARD_PREFETCH = 2, /* want_prefetch was given to somebody */
    SHARD_FILLER = 4,   /* no entry: the rest of the ring's lap */
};

struct shard_entry {
    uint32_t hash;      /* lower half: names the bucket. The upper half is the slot's tag */
    uint32_t stored_ms; /* lower half, as the next */
    uint32_t good_ms;   /* from then on */
    uint16_t stored_ms_high;
    uint16_t size_8; /* of the whole entry in the ring, in units of 8 bytes; not of a filler */
    uint16_t msg_len;
    uint16_t question_end;
    uint16_t type;
    uint16_t partition;
    uint8_t key_flags;
    uint8_t flags; /* enum shard_flag */
    uint8_t ttl_count;
    uint8_t hits; /* saturating */
    uint8_t mark[CACHE_MARK_BYTES];
    uint16_t ttl_at[]; /* then the message */
};

static_assert(sizeof(struct shard_entry) == 28 + CACHE_MARK_BYTES, "no byte is lost");
static_assert(CACHE_TTLS_MAX <= UINT8_MAX, "fits ttl_count");

struct shard {
    _Alignas(64) pthread_mutex_t lock;
    struct shard_bucket *buckets;
    uint32_t bucket_count;
    uint8_t *ring;
    uint32_t ring_size;
    uint32_t head, tail;
    uint32_t used; /* bytes between tail and head */
    uint64_t entries;
    uint64_t evicted;
};

/* ring_size is rounded down to 8. ERR_NOMEM. */
ERR_CHECKED int shard_init(struct shard *shard, size_t ring_size, uint32_t bucket_count);
void shard_done(struct shard *shard);

/* Monotonic ms of the put; its 48 bits last for 8,900 years. */
static inline int64_t shard_entry_stored_ms(const struct shard_entry *entry)
{
    return (int64_t)((uint64_t)entry->stored_ms_high << 32 | entry->stored_ms);
}

static inline const uint8_t *shard_entry_msg(const struct shard_entry *entry)
{
    return (const uint8_t *)(entry->ttl_at + entry->ttl_count);
}

/*
 * Brings what an entry of this hash would be read from into the processor's cache: first its bucket, then the entry.
 * These two need no lock: a slot that changes meanwhile costs a useless fetch.
 */
void shard_fetch_bucket(const struct shard *shard, uint64_t hash);
void shard_fetch_entry(const struct shard *shard, uint64_t hash);

/* The entry of key, or NULL. */
struct shard_entry *shard_find(struct shard *shard, const struct cache_key *key);

/*
 * Room for a new entry of this key and size, its header zeroed but for hash and size; an old one of the same key is
 * gone. NULL when it can never fit.
 */
struct shard_entry *shard_add(struct shard *shard, const struct cache_key *key, size_t size);

/* Removes the entry of key, if there is one. */
void shard_drop(struct shard *shard, const struct cache_key *key);

/* Removes entries for which match() says so. Returns how many. */
size_t shard_remove_if(struct shard *shard, bool (*match)(const struct shard_entry *entry, const void *ctx),
                       const void *ctx);

#endif
