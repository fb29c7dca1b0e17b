/*
 * What the workers work with at one time: a configuration with its policy, and a blocklist generation.
 *
 *     snapshot ──▶ settings (configuration, policy)      shared by the snapshots before and after a new generation
 *              ──▶ list (generation)                     shared by the snapshots before and after a reload
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
#include "net/worker.h"
#include "policy/policy.h"
#include "tls/identity.h"

/* Drawn once, when the program starts: cookies and cache outlive a reload. */
struct snapshot_secrets {
    uint8_t cookie[16];
    uint8_t cache[16];
};

struct settings {
    struct config *config;
    struct policy *policy;
    struct tls_identity *tls; /* NULL: no encrypted DNS */
    unsigned holders;
};

struct list {
    struct blockdb *db; /* NULL: no generation */
    unsigned holders;
};

struct snapshot {
    struct settings *settings;
    struct list *list;
    struct cache *outdated; /* to be emptied when the last worker has let go: its entries mean nothing to the next
                             * snapshot; NULL: they go on being good */
};

/* Loads the files. Negative: why gets the reason, whole lines. The settings have no holder yet. */
ERR_CHECKED int settings_load(const char *const files[], size_t count, const struct snapshot_secrets *secrets,
                              struct settings **out, struct text *why);
/* Takes db over, also on failure. ERR_NOMEM. */
ERR_CHECKED int list_new(struct blockdb *db, struct list **out);

/* Both free what nobody holds, and nothing else. */
void settings_release_unheld(struct settings *settings);
void list_release_unheld(struct list *list);

/* Becomes a holder of both. ERR_NOMEM. */
ERR_CHECKED int snapshot_new(struct settings *settings, struct list *list, struct snapshot **out);
void snapshot_free(struct snapshot *snapshot);

struct worker_env snapshot_env(const struct snapshot *snapshot, struct cache *cache);

#endif
