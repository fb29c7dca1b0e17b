/*
 * The statutory tier's part of a run: its feeds in, a list of their hosts out, in a folder that nothing else writes.
 *
 *   lock → keys → marker → each feed: bring in, read, judge, or what is held of it → list → read back → rename
 *   → pages for a URL filter → ids for a sealed export → marker
 *
 * Once a feed is in the marker it is in every list: a recipe that no longer names it, a server that is gone, a copy that is
 * not believable only make its last good list go on. A list that lacks it is never published.
 *
 * Folder (0750), its files: generation-<n>.mdb, current, lock; key (who may look names up); vault.key, feed-<name>.vault,
 * ids.vault (the compiler alone); unenforceable.urls (0600); enrolled. docs/formats/statutory.md.
 */
#ifndef TIER_TIER_H
#define TIER_TIER_H

#include "recipe/recipe.h"
#include "report/statutory.h"
#include "tier/obtain.h"

#define TIER_KEEP 3 /* generations */

struct tier_opts {
    const char *out; /* folder of the ordinary generations; the tier's is in it */
    const struct recipe_feed *feeds;
    size_t feed_count;
    const char *help; /* names that must stay reachable: one a line, "#" comments */
    struct obtain_opts obtain;
};

struct tier;

/* Whether there is anything to do: a statutory feed, or a tier that was set up before. */
bool tier_is_due(const struct tier_opts *opts);

/* ERR_NOMEM. */
ERR_CHECKED int tier_new(const struct tier_opts *opts, struct tier **out);
void tier_free(struct tier *tier);

/* Once, after download_init(). The report is filled whatever happens, and lives as long as tier. */
const struct report_statutory *tier_run(struct tier *tier);

/* 0: in force; 1: in force, but something needs to be seen to; 2: not published. */
int tier_exit_code(const struct report_statutory *report);

#endif
