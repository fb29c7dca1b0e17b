#include "service/snapshot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

static void add_errors(const struct config_errors *errors, int err, struct text *why)
{
    char *bytes = NULL;
    size_t len = 0;
    FILE *file = errors->count == 0 ? NULL : open_memstream(&bytes, &len);
    if (file == NULL) {
        text_printf(why, "%s\n", err_str(err));
        return;
    }
    config_errors_print(errors, file);
    fclose(file);
    text_add(why, bytes, len);
    free(bytes);
}

/* What the configuration only names: certificates and roots. */
static int load_tls(struct settings *settings, struct text *why)
{
    const struct config *config = settings->config;
    const struct tls_identity_opts opts = {config->tls.certificate, config->tls.key};
    char sentence[TLS_WHY_MAX] = "";
    int err = opts.certificate == NULL ? 0 : tls_identity_load(&opts, &settings->tls, sentence);
    if (err == 0 && config->needs_trust)
        err = tls_trust_load(config->upstream_ca, &settings->trust, sentence);
    if (err < 0)
        text_printf(why, "%s\n", sentence[0] == '\0' ? err_str(err) : sentence);
    return err;
}

static int load_secrets(struct settings *settings, struct text *why)
{
    char sentence[SECRET_WHY_MAX] = "";
    int err = config_load_secrets(settings->config, &settings->nas, &settings->tokens, sentence);
    if (err < 0)
        text_printf(why, "%s\n", sentence[0] == '\0' ? err_str(err) : sentence);
    return err;
}

int settings_load(const char *const files[], size_t count, const struct snapshot_secrets *secrets,
                  struct settings **out, struct text *why)
{
    struct config_errors errors = {0};
    struct settings *settings = calloc(1, sizeof *settings);
    int err = settings == NULL ? ERR_NOMEM : config_load(files, count, &settings->config, &errors);
    if (err == 0)
        err = policy_new(&settings->config->policy, &settings->policy);
    if (err < 0)
        add_errors(&errors, err, why);
    else
        err = load_tls(settings, why);
    if (err == 0)
        err = load_secrets(settings, why);
    config_errors_done(&errors);
    if (err < 0) {
        settings_release_unheld(settings);
        return err;
    }
    memcpy(settings->config->query.cookie_secret, secrets->cookie, sizeof secrets->cookie);
    memcpy(settings->config->cache.secret, secrets->cache, sizeof secrets->cache);
    *out = settings;
    return 0;
}

int settings_set_version(struct settings *settings, uint32_t version)
{
    struct policy *policy;
    if (policy_version(settings->policy) == version)
        return 0;
    settings->config->policy.version = version;
    int err = policy_new(&settings->config->policy, &policy);
    if (err < 0)
        return err;
    policy_free(settings->policy);
    settings->policy = policy;
    return 0;
}

int snapshot_list_new(struct blockdb *db, struct list **out)
{
    struct list *list = calloc(1, sizeof *list);
    if (list == NULL) {
        blockdb_close(db);
        return ERR_NOMEM;
    }
    list->db = db;
    *out = list;
    return 0;
}

int snapshot_tier_new(struct statutory *list, bool missing, struct tier **out)
{
    struct tier *tier = calloc(1, sizeof *tier);
    if (tier == NULL) {
        statutory_close(list);
        return ERR_NOMEM;
    }
    *tier = (struct tier){.list = list, .missing = missing};
    *out = tier;
    return 0;
}

int orders_new(struct table *table, struct orders **out)
{
    struct orders *orders = calloc(1, sizeof *orders);
    if (orders == NULL) {
        table_free(table);
        return ERR_NOMEM;
    }
    orders->table = table;
    *out = orders;
    return 0;
}

int roll_new(struct presence *table, struct roll **out)
{
    struct roll *roll = calloc(1, sizeof *roll);
    if (roll == NULL) {
        presence_free(table);
        return ERR_NOMEM;
    }
    roll->table = table;
    *out = roll;
    return 0;
}

void settings_release_unheld(struct settings *settings)
{
    if (settings == NULL || settings->holders > 0)
        return;
    policy_free(settings->policy);
    tls_identity_free(settings->tls);
    tls_trust_free(settings->trust);
    radius_nas_table_free(settings->nas);
    token_table_free(settings->tokens);
    config_free(settings->config);
    free(settings);
}

