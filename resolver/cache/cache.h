/*
 * Answers we may reuse. One cache is shared by all workers.
 *
 * An entry is the upstream's answer in wire form (header and question included, OPT taken out), with the offsets of its
 * TTLs, so a hit is a copy and a few patches. Beside it stand the policy facts of the question's name and of its CNAME
 * targets, with the generation they came from: a hit on an entry of the current generation needs no look-up.
 *
 *     shard: table of buckets, 8 slots each        ring of entries, oldest first
 *        +----------------------------+          +------+-----------+----+--------+---------+
 *        | tag,at | tag,at | ... x 8  | -------> | head | mark,ttls | msg | head  | ...     |
 *        +----------------------------+          +------+-----------+----+--------+---------+
 *
 * Shards: bits of the key's hash choose one; each has its own lock, held for a copy and no longer. New entries are
 * appended to the shard's ring; the oldest make room, and those that were asked since get a second turn.
 *
 * Hashes are keyed with a random secret (names are chosen by clients).
 *
 * Threads: any. Errors: a put that does not fit is not stored; nothing fails because of it.
 */
#ifndef CACHE_CACHE_H
#define CACHE_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"
#include "dns/msg.h"

struct cache;

struct cache_opts {
    size_t bytes;    /* bound of everything, entries and tables */
    unsigned shards; /* power of two, 1..1024 */
    uint8_t secret[16];
};

ERR_CHECKED int cache_new(const struct cache_opts *opts, struct cache **out);
void cache_free(struct cache *cache);

/* What a cached answer is found by. */
struct cache_key {
    uint64_t hash;       /* cache_key_hash() */
    const uint8_t *name; /* wire, lower case */
    uint8_t name_len;
    uint8_t flags; /* CACHE_KEY_* */
    uint16_t type;
    uint16_t class;     /* answers of IN alone are kept */
    uint16_t partition; /* the zone it was asked in: conditional zones never mix with others */
};

#define CACHE_KEY_DO      1u /* asked with DO: DNSSEC records are in it */
#define CACHE_KEY_CD      2u /* asked with CD: not validated upstream */
#define CACHE_KEY_FAILURE 4u /* remembers that no answer could be had (RFC 9520), beside a possibly stale answer */
#define CACHE_KEY_NO_NAME 8u /* of type 0: there is nothing of any type at or below the name (RFC 8020) */

void cache_key_hash(const struct cache *cache, struct cache_key *key);

/*
 * For callers with several keys at hand: cache_fetch_bucket() for all of them, then cache_fetch_entry() for all, then
 * cache_get(): the waits for memory overlap.
 */
void cache_fetch_bucket(const struct cache *cache, const struct cache_key *key);
void cache_fetch_entry(const struct cache *cache, const struct cache_key *key);

#define CACHE_TTLS_MAX   64    /* records whose TTL is counted down; a longer answer is not cached */
#define CACHE_MARK_BYTES 40    /* room for the caller's own data: policy facts */
#define CACHE_MSG_MAX    16384 /* longer answers are not cached */

/* A copy of an entry. */
struct cache_hit {
    int64_t stored_ms;  /* mono_ms of the put */
    int64_t expires_ms; /* mono_ms; past: stale */
    uint16_t msg_len;
    uint16_t question_end;
    uint16_t ttl_count;
    uint16_t ttl_at[CACHE_TTLS_MAX]; /* offsets of the TTL fields in msg */
    uint8_t mark[CACHE_MARK_BYTES];
    bool cut;           /* longer than cap: only header and question were copied */
    bool want_prefetch; /* true for one caller when an often asked entry nears its end */
};

/*
 * Copies the entry's message to msg and the rest to *out. false: not there, or expired for more than stale_max_ms. An
 * expired entry within stale_max_ms is returned: compare expires_ms. cap: at least MSG_HEADER_LEN + NAME_MAX_LEN + 4.
 */
bool cache_get(struct cache *cache, const struct cache_key *key, int64_t now_ms, int64_t stale_max_ms, uint8_t *msg,
               size_t cap, struct cache_hit *out);

/*
 * Stores an answer, replacing one of the same key; one that is too long to be kept replaces it with nothing. ttl_at holds
 * ttl_count offsets. ttl_ms: how long it is fresh.
 * msg[12..question_end) must be the key's question in lower case: the entry is found again by it.
 */
void cache_put(struct cache *cache, const struct cache_key *key, const uint8_t *msg, size_t msg_len,
               size_t question_end, const uint16_t ttl_at[], size_t ttl_count, int64_t now_ms, int64_t ttl_ms,
               const uint8_t mark[CACHE_MARK_BYTES]);

/* Removes the entry, if there is one. */
void cache_drop(struct cache *cache, const struct cache_key *key);

/* Replaces the mark of an entry that is still the one stored at stored_ms. */
void cache_set_mark(struct cache *cache, const struct cache_key *key, int64_t stored_ms,
                    const uint8_t mark[CACHE_MARK_BYTES]);

/* Removes everything at or below name (lower case wire); the root empties the cache. Returns how many. */
size_t cache_flush(struct cache *cache, const uint8_t *name);

struct cache_stats {
    uint64_t entries;
    uint64_t bytes;
    uint64_t bytes_max;
    uint64_t evicted;
};

void cache_stats(struct cache *cache, struct cache_stats *out);

#endif
