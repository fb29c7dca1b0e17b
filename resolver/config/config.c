#include "config/config.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <xxhash.h>

#include "belisha/statutory_format.h"
#include "change/versions.h"
#include "config/build.h"
#include "config/options.h"
#include "config/schema.h"
#include "config/version.h"
#include "config/yaml.h"
#include "dns/name.h"

#define WORKERS_MAX           64
#define STATE_DIR_USUAL       "/var/lib/belisha" /* options.c */
#define CACHE_SHARDS_MAX      64
#define CACHE_SHARD_BYTES_MIN (256u << 10) /* below this a shard could not hold a few large answers */

/* ---- files ---- */

/* `KEY: FILE` becomes what is in the file, which is relative to the one that names it. */
static int read_part_file(struct arena *arena, const char *beside, struct yaml_node *tree, const char *key,
                          struct config_errors *errors)
{
    struct yaml_node *part = yaml_find(tree, key);
    struct yaml_node *root = NULL;
    if (part == NULL || part->kind != YAML_SCALAR || yaml_is_empty(part))
        return 0;
    const char *slash = part->text[0] == '/' ? NULL : strrchr(beside, '/');
    const char *path = arena_printf(arena, "%.*s%s", slash == NULL ? 0 : (int)(slash - beside + 1), beside, part->text);
    if (path == NULL)
        return ERR_NOMEM;
    if (access(path, R_OK) < 0) {
        config_errors_add(errors, &part->at, "%s must be a mapping or a file that can be read, not '%s'", key,
                          part->text);
        return ERR_CONFIG;
    }
    int rc = yaml_read_file(arena, path, errors, &root);
    if (rc < 0)
        return rc;
    part->kind = YAML_MAP;
    part->first = NULL;
    if (root != NULL) {
        part->kind = root->kind;
        part->text = root->text;
        part->at = root->at;
        part->first = root->first;
    }
    return 0;
}

/*
 * What a policy names is relative to the file that it stands in. It becomes a whole path here, so that the text of a policy
 * means the same wherever it is kept.
 */
static int anchor_paths(struct arena *arena, struct yaml_node *tree)
{
    static const char *const keys[] = {"people", "reasons"};
    struct yaml_node *policy = yaml_find(tree, "policy");
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        struct yaml_node *path = yaml_find(policy, keys[i]);
        if (path != NULL && path->kind == YAML_MAP)
            path = yaml_find(path, "file");
        if (path == NULL || path->kind != YAML_SCALAR || yaml_is_empty(path) || path->text[0] == '/')
            continue;
        const char *file = path->at.source->name;
        const char *slash = strrchr(file, '/');
        char *folder =
            arena_printf(arena, "%.*s", slash == NULL ? 1 : (int)(slash - file + 1), slash == NULL ? "." : file);
        char *whole = folder == NULL ? NULL : realpath(folder, NULL);
        if (folder == NULL)
            return ERR_NOMEM;
        path->text = arena_printf(arena, "%s/%s", whole == NULL ? folder : whole, path->text);
        free(whole);
        if (path->text == NULL)
            return ERR_NOMEM;
    }
    return 0;
}

static int read_file(struct arena *arena, const char *path, struct config_errors *errors, struct yaml_node **out)
{
    struct yaml_node *tree = NULL;
    int rc = yaml_read_file(arena, path, errors, &tree);
    if (rc < 0)
        return rc;
    if (tree != NULL && tree->kind != YAML_MAP) {
        config_errors_add(errors, &tree->at, "the file must hold a mapping (key: value)");
        return ERR_CONFIG;
    }
    *out = tree;
    rc = read_part_file(arena, path, tree, "policy", errors);
    if (rc == 0)
        rc = read_part_file(arena, path, tree, "safe_search", errors);
    return rc < 0 ? rc : anchor_paths(arena, tree);
}

/* Reads all files, even after one was refused, so that all mistakes are reported. */
static int read_files(struct arena *arena, const char *const files[], size_t count, struct config_errors *errors,
                      struct yaml_node **out)
{
    struct yaml_node *merged = NULL;
    int worst = 0;
    for (size_t i = 0; i < count; i++) {
        struct yaml_node *tree = NULL;
        int rc = read_file(arena, files[i], errors, &tree);
        if (rc == ERR_NOMEM)
            return rc;
        if (rc < 0)
            worst = rc;
        else
            merged = yaml_merge(merged, tree);
    }
    *out = merged;
    return worst;
}

/* ---- parts ---- */

