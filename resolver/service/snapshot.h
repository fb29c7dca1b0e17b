/*
 * What the workers work with at one time: a configuration with its policy, a blocklist generation, and what was decided
 * on the spot.
 *
 *     snapshot ──▶ settings (configuration, policy)      shared by the snapshots before and after a new generation
 *              ──▶ list (generation)                     shared by the snapshots before and after a reload
 *              ──▶ tier (statutory list)                 shared by the snapshots before and after either
 *              ──▶ orders (recorded decisions)           shared by the snapshots before and after a new list
 *              ──▶ roll (who is where)                     shared by the snapshots before and after a new table
 *              ──▶ recursion                             where our own recursion answers
 *
 * Immutable once the workers have it. A part is freed with the last snapshot that holds it.
 *
 * Threads: made and freed in the manager's thread; what env points to is read by the workers.
 */
#ifndef SERVICE_SNAPSHOT_H
#define SERVICE_SNAPSHOT_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "belisha/err.h"
#include "blockdb/blockdb.h"
#include "cache/cache.h"
#include "config/config.h"
#include "decision/table.h"
#include "identity/presence.h"
#include "net/worker.h"
#include "policy/policy.h"
#include "service/recursor.h"
#include "statutory/statutory.h"
#include "tls/identity.h"
#include "tls/trust.h"

/* Drawn once, when the program starts: cookies and cache outlive a reload. */
struct snapshot_secrets {
    uint8_t cookie[16];
    uint8_t cache[16];
};

struct settings {
    struct config *config;
    struct policy *policy;
    struct tls_identity *tls; /* NULL: no encrypted DNS */
    struct tls_trust *trust;  /* NULL: no upstream server is asked over TLS */
    struct radius_nas_table *nas;
    struct token_table *tokens;
    unsigned holders;
};

struct list {
    struct blockdb *db; /* NULL: no generation */
    unsigned holders;
};

struct tier {
    struct statutory *list; /* NULL: it was not set up, or can't be read */
    bool missing;           /* it was set up, and can't be read */
    unsigned holders;
};

struct orders {
    struct table *table;
    unsigned holders;
};

struct roll {
    struct presence *table;
    unsigned holders;
};

/* What a snapshot is made of. */
struct snapshot_parts {
    struct settings *settings;
    struct list *list;
    struct tier *tier;
    struct orders *orders;
    struct roll *roll;
    struct recursor_place recursion;
};

struct snapshot {
    struct snapshot_parts parts;
    struct query_opts query;      /* the settings', but for where recursion is */
    struct query_server *servers; /* its own, as the next; NULL: the settings' are used, recursion is not */
    struct query_zone *zones;
    struct cache *outdated; /* to be emptied when the last worker has let go: its entries mean nothing to the next
                             * snapshot; NULL: they go on being good */
};

/* Loads the files. Negative: why gets the reason, whole lines. The settings have no holder yet. */
ERR_CHECKED int settings_load(const char *const files[], size_t count, const struct snapshot_secrets *secrets,
                              struct settings **out, struct text *why);
/* Makes its policy anew, with this number in log rows. Before anybody uses it. ERR_NOMEM. */
ERR_CHECKED int settings_set_version(struct settings *settings, uint32_t version);
/* Takes db over, also on failure. ERR_NOMEM. */
ERR_CHECKED int snapshot_list_new(struct blockdb *db, struct list **out);

/* Takes list over, also on failure. ERR_NOMEM. */
ERR_CHECKED int snapshot_tier_new(struct statutory *list, bool missing, struct tier **out);

/* Takes table over, also on failure. ERR_NOMEM. */
ERR_CHECKED int orders_new(struct table *table, struct orders **out);

/* Takes table over, also on failure. ERR_NOMEM. */
ERR_CHECKED int roll_new(struct presence *table, struct roll **out);

/* Each frees what nobody holds, and nothing else. NULL is nothing. */
void settings_release_unheld(struct settings *settings);
void roll_release_unheld(struct roll *roll);
void snapshot_release_unheld(const struct snapshot_parts *parts);

/* Becomes a holder of all parts. ERR_NOMEM. */
ERR_CHECKED int snapshot_new(const struct snapshot_parts *parts, struct snapshot **out);
void snapshot_free(struct snapshot *snapshot);

struct worker_env snapshot_env(const struct snapshot *snapshot, struct cache *cache);

#endif
