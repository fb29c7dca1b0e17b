/*
 * The upstream servers as the engine knows them: what is noted of each goes into its choice (upstream/server.h) and into
 * its meter (metrics/meter.h), where those who watch find it.
 */
#include <assert.h>
#include <string.h>

#include "query/engine.h"

static_assert(METERS_MAX >= 2 * QUERY_SERVERS_MAX, "the servers of two configurations have a meter each");

static void publish(struct query_engine *e, uint16_t server)
{
    const struct server *s = &e->servers[server];
    struct meter *m = e->meters[server];
    meter_set(m, METER_SRTT_MS, s->srtt_ms);
    meter_set(m, METER_FAILED_IN_ROW, s->failures);
    meter_set(m, METER_REST_UNTIL_MS, s->rest_until_ms);
}

void servers_note_reply(struct query_engine *e, const struct ask *ask, struct query_time now)
{
    server_note_reply(&e->servers[ask->server], now.mono_ms - ask->sent_ms);
    histogram_add(&e->meters[ask->server]->rtt, now.wall_ns - ask->sent_wall_ns, 1);
    meter_set(e->meters[ask->server], METER_REPLIED_MS, now.mono_ms);
    publish(e, ask->server);
}

void servers_note_failure(struct query_engine *e, uint16_t server, int64_t now_ms)
{
    server_note_failure(&e->servers[server], now_ms);
    meter_set(e->meters[server], METER_FAILED_MS, now_ms);
    publish(e, server);
}

static bool has_meter(const struct query_opts *opts, uint16_t meter)
{
    for (size_t i = 0; i < opts->server_count; i++)
        if (opts->servers[i].meter == meter)
            return true;
    return false;
}

/* It may have been another server's long ago. What net/ shows in it stays. */
static void meter_clear(struct meter *m)
{
    for (size_t i = 0; i < METER_COUNTS; i++)
        __atomic_store_n(&m->count[i], 0, __ATOMIC_RELAXED);
    for (size_t i = 0; i <= HISTOGRAM_BOUNDS; i++)
        __atomic_store_n(&m->rtt.count[i], 0, __ATOMIC_RELAXED);
    __atomic_store_n(&m->rtt.sum_ns, 0, __ATOMIC_RELAXED);
    meter_set(m, METER_REPLIED_MS, 0);
    meter_set(m, METER_FAILED_MS, 0);
}

void servers_bind(struct query_engine *e, const struct query_opts *old)
{
    const struct query_opts *opts = e->env.opts;
    for (size_t i = 0; i < opts->server_count; i++) {
        uint16_t meter = opts->servers[i].meter;
        assert(meter < METERS_MAX);
        e->meters[i] = &e->env.metrics->meters[meter];
        if (old != NULL && !has_meter(old, meter))
            meter_clear(e->meters[i]);
        publish(e, (uint16_t)i);
    }
}

/* What was measured goes with the address, wherever it stands in the new list. */
void servers_carry(struct query_engine *e, const struct query_opts *old, const struct query_opts *new)
{
    struct server carried[QUERY_SERVERS_MAX];
    for (size_t i = 0; i < QUERY_SERVERS_MAX; i++)
        server_init(&carried[i]);
    for (size_t i = 0; i < new->server_count; i++)
        for (size_t j = 0; j < old->server_count; j++)
            if (endpoint_equal(&new->servers[i].at, &old->servers[j].at))
                carried[i] = e->servers[j];
    memcpy(e->servers, carried, sizeof carried);
}
