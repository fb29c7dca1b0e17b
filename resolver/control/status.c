#include "control/status.h"

#include <inttypes.h>
#include <string.h>

#include "base/category.h"
#include "base/err.h"
#include "control/change.h"
#include "control/health.h"
#include "control/status_schedules.h"
#include "control/lease_report.h"
#include "control/standing.h"
#include "dns/name.h"
#include "dns/rr.h"
#include "statutory/enrolled.h"

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

/* How many addresses are known, and how well. */
static void write_identity(const struct command_env *env, struct text *out)
{
    static const char *const keys[PRESENCE_GRADES] = {[PRESENCE_USER] = "a",
                                                      [PRESENCE_LOGON] = "b",
                                                      [PRESENCE_LOAN] = "c",
                                                      [PRESENCE_DEVICE] = "d",
                                                      [PRESENCE_ADDRESS] = "e"};
    if (env->presence == NULL || env->claims == NULL)
        return;
    text_printf(
        out, "  \"identity\": {\"claims\": %zu, \"refused\": %" PRIu64 ", \"took_us\": %" PRId64 ", \"addresses\": {",
        claims_count(env->claims), claims_refused(env->claims), env->presence_took_us);
    for (unsigned grade = PRESENCE_USER; grade <= PRESENCE_DEVICE; grade++)
        text_printf(out, "%s\"%s\": %zu", grade == PRESENCE_USER ? "" : ", ", keys[grade],
                    presence_count_grade(env->presence, (enum presence_grade)grade));
    text_printf(out, "}, \"users\": %" PRIu32 ", \"devices\": %" PRIu32 "},\n",
                env->roster == NULL ? 0 : roster_count(env->roster, ROSTER_USER),
                env->roster == NULL ? 0 : roster_count(env->roster, ROSTER_DEVICE));
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

/* "belisha_queries_udp_total" is "queries_udp" here; what is made of the verdicts is beside them. */
static void write_counters(const struct metrics *sum, struct text *out)
{
    const struct {
        const char *key;
        uint64_t value;
    } made[] = {
        {"answers", metrics_answers(sum)},
        {"answers_blocked", metrics_blocked(sum)},
        {"answers_local", metrics_by_action(sum, VERDICT_LOCAL)},
        {"answers_refused", metrics_by_action(sum, VERDICT_REFUSED)},
        {"answers_error", metrics_by_action(sum, VERDICT_ERROR)},
        {"answers_not_ready", metrics_by_action(sum, VERDICT_NOT_READY)},
    };
    text_printf(out, "  \"counters\": {");
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        const char *name = metrics_name((enum metric)i) + strlen("belisha_");
        text_printf(out, "\n    \"%.*s\": %" PRIu64 ",", (int)(strlen(name) - strlen("_total")), name, sum->value[i]);
    }
    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++)
        text_printf(out, "%s\n    \"%s\": %" PRIu64, i == 0 ? "" : ",", made[i].key, made[i].value);
    text_printf(out, "\n  },\n");
}

/* One member of an object whose zeros are left out. */
static void write_share(const char *key, uint64_t value, bool *first, struct text *out)
{
    if (value == 0)
        return;
    text_printf(out, "%s\"%s\": %" PRIu64, *first ? "" : ", ", key, value);
    *first = false;
}

static void write_verdicts(const struct metrics *sum, struct text *out)
{
    bool first = true;
    text_printf(out, "  \"answers_by_action\": {");
    for (unsigned i = 0; i < METRICS_ACTIONS; i++)
        write_share(verdict_action_name(i), metrics_by_action(sum, (enum verdict_action)i), &first, out);
    text_printf(out, "},\n  \"answers_by_reason\": {");
    first = true;
    for (unsigned i = 0; i < METRICS_REASONS; i++)
        write_share(verdict_reason_name(i), metrics_by_reason(sum, (enum verdict_reason)i), &first, out);
    text_printf(out, "},\n  \"answers_by_rcode\": {");
    first = true;
    for (unsigned i = 0; i < METRICS_RCODES; i++) {
        char rcode[DNS_TYPE_TEXT_MAX];
        write_share(dns_rcode_to_text(i, rcode), sum->rcode[i], &first, out);
    }
    text_printf(out, "},\n  \"blocked_by_category\": {");
    first = true;
    for (unsigned i = 0; i < CATEGORY_MAX; i++)
        if (category_name(i) != NULL)
            write_share(category_name(i), sum->blocked[i], &first, out);
    text_printf(out, "},\n");
}

