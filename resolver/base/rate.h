/*
 * How often one address may do something: a bucket of tokens that fills again with time.
 *
 * IPv6 addresses count by their /64, which is what one device has. The table has a fixed size; when it is full, the bucket
 * that was used longest ago goes.
 *
 * Threads: one. Memory: the caller's struct; begins with burst and every_ms set, and the rest zero.
 */
#ifndef BASE_RATE_H
#define BASE_RATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ipaddr.h"

#define RATE_BUCKETS 512

struct rate_bucket {
    uint8_t key[16];
    int64_t full_ms; /* when it will be full again */
    int64_t used_ms;
    bool taken;
};

struct rate {
    int64_t burst;    /* tokens at once */
    int64_t every_ms; /* and one more each so often */
    struct rate_bucket buckets[RATE_BUCKETS];
};

/* Takes one token of the client's. False: there is none; *out_wait_s tells when there will be. now_ms: monotonic. */
bool rate_take(struct rate *rate, const struct ipaddr *client, int64_t now_ms, int64_t *out_wait_s);

/* Whether rate_take() would say true; takes none. */
bool rate_has(const struct rate *rate, const struct ipaddr *client, int64_t now_ms, int64_t *out_wait_s);

#endif
