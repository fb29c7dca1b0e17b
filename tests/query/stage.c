#include "query/stage.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blockdb/blockdb.h"
#include "qlog/writer.h"
#include "support/statutory_list.h"

#define START_WALL_NS INT64_C(1790000000000000000)

static struct stage *on_stage; /* for the log below, which has no context */

/* In place of the real log: a scenario looks at the record that was about to be written. */
void qlog_append(struct qlog_writer *writer, const struct qlog_record *record)
{
    (void)writer;
    on_stage->last_log = *record;
    on_stage->log_count++;
}

static void must(bool fine, const char *what)
{
    if (fine)
        return;
    fprintf(stderr, "stage: %s\n", what);
    exit(2);
}

void stage_init(struct stage *s)
{
    memset(s, 0, sizeof *s);
    on_stage = s;
    s->now = (struct query_time){.mono_ms = 1000000, .wall_ns = START_WALL_NS};
    s->opts = (struct query_opts){
        .servers = s->servers,
        .zones = s->zones,
        .zone_count = 1,
        .records = s->records,
        .searches = s->searches,
        .blocked_ttl_s = 10,
        .client_timeout_ms = 4000,
        .try_timeout_ms = 400,
        .pending_max = 100,
        .pending_per_client = 50,
        .asks_max = 50,
        .ttl_max_s = 86400,
        .negative_ttl_max_s = 3600,
        .failure_ttl_s = 5,
        .failure_ttl_max_s = 60,
        .stale_max_s = 86400,
        .stale_after_ms = 1800,
        .has_sinkhole_v4 = true,
    };
    must(ipaddr_from_text("127.9.9.9", &s->opts.sinkhole_v4) == 0, "sinkhole");
    s->zones[0] = (struct query_zone){.name = s->zone_names[0], .servers = s->zone_servers[0], .filtered = true};
    s->levels[0] = (struct policy_level){.name = "default", .block = ~UINT64_C(0)};
    must(prefix_from_text("10.0.0.0/8", &s->access[0]) == 0, "access");
    s->policy_opts = (struct policy_opts){.levels = s->levels,
                                          .level_count = 1,
                                          .groups = s->groups,
                                          .schedules = s->schedules,
                                          .calendar = &s->calendar,
                                          .access = s->access,
                                          .access_count = 1,
                                          .names = s->names,
                                          .version = 1};
}

const char *stage_text(struct stage *s, const char *text)
{
    must(s->text_count < STAGE_TEXTS_MAX && strlen(text) < sizeof s->texts[0], "too much text");
    return strcpy(s->texts[s->text_count++], text);
}

static int catch_ask(void *ctx, const struct query_ask *ask, uint32_t *out_slot)
{
    struct stage *s = ctx;
    if (s->refuse_server >> ask->server & 1)
        return ERR_IO;
    must(s->ask_count < 64 && ask->msg_len <= sizeof s->asks[0].msg, "too many questions to upstreams");
    struct caught_ask *c = &s->asks[s->ask_count++];
    *c = (struct caught_ask){.server = ask->server, .stream = ask->stream, .slot = ++s->next_slot, .len = ask->msg_len};
    memcpy(c->msg, ask->msg, ask->msg_len);
    *out_slot = c->slot;
    return 0;
}

static void catch_bytes(struct stage *s, uint64_t token, const uint8_t *msg, size_t len)
{
    must(s->answer_count < 64, "too many answers");
    struct caught_answer *c = &s->answers[s->answer_count++];
    c->seen = false;
    c->token = token;
    c->len = len;
    memcpy(c->msg, msg, len);
}

static void catch_answer(void *ctx, const struct query_source *to, const uint8_t *msg, size_t len)
{
    catch_bytes(ctx, to->token, msg, len);
}

static bool catch_tap(void *ctx, uint8_t *frame, size_t len)
{
    struct stage *s = ctx;
    if (s->tap_count == STAGE_TAPS_MAX)
        return false;
    s->taps[s->tap_count++] = (struct caught_tap){.len = len, .bytes = frame};
    return true;
}

