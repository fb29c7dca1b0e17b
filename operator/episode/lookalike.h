/*
 * What a domain's own spelling hints at. Hints, not verdicts: the best of names look odd now and then.
 *
 * Memory:  heap, until lookalikes_free(). Threads: immutable once made; pure; any thread.
 */
#ifndef EPISODE_LOOKALIKE_H
#define EPISODE_LOOKALIKE_H

#include <stdbool.h>

#include "belisha/err.h"
#include "episode/tables.h"

struct lookalikes;

/* Of the well-known names: data/popular-names.txt and those of services (data/sites.yaml). ERR_NOMEM. */
ERR_CHECKED int lookalikes_new(const struct tables *tables, struct lookalikes **out);
void lookalikes_free(struct lookalikes *known);
/* The well-known name that the domain, as people write it, is hardly to be told from; NULL. Good as long as known is. */
const char *lookalike_find(const struct lookalikes *known, const char *domain);

/* The first label looks as if nobody had chosen it: long, without vowels or with digits all over. */
bool lookalike_is_random(const char *domain);
/* A label begins with xn-- (RFC 5890). */
bool lookalike_is_foreign(const char *domain);
/* Has a word in it that ways round a filter like to have. */
bool lookalike_is_way_round(const char *domain);

#endif
