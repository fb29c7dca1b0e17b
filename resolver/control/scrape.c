#include "control/scrape.h"

#include <stdlib.h>
#include <string.h>

#include "base/category.h"
#include "control/health.h"
#include "control/lease_report.h"
#include "control/standing.h"
#include "dns/rr.h"
#include "metrics/exposition.h"

/* One sample of a labelled family. */
static void sample_with(struct text *out, const char *family, const char *label, const char *value, uint64_t number)
{
    struct text labels = {0};
    exposition_label(&labels, label, value);
    exposition_sample(out, family, labels.bytes, number);
    text_done(&labels);
}

/* ---- what the workers count ---- */

static void write_counters(const struct metrics *sum, struct text *out)
{
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        const char *name = metrics_name((enum metric)i);
        exposition_family(out, name, EXPOSITION_COUNTER, metrics_help((enum metric)i));
        exposition_sample(out, name, NULL, sum->value[i]);
    }
}

static void write_verdicts(const struct metrics *sum, struct text *out)
{
    static const char by_action[] = "belisha_answers_total";
    static const char by_reason[] = "belisha_answer_reasons_total";
    exposition_family(out, by_action, EXPOSITION_COUNTER, "Answers given, by what was done");
    for (size_t i = 0; i < METRICS_ACTIONS; i++)
        sample_with(out, by_action, "action", verdict_action_name((unsigned)i),
                    metrics_by_action(sum, (enum verdict_action)i));
    exposition_family(out, by_reason, EXPOSITION_COUNTER, "Answers given, by why it was done");
    for (size_t i = 0; i < METRICS_REASONS; i++)
        if (i != REASON_STATUTORY && i != REASON_PROTECTED_HELP) /* nobody learns of these here */
            sample_with(out, by_reason, "reason", verdict_reason_name((unsigned)i),
                        metrics_by_reason(sum, (enum verdict_reason)i));
}

/* Who asks for help is counted with the grade that he has, as everyone: else the figure of nobody would tell of him. */
static void write_grades(const struct command_env *env, const struct metrics *sum, struct text *out)
{
    static const char answers[] = "belisha_answer_grades_total";
    static const char addresses[] = "belisha_identity_addresses";
    static const char *const letters[METRICS_GRADES] = {NULL, "A", "B", "C", "D", "E"};
    exposition_family(out, answers, EXPOSITION_COUNTER, "Answers given, by how sure it was who asked");
    for (size_t i = 1; i < METRICS_GRADES; i++)
        sample_with(out, answers, "grade", letters[i], sum->grade[i]);
    if (env->presence == NULL)
        return;
    exposition_family(out, addresses, EXPOSITION_GAUGE,
                      "Addresses of which it is known who is there, by how sure that is");
    for (unsigned i = PRESENCE_USER; i <= PRESENCE_DEVICE; i++)
        sample_with(out, addresses, "grade", letters[i], presence_count_grade(env->presence, (enum presence_grade)i));
}

static void write_rcodes(const struct metrics *sum, struct text *out)
{
    static const char family[] = "belisha_answer_rcodes_total";
    exposition_family(out, family, EXPOSITION_COUNTER, "Answers given, by response code");
    for (unsigned i = 0; i < METRICS_RCODES; i++) {
        char name[DNS_TYPE_TEXT_MAX];
        bool common = i <= DNS_RCODE_REFUSED || i == DNS_RCODE_BADVERS;
        if (common || sum->rcode[i] > 0)
            sample_with(out, family, "rcode", dns_rcode_to_text(i, name), sum->rcode[i]);
    }
}

static void write_categories(const struct metrics *sum, struct text *out)
{
    static const char family[] = "belisha_blocked_total";
    exposition_family(out, family, EXPOSITION_COUNTER, "Answers that kept a client from a name, by category");
    for (unsigned i = 0; i < CATEGORY_MAX; i++) {
        const char *name = category_name(i);
        if (name != NULL && i != CATEGORY_ILLEGAL) /* counted as local */
            sample_with(out, family, "category", name, sum->blocked[i]);
    }
}

static void write_durations(const struct metrics *sum, struct text *out)
{
    static const char family[] = "belisha_answer_duration_seconds";
    exposition_family(out, family, EXPOSITION_HISTOGRAM,
                      "Time to an answer, from reading the question: at once (of its whole batch), or by an upstream");
    exposition_histogram(out, family, "from=\"here\"", &sum->at_once);
    exposition_histogram(out, family, "from=\"upstream\"", &sum->waited);
}

