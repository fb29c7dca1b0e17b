/*
 * The policy under change control in the running belishad: which version is in force, and that nothing else is.
 *
 * Without change control what the files say is in force: a text that is new becomes the next version by itself. With it, the
 * version in force is laid over the files (config_load()), and a changed file is only told. Changed rights of operators go to
 * the ledger before they hold.
 *
 * Threads: the manager's. Waits for the disk.
 */
#ifndef SERVICE_CHANGES_H
#define SERVICE_CHANGES_H

#include <limits.h>

#include "change/chronicle.h"
#include "config/config.h"
#include "control/command.h"
#include "roles/caller.h"
#include "service/snapshot.h"

struct changes {
    const char *const *files; /* of the configuration */
    size_t file_count;
    struct chronicle *chronicle; /* NULL: none, for err */
    int err;
    bool files_differ;
};

/*
 * At the start, once the folder of state is there. It may load the settings anew. Where no history can be kept, belishad goes
 * on without it and says so; but with change control it ends, since nobody could know what is in force. Negative then.
 */
ERR_CHECKED int changes_start(struct changes *changes, const struct snapshot_secrets *secrets,
                              struct settings **settings, int64_t now_s);
void changes_close(struct changes *changes);

/*
 * Before a reload is put in force instead of old, in the name of who asked for it. Negative: why gets the reason; it must not
 * be.
 */
ERR_CHECKED int changes_take(struct changes *changes, struct settings *settings, const struct config *old,
                             const struct caller *by, int64_t now_s, struct text *why);

/* The version that the chronicle says is in force will be that of the next reload. */
ERR_CHECKED int changes_link(const struct changes *changes, const struct config *config);

/* As command_env.policy_check. */
ERR_CHECKED int changes_check(const struct changes *changes, const struct config *config, const char *text, size_t len,
                              struct text *out, struct text *words, uint64_t *out_opens, struct text *why);

/* What commands need to know. */
void changes_fill(const struct changes *changes, const struct config *config, struct command_env *out);

/* What was planned for now, with an env whose caller is belishad. */
void changes_look(struct command_env *env);

#endif
