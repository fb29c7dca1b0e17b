/*
 * A fair share of the server for every client address: a bucket of questions each, filled at a steady rate.
 *
 * The table is small and of a fixed size: 4 buckets in a set that one line of the processor's cache holds. A full set
 * forgets the bucket that was used longest ago; a bucket that was left alone is full soon, so little is forgotten.
 * An IPv6 client is its /64, since it has all addresses in there at its disposal.
 *
 * Memory:  part of the engine, no allocation. Threads: one.
 */
#ifndef QUERY_FAIR_H
#define QUERY_FAIR_H

#include <stdint.h>

#include "base/ipaddr.h"

#define FAIR_SETS          2048 /* power of two: 128 KiB in all, enough for a large school's devices at once */
#define FAIR_WAYS          4
#define FAIR_TELL_EVERY_MS 100

struct fair_bucket {
    uint32_t tag;     /* upper bits of the client's hash; 0: not in use */
    uint32_t seen_ms; /* as in told_ms, the low bits of mono_ms */
    uint32_t told_ms;
    uint32_t level; /* thousandths of a question */
};

struct fair {
    _Alignas(64) struct fair_bucket set[FAIR_SETS][FAIR_WAYS];
};

enum fair_answer {
    FAIR_GRANTED,
    FAIR_TELL, /* used up; this one question in FAIR_TELL_EVERY_MS is worth an answer and a line in the log */
    FAIR_DROP, /* used up */
};

/* The hash of a client. seed: random, since clients choose their addresses. */
uint64_t fair_hash(const struct ipaddr *client, uint64_t seed);

/* The share that only those have who can't have lied about their address; it is not the one that liars use up. */
uint64_t fair_proven(uint64_t hash);

/* Takes one question. rate: questions/s; burst: how many at once, both at most 1,000,000. */
enum fair_answer fair_take(struct fair *fair, uint64_t hash, uint32_t rate, uint32_t burst, int64_t now_ms);

#endif