static void list_release_unheld(struct list *list)
{
    if (list == NULL || list->holders > 0)
        return;
    blockdb_close(list->db);
    free(list);
}

static void tier_release_unheld(struct tier *tier)
{
    if (tier == NULL || tier->holders > 0)
        return;
    statutory_close(tier->list);
    free(tier);
}

static void orders_release_unheld(struct orders *orders)
{
    if (orders == NULL || orders->holders > 0)
        return;
    table_free(orders->table);
    free(orders);
}

void roll_release_unheld(struct roll *roll)
{
    if (roll == NULL || roll->holders > 0)
        return;
    presence_free(roll->table);
    free(roll);
}

void snapshot_release_unheld(const struct snapshot_parts *parts)
{
    settings_release_unheld(parts->settings);
    list_release_unheld(parts->list);
    tier_release_unheld(parts->tier);
    orders_release_unheld(parts->orders);
    roll_release_unheld(parts->roll);
}

static void *copy(const void *from, size_t bytes)
{
    void *made = malloc(bytes);
    if (made != NULL)
        memcpy(made, from, bytes);
    return made;
}

/* A zone that recursion answers for has no server while that is nowhere: its questions fail at once. */
static int place_recursion(struct snapshot *snapshot)
{
    struct query_opts *query = &snapshot->query;
    const struct recursor_place *place = &snapshot->parts.recursion;
    snapshot->servers = copy(query->servers, query->server_count * sizeof query->servers[0]);
    snapshot->zones = copy(query->zones, query->zone_count * sizeof query->zones[0]);
    if (snapshot->servers == NULL || snapshot->zones == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < query->server_count; i++)
        if (snapshot->servers[i].recursive && place->open)
            snapshot->servers[i].at = place->at;
    for (size_t i = 0; i < query->zone_count; i++) {
        struct query_zone *zone = &snapshot->zones[i];
        if (!place->open && zone->server_count > 0 && snapshot->servers[zone->servers[0]].recursive)
            zone->server_count = 0;
    }
    query->servers = snapshot->servers;
    query->zones = snapshot->zones;
    return 0;
}

int snapshot_new(const struct snapshot_parts *parts, struct snapshot **out)
{
    const struct config *config = parts->settings->config;
    struct snapshot *snapshot = malloc(sizeof *snapshot);
    if (snapshot == NULL)
        return ERR_NOMEM;
    *snapshot = (struct snapshot){.parts = *parts, .query = config->query};
    if (config->recursion.used && place_recursion(snapshot) < 0) {
        free(snapshot->servers);
        free(snapshot->zones);
        free(snapshot);
        return ERR_NOMEM;
    }
    parts->settings->holders++;
    parts->list->holders++;
    parts->tier->holders++;
    parts->orders->holders++;
    parts->roll->holders++;
    *out = snapshot;
    return 0;
}

void snapshot_free(struct snapshot *snapshot)
{
    if (snapshot == NULL)
        return;
    snapshot->parts.settings->holders--;
    snapshot->parts.list->holders--;
    snapshot->parts.tier->holders--;
    snapshot->parts.orders->holders--;
    snapshot->parts.roll->holders--;
    snapshot_release_unheld(&snapshot->parts);
    free(snapshot->servers);
    free(snapshot->zones);
    free(snapshot);
}

struct worker_env snapshot_env(const struct snapshot *snapshot, struct cache *cache)
{
    const struct config *config = snapshot->parts.settings->config;
    return (struct worker_env){
        .query = {.opts = &snapshot->query,
                  .policy = snapshot->parts.settings->policy,
                  .blockdb = snapshot->parts.list->db,
                  .statutory = snapshot->parts.tier->list,
                  .statutory_missing = snapshot->parts.tier->missing,
                  .decisions = snapshot->parts.orders->table,
                  .presence = snapshot->parts.roll->table,
                  .cache = cache},
        .tcp_idle_ms = config->limits.tcp_idle_ms,
        .tls = snapshot->parts.settings->tls,
        .doh_path = config->tls.doh_path,
        .trust = snapshot->parts.settings->trust,
    };
}