/* The half and the last hundredth are estimates (metrics/histogram.h). */
static void write_times(const struct histogram *h, struct text *out)
{
    uint64_t count = histogram_total(h);
    text_printf(out, "{\"count\": %" PRIu64, count);
    if (count > 0)
        text_printf(out, ", \"mean_us\": %" PRIu64 ", \"p50_us\": %" PRId64 ", \"p99_us\": %" PRId64,
                    h->sum_ns / count / 1000, histogram_quantile_ns(h, 0.5) / 1000,
                    histogram_quantile_ns(h, 0.99) / 1000);
    text_printf(out, "}");
}

static void write_pace(const struct command_env *env, const struct metrics *sum, struct text *out)
{
    static const char *const ways[] = {
#define X(suffix, name) name,
        PACE_WAYS(X)
#undef X
    };
    struct pace_recent recent = {.span_ms = 0};
    if (env->pace != NULL)
        recent = pace_recent(env->pace, sum, env->now_ms);
    text_printf(out, "  \"recent\": {\"span_ms\": %" PRId64, recent.span_ms);
    for (size_t i = 0; i < PACE_WAY_COUNT; i++)
        text_printf(out, ", \"%s\": %" PRIu64, ways[i], recent.queries[i]);
    text_printf(out, "},\n  \"latency\": {\"here\": ");
    write_times(&sum->at_once, out);
    text_printf(out, ", \"upstream\": ");
    write_times(&sum->waited, out);
    text_printf(out, "},\n");
}

static void write_health(const struct command_env *env, struct text *out)
{
    const struct health health = health_of(env);
    text_printf(out, "  \"health\": {\"live\": %s, \"ready\": %s, \"reasons\": [", health.live ? "true" : "false",
                health.ready ? "true" : "false");
    for (size_t i = 0; i < health.reason_count; i++) {
        text_printf(out, i == 0 ? "" : ", ");
        text_add_json(out, health.reasons[i]);
    }
    text_printf(out, "]},\n");
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
                ", \"bytes\": %" PRIu64 ", \"oldest_s\": %" PRId64 ", \"merged\": %" PRIu64 ", \"held\": %" PRIu64
                ", \"missing_bytes\": %" PRIu64 ", \"damaged\": %" PRIu64 ", \"in_memory\": %s, \"trouble\": ",
                stats.written, stats.lost, stats.segments, stats.bytes, stats.oldest_s, stats.merged, stats.held,
                stats.missing_bytes, stats.damaged, stats.in_memory ? "true" : "false");
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

/* The zones whose names are asked there; "." is everything that no other zone covers. */
static void write_zones(const struct query_opts *query, uint16_t server, struct text *out)
{
    bool first = true;
    text_printf(out, "\"zones\": [");
    for (size_t i = 0; i < query->zone_count; i++)
        for (size_t k = 0; k < query->zones[i].server_count; k++) {
            char name[NAME_TEXT_MAX];
            if (query->servers[query->zones[i].servers[k]].meter != query->servers[server].meter)
                continue;
            text_printf(out, first ? "" : ", ");
            text_add_json(out, name_to_text(query->zones[i].name, name));
            first = false;
            break;
        }
    text_printf(out, "]");
}

