/* The time of a batch. Read once per batch: everything in it happens at the same moment. Threads: any. */
#ifndef NET_CLOCK_H
#define NET_CLOCK_H

#include <time.h>

#include "query/query.h"

static inline struct query_time clock_now(void)
{
    struct timespec mono, wall;
    clock_gettime(CLOCK_MONOTONIC, &mono);
    clock_gettime(CLOCK_REALTIME, &wall);
    return (struct query_time){
        .mono_ms = (int64_t)mono.tv_sec * 1000 + mono.tv_nsec / 1000000,
        .wall_ns = (int64_t)wall.tv_sec * 1000000000 + wall.tv_nsec,
    };
}

/* What has passed since, in ns. A clock that was set meanwhile makes one wrong figure; it can be negative. */
static inline int64_t clock_since_ns(struct query_time then)
{
    struct timespec wall;
    clock_gettime(CLOCK_REALTIME, &wall);
    return (int64_t)wall.tv_sec * 1000000000 + wall.tv_nsec - then.wall_ns;
}

#endif
