#include "cache/cache.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "cache/shard.h"

#define ENTRY_TYPICAL 144 /* bytes in the ring: sizes the table */
#define PREFETCH_HITS 3   /* an entry asked at least so often is worth fetching before it expires */

struct cache {
    struct shard *shards;
    uint32_t shard_mask;
    uint64_t seed;
    size_t bytes_max;
};

/* A bucket for every four typical entries: it is full once in fifty times then. */
static uint32_t bucket_count_for(size_t ring_size)
{
    size_t count = ring_size / (SHARD_SLOTS / 2 * ENTRY_TYPICAL);
    return count < 16 ? 16 : (uint32_t)count;
}

int cache_new(const struct cache_opts *opts, struct cache **out)
{
    if (opts->shards == 0 || opts->shards > 1024 || (opts->shards & (opts->shards - 1)) != 0)
        return ERR_INVAL;
    size_t share = opts->bytes / opts->shards;
    /* The table takes its part of the bound: 64 bytes for every four typical entries. */
    size_t ring = share - share / 12;
    if (ring > UINT32_MAX / 2)
        ring = UINT32_MAX / 2;
    if (ring < 16384)
        return ERR_INVAL;
    struct cache *cache = calloc(1, sizeof *cache);
    if (cache == NULL)
        return ERR_NOMEM;
    cache->shards = aligned_alloc(64, opts->shards * sizeof(struct shard));
    if (cache->shards == NULL) {
        free(cache);
        return ERR_NOMEM;
    }
    memcpy(&cache->seed, opts->secret, sizeof cache->seed);
    cache->bytes_max = opts->bytes;
    for (unsigned i = 0; i < opts->shards; i++) {
        int code = shard_init(&cache->shards[i], ring, bucket_count_for(ring));
        if (code < 0) {
            while (i-- > 0)
                shard_done(&cache->shards[i]);
            free(cache->shards);
            free(cache);
            return code;
        }
    }
    cache->shard_mask = opts->shards - 1;
    *out = cache;
    return 0;
}

void cache_free(struct cache *cache)
{
    if (cache == NULL)
        return;
    for (unsigned i = 0; i <= cache->shard_mask; i++)
        shard_done(&cache->shards[i]);
    free(cache->shards);
    free(cache);
}

void cache_key_hash(const struct cache *cache, struct cache_key *key)
{
    uint64_t rest =
        (uint64_t)key->type | (uint64_t)key->class << 16 | (uint64_t)key->partition << 32 | (uint64_t)key->flags << 48;
    key->hash = XXH3_64bits_withSeed(key->name, key->name_len, cache->seed ^ rest * UINT64_C(0x9e3779b97f4a7c15));
}

static struct shard *shard_of(const struct cache *cache, uint64_t hash)
{
    return &cache->shards[hash & cache->shard_mask];
}

void cache_fetch_bucket(const struct cache *cache, const struct cache_key *key)
{
    shard_fetch_bucket(shard_of(cache, key->hash), key->hash);
}

void cache_fetch_entry(const struct cache *cache, const struct cache_key *key)
{
    shard_fetch_entry(shard_of(cache, key->hash), key->hash);
}

static int64_t expires_ms(const struct shard_entry *entry)
{
    return shard_entry_stored_ms(entry) + entry->good_ms;
}

/* True once for an entry that is asked often and has less than a tenth of its life left. */
static bool prefetch_due(struct shard_entry *entry, int64_t now_ms)
{
    int64_t age_ms = now_ms - shard_entry_stored_ms(entry);
    if (entry->hits < PREFETCH_HITS || (entry->flags & SHARD_PREFETCH) || age_ms < entry->good_ms - entry->good_ms / 10)
        return false;
    entry->flags |= SHARD_PREFETCH;
    return true;
}