const char *build_path(struct build *b, const char *path)
{
    if (path == NULL || path[0] == '/')
        return path;
    return arena_printf(b->arena, "%s/%s", b->options->state_dir, path);
}

static unsigned worker_count(int64_t configured)
{
    cpu_set_t cores;
    if (configured > 0)
        return (unsigned)configured;
    CPU_ZERO(&cores);
    int count = sched_getaffinity(0, sizeof cores, &cores) < 0 ? 1 : CPU_COUNT(&cores);
    return count < 1 ? 1 : count > WORKERS_MAX ? WORKERS_MAX : (unsigned)count;
}

static uint32_t seconds(int64_t ms)
{
    return (uint32_t)(ms / 1000);
}

static void fill_query(struct build *b)
{
    static const struct ipaddr none;
    const struct options *o = b->options;
    struct query_opts *q = &b->config->query;
    q->sinkhole_v4 = o->notice.ipv4;
    q->sinkhole_v6 = o->notice.ipv6;
    q->has_sinkhole_v4 = !ipaddr_equal(&o->notice.ipv4, &none);
    q->has_sinkhole_v6 = !ipaddr_equal(&o->notice.ipv6, &none);
    q->blocked_ttl_s = seconds(o->notice.ttl_ms);
    q->client_timeout_ms = o->limits.client_timeout_ms;
    q->try_timeout_ms = o->limits.upstream_timeout_ms;
    q->pending_max = (size_t)o->limits.pending;
    q->pending_per_client = (size_t)o->limits.pending_per_client;
    q->asks_max = (size_t)o->limits.pending;
    q->stream_idle_ms = o->limits.tcp_idle_ms;
    q->client_rate = (uint32_t)o->limits.client_rate;
    q->client_burst = (uint32_t)o->limits.client_burst;
    q->unlimited = o->limits.unlimited.items;
    q->unlimited_count = o->limits.unlimited.count;
    q->ttl_min_s = seconds(o->cache.min_ttl_ms);
    q->ttl_max_s = seconds(o->cache.max_ttl_ms);
    q->negative_ttl_max_s = seconds(o->cache.negative_ttl_ms);
    q->failure_ttl_s = seconds(o->cache.failure_ttl_ms);
    q->failure_ttl_max_s = seconds(o->cache.failure_ttl_max_ms);
    q->nxdomain_cut = o->cache.nxdomain_cut;
    q->serve_stale = o->cache.serve_stale;
    q->stale_max_s = seconds(o->cache.stale_max_ms);
    q->stale_after_ms = o->cache.stale_after_ms;
    q->rebinding_check = o->rebinding_check;
    q->log_queries = o->log.enabled;
}

static void fill_cache(struct build *b)
{
    struct cache_opts *cache = &b->config->cache;
    cache->bytes = (size_t)b->options->cache.bytes;
    cache->shards = 1;
    while (cache->shards < CACHE_SHARDS_MAX && cache->bytes / (cache->shards * 2) >= CACHE_SHARD_BYTES_MIN)
        cache->shards *= 2;
}

static const char *host_name(struct build *b)
{
    char name[256];
    if (gethostname(name, sizeof name) < 0)
        return "belisha";
    name[sizeof name - 1] = '\0';
    return arena_text(b->arena, name, strlen(name));
}

/* systemd gives a service its folder below /run, which is in memory; of several it names, the first. */
static const char *memory_folder(struct build *b, const char *configured)
{
    const char *run = getenv("RUNTIME_DIRECTORY");
    if (strcmp(configured, "off") == 0)
        return NULL;
    if (strcmp(configured, "auto") != 0)
        return build_path(b, configured);
    return run == NULL || run[0] == '\0' ? NULL : arena_printf(b->arena, "%.*s/journals", (int)strcspn(run, ":"), run);
}

static void fill_log(struct build *b)
{
    const struct options *o = b->options;
    b->config->log_enabled = o->log.enabled;
    b->config->log_pack_approval = o->log.pack_approval;
    b->config->log = (struct qlog_opts){.dir = build_path(b, o->log.dir),
                                        .node = o->log.node != NULL ? o->log.node : host_name(b),
                                        .key_path = build_path(b, o->log.key),
                                        .keys_dir = o->log.seal ? build_path(b, o->log.day_keys) : NULL,
                                        .identity_s = o->log.identity_ms / 1000,
                                        .memory_dir = memory_folder(b, o->log.memory),
                                        .writer_count = b->config->workers,
                                        .journal_bytes = (size_t)o->log.journal_bytes,
                                        .segment_bytes = (uint64_t)o->log.segment_bytes,
                                        .segment_s = o->log.segment_age_ms / 1000,
                                        .retention_s = o->log.retention_ms / 1000,
                                        .retention_bytes = (uint64_t)o->log.retention_bytes,
                                        .retention_free = (uint64_t)o->log.retention_free,
                                        .compact_every_ms = o->log.compact ? COMPACT_EVERY_MS : 0,
                                        .fsync_ms = o->log.fsync_ms,
                                        .backlog_bytes = (uint64_t)o->log.backlog_bytes};
}

