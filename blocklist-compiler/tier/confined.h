/*
 * Has a statutory list read where it can do no harm, in a process of the sandbox (sandbox/sandbox.h): bytes in, lines of a
 * holding out, both in memory.
 *
 * Threads: confined_new() while there is only one, before keys and credentials are read; the rest from the same.
 */
#ifndef TIER_CONFINED_H
#define TIER_CONFINED_H

#include "sandbox/sandbox.h"
#include "tier/holding.h"

struct confined;

/* feeds and guard stay the caller's and must not change until confined_free(). ERR_NOMEM, ERR_LIMIT. */
ERR_CHECKED int confined_new(const struct recipe_feed *feeds, size_t feed_count, const struct guard *guard,
                             struct confined **out);
void confined_free(struct confined *confined);

/*
 * Reads the list that fd holds into holding, which is empty; feed is one of confined_new()'s. stats: counts only, initialised
 * by the caller. Errors of holding_read(); a reading that ended badly is ERR_LIMIT, ERR_MALFORMED or ERR_UNSUPPORTED, and
 * why holds a sentence without a full stop, else "".
 */
ERR_CHECKED int confined_read(struct confined *confined, const struct recipe_feed *feed, int fd,
                              struct holding *holding, struct feed_stats *stats, char why[SANDBOX_WHY_MAX]);

#endif
