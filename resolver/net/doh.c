#include "net/doh.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "net/doh_internal.h"

#define SWEEP_MS 250   /* how often idle connections are looked for */
#define GRACE_MS 10000 /* added to idle_ms while answers are being waited for */
#define ACKS_MAX 100   /* answers to pings and settings that wait for a client to read them */

static void touch(struct doh_client *client)
{
    client->active_ms = (int64_t)uv_now(client->doh->loop);
}

/* ---- out ---- */

/* Sends what nghttp2 has, as long as the client reads. */
static int send_frames(struct doh_client *client)
{
    struct doh *doh = client->doh;
    size_t gathered = 0;
    int err = 0;
    while (err == 0 && conn_unsent(&client->conn) <= DOH_UNSENT_PAUSE) {
        const uint8_t *frame;
        ssize_t len = nghttp2_session_mem_send(client->session, &frame);
        if (len < 0)
            return ERR_MALFORMED;
        if (len == 0)
            break;
        if (gathered + (size_t)len > DOH_GATHER_BYTES) {
            err = conn_write(&client->conn, doh->gather, gathered);
            gathered = 0;
        }
        if (err == 0 && (size_t)len > DOH_GATHER_BYTES)
            err = conn_write(&client->conn, frame, (size_t)len);
        else if (err == 0)
            memcpy(doh->gather + gathered, frame, (size_t)len);
        gathered += (size_t)len > DOH_GATHER_BYTES ? 0 : (size_t)len;
    }
    return err < 0 ? err : conn_write(&client->conn, doh->gather, gathered);
}

/* Sends, and decides whether to read on or to close. */
static void go_on(struct doh_client *client)
{
    if (client->conn.closing || client->receiving)
        return;
    if (send_frames(client) < 0 ||
        (!nghttp2_session_want_read(client->session) && !nghttp2_session_want_write(client->session))) {
        conn_close(&client->conn);
        return;
    }
    if (conn_unsent(&client->conn) > DOH_UNSENT_PAUSE)
        conn_pause(&client->conn);
    else if (conn_resume(&client->conn) < 0)
        conn_close(&client->conn);
}

void doh_answer(struct doh *doh, const struct query_source *to, const uint8_t *msg, size_t len)
{
    struct doh_client *client = doh_request_answer(doh, to->token, msg, len);
    if (client == NULL || client->ready)
        return;
    client->ready = true;
    doh->ready_count++;
}

bool doh_flush(struct doh *doh)
{
    if (doh == NULL || doh->ready_count == 0)
        return false;
    doh->ready_count = 0;
    for (size_t i = 0; i < doh->clients.cap; i++) {
        struct doh_client *client = slots_at(&doh->clients, i);
        if (client == NULL || !client->ready)
            continue;
        client->ready = false;
        go_on(client);
    }
    return true;
}

/* ---- connections ---- */

static void on_received(struct conn *conn, const uint8_t *bytes, size_t len)
{
    struct doh_client *client = (struct doh_client *)conn;
    client->receiving = true;
    ssize_t used = nghttp2_session_mem_recv(client->session, bytes, len);
    client->receiving = false;
    if (used < 0) {
        /* It is told why, as far as it still listens. */
        (void)!send_frames(client);
        conn_close(conn);
        return;
    }
    go_on(client);
}

static void on_drained(struct conn *conn)
{
    touch((struct doh_client *)conn);
    go_on((struct doh_client *)conn);
}

static void on_ended(struct conn *conn, int why)
{
    (void)why;
    conn_close(conn);
}

static void on_closed(struct conn *conn)
{
    struct doh_client *client = (struct doh_client *)conn;
    doh_requests_free(client);
    nghttp2_session_del(client->session);
    tcp_limits_release(client->doh->opts.limits, &client->peer.addr);
    slots_release(&client->doh->clients, client->slot);
    free(client);
}

static const struct conn_ops client_ops = {
    .received = on_received, .drained = on_drained, .ended = on_ended, .closed = on_closed};

static void on_sweep(uv_timer_t *timer)
{
    struct doh *doh = timer->data;
    int64_t now_ms = (int64_t)uv_now(doh->loop);
    for (size_t i = 0; i < doh->clients.cap; i++) {
        struct doh_client *client = slots_at(&doh->clients, i);
        if (client == NULL ||
            now_ms - client->active_ms <= doh->opts.idle_ms + (client->requests != NULL ? GRACE_MS : 0))
            continue;
        nghttp2_session_terminate_session(client->session, NGHTTP2_NO_ERROR);
        go_on(client); /* says goodbye */
        conn_close(&client->conn);
    }
    if (doh->clients.count == 0)
        uv_timer_stop(timer);
}

static void refused_closed(struct conn *conn)
{
    free(conn);
}

static const struct conn_ops refused_ops = {.closed = refused_closed};