/* ---- upstream servers ---- */

struct upstreams {
    size_t count;
    struct text labels[QUERY_SERVERS_MAX];
    struct standing standings[QUERY_SERVERS_MAX];
};

static const char *way_of(const struct query_server *server)
{
    return server->tls != NULL ? "tls" : server->stream ? "tcp" : "udp";
}

static struct upstreams *upstreams_new(const struct command_env *env)
{
    struct upstreams *u = calloc(1, sizeof *u);
    if (u == NULL)
        return NULL;
    for (size_t i = 0; i < env->query->server_count; i++) {
        const struct query_server *server = &env->query->servers[i];
        char address[ENDPOINT_TEXT_MAX];
        if (standing_is_twin(env->query, i))
            continue;
        struct text *labels = &u->labels[u->count];
        exposition_label(labels, "server", server->name == NULL ? "" : server->name);
        exposition_label(labels, "address", standing_address(server, address));
        exposition_label(labels, "way", way_of(server));
        standing_of(env->workers, env->worker_count, server->meter, env->now_ms, &u->standings[u->count]);
        u->count++;
    }
    return u;
}

static void upstreams_free(struct upstreams *u)
{
    for (size_t i = 0; i < u->count; i++)
        text_done(&u->labels[i]);
    free(u);
}

static void write_upstream_counters(const struct upstreams *u, struct text *out)
{
    static const struct {
        const char *family, *label, *help;
    } rows[] = {
#define X(suffix, family, label, key, help) {"belisha_upstream_" family "_total", label, help},
        METER_LIST(X)
#undef X
    };
    for (size_t row = 0; row < METER_COUNTS; row++) {
        if (row == 0 || strcmp(rows[row].family, rows[row - 1].family) != 0)
            exposition_family(out, rows[row].family, EXPOSITION_COUNTER, rows[row].help);
        for (size_t i = 0; i < u->count; i++) {
            struct text labels = {0};
            text_printf(&labels, "%s%s%s", u->labels[i].bytes, rows[row].label[0] == '\0' ? "" : ",", rows[row].label);
            exposition_sample(out, rows[row].family, labels.bytes, u->standings[i].sum.count[row]);
            text_done(&labels);
        }
    }
}

static uint64_t is_up(const struct standing *s)
{
    return s->state == STANDING_ANSWERS || s->state == STANDING_UNKNOWN;
}

static uint64_t is_distrusted(const struct standing *s)
{
    return s->state == STANDING_DISTRUSTED;
}

static uint64_t resting_of(const struct standing *s)
{
    return s->resting;
}

static uint64_t ports_of(const struct standing *s)
{
    return (uint64_t)s->ports;
}

static uint64_t links_of(const struct standing *s)
{
    return (uint64_t)s->links;
}

static void write_upstream_gauges(const struct upstreams *u, struct text *out)
{
    static const struct {
        const char *family;
        uint64_t (*value)(const struct standing *s);
        const char *help;
    } rows[] = {
        {"belisha_upstream_up", is_up, "0: it failed several times in a row, or did not prove who it is"},
        {"belisha_upstream_distrusted", is_distrusted, "1: it did not prove who it is, and has not since"},
        {"belisha_upstream_resting_workers", resting_of, "Workers that do not ask it for a while"},
        {"belisha_upstream_sockets", ports_of, "UDP sockets open to it"},
        {"belisha_upstream_connections", links_of, "Connections open to it"},
    };
    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        exposition_family(out, rows[row].family, EXPOSITION_GAUGE, rows[row].help);
        for (size_t i = 0; i < u->count; i++)
            exposition_sample(out, rows[row].family, u->labels[i].bytes, rows[row].value(&u->standings[i]));
    }
}

static void write_upstream_times(const struct upstreams *u, struct text *out)
{
    static const char smoothed[] = "belisha_upstream_rtt_smoothed_seconds";
    static const char family[] = "belisha_upstream_rtt_seconds";
    exposition_family(out, smoothed, EXPOSITION_GAUGE, "Smoothed round-trip time, by which servers are chosen");
    for (size_t i = 0; i < u->count; i++)
        if (u->standings[i].srtt_ms >= 0)
            exposition_sample_ns(out, smoothed, u->labels[i].bytes, u->standings[i].srtt_ms * 1000000);
    exposition_family(out, family, EXPOSITION_HISTOGRAM, "Time from a question to the server's reply");
    for (size_t i = 0; i < u->count; i++)
        exposition_histogram(out, family, u->labels[i].bytes, &u->standings[i].sum.rtt);
}

