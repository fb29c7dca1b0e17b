/*
 * Since when a feed lists a name: the name is looked up in every kept generation.
 *
 * Threads: one.
 */
#ifndef PROVENANCE_HISTORY_H
#define PROVENANCE_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "belisha/err.h"
#include "dns/key.h"

#define HISTORY_MAX 1000 /* generations that are looked into, the newest first */

struct history;

/*
 * Looks name up in the generations of folder up to number newest. One that can't be opened ends the history: what came
 * before it is not known to follow on. ERR_NOENT (no generation), ERR_ACCESS, ERR_IO, ERR_NOMEM.
 */
ERR_CHECKED int history_new(const char *folder, uint64_t newest, const struct name_key *name, struct history **out);
void history_free(struct history *history);

struct history_since {
    uint64_t generation; /* the first of those, without a gap up to the newest, in which the feed concerns the name */
    int64_t built_s;     /* wall time of its build */
    bool oldest;         /* none before it is kept: it may have been so for longer */
};

/* feed: NULL for any. False: the newest generation does not have it. */
bool history_find(const struct history *history, const char *feed, struct history_since *out);

#endif
