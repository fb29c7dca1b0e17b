/*
 * Asks now and then whether Belisha itself is well, in a thread of its own: an answer may take long to come.
 *
 * Threads: started, asked and stopped by one; probe is called by the prober's.
 */
#ifndef ALERT_PROBER_H
#define ALERT_PROBER_H

#include <stdbool.h>

#include "base/text.h"
#include "belisha/err.h"

/* Adds a line for each thing that is wrong. */
typedef void (*probe_fn)(void *ctx, struct text *out);

struct prober;

/* probe is first called at once, then every_s after each answer. ERR_NOMEM. */
ERR_CHECKED int prober_start(probe_fn probe, void *ctx, unsigned every_s, struct prober **out);
/* true: there is an answer since the last call, added to out. */
bool prober_answer(struct prober *prober, struct text *out);
/* NULL: nothing. Waits for a probe that is under way. */
void prober_stop(struct prober *prober);

#endif