bool cache_get(struct cache *cache, const struct cache_key *key, int64_t now_ms, int64_t stale_max_ms, uint8_t *msg,
               size_t cap, struct cache_hit *out)
{
    struct shard *shard = shard_of(cache, key->hash);
    pthread_mutex_lock(&shard->lock);
    struct shard_entry *entry = key->class == DNS_CLASS_IN ? shard_find(shard, key) : NULL;
    bool found = entry != NULL && now_ms < expires_ms(entry) + stale_max_ms;
    if (found) {
        entry->flags |= SHARD_USED;
        if (entry->hits < UINT8_MAX)
            entry->hits++;
        out->stored_ms = shard_entry_stored_ms(entry);
        out->expires_ms = expires_ms(entry);
        out->msg_len = entry->msg_len;
        out->question_end = entry->question_end;
        out->ttl_count = entry->ttl_count;
        memcpy(out->ttl_at, entry->ttl_at, entry->ttl_count * sizeof entry->ttl_at[0]);
        memcpy(out->mark, entry->mark, sizeof out->mark);
        out->cut = entry->msg_len > cap;
        memcpy(msg, shard_entry_msg(entry), out->cut ? entry->question_end : entry->msg_len);
        out->want_prefetch = prefetch_due(entry, now_ms);
    }
    pthread_mutex_unlock(&shard->lock);
    return found;
}

void cache_put(struct cache *cache, const struct cache_key *key, const uint8_t *msg, size_t msg_len,
               size_t question_end, const uint16_t ttl_at[], size_t ttl_count, int64_t now_ms, int64_t ttl_ms,
               const uint8_t mark[CACHE_MARK_BYTES])
{
    struct shard *shard = shard_of(cache, key->hash);
    if (msg_len > CACHE_MSG_MAX || ttl_count > CACHE_TTLS_MAX || key->class != DNS_CLASS_IN) {
        cache_drop(cache, key);
        return;
    }
    size_t size = sizeof(struct shard_entry) + ttl_count * sizeof ttl_at[0] + msg_len;
    pthread_mutex_lock(&shard->lock);
    struct shard_entry *entry = shard_add(shard, key, size);
    if (entry != NULL) {
        entry->stored_ms = (uint32_t)now_ms;
        entry->stored_ms_high = (uint16_t)(now_ms >> 32);
        entry->good_ms = ttl_ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ttl_ms;
        entry->msg_len = (uint16_t)msg_len;
        entry->question_end = (uint16_t)question_end;
        entry->type = key->type;
        entry->partition = key->partition;
        entry->key_flags = key->flags;
        entry->ttl_count = (uint8_t)ttl_count;
        memcpy(entry->mark, mark, sizeof entry->mark);
        if (ttl_count > 0)
            memcpy(entry->ttl_at, ttl_at, ttl_count * sizeof ttl_at[0]);
        memcpy(entry->ttl_at + ttl_count, msg, msg_len);
    }
    pthread_mutex_unlock(&shard->lock);
}

void cache_drop(struct cache *cache, const struct cache_key *key)
{
    struct shard *shard = shard_of(cache, key->hash);
    pthread_mutex_lock(&shard->lock);
    shard_drop(shard, key);
    pthread_mutex_unlock(&shard->lock);
}

void cache_set_mark(struct cache *cache, const struct cache_key *key, int64_t stored_ms,
                    const uint8_t mark[CACHE_MARK_BYTES])
{
    struct shard *shard = shard_of(cache, key->hash);
    pthread_mutex_lock(&shard->lock);
    struct shard_entry *entry = shard_find(shard, key);
    if (entry != NULL && shard_entry_stored_ms(entry) == stored_ms)
        memcpy(entry->mark, mark, sizeof entry->mark);
    pthread_mutex_unlock(&shard->lock);
}

static bool is_at_or_below(const struct shard_entry *entry, const void *ctx)
{
    return name_is_at_or_below(shard_entry_msg(entry) + MSG_HEADER_LEN, ctx);
}

size_t cache_flush(struct cache *cache, const uint8_t *name)
{
    size_t removed = 0;
    for (unsigned i = 0; i <= cache->shard_mask; i++) {
        struct shard *shard = &cache->shards[i];
        pthread_mutex_lock(&shard->lock);
        removed += shard_remove_if(shard, is_at_or_below, name);
        pthread_mutex_unlock(&shard->lock);
    }
    return removed;
}

void cache_stats(struct cache *cache, struct cache_stats *out)
{
    struct cache_stats stats = {.bytes_max = cache->bytes_max};
    for (unsigned i = 0; i <= cache->shard_mask; i++) {
        struct shard *shard = &cache->shards[i];
        pthread_mutex_lock(&shard->lock);
        stats.entries += shard->entries;
        stats.bytes += shard->used;
        stats.evicted += shard->evicted;
        pthread_mutex_unlock(&shard->lock);
    }
    *out = stats;
}