static struct query_env stage_env(struct stage *s)
{
    return (struct query_env){
        .opts = &s->opts,
        .policy = s->policy,
        .blockdb = s->blockdb,
        .statutory = s->tier,
        .statutory_missing = s->statutory_missing,
        .decisions = s->table,
        .presence = s->presence,
        .hearing = s->hearing,
        .sightings = s->sightings,
        .cache = s->cache,
        .metrics = &s->metrics,
        .log = (struct qlog_writer *)s, /* never looked into: qlog_append() is ours */
        .tap = s->tap,
    };
}

static void publish(struct stage *s, bool first)
{
    struct generation_clause_rule rules[STAGE_ROWS_MAX];
    for (size_t i = 0; i < s->rule_count; i++)
        rules[i] = (struct generation_clause_rule){s->rules[i], s->has_clause[i] ? &s->clauses[i] : NULL};
    if (first)
        generation_init_clauses(&s->generation, rules, s->rule_count);
    else
        generation_next_clauses(&s->generation, rules, s->rule_count);
}

static void open_generation(struct stage *s)
{
    char why[200];
    if (blockdb_open(s->generation.path, &s->blockdb, why, sizeof why) < 0) {
        fprintf(stderr, "stage: %s\n", why);
        exit(2);
    }
}

static void open_tier(struct stage *s)
{
    s->tier = s->statutory_count == 0 ? NULL : statutory_list(s->statutory, s->statutory_count, ++s->tier_number);
}

void stage_start(struct stage *s)
{
    struct cache_opts cache_opts = {.bytes = 4 << 20, .shards = 4};
    struct query_io io = {.ctx = s, .send = catch_ask, .answer = catch_answer};
    struct tap_opts tap_opts = {.identity = "stage", .version = "", .types = UINT_MAX};
    if (s->running)
        return;
    s->running = true;
    if (!s->no_generation) {
        publish(s, true);
        open_generation(s);
    }
    open_tier(s);
    must(policy_new(&s->policy_opts, &s->policy) == 0, "policy");
    must(cache_new(&cache_opts, &s->cache) == 0, "cache");
    must(tap_new(&tap_opts, TAP_RING_BYTES, catch_tap, s, &s->tap) == 0, "tap");
    struct query_env env = stage_env(s);
    must(query_engine_new(&env, &io, &s->engine) == 0, "engine");
}

void stage_publish_statutory(struct stage *s)
{
    struct statutory *old = s->tier;
    open_tier(s);
    struct query_env env = stage_env(s);
    query_set_env(s->engine, &env, s->now);
    statutory_close(old);
}

void stage_publish(struct stage *s)
{
    struct blockdb *old_db = s->blockdb;
    struct policy *old_policy = s->policy;
    if (s->no_generation) {
        s->no_generation = false;
        publish(s, true);
    } else {
        publish(s, false);
    }
    open_generation(s);
    s->policy_opts.version++;
    must(policy_new(&s->policy_opts, &s->policy) == 0, "policy");
    struct query_env env = stage_env(s);
    query_set_env(s->engine, &env, s->now);
    blockdb_close(old_db);
    policy_free(old_policy);
}

static int64_t wall_s(const struct stage *s)
{
    return s->now.wall_ns / 1000000000;
}

/* Users and devices are called by their numbers: "#7". */
static int64_t number(void *ctx, enum decision_scope scope, const char *name)
{
    const struct stage *s = ctx;
    if (scope != DECISION_GROUP)
        return name[0] == '#' ? (int64_t)strtol(name + 1, NULL, 10) : -1;
    for (size_t i = 0; i < s->policy_opts.group_count; i++)
        if (strcmp(s->groups[i].name, name) == 0)
            return (int)i;
    return -1;
}

