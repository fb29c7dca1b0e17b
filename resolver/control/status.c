#include "control/status.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "statutory/enrolled.h"

/* ---- JSON ---- */

static void write_generation(const struct command_env *env, struct text *out)
{
    if (env->blockdb == NULL) {
        text_printf(out, "  \"generation\": null,\n");
        return;
    }
    int64_t built_s = blockdb_built_s(env->blockdb);
    text_printf(out,
                "  \"generation\": {\"number\": %" PRIu64 ", \"names\": %" PRIu64
                ", \"feeds\": %zu, \"built_s\": %" PRId64 ", \"age_s\": %" PRId64 "},\n",
                blockdb_generation(env->blockdb), blockdb_name_count(env->blockdb), blockdb_feed_count(env->blockdb),
                built_s, env->now_s - built_s);
}

static void write_digest(const uint8_t digest[STATUTORY_DIGEST_LEN], struct text *out)
{
    for (size_t i = 0; i < STATUTORY_DIGEST_LEN; i++)
        text_printf(out, "%02x", digest[i]);
}

static void write_statutory_feed(const struct command_env *env, const struct statutory_feed_record *feed,
                                 struct text *out)
{
    text_printf(out, "{\"name\": ");
    text_add_json(out, feed->name);
    text_printf(out, ", \"body\": ");
    text_add_json(out, feed->body);
    text_printf(out, ", \"membership\": ");
    text_add_json(out, feed->membership);
    text_printf(out, ", \"licence\": ");
    text_add_json(out, feed->licence);
    text_printf(out, ",\n      \"digest\": \"");
    write_digest(feed->digest, out);
    text_printf(out,
                "\", \"fetched_s\": %" PRId64 ", \"age_s\": %" PRId64 ", \"max_age_s\": %" PRId64
                ",\n      \"hosts\": %" PRIu64 ", \"pages\": %" PRIu64 ", \"refused\": %" PRIu64
                ", \"widened\": %" PRIu64 "}",
                feed->fetched_s, env->now_s - feed->fetched_s, feed->max_age_s, feed->hosts, feed->pages, feed->refused,
                feed->widened);
}

/* Counts, ages and digests; no entry of a list can be told from it. */
static void write_statutory(const struct command_env *env, struct text *out)
{
    const struct statutory *list = env->statutory;
    bool marked = env->statutory_path != NULL && enrolled_is_set_up(env->statutory_path);
    text_printf(out, "  \"statutory\": {\"set_up\": %s, \"in_force\": %s", marked ? "true" : "false",
                list != NULL ? "true" : "false");
    if (env->statutory_missing)
        text_printf(out, ", \"alarm\": \"it was set up and its list can't be read: nothing is open\"");
    else if (list == NULL && marked)
        text_printf(out, ", \"alarm\": \"it was set up and its list is not in force\"");
    else if (list != NULL && !marked)
        text_printf(out, ", \"alarm\": \"its marker was deleted while its list is in force\"");
    if (list != NULL) {
        text_printf(out, ",\n    \"generation\": %" PRIu64 ", \"built_s\": %" PRId64 ", \"hosts\": %zu, \"feeds\": [",
                    statutory_generation(list), statutory_built_s(list), statutory_count(list));
        for (size_t i = 0; i < statutory_feed_count(list); i++) {
            text_printf(out, i == 0 ? "\n      " : ",\n      ");
            write_statutory_feed(env, statutory_feed(list, i), out);
        }
        text_printf(out, "\n    ]");
    }
    text_printf(out, "},\n");
}

/* "belisha_queries_udp_total" is "queries_udp" here. */
static void write_counters(const struct command_env *env, struct text *out)
{
    struct metrics sum;
    metrics_sum(env->workers, env->worker_count, &sum);
    text_printf(out, "  \"counters\": {");
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        const char *name = metrics_name((enum metric)i) + strlen("belisha_");
        text_printf(out, "%s\n    \"%.*s\": %" PRIu64, i == 0 ? "" : ",", (int)(strlen(name) - strlen("_total")), name,
                    sum.value[i]);
    }
    text_printf(out, "\n  },\n");
}

static void write_cache(const struct command_env *env, struct text *out)
{
    struct cache_stats stats;
    cache_stats(env->cache, &stats);
    text_printf(out,
                "  \"cache\": {\"entries\": %" PRIu64 ", \"bytes\": %" PRIu64 ", \"bytes_max\": %" PRIu64
                ", \"evicted\": %" PRIu64 "},\n",
                stats.entries, stats.bytes, stats.bytes_max, stats.evicted);
}