static void write_upstreams(const struct command_env *env, struct text *out)
{
    struct upstreams *u = upstreams_new(env);
    if (u == NULL)
        return;
    write_upstream_counters(u, out);
    write_upstream_gauges(u, out);
    write_upstream_times(u, out);
    upstreams_free(u);
}

/* ---- the rest ---- */

static void gauge(struct text *out, const char *name, const char *help, uint64_t value)
{
    exposition_family(out, name, EXPOSITION_GAUGE, help);
    exposition_sample(out, name, NULL, value);
}

static void counter(struct text *out, const char *name, const char *help, uint64_t value)
{
    exposition_family(out, name, EXPOSITION_COUNTER, help);
    exposition_sample(out, name, NULL, value);
}

static void write_lists(const struct command_env *env, struct text *out)
{
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
}

static void write_stores(const struct command_env *env, struct text *out)
{
    struct cache_stats cache;
    cache_stats(env->cache, &cache);
    gauge(out, "belisha_cache_entries", "Answers in the cache", cache.entries);
    gauge(out, "belisha_cache_bytes", "Memory used by cached answers", cache.bytes);
    counter(out, "belisha_cache_evicted_total", "Answers that made room for others", cache.evicted);
    if (env->log != NULL) {
        struct qlog_stats log;
        qlog_stats(env->log, &log);
        counter(out, "belisha_log_written_records_total", "Query log records written", log.written);
        counter(out, "belisha_log_lost_records_total", "Query log records that could not be stored", log.lost);
        counter(out, "belisha_log_damaged_places_total", "Damaged places in journals that were taken over",
                log.damaged);
        counter(out, "belisha_log_merged_segments_total", "Small segments that became part of larger ones", log.merged);
        gauge(out, "belisha_log_bytes", "Size of the query log", log.bytes);
        gauge(out, "belisha_log_held_segments", "Segments past their time that a hold keeps", log.held);
        gauge(out, "belisha_log_missing_bytes",
              "Room that the file system has too little, with all removed that may be", log.missing_bytes);
        gauge(out, "belisha_log_trouble", "1: the query log can't be written", env->log_trouble ? 1 : 0);
    }
}

static void write_identity(const struct command_env *env, struct text *out)
{
    if (env->claims == NULL)
        return;
    gauge(out, "belisha_identity_claims", "What sources say now of who is where", claims_count(env->claims));
    counter(out, "belisha_identity_claims_refused_total", "... and what there was no room for",
            claims_refused(env->claims));
}

static void write_program(const struct command_env *env, struct text *out)
{
    const struct health health = health_of(env);
    exposition_family(out, "belisha_build_info", EXPOSITION_GAUGE, "1, with the version of the program");
    sample_with(out, "belisha_build_info", "version", env->version, 1);
    gauge(out, "belisha_start_time_seconds", "When the program was started, s since 1970", (uint64_t)env->started_s);
    gauge(out, "belisha_ready", "1: /health says that all is well", health.ready ? 1 : 0);
    if (env->recursion.state != RECURSION_UNUSED) {
        gauge(out, "belisha_recursion_up", "1: our own recursion answers",
              env->recursion.state == RECURSION_RUNNING ? 1 : 0);
        gauge(out, "belisha_recursion_restarts", "How often it ended by itself since start", env->recursion.restarts);
    }
    gauge(out, "belisha_workers", "Threads that answer", env->worker_count);
    gauge(out, "belisha_workers_stuck", "... whose loop does not turn", env->workers_stuck);
}

void scrape_write(const struct command_env *env, struct text *out)
{
    struct metrics sum;
    metrics_sum(env->workers, env->worker_count, &sum);
    write_program(env, out);
    write_counters(&sum, out);
    write_verdicts(&sum, out);
    write_rcodes(&sum, out);
    write_grades(env, &sum, out);
    write_categories(&sum, out);
    write_durations(&sum, out);
    write_upstreams(env, out);
    write_lists(env, out);
    write_identity(env, out);
    write_stores(env, out);
    lease_report_metrics(env, out);
    session_report_figures(env->sessions, out);
}