static void write_standing(const struct command_env *env, const struct standing *s, struct text *out)
{
    static const char *const keys[] = {
#define X(suffix, family, label, key, help) key,
        METER_LIST(X)
#undef X
    };
    text_printf(out, "\"state\": \"%s\", \"failed_in_row\": %" PRId64 ", \"resting_workers\": %u",
                standing_name(s->state), s->failed_in_row, s->resting);
    if (s->replied_ms > 0)
        text_printf(out, ", \"rtt_ms\": %" PRId64 ", \"replied_ago_ms\": %" PRId64, s->srtt_ms,
                    env->now_ms - s->replied_ms);
    text_printf(out, ", \"sockets\": %" PRId64 ", \"connections\": %" PRId64 ",\n     \"rtt\": ", s->ports, s->links);
    write_times(&s->sum.rtt, out);
    text_printf(out, ",\n    ");
    for (size_t i = 0; i < METER_COUNTS; i++)
        text_printf(out, " \"%s\": %" PRIu64 "%s", keys[i], s->sum.count[i], i + 1 < METER_COUNTS ? "," : "");
}

static void write_recursion(const struct command_env *env, struct text *out)
{
    const struct recursion_status *r = &env->recursion;
    if (r->state == RECURSION_UNUSED) {
        text_printf(out, "  \"recursion\": null,\n");
        return;
    }
    text_printf(out, "  \"recursion\": {\"state\": \"%s\", \"pid\": %d, \"port\": %u, \"restarts\": %" PRIu64 "},\n",
                recursion_state_text(r->state), (int)r->pid, r->port, r->restarts);
}

static void write_upstreams(const struct command_env *env, struct text *out)
{
    bool first = true;
    text_printf(out, "  \"upstreams\": [");
    for (size_t i = 0; i < env->query->server_count; i++) {
        const struct query_server *server = &env->query->servers[i];
        struct standing standing;
        char address[ENDPOINT_TEXT_MAX];
        if (standing_is_twin(env->query, i))
            continue;
        text_printf(out, "%s\n    {\"name\": ", first ? "" : ",");
        text_add_json(out, server->name == NULL ? "" : server->name);
        text_printf(out, ", \"address\": \"%s\", \"tcp\": %s, \"tls\": %s, ", standing_address(server, address),
                    server->stream ? "true" : "false", server->tls != NULL ? "true" : "false");
        write_zones(env->query, (uint16_t)i, out);
        standing_of(env->workers, env->worker_count, server->meter, env->now_ms, &standing);
        text_printf(out, ",\n     ");
        write_standing(env, &standing, out);
        text_printf(out, "}");
        first = false;
    }
    text_printf(out, "\n  ]\n");
}

static void write_operators(const struct command_env *env, struct text *out)
{
    text_printf(out, "  \"operators\": %zu,\n", env->roles == NULL ? 0 : env->roles->member_count);
}

void status_write(const struct command_env *env, struct text *out)
{
    struct metrics sum;
    metrics_sum(env->workers, env->worker_count, &sum);
    text_printf(out, "{\n  \"version\": ");
    text_add_json(out, env->version);
    text_printf(out, ",\n  \"state_dir\": ");
    text_add_json(out, env->state_dir);
    text_printf(out,
                ",\n  \"started_s\": %" PRId64 ",\n  \"uptime_s\": %" PRId64 ",\n  \"workers\": %zu,\n"
                "  \"workers_stuck\": %zu,\n  \"policy_version\": %" PRIu32 ",\n",
                env->started_s, env->now_s - env->started_s, env->worker_count, env->workers_stuck,
                env->policy_version);
    write_health(env, out);
    write_generation(env, out);
    write_identity(env, out);
    write_statutory(env, out);
    write_counters(&sum, out);
    write_verdicts(&sum, out);
    write_pace(env, &sum, out);
    write_cache(env, out);
    write_log(env, out);
    write_decisions(env, out);
    change_write_status(env, out);
    write_operators(env, out);
    status_write_schedules(env->policy, env->now_s, out);
    lease_report_status(env, out);
    session_report_status(env->sessions, out);
    write_recursion(env, out);
    write_upstreams(env, out);
    text_printf(out, "}\n");
}