static void take_decisions(struct stage *s)
{
    const struct decision *rows[STAGE_ROWS_MAX];
    struct table *old = s->table;
    for (size_t i = 0; i < s->decision_count; i++)
        rows[i] = &s->decisions[i];
    const struct table_opts opts = {.decisions = rows,
                                    .count = s->decision_count,
                                    .spared = s->spared,
                                    .spared_count = s->spared_count,
                                    .grant_never = s->grant_never,
                                    .now_s = wall_s(s),
                                    .version = ++s->table_version,
                                    .number = number,
                                    .ctx = s};
    must(table_new(&opts, &s->table) == 0, "table");
    struct query_env env = stage_env(s);
    query_set_env(s->engine, &env, s->now);
    table_free(old);
}

/* Users and devices are called by their numbers. */
static uint32_t number_of(void *ctx, const char *name)
{
    (void)ctx;
    return (uint32_t)strtoul(name, NULL, 10);
}

static uint32_t nobody(void *ctx, const char *user)
{
    (void)ctx;
    (void)user;
    return PRESENCE_NOBODY;
}

void stage_claim(struct stage *s, const struct claim *claim)
{
    const struct presence_opts opts = {
        .user = number_of, .device = number_of, .person = nobody, .believe_host_names = true};
    struct presence *old = s->presence;
    stage_start(s);
    must(s->claims != NULL || claims_new(STAGE_ROWS_MAX, 1, &s->claims) == 0, "claims");
    must(claims_put(s->claims, claim) == 0, "claim");
    must(presence_new(s->claims, &opts, wall_s(s), &s->presence) == 0, "presence");
    struct query_env env = stage_env(s);
    query_set_env(s->engine, &env, s->now);
    presence_free(old);
}

void stage_decide(struct stage *s, const struct decision *decision)
{
    must(s->decision_count < STAGE_ROWS_MAX, "too many decisions");
    stage_start(s);
    struct decision *row = &s->decisions[s->decision_count++];
    *row = *decision;
    row->id = (uint32_t)s->decision_count;
    row->made_s = wall_s(s);
    if (row->until_s != 0)
        row->until_s += row->made_s;
    if (row->from_s != 0)
        row->from_s += row->made_s;
    take_decisions(s);
}

void stage_revoke(struct stage *s, size_t id)
{
    must(id >= 1 && id <= s->decision_count, "no such decision");
    s->decisions[id - 1].revoked_s = wall_s(s);
    take_decisions(s);
}

void stage_done(struct stage *s)
{
    query_engine_free(s->engine);
    for (size_t i = 0; i < s->tap_count; i++)
        tap_give_back(s->taps[i].bytes);
    tap_free(s->tap);
    table_free(s->table);
    presence_free(s->presence);
    claims_free(s->claims);
    cache_free(s->cache);
    policy_free(s->policy);
    time_zone_free(s->time_zone);
    blockdb_close(s->blockdb);
    statutory_close(s->tier);
    if (s->running && !s->no_generation)
        generation_done(&s->generation);
}

void stage_ask(struct stage *s, const struct query_source *source, const uint8_t *msg, size_t len)
{
    struct query_item item = {.source = *source,
                              .msg = msg,
                              .msg_len = len,
                              .out = s->out,
                              .out_cap = source->stream ? sizeof s->out - 1 : 4096};
    stage_start(s);
    query_batch(s->engine, &item, 1, s->now);
    if (item.step == QUERY_ANSWER)
        catch_bytes(s, source->token, item.out, item.out_len);
}

void stage_move_clock(struct stage *s, int64_t ms)
{
    int64_t until_ms = s->now.mono_ms + ms;
    stage_start(s);
    /* Time-outs on the way happen at their own time. */
    while (query_deadline_ms(s->engine) <= until_ms) {
        int64_t step_ms = query_deadline_ms(s->engine) - s->now.mono_ms;
        s->now.mono_ms += step_ms > 0 ? step_ms : 0;
        s->now.wall_ns += step_ms > 0 ? step_ms * 1000000 : 0;
        query_tick(s->engine, s->now);
    }
    s->now.wall_ns += (until_ms - s->now.mono_ms) * 1000000;
    s->now.mono_ms = until_ms;
}
