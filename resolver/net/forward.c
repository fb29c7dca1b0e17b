#include "net/forward.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "net/upstreams.h"

#define SWEEP_MS     1000
#define FLUSH_ROUNDS 8 /* a failed socket makes the engine ask again, which may fail again */

static void on_sweep(uv_timer_t *timer)
{
    struct forward *forward = timer->data;
    int64_t now_ms = (int64_t)uv_now(forward->loop);
    for (size_t i = 0; i < forward->server_count; i++) {
        ports_sweep(forward, forward->servers[i], now_ms);
        links_sweep(forward, forward->servers[i], now_ms);
    }
    ports_close_draining(forward, now_ms);
}

int forward_new(uv_loop_t *loop, const struct forward_opts *opts, struct forward **out)
{
    struct forward *forward = calloc(1, sizeof *forward);
    if (forward == NULL)
        return ERR_NOMEM;
    forward->loop = loop;
    forward->opts = *opts;
    forward->next_slot = 1;
    ports_init(forward);
    uv_timer_init(loop, &forward->sweep);
    forward->sweep.data = forward;
    uv_timer_start(&forward->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
    *out = forward;
    return 0;
}

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool same_peer(const struct tls_peer *a, const struct tls_peer *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    return same_text(a->name, b->name) && a->pin_count == b->pin_count &&
           (a->pin_count == 0 || memcmp(a->pins, b->pins, a->pin_count * TLS_PIN_LEN) == 0);
}

/* The old server that is this one, taken out of its list; NULL: none. */
static struct upstream *take_server(struct upstream *servers[], size_t count, const struct query_server *wanted)
{
    for (size_t i = 0; i < count; i++) {
        struct upstream *server = servers[i];
        if (server != NULL && endpoint_equal(&server->at, &wanted->at) && same_peer(server->tls, wanted->tls)) {
            servers[i] = NULL;
            return server;
        }
    }
    return NULL;
}

static void close_server(struct forward *forward, struct upstream *server)
{
    ports_close(forward, server);
    links_close(forward, server);
    meter_set(server->meter, METER_DISTRUST_MS, 0);
    tls_tickets_done(&server->tickets);
    free(server);
}

int forward_set_servers(struct forward *forward, const struct query_server servers[], size_t count,
                        struct tls_trust *trust)
{
    struct upstream *old[QUERY_SERVERS_MAX];
    struct upstream *fresh[QUERY_SERVERS_MAX];
    size_t old_count = forward->server_count;
    if (count > QUERY_SERVERS_MAX)
        return ERR_LIMIT;
    /* First everything that can fail. */
    for (size_t i = 0; i < count; i++) {
        fresh[i] = calloc(1, sizeof *fresh[i]);
        if (fresh[i] == NULL) {
            while (i > 0)
                free(fresh[--i]);
            return ERR_NOMEM;
        }
    }
    ports_flush(forward);
    for (size_t i = 0; i < old_count; i++)
        old[i] = forward->servers[i];
    for (size_t i = 0; i < count; i++) {
        struct upstream *kept = take_server(old, old_count, &servers[i]);
        if (kept != NULL)
            free(fresh[i]);
        forward->servers[i] = kept != NULL ? kept : fresh[i];
        forward->servers[i]->at = servers[i].at;
        forward->servers[i]->tls = servers[i].tls;
        forward->servers[i]->index = (uint16_t)i;
        forward->servers[i]->meter = &forward->opts.metrics->meters[servers[i].meter];
        ports_show(forward->servers[i]);
        links_show(forward->servers[i]);
    }
    forward->server_count = count;
    forward->trust = trust;
    for (size_t i = 0; i < old_count; i++)
        if (old[i] != NULL)
            close_server(forward, old[i]);
    return 0;
}

int forward_send(void *ctx, const struct query_ask *ask, uint32_t *out_slot)
{
    struct forward *forward = ctx;
    if (forward->closing || ask->server >= forward->server_count || ask->msg_len > UINT16_MAX)
        return ERR_INVAL;
    struct upstream *server = forward->servers[ask->server];
    return ask->stream ? links_send(forward, server, ask, out_slot) : ports_send(forward, server, ask, out_slot);
}

void forward_flush(struct forward *forward)
{
    for (int i = 0; i < FLUSH_ROUNDS; i++) {
        ports_flush(forward);
        if (!ports_report(forward))
            break;
    }
}

size_t forward_open_count(const struct forward *forward)
{
    return forward->open_count;
}

void forward_close(struct forward *forward)
{
    if (forward == NULL)
        return;
    forward->closing = true;
    uv_close((uv_handle_t *)&forward->sweep, NULL);
    for (size_t i = 0; i < forward->server_count; i++)
        close_server(forward, forward->servers[i]);
    forward->server_count = 0;
    ports_close_draining(forward, INT64_MAX);
}

void forward_free(struct forward *forward)
{
    if (forward == NULL)
        return;
    assert(forward->open_count == 0);
    free(forward);
}
