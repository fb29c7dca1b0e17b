/*
 * How many questions came lately: samples of the counters, taken every few seconds, and what was added since the oldest.
 *
 * Threads: one. Begins as {0}.
 */
#ifndef CONTROL_PACE_H
#define CONTROL_PACE_H

#include <stdint.h>

#include "metrics/metrics.h"

#define PACE_STEP_MS 5000
#define PACE_SAMPLES 13 /* a minute, from the oldest to the newest */

/* X(suffix, name): the ways in which questions come */
#define PACE_WAYS(X) X(UDP, "udp") X(TCP, "tcp") X(DOT, "dot") X(DOH, "doh")

enum pace_way {
#define X(suffix, name) PACE_##suffix,
    PACE_WAYS(X)
#undef X
        PACE_WAY_COUNT
};

struct pace_sample {
    int64_t at_ms;
    uint64_t queries[PACE_WAY_COUNT];
};

struct pace {
    struct pace_sample samples[PACE_SAMPLES];
    unsigned count; /* ever taken */
};

struct pace_recent {
    int64_t span_ms; /* 0: not known yet */
    uint64_t queries[PACE_WAY_COUNT];
};

void pace_sample(struct pace *pace, const struct metrics *sum, int64_t now_ms);
/* From the oldest sample to now. */
struct pace_recent pace_recent(const struct pace *pace, const struct metrics *sum, int64_t now_ms);

#endif
