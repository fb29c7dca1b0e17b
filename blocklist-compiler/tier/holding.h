/*
 * What one statutory feed says, as the last good copy of it said: whole hosts, pages, counts, and what the server wants to
 * hear next time. The list as it came is not kept.
 *
 * Content of its vault file: one line of JSON, then one line for each entry: "=host" the host alone, "*host" those below
 * it, "+host" both, "/address" a page, which DNS can't enforce.
 *
 * Memory: owned by the struct. Threads: one at a time.
 */
#ifndef TIER_HOLDING_H
#define TIER_HOLDING_H

#include <stdbool.h>

#include "belisha/statutory_format.h"
#include "dns/key.h"
#include "feed/guard.h"
#include "feed/span.h"
#include "feed/stats.h"
#include "fetch/store.h"
#include "publish/bytes.h"
#include "recipe/recipe.h"
#include "tier/vault.h"

struct holding {
    struct statutory_feed_record record;
    struct bytes lines;
    struct store_entry copy;                /* source and validators */
    uint8_t settings[STATUTORY_DIGEST_LEN]; /* digest of what the recipe says about reading it */
};

void holding_init(struct holding *holding);
/* Drops the lines, and leaves nothing of them in memory; what was counted stays. */
void holding_forget(struct holding *holding);
void holding_done(struct holding *holding);

/* Takes over from the recipe what says whose list it is. */
void holding_name(struct holding *holding, const struct recipe_feed *feed);

/* Digest of what the recipe says about reading the feed: another one means that the list must be read anew. */
void holding_settings(const struct recipe_feed *feed, uint8_t out[STATUTORY_DIGEST_LEN]);

/*
 * Reads the list's text: lines and counts. stats: counts only are of use, initialised by the caller. Errors of
 * reading_run(); ERR_NOMEM.
 */
ERR_CHECKED int holding_read(struct holding *holding, const struct recipe_feed *feed, const struct guard *guard,
                             struct span text, struct feed_stats *stats);
/* Takes over lines that another process has read, and counts them. ERR_MALFORMED: no lines of a holding; ERR_NOMEM. */
ERR_CHECKED int holding_take_lines(struct holding *holding, struct span lines);
/* Notes the digest of the list at path. ERR_LIMIT: longer than bytes_max; ERR_NOENT, ERR_ACCESS, ERR_IO, ERR_NOMEM. */
ERR_CHECKED int holding_digest(struct holding *holding, const char *path, uint64_t bytes_max);

/* Errors of vault_get(); ERR_DAMAGED. holding must be empty. */
ERR_CHECKED int holding_load(struct holding *holding, const struct vault *vault, const char *feed);
/* Errors of vault_put(). */
ERR_CHECKED int holding_save(const struct holding *holding, const struct vault *vault);

/* Each line, zero-terminated: scope is that of the host (enum statutory_scope), 0 for a page. Stops at a negative return. */
typedef int (*holding_visit)(void *ctx, const char *text, unsigned scope);
ERR_CHECKED int holding_each(const struct holding *holding, holding_visit visit, void *ctx);

#endif