static int fill_tap(struct build *b)
{
    /* in the order of options_dnstap_messages */
    static const enum dnstap_type types[] = {DNSTAP_CLIENT_QUERY, DNSTAP_CLIENT_RESPONSE, DNSTAP_FORWARDER_QUERY,
                                             DNSTAP_FORWARDER_RESPONSE};
    const struct options *o = b->options;
    struct config *config = b->config;
    const int *messages = o->dnstap.messages.items;
    config->tap_socket = build_path(b, o->dnstap.socket);
    config->tap.identity = o->dnstap.identity != NULL ? o->dnstap.identity : config->log.node;
    config->tap.version = o->dnstap.version != NULL ? o->dnstap.version : "belishad " BELISHA_VERSION;
    for (size_t i = 0; i < o->dnstap.messages.count; i++)
        config->tap.types |= 1u << types[messages[i]];
    if (o->dnstap.socket != NULL && config->tap_socket == NULL)
        return ERR_NOMEM;
    return 0;
}

static int fill_notice(struct build *b)
{
    const struct options *o = b->options;
    struct config_notice *notice = &b->config->notice;
    const uint8_t *const *hosts = o->notice.hosts.items;
    const char **texts = arena_alloc(b->arena, o->notice.hosts.count * sizeof *texts);
    if (texts == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < o->notice.hosts.count; i++)
        texts[i] = build_name_text(b, hosts[i]);
    *notice = (struct config_notice){.listen = o->notice.listen.items,
                                     .listen_count = o->notice.listen.count,
                                     .school = o->notice.school,
                                     .contact = o->notice.contact,
                                     .hosts = texts,
                                     .host_count = o->notice.hosts.count,
                                     .template_dir = build_path(b, o->notice.templates),
                                     .help_file = build_path(b, o->notice.help_file),
                                     .inbox_dir = build_path(b, o->notice.inbox),
                                     .inbox_bytes = (uint64_t)o->notice.inbox_bytes};
    return 0;
}

static void check_tls(struct build *b)
{
    const struct options *o = b->options;
    const struct schema_list *api = &o->identity.api.listen;
    if (o->tls.dot.count + o->tls.doh.count + api->count == 0)
        return;
    bool dns = o->tls.dot.count + o->tls.doh.count > 0;
    const char *what = dns ? "encrypted DNS" : "the local API over HTTPS";
    const struct config_place *at = o->tls.dot.count > 0 ? o->tls.dot.places : dns ? o->tls.doh.places : api->places;
    if (o->tls.certificate == NULL)
        config_errors_add(b->errors, at, "%s needs a certificate: tls.certificate names its file", what);
    if (o->tls.key == NULL)
        config_errors_add(b->errors, at, "%s needs a private key: tls.key names its file", what);
    if (o->tls.doh_path[0] != '/' || strpbrk(o->tls.doh_path, "?#{} ") != NULL ||
        strlen(o->tls.doh_path) > DOH_PATH_MAX)
        config_errors_add(b->errors, &o->tls.doh_path_at,
                          "doh_path must begin with /, be at most %d bytes long, and have no blank, ?, #, { or }: '%s'",
                          DOH_PATH_MAX, o->tls.doh_path);
}

static int fill_tls(struct build *b)
{
    const struct options *o = b->options;
    bool used = o->tls.dot.count + o->tls.doh.count + o->identity.api.listen.count > 0 && o->tls.certificate != NULL &&
                o->tls.key != NULL;
    check_tls(b);
    b->config->tls = (struct config_tls){.certificate = used ? build_path(b, o->tls.certificate) : NULL,
                                         .key = used ? build_path(b, o->tls.key) : NULL,
                                         .dot = o->tls.dot.items,
                                         .dot_count = o->tls.dot.count,
                                         .doh = o->tls.doh.items,
                                         .doh_count = o->tls.doh.count,
                                         .doh_path = o->tls.doh_path};
    return used && (b->config->tls.certificate == NULL || b->config->tls.key == NULL) ? ERR_NOMEM : 0;
}

