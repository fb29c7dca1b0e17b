/*
 * How often one address may post a form: a bucket of tokens that fills again with time.
 *
 * Many classrooms sit behind one address, so a bucket holds a class at once. IPv6 addresses count by their /64, which
 * is what one device has. The table has a fixed size; when it is full, the bucket that was used longest ago goes.
 *
 * Threads: one. Memory: the caller's struct; begins as {0}.
 */
#ifndef NOTICE_RATE_H
#define NOTICE_RATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ipaddr.h"

#define RATE_BURST    32   /* posts at once */
#define RATE_EVERY_MS 5000 /* and one more each 5 s */
#define RATE_BUCKETS  512

struct rate_bucket {
    uint8_t key[16];
    int64_t full_ms; /* when it will be full again */
    int64_t used_ms;
    bool taken;
};

struct rate {
    struct rate_bucket buckets[RATE_BUCKETS];
};

/* Takes one token of the client's. False: there is none; *out_wait_s tells when there will be. now_ms: monotonic. */
bool rate_take(struct rate *rate, const struct ipaddr *client, int64_t now_ms, int64_t *out_wait_s);

#endif
