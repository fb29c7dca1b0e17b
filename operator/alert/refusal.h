/*
 * Recipients that refuse what they are sent: somebody must hear of that who can mend it, once a day for each, so that a refused
 * word of a refusal makes no circle.
 *
 * Threads: any (a lock of its own).
 */
#ifndef ALERT_REFUSAL_H
#define ALERT_REFUSAL_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "delivery/outbox.h"

#define REFUSALS_MAX 32 /* recipients; what is more is in the register only */

struct refusal {
    char target[ROUTE_TARGET_MAX];
    char why[DELIVER_WHY_MAX];
    int64_t told_s; /* 0: not yet */
};

struct refusals {
    pthread_mutex_t mutex;
    struct refusal items[REFUSALS_MAX];
    size_t count;
};

void refusals_init(struct refusals *refusals);
void refusals_done(struct refusals *refusals);

/* A result that says no for good. */
void refusals_note(struct refusals *refusals, const struct outbox_result *result, int64_t now_s);
/* The next to tell of: true, and it counts as told. */
bool refusals_next(struct refusals *refusals, int64_t now_s, struct refusal *out);

#endif