static int fill_paths(struct build *b)
{
    const struct options *o = b->options;
    struct config *config = b->config;
    config->state_dir = o->state_dir;
    config->blocklist_dir = build_path(b, o->blocklist.dir);
    config->control_socket = build_path(b, o->control.socket);
    if (config->blocklist_dir == NULL || config->control_socket == NULL)
        return ERR_NOMEM;
    config->upstream_ca = o->upstream_ca == NULL ? NULL : build_path(b, o->upstream_ca);
    if (o->upstream_ca != NULL && config->upstream_ca == NULL)
        return ERR_NOMEM;
    config->generation_path = arena_printf(b->arena, "%s/current", config->blocklist_dir);
    config->statutory_path = arena_printf(b->arena, "%s/" STATUTORY_FOLDER "/current", config->blocklist_dir);
    config->decisions_dir = build_path(b, "state");
    config->decisions_path = build_path(b, "state/decisions");
    config->decisions_public = build_path(b, "state/decisions.public");
    bool all = config->generation_path != NULL && config->statutory_path != NULL && config->decisions_dir != NULL &&
               config->decisions_path != NULL && config->decisions_public != NULL;
    return all ? 0 : ERR_NOMEM;
}

static void fill_metrics(struct build *b)
{
    const struct schema_list *listen = &b->options->metrics.listen;
    if (listen->count > CONFIG_METRICS_LISTEN_MAX)
        config_errors_add(b->errors, &listen->places[CONFIG_METRICS_LISTEN_MAX],
                          "metrics.listen: more than %d addresses", CONFIG_METRICS_LISTEN_MAX);
    b->config->metrics = (struct config_metrics){.listen = listen->items,
                                                 .listen_count = listen->count,
                                                 .access = b->options->metrics.access.items,
                                                 .access_count = b->options->metrics.access.count};
}

static void check_lists(struct build *b)
{
    if (b->options->listen.count == 0)
        config_errors_add(b->errors, &b->options->listen_at, "listen names no address: nobody could ask");
    if (b->options->access.count == 0)
        config_errors_add(b->errors, &b->options->access_at, "access names no network: everybody would be refused");
}

/* ---- the policy's version ---- */

/* What a writer writes, in the arena. */
static const char *written(struct build *b, void (*write)(const struct config *config, FILE *to), size_t *out_len)
{
    char *text = NULL;
    FILE *to = open_memstream(&text, out_len);
    if (to == NULL)
        return NULL;
    write(b->config, to);
    const char *copy = fclose(to) == 0 ? arena_text(b->arena, text, *out_len) : NULL;
    free(text);
    return copy;
}

/*
 * The version in log rows is the number of the version in force, if that has this text. A policy that was never in force has
 * the fingerprint of all effective values instead, which is so great that it can't be taken for a number.
 */
static int fill_version(struct build *b)
{
    size_t len = 0;
    struct config *config = b->config;
    const char *all = written(b, config_write, &len);
    if (all == NULL)
        return ERR_NOMEM;
    config->policy.fingerprint = XXH32(all, len, 0);
    config->policy.version = config->policy.fingerprint | CONFIG_NO_VERSION;
    config->policy_text = written(b, config_write_policy, &config->policy_text_len);
    config->policy_dir = build_path(b, "state/policy");
    if (config->policy_text == NULL || config->policy_dir == NULL)
        return ERR_NOMEM;
    uint32_t current = versions_current(config->policy_dir);
    uint8_t hash[CHANGE_HASH_LEN];
    char *text = NULL;
    versions_hash(config->policy_text, config->policy_text_len, hash);
    if (current != 0 && versions_get(config->policy_dir, current, hash, &text, &len) == 0)
        config->policy.version = current;
    free(text);
    return 0;
}

static int fill(struct build *b)
{
    static int (*const steps[])(struct build *) = {
        build_servers, build_recursion, build_records, build_policy,     build_names, build_change, build_decisions,
        fill_paths,    fill_notice,     fill_tls,      build_structured, fill_tap,    fill_version, build_shipping};
    b->config->listen = b->options->listen.items;
    b->config->listen_count = b->options->listen.count;
    b->config->workers = worker_count(b->options->workers);
    b->config->limits = (struct config_limits){.tcp_clients = (size_t)b->options->limits.tcp_clients,
                                               .tcp_per_client = (size_t)b->options->limits.tcp_per_client,
                                               .tcp_idle_ms = b->options->limits.tcp_idle_ms};
    check_lists(b);
    if (build_identity(b) < 0 || build_sessions(b) < 0)
        return ERR_NOMEM;
    fill_query(b);
    fill_cache(b);
    fill_log(b);
    fill_metrics(b);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        if (steps[i](b) < 0)
            return ERR_NOMEM;
    if (build_alerts(b) < 0 || build_reports(b) < 0)
        return ERR_NOMEM;
    return build_leases(b);
}

