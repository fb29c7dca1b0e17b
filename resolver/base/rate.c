#include "base/rate.h"

#include <string.h>

/* What one bucket counts by: the whole IPv4 address, the network half of an IPv6 address. */
static void rate_key(const struct ipaddr *client, uint8_t key[16])
{
    memset(key, 0, 16);
    memcpy(key, client->bytes, ipaddr_is_v4(client) ? 16 : 8);
}

static struct rate_bucket *rate_find(struct rate *rate, const uint8_t key[16])
{
    struct rate_bucket *oldest = &rate->buckets[0];
    for (size_t i = 0; i < RATE_BUCKETS; i++) {
        struct rate_bucket *b = &rate->buckets[i];
        if (b->taken && memcmp(b->key, key, 16) == 0)
            return b;
        if (!b->taken || (oldest->taken && b->used_ms < oldest->used_ms))
            oldest = b;
    }
    *oldest = (struct rate_bucket){.taken = true};
    memcpy(oldest->key, key, 16);
    return oldest;
}

/*
 * A bucket is one number: the time at which it will be full. Each token taken moves it every_ms later; it is empty when that
 * time is burst tokens away. Returns how long a token must be waited for.
 */
static int64_t missing_ms(const struct rate *rate, int64_t full_ms, int64_t now_ms)
{
    return (full_ms > now_ms ? full_ms : now_ms) + rate->every_ms - now_ms - rate->burst * rate->every_ms;
}

static bool is_there(int64_t over_ms, int64_t *out_wait_s)
{
    if (over_ms > 0)
        *out_wait_s = (over_ms + 999) / 1000;
    return over_ms <= 0;
}

bool rate_take(struct rate *rate, const struct ipaddr *client, int64_t now_ms, int64_t *out_wait_s)
{
    uint8_t key[16];
    rate_key(client, key);
    struct rate_bucket *b = rate_find(rate, key);
    b->used_ms = now_ms;
    if (!is_there(missing_ms(rate, b->full_ms, now_ms), out_wait_s))
        return false;
    b->full_ms = (b->full_ms > now_ms ? b->full_ms : now_ms) + rate->every_ms;
    return true;
}

bool rate_has(const struct rate *rate, const struct ipaddr *client, int64_t now_ms, int64_t *out_wait_s)
{
    uint8_t key[16];
    rate_key(client, key);
    for (size_t i = 0; i < RATE_BUCKETS; i++) {
        const struct rate_bucket *b = &rate->buckets[i];
        if (b->taken && memcmp(b->key, key, 16) == 0)
            return is_there(missing_ms(rate, b->full_ms, now_ms), out_wait_s);
    }
    return true;
}
