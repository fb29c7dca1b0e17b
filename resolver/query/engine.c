#include <stdlib.h>
#include <string.h>

#include "query/flight.h"

static bool env_is_usable(const struct query_env *env)
{
    const struct query_opts *o = env->opts;
    return o != NULL && env->policy != NULL && env->cache != NULL && env->metrics != NULL && o->zone_count >= 1 &&
           o->zone_count <= QUERY_ZONES_MAX && o->server_count <= QUERY_SERVERS_MAX;
}

static bool lists_clients(const struct query_env *env)
{
    return env->blockdb != NULL && blockdb_lists_addresses(env->blockdb, BLOCKDB_ADDRESS_CLIENT);
}

static bool pauses(const struct query_env *env)
{
    return env->decisions != NULL && table_pauses(env->decisions);
}

/*
 * Generations count up from 1, the statutory ones by a few each day. The versions of policy and decisions are spread over
 * all bits: that two states of a resolver's life meet in one number is as likely as two equal hashes of 64 bits.
 */
static uint64_t basis_of(const struct query_env *env)
{
    uint64_t blocklist = env->blockdb == NULL ? 0 : blockdb_generation(env->blockdb);
    uint64_t statutory = env->statutory == NULL ? 0 : statutory_generation(env->statutory);
    uint64_t decisions = env->decisions == NULL ? 0 : table_version(env->decisions);
    uint64_t lists = (uint64_t)env->statutory_missing << 63 | statutory << 40 | blocklist;
    return lists + policy_fingerprint(env->policy) * UINT64_C(0x9e3779b97f4a7c15) +
           decisions * UINT64_C(0xd1b54a32d192ed03);
}

int query_engine_new(const struct query_env *env, const struct query_io *io, struct query_engine **out)
{
    if (!env_is_usable(env))
        return ERR_INVAL;
    struct query_engine *e = aligned_alloc(_Alignof(struct query_engine), sizeof *e);
    if (e == NULL)
        return ERR_NOMEM;
    memset(e, 0, sizeof *e);
    e->env = *env;
    e->lists_clients = lists_clients(env);
    e->pauses = pauses(env);
    e->structured = env->opts->structured.option_code != 0 || env->opts->structured.by_ede;
    e->basis = basis_of(env);
    e->io = *io;
    engine_renew_moment(e);
    for (size_t i = 0; i < QUERY_SERVERS_MAX; i++)
        server_init(&e->servers[i]);
    servers_bind(e, NULL);
    uint64_t seed;
    random_bytes(&e->random, &seed, sizeof seed);
    random_bytes(&e->random, &e->share_seed, sizeof e->share_seed);
    e->passages = passages_new();
    if (e->passages == NULL || ask_table_init(&e->asks, env->opts->asks_max, seed) < 0 ||
        flights_new(env->opts->asks_max, env->opts->pending_max, seed, &e->flights) < 0) {
        query_engine_free(e);
        return ERR_NOMEM;
    }
    *out = e;
    return 0;
}

void query_engine_free(struct query_engine *e)
{
    if (e == NULL)
        return;
    flights_free(e->flights);
    ask_table_done(&e->asks);
    free(e->passages);
    policy_moment_free(e->moment);
    free(e);
}

void engine_renew_moment(struct query_engine *e)
{
    if (e->moment != NULL)
        policy_moment_renew(e->moment, e->wall_s);
    else if (policy_moment_new(e->env.policy, e->wall_s, &e->moment) < 0)
        e->moment = NULL; /* tried again with the next batch */
}

/* ---- a changed environment ---- */

static bool same_layout(const struct query_opts *a, const struct query_opts *b)
{
    if (a->server_count != b->server_count || a->zone_count != b->zone_count)
        return false;
    for (size_t i = 0; i < a->server_count; i++)
        if (!endpoint_equal(&a->servers[i].at, &b->servers[i].at) || a->servers[i].stream != b->servers[i].stream)
            return false;
    for (size_t i = 0; i < a->zone_count; i++)
        if (!name_equal(a->zones[i].name, b->zones[i].name))
            return false;
    return true;
}

/* Groups and zones are numbers in the policy and the options that the client came under. */
static void place_anew(struct query_engine *e, struct flight *f, const void *ctx, struct query_time now)
{
    uint16_t zone = zone_of(e->env.opts, f->question.name);
    bool other_records = *(const bool *)ctx;
    (void)now;
    for (struct waiter *w = f->waiters; w != NULL; w = w->next) {
        client_stand(e, &w->client);
        w->client.zone = zone;
        w->client.alias_void =
            (other_records && w->client.alias_kind == ALIAS_LOCAL) || w->client.group == POLICY_GROUP_DENIED;
    }
}