/* ---- the whole ---- */

/*
 * The text of the version in force; *out is NULL where there is none yet. One that is there and can't be read is a mistake: what
 * the files say is not in force.
 */
static int read_in_force(struct arena *arena, const struct yaml_node *tree, struct config_errors *errors,
                         struct yaml_node **out)
{
    const struct yaml_node *dir = yaml_find(tree, "state_dir");
    const char *state_dir = yaml_is_empty(dir) || dir->kind != YAML_SCALAR ? STATE_DIR_USUAL : dir->text;
    const char *path = arena_printf(arena, "%s/state/policy/" VERSIONS_CURRENT, state_dir);
    if (path == NULL)
        return ERR_NOMEM;
    if (access(path, F_OK) < 0 && (errno == ENOENT || errno == ENOTDIR))
        return 0;
    return yaml_read_file(arena, path, errors, out);
}

/* Puts the wanted policy in the place of that of the files. */
static int choose_policy(struct arena *arena, const struct config_policy *wanted, struct config_errors *errors,
                         struct yaml_node **tree)
{
    struct yaml_node *policy = NULL;
    int rc = 0;
    if (wanted->kind == CONFIG_POLICY_TEXT)
        rc = yaml_read_text(arena, wanted->name, wanted->text, wanted->text_len, errors, &policy);
    else if (wanted->kind == CONFIG_POLICY_IN_FORCE && version_is_controlled(*tree))
        rc = read_in_force(arena, *tree, errors, &policy);
    if (rc < 0 || (policy == NULL && wanted->kind != CONFIG_POLICY_TEXT))
        return rc;
    if (policy != NULL && policy->kind == YAML_MAP) {
        rc = version_lay(arena, tree, policy, errors);
        return rc < 0 ? rc : anchor_paths(arena, *tree);
    }
    config_errors_add(errors, policy == NULL ? NULL : &policy->at, "%s: the policy must be a mapping (key: value)",
                      wanted->kind == CONFIG_POLICY_TEXT ? wanted->name : VERSIONS_CURRENT);
    return ERR_CONFIG;
}

static int load(struct arena *arena, const char *const files[], size_t count, const struct config_policy *policy,
                struct config_errors *errors, struct config **out)
{
    const size_t errors_before = errors->count;
    struct config *config = arena_alloc(arena, sizeof *config);
    struct options *options = arena_alloc(arena, sizeof *options);
    struct yaml_node *tree = NULL;
    if (config == NULL || options == NULL)
        return ERR_NOMEM;
    int rc = read_files(arena, files, count, errors, &tree);
    if (rc == 0)
        rc = choose_policy(arena, policy, errors, &tree);
    if (rc == 0)
        rc = schema_read(options_table, tree, arena, errors, options);
    if (rc < 0)
        return rc;
    config->arena = arena;
    config->tree = tree;
    struct build build = {
        .arena = arena, .errors = errors, .options = options, .resolv_conf = "/etc/resolv.conf", .config = config};
    rc = fill(&build);
    if (rc < 0)
        return rc;
    *out = config;
    return errors->count > errors_before ? ERR_CONFIG : 0;
}

int config_load_policy(const char *const files[], size_t count, const struct config_policy *policy, struct config **out,
                       struct config_errors *errors)
{
    struct config *config = NULL;
    struct arena *arena = arena_new();
    if (arena == NULL)
        return ERR_NOMEM;
    int rc = load(arena, files, count, policy, errors, &config);
    if (rc < 0) {
        arena_free(arena);
        return rc;
    }
    *out = config;
    return 0;
}

int config_load(const char *const files[], size_t count, struct config **out, struct config_errors *errors)
{
    return config_load_policy(files, count, &(struct config_policy){.kind = CONFIG_POLICY_IN_FORCE}, out, errors);
}

void config_free(struct config *config)
{
    if (config != NULL)
        arena_free(config->arena); /* config itself lies in it */
}

void config_use_time_zone(const struct config *config)
{
    if (config->time_zone != NULL && setenv("TZ", config->time_zone, 1) == 0)
        tzset();
}

void config_write(const struct config *config, FILE *to)
{
    schema_write(options_table, config->tree, to);
}

void config_write_policy(const struct config *config, FILE *to)
{
    version_write(config->tree, to);
}

void config_write_rights(const struct config *config, FILE *to)
{
    version_write_rights(config->tree, to);
}