static void write_log(const struct command_env *env, struct text *out)
{
    struct qlog_stats stats;
    if (env->log == NULL) {
        text_printf(out, "  \"log\": null,\n");
        return;
    }
    qlog_stats(env->log, &stats);
    text_printf(out,
                "  \"log\": {\"written\": %" PRIu64 ", \"lost\": %" PRIu64 ", \"segments\": %" PRIu64
                ", \"bytes\": %" PRIu64 ", \"oldest_s\": %" PRId64 ", \"trouble\": ",
                stats.written, stats.lost, stats.segments, stats.bytes, stats.oldest_s);
    if (stats.last_error == 0)
        text_printf(out, "null");
    else
        text_add_json(out, err_str(stats.last_error));
    text_printf(out, "},\n");
}

static void write_decisions(const struct command_env *env, struct text *out)
{
    size_t in_force = 0;
    if (env->docket == NULL) {
        text_printf(out, "  \"decisions\": null,\n");
        return;
    }
    for (size_t i = 0; i < docket_count(env->docket); i++)
        in_force += decision_in_force(docket_all(env->docket)[i], env->now_s);
    text_printf(out, "  \"decisions\": {\"in_force\": %zu, \"damaged_lines\": %u},\n", in_force,
                docket_damaged(env->docket));
}

static void write_upstreams(const struct command_env *env, struct text *out)
{
    text_printf(out, "  \"upstreams\": [");
    for (size_t i = 0; i < env->query->server_count; i++) {
        const struct query_server *server = &env->query->servers[i];
        char address[ENDPOINT_TEXT_MAX];
        text_printf(out, "%s\n    {\"name\": ", i == 0 ? "" : ",");
        text_add_json(out, server->name == NULL ? "" : server->name);
        text_printf(out, ", \"address\": \"%s\", \"tcp\": %s, \"tls\": %s}", endpoint_to_text(&server->at, address),
                    server->stream ? "true" : "false", server->tls != NULL ? "true" : "false");
    }
    text_printf(out, "\n  ]\n");
}

void status_write(const struct command_env *env, struct text *out)
{
    text_printf(out, "{\n  \"version\": ");
    text_add_json(out, env->version);
    text_printf(out, ",\n  \"state_dir\": ");
    text_add_json(out, env->state_dir);
    text_printf(out,
                ",\n  \"started_s\": %" PRId64 ",\n  \"uptime_s\": %" PRId64 ",\n  \"workers\": %zu,\n"
                "  \"policy_version\": %" PRIu32 ",\n",
                env->started_s, env->now_s - env->started_s, env->worker_count, env->policy_version);
    write_generation(env, out);
    write_statutory(env, out);
    write_counters(env, out);
    write_cache(env, out);
    write_log(env, out);
    write_decisions(env, out);
    write_upstreams(env, out);
    text_printf(out, "}\n");
}

/* ---- Prometheus ---- */

static void gauge(struct text *out, const char *name, const char *help, uint64_t value)
{
    text_printf(out, "# HELP %s %s\n# TYPE %s gauge\n%s %" PRIu64 "\n", name, help, name, name, value);
}

static void write_gauges(const struct command_env *env, struct text *out)
{
    struct cache_stats cache;
    cache_stats(env->cache, &cache);
    gauge(out, "belisha_start_time_seconds", "When the program was started, s since 1970", (uint64_t)env->started_s);
    gauge(out, "belisha_cache_entries", "Answers in the cache", cache.entries);
    gauge(out, "belisha_cache_bytes", "Memory used by cached answers", cache.bytes);
    gauge(out, "belisha_generation", "Blocklist generation in force, 0 for none",
          env->blockdb == NULL ? 0 : blockdb_generation(env->blockdb));
    if (env->blockdb != NULL) {
        gauge(out, "belisha_generation_names", "Names in the generation in force", blockdb_name_count(env->blockdb));
        gauge(out, "belisha_generation_built_seconds", "When it was built, s since 1970",
              (uint64_t)blockdb_built_s(env->blockdb));
    }
    gauge(out, "belisha_statutory_generation", "Statutory list in force, 0 for none",
          env->statutory == NULL ? 0 : statutory_generation(env->statutory));
    gauge(out, "belisha_statutory_missing", "1: the statutory list was set up and can't be read",
          env->statutory_missing ? 1 : 0);
    if (env->log != NULL) {
        struct qlog_stats log;
        qlog_stats(env->log, &log);
        gauge(out, "belisha_log_lost_records", "Query log records that could not be stored since start", log.lost);
        gauge(out, "belisha_log_bytes", "Size of the query log", log.bytes);
    }
}

void status_write_metrics(const struct command_env *env, struct text *out)
{
    struct metrics sum;
    metrics_sum(env->workers, env->worker_count, &sum);
    size_t len = metrics_write_text(&sum, NULL, 0);
    char *counters = malloc(len + 1);
    if (counters == NULL) {
        text_printf(out, "error: %s\n", err_str(ERR_NOMEM));
        return;
    }
    metrics_write_text(&sum, counters, len + 1);
    text_add(out, counters, len);
    free(counters);
    write_gauges(env, out);
}