/* Server and zone numbers have changed their meaning: the question goes out anew. */
static void start_anew(struct query_engine *e, struct flight *f, const void *ctx, struct query_time now)
{
    (void)ctx;
    for (unsigned i = 0; i < FLIGHT_ASKS_MAX; i++)
        if (f->asks[i].flight != NULL)
            ask_close(&e->asks, &f->asks[i]);
    if (zone_of(e->env.opts, f->question.name) != f->key.partition) {
        flight_fail(e, f, now);
        return;
    }
    f->tried = f->said_no = f->bare = 0;
    f->tries = f->rounds = 0;
    flight_try(e, f, now);
}

void query_set_env(struct query_engine *e, const struct query_env *env, struct query_time now)
{
    const struct query_opts *old = e->env.opts;
    bool renumbered = old != env->opts && !same_layout(old, env->opts);
    bool other_records = old->records != env->opts->records;
    bool other_policy = e->env.policy != env->policy;
    bool decides_anew = renumbered || other_policy;
    if (renumbered)
        servers_carry(e, old, env->opts);
    e->env = *env;
    if (other_policy) {
        policy_moment_free(e->moment);
        e->moment = NULL;
    }
    engine_set_time(e, now);
    servers_bind(e, old);
    e->lists_clients = lists_clients(env);
    e->pauses = pauses(env);
    e->structured = env->opts->structured.option_code != 0 || env->opts->structured.by_ede;
    e->basis = basis_of(env);
    e->last_known = false;
    if (decides_anew)
        flights_each(e, place_anew, &other_records, now);
    if (renumbered)
        flights_each(e, start_anew, NULL, now);
}

/* ---- from upstream ---- */

static bool ask_is_spelt_as(const struct ask *ask, const uint8_t *msg)
{
    const struct question *q = &ask->flight->question;
    return !ask->spelt || spelling_equal(&ask->spelling, q->name, q->name_len, msg + MSG_HEADER_LEN);
}

void query_reply(struct query_engine *e, uint32_t slot, uint16_t server, const uint8_t *msg, size_t len,
                 struct query_time now)
{
    struct ask *ask = len < MSG_HEADER_LEN ? NULL : ask_find(&e->asks, slot, msg_u16(msg), NULL);
    engine_set_time(e, now);
    if (ask != NULL) /* where the answer will be put, while it is being read */
        cache_fetch_bucket(e->env.cache, &ask->flight->key);
    while (ask != NULL) {
        if (ask->server == server && reply_matches(msg, len, ask->id, &ask->flight->question)) {
            if (ask_is_spelt_as(ask, msg))
                flight_settle(e, ask->flight, ask, msg, len, now);
            else
                flight_misspelt(e, ask, now);
            return;
        }
        if (ask->server == server && ask->edns && !ask->stream && reply_is_bare_refusal(msg, len)) {
            flight_unspoken(e, ask, now);
            return;
        }
        ask = ask_find(&e->asks, slot, msg_u16(msg), ask);
    }
    if (server < e->env.opts->server_count)
        meter_add(e->meters[server], METER_UNMATCHED, 1);
}

/* Closes what went through the slot. Returns the flights, linked. */
static struct flight *take_slot(struct query_engine *e, uint32_t slot, struct query_time now)
{
    struct flight *broken = NULL;
    bool counted = false; /* one broken connection is one failure of its server, however many questions it carried */
    for (struct ask *a; (a = ask_find_slot(&e->asks, slot)) != NULL; ask_close(&e->asks, a)) {
        struct flight *f = a->flight;
        if (!counted) {
            meter_add(e->meters[a->server], METER_FAILURES, 1);
            servers_note_failure(e, a->server, now.mono_ms);
        }
        counted = true;
        if (f->is_broken)
            continue;
        f->is_broken = true;
        f->broken_server = a->server;
        f->broken_next = broken;
        broken = f;
    }
    return broken;
}

void query_slot_failed(struct query_engine *e, uint32_t slot, struct query_time now)
{
    engine_set_time(e, now);
    struct flight *next;
    for (struct flight *f = take_slot(e, slot, now); f != NULL; f = next) {
        next = f->broken_next;
        f->is_broken = false;
        f->network_error = true;
        flight_broken(e, f, f->broken_server, now);
    }
}

/* ---- time ---- */

int64_t query_deadline_ms(const struct query_engine *e)
{
    return flights_deadline_ms(e->flights);
}

void query_tick(struct query_engine *e, struct query_time now)
{
    engine_set_time(e, now);
    flights_tick(e, now);
}

size_t query_pending_count(const struct query_engine *e)
{
    return flights_waiting(e->flights);
}
