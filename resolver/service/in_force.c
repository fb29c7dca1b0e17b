/* The snapshot in force: each part of it that changes makes a new one, and so does a configuration that is read anew. */
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "base/err.h"
#include "base/log.h"
#include "net/notify.h"
#include "service/internal.h"
#include "service/restart.h"
#include "service/telling.h"
#include "service/unbound_setup.h"

static void on_let_go(void *ctx)
{
    static const uint8_t root[1];
    struct snapshot *old = ctx;
    if (old->outdated != NULL)
        cache_flush(old->outdated, root);
    snapshot_free(old);
}

struct worker_env in_force_env(struct service *s, const struct snapshot *snapshot)
{
    struct worker_env env = snapshot_env(snapshot, s->cache);
    env.query.sightings = attendance_sightings(s->attendance);
    env.query.hearing = lookout_hearing(s->lookout);
    return env;
}

/* Puts all parts in force; the old snapshot goes when no worker uses it any more. */
int in_force_put(struct service *s, struct snapshot_parts parts)
{
    struct snapshot *next;
    int err = snapshot_new(&parts, &next);
    if (err < 0) {
        snapshot_release_unheld(&parts);
        return err;
    }
    struct worker_env env = in_force_env(s, next);
    err = workers_set_env(s->workers, &env, on_let_go, s->snapshot);
    if (err < 0) {
        snapshot_free(next);
        return err;
    }
    s->snapshot = next;
    return 0;
}

void in_force_on_generation(void *ctx, void *opened)
{
    struct service *s = ctx;
    struct blockdb *db = opened;
    struct snapshot_parts parts = s->snapshot->parts;
    names_put_generation(s->names, db);
    in_force_know(s, s->snapshot->parts.settings->config, db);
    int err = snapshot_list_new(db, &parts.list);
    if (err == 0)
        err = in_force_put(s, parts);
    if (err < 0)
        log_error("blocklist generation not taken up: %s", err_str(err));
    else
        telling_generation(db);
}

void in_force_on_statutory(void *ctx, void *opened)
{
    struct service *s = ctx;
    struct snapshot_parts parts = s->snapshot->parts;
    int err = snapshot_tier_new(opened, false, &parts.tier);
    if (err == 0)
        err = in_force_put(s, parts);
    if (err < 0)
        log_error("statutory list not taken up: %s", err_str(err));
    else
        telling_tier(opened);
}

void in_force_on_recursion(void *ctx)
{
    struct service *s = ctx;
    struct snapshot_parts parts = s->snapshot->parts;
    parts.recursion = recursor_place(s->recursor);
    int err = in_force_put(s, parts);
    if (err < 0)
        log_error("recursion not taken up: %s", err_str(err));
}

void in_force_on_attendance(void *ctx)
{
    struct service *s = ctx;
    struct snapshot_parts parts = s->snapshot->parts;
    parts.roll = attendance_roll(s->attendance);
    int err = in_force_put(s, parts);
    if (err < 0)
        log_error("who is where is not taken up: %s", err_str(err));
}

/* ---- reload ---- */

/* Entries of the cache are kept by the number of their zone. */
static bool same_zones(const struct query_opts *a, const struct query_opts *b)
{
    if (a->zone_count != b->zone_count)
        return false;
    for (size_t i = 0; i < a->zone_count; i++)
        if (!name_equal(a->zones[i].name, b->zones[i].name))
            return false;
    return true;
}

void in_force_names(struct service *s, const struct config *config)
{
    names_put_policy(s->names, &config->policy);
    names_put_upstreams(s->names, &config->query);
}

void in_force_know(struct service *s, const struct config *config, const struct blockdb *db)
{
    if (s->log == NULL)
        return;
    size_t max = names_keys_max(&config->policy, &config->query, db);
    struct texts_key *keys = calloc(max, sizeof *keys);
    if (keys != NULL)
        qlog_know(s->log, keys, names_keys(&config->policy, &config->query, db, keys));
    free(keys);
}

/* Loads the files, and asks unbound whether it agrees with what concerns it. */
static int load_anew(struct service *s, struct settings **out, struct text *why)
{
    struct settings *settings;
    int err = settings_load(s->files, s->file_count, &s->secrets, &settings, why);
    if (err < 0)
        return err;
    if (settings->config->recursion.used)
        err = unbound_setup_check(&settings->config->recursion, why);
    if (err < 0)
        settings_release_unheld(settings);
    else
        *out = settings;
    return err;
}

/* Before the workers hear of it: where the new recursion is said to be, questions can wait for it. */
int in_force_recursion(struct service *s, const struct config *config, struct snapshot_parts *parts)
{
    int err = recursor_use(s->recursor, &config->recursion);
    parts->recursion = recursor_place(s->recursor);
    return err;
}

/* People and devices are numbers in the policy and the configuration. */
int in_force_attendance(struct service *s, struct snapshot_parts *parts)
{
    int err = attendance_use(s->attendance, parts->settings->config, parts->settings->policy);
    if (err == 0)
        parts->roll = attendance_roll(s->attendance);
    return err;
}

static int reload(struct service *s, const struct caller *by, struct text *why)
{
    struct snapshot_parts parts = s->snapshot->parts;
    const struct config *old = parts.settings->config;
    int err = load_anew(s, &parts.settings, why);
    if (err < 0)
        return err;
    config_keep_meters(parts.settings->config, old);
    const struct config *config = parts.settings->config;
    restart_warn(old, config);
    err = watch_set_path(s->watch, config->generation_path);
    if (err == 0)
        err = watch_set_path(s->tier_watch, config->statutory_path);
    if (err == 0)
        err = changes_take(&s->changes, parts.settings, old, by, time(NULL), why);
    if (err == 0)
        err = in_force_attendance(s, &parts);
    if (err == 0) /* decisions are for groups and users by name, and what is one user's name the attendance says */
        err = rulings_orders(&s->rulings, config, parts.settings->policy, time(NULL), &parts.orders);
    if (err == 0)
        err = in_force_recursion(s, config, &parts);
    if (err < 0) {
        snapshot_release_unheld(&parts);
    } else {
        in_force_names(s, config);
        in_force_know(s, config, NULL);
        if (!same_zones(&old->query, &config->query))
            s->snapshot->outdated = s->cache;
        err = in_force_put(s, parts);
        if (err < 0 && in_force_recursion(s, old, &parts) < 0)
            log_error("recursion keeps a configuration that is not in force");
        if (err == 0)
            lookout_use(s->lookout, config);
    }
    if (err < 0 && attendance_use(s->attendance, old, s->snapshot->parts.settings->policy) < 0)
        log_error("who is where is not known anew: %s", err_str(ERR_NOMEM));
    if (err == 0)
        sessions_use(s->sessions, parts.settings);
    if (err == 0 && s->monitor != NULL)
        monitor_set_access(s->monitor, config->metrics.access, config->metrics.access_count);
    if (err < 0)
        text_printf(why, "%s\n", err_str(err));
    return err;
}

int in_force_reload(struct service *s, const struct caller *by, struct text *why)
{
    notify_send("RELOADING=1");
    int err = reload(s, by, why);
    if (err < 0) {
        log_error("configuration refused, the running one stays in force");
        telling_lines(why);
    } else {
        log_info("configuration reloaded policy_version=%" PRIu32, policy_version(s->snapshot->parts.settings->policy));
    }
    watch_check(s->watch);
    watch_check(s->tier_watch);
    notify_send("READY=1");
    return err;
}
