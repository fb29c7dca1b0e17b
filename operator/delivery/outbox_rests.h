/*
 * Servers that could not be reached: each is left alone for a while, whatever waits for it.
 *
 * Threads: under the outbox's lock.
 */
#ifndef DELIVERY_OUTBOX_RESTS_H
#define DELIVERY_OUTBOX_RESTS_H

#include "delivery/route.h"

#define OUTBOX_RESTS_MAX 32 /* servers; one more than that is asked for each message */

struct outbox_rest {
    char server[ROUTE_TARGET_MAX];
    int64_t until_s;
};

struct outbox_rests {
    struct outbox_rest rests[OUTBOX_RESTS_MAX];
    size_t count;
};

/* Of the server by which this target is reached. */
void outbox_rest_set(struct outbox_rests *rests, const char *target, int64_t until_s);
/* INT64_MIN: it has no rest. */
int64_t outbox_rest_until_s(const struct outbox_rests *rests, const char *target);

#endif
