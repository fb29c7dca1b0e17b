/*
 * When a daemon that ended is started anew: soon after the first end, later and later while it goes on ending.
 *
 * Threads: one. Begins as {0}. Times are monotonic ms.
 */
#ifndef RECURSION_BACKOFF_H
#define RECURSION_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

struct backoff {
    unsigned failures; /* in a row */
};

#define BACKOFF_FIRST_MS   50    /* doubles each time */
#define BACKOFF_MAX_MS     10000 /* a school waits no longer for what may work again */
#define BACKOFF_PROVEN_MS  30000 /* who has lived so long begins anew */
#define BACKOFF_HELD_TIMES 5     /* ends in a row for which it is worth to wait: the pause is below a second */

/* It ended, or could not be started, after lived_ms. Returns how long to wait before the next start. */
int64_t backoff_note_end(struct backoff *backoff, int64_t lived_ms);

/* Whether questions should wait for the next start, instead of being told that nobody answers. */
bool backoff_holds(const struct backoff *backoff);

#endif
