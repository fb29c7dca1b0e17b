#include "query/fair.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#define QUESTION 1000 /* of bucket.level */

uint64_t fair_hash(const struct ipaddr *client, uint64_t seed)
{
    size_t len = ipaddr_is_v4(client) ? sizeof client->bytes : sizeof client->bytes / 2;
    return XXH3_64bits_withSeed(client->bytes, len, seed);
}

uint64_t fair_proven(uint64_t hash)
{
    return hash * UINT64_C(0x9e3779b97f4a7c15) + 1;
}

/* A full bucket in place of an empty one, or of the one not seen for longest. */
static struct fair_bucket *bucket_new(struct fair_bucket set[FAIR_WAYS], uint32_t tag, uint32_t burst, uint32_t now_ms)
{
    struct fair_bucket *oldest = set;
    for (int i = 0; i < FAIR_WAYS && oldest->tag != 0; i++)
        if (set[i].tag == 0 || now_ms - set[i].seen_ms > now_ms - oldest->seen_ms)
            oldest = &set[i];
    *oldest = (struct fair_bucket){
        .tag = tag, .seen_ms = now_ms, .told_ms = now_ms - FAIR_TELL_EVERY_MS, .level = burst * QUESTION};
    return oldest;
}

static struct fair_bucket *bucket_of(struct fair *fair, uint64_t hash, uint32_t burst, uint32_t now_ms)
{
    struct fair_bucket *set = fair->set[hash % FAIR_SETS];
    uint32_t tag = (uint32_t)(hash >> 32) | 1;
    for (int i = 0; i < FAIR_WAYS; i++)
        if (set[i].tag == tag)
            return &set[i];
    return bucket_new(set, tag, burst, now_ms);
}

enum fair_answer fair_take(struct fair *fair, uint64_t hash, uint32_t rate, uint32_t burst, int64_t now_ms)
{
    uint32_t now = (uint32_t)now_ms;
    struct fair_bucket *b = bucket_of(fair, hash, burst, now);
    /* A rate for each second in questions is the same number for each ms in thousandths. */
    uint64_t level = b->level + (uint64_t)(now - b->seen_ms) * rate;
    uint64_t full = (uint64_t)burst * QUESTION;
    b->level = (uint32_t)(level < full ? level : full);
    b->seen_ms = now;
    if (b->level >= QUESTION) {
        b->level -= QUESTION;
        return FAIR_GRANTED;
    }
    if (now - b->told_ms < FAIR_TELL_EVERY_MS)
        return FAIR_DROP;
    b->told_ms = now;
    return FAIR_TELL;
}