static int start_session(struct doh_client *client)
{
    const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, DOH_STREAMS_MAX},
                                               {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, DOH_HEADERS_MAX}};
    struct doh *doh = client->doh;
    struct tls_session *tls;
    if (nghttp2_session_server_new2(&client->session, doh->callbacks, client, doh->option) != 0)
        return ERR_NOMEM;
    int err = doh->opts.tls == NULL ? ERR_UNSUPPORTED : tls_session_accept(doh->opts.tls, TLS_PROTOCOL_H2, &tls);
    if (err < 0 || nghttp2_submit_settings(client->session, NGHTTP2_FLAG_NONE, settings, 2) != 0) {
        nghttp2_session_del(client->session);
        client->session = NULL;
        return err < 0 ? err : ERR_NOMEM;
    }
    conn_set_tls(&client->conn, tls);
    return 0;
}

/* Takes the connection that waits; false: it must go. */
static bool accept_client(struct doh *doh, uv_stream_t *listener, struct doh_client *client)
{
    if (uv_accept(listener, (uv_stream_t *)&client->conn.tcp) < 0 ||
        listener_ends(&client->conn.tcp, &client->peer, &client->local) < 0 || slots_full(&doh->clients) ||
        !tcp_limits_take(doh->opts.limits, &client->peer.addr))
        return false;
    if (start_session(client) == 0)
        return true;
    tcp_limits_release(doh->opts.limits, &client->peer.addr);
    return false;
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct doh *doh = listener->data;
    struct doh_client *client = status < 0 ? NULL : calloc(1, sizeof *client);
    if (client == NULL)
        return;
    if (conn_init(&client->conn, doh->loop, doh->opts.buffer, DOH_UNSENT_MAX, &client_ops) < 0) {
        free(client);
        return;
    }
    client->doh = doh;
    if (!accept_client(doh, listener, client)) {
        client->conn.ops = &refused_ops;
        metrics_add(doh->opts.metrics, METRIC_TCP_REFUSED, 1);
        conn_close(&client->conn);
        return;
    }
    client->slot = slots_take(&doh->clients, client);
    touch(client);
    metrics_add(doh->opts.metrics, METRIC_TCP_CONNECTIONS, 1);
    uv_tcp_nodelay(&client->conn.tcp, 1);
    if (!uv_is_active((uv_handle_t *)&doh->sweep))
        uv_timer_start(&doh->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
    if (conn_resume(&client->conn) < 0)
        conn_close(&client->conn);
}

/* ---- listening ---- */

static int make_tables(struct doh *doh)
{
    doh->listeners = calloc(doh->opts.listen_count + 1, sizeof doh->listeners[0]);
    doh->callbacks = doh_request_callbacks();
    if (doh->listeners == NULL || doh->callbacks == NULL || nghttp2_option_new(&doh->option) != 0 ||
        slots_init(&doh->clients, doh->opts.clients_max) < 0 || slots_init(&doh->requests, DOH_REQUESTS_MAX) < 0)
        return ERR_NOMEM;
    nghttp2_option_set_max_outbound_ack(doh->option, ACKS_MAX);
    return 0;
}

int doh_listen(uv_loop_t *loop, const struct doh_opts *opts, struct doh **out)
{
    struct doh *doh = calloc(1, sizeof *doh);
    *out = NULL;
    if (doh == NULL)
        return ERR_NOMEM;
    doh->loop = loop;
    doh->opts = *opts;
    doh->opts.listen = NULL; /* the caller's, for the time of this call */
    int err = make_tables(doh);
    if (err < 0) {
        doh_free(doh);
        return err;
    }
    uv_timer_init(loop, &doh->sweep);
    doh->sweep.data = doh;
    *out = doh;
    for (size_t i = 0; i < opts->listen_count && err == 0; i++)
        err = listener_open(&doh->listeners[doh->listener_count++], loop, &opts->listen[i], on_connection, doh);
    return err;
}

struct endpoint doh_bound(const struct doh *doh, size_t index)
{
    assert(index < doh->listener_count);
    return doh->listeners[index].bound;
}

void doh_set(struct doh *doh, struct tls_identity *tls, const char *path, int64_t idle_ms)
{
    doh->opts.tls = tls;
    doh->opts.path = path;
    doh->opts.idle_ms = idle_ms;
}

size_t doh_client_count(const struct doh *doh)
{
    return doh->clients.count;
}

void doh_close(struct doh *doh)
{
    if (doh == NULL)
        return;
    uv_close((uv_handle_t *)&doh->sweep, NULL);
    for (size_t i = 0; i < doh->listener_count; i++)
        listener_close(&doh->listeners[i]);
    for (size_t i = 0; i < doh->clients.cap; i++) {
        struct doh_client *client = slots_at(&doh->clients, i);
        if (client != NULL)
            conn_close(&client->conn);
    }
}

void doh_free(struct doh *doh)
{
    if (doh == NULL)
        return;
    assert(doh->clients.count == 0);
    slots_done(&doh->clients);
    slots_done(&doh->requests);
    nghttp2_session_callbacks_del(doh->callbacks);
    nghttp2_option_del(doh->option);
    free(doh->listeners);
    free(doh);
}
