#include "net/tcp.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "net/clock.h"
#include "net/listener.h"
#include "net/slots.h"
#include "qlog/record.h"

#define SWEEP_MS        250   /* how often idle connections are looked for */
#define ANSWERS_AT_ONCE 8     /* leave in one write */
#define ANSWER_BYTES    65535 /* the longest message */
#define REQUEST_MIN_LEN 12    /* a DNS header */

static_assert(ANSWERS_AT_ONCE <= CONN_SEND_MAX, "they go into one conn_send()");
static_assert(TCP_UNSENT_PAUSE + ANSWERS_AT_ONCE * (ANSWER_BYTES + 2) <= TCP_UNSENT_MAX,
              "pipelining alone never cuts a client off");

struct tcp_client {
    struct conn conn; /* first: the callbacks' conn is the client */
    struct tcp *tcp;
    uint32_t slot;
    uint32_t waiting;  /* questions the engine will answer later */
    int64_t active_ms; /* when the last question came or answer bytes left */
    struct endpoint peer;
    struct endpoint local;
    uint8_t transport; /* enum qlog_transport */
    bool ended;        /* the client has closed its side */
    bool resume;       /* no longer busy: tcp_flush() goes on with it */
};

struct tcp {
    uv_loop_t *loop;
    uv_timer_t sweep;
    struct tcp_opts opts;
    struct slots clients;
    size_t resume_count; /* clients with resume set; may count some that have gone since */
    size_t listener_count;
    struct listener *listeners;
    uint8_t (*answers)[ANSWER_BYTES]; /* ANSWERS_AT_ONCE of them */
};

/* ---- questions and answers ---- */

static void touch(struct tcp_client *client)
{
    client->active_ms = (int64_t)uv_now(client->tcp->loop);
}

static bool is_busy(const struct tcp_client *client)
{
    return client->waiting >= TCP_WAITING_MAX || conn_unsent(&client->conn) > TCP_UNSENT_PAUSE;
}

static void close_when_done(struct tcp_client *client)
{
    if (client->ended && client->waiting == 0 && conn_unsent(&client->conn) == 0)
        conn_close(&client->conn);
}

static void send_answers(struct tcp_client *client, const struct conn_msg answers[], size_t count)
{
    if (conn_send(&client->conn, answers, count) < 0)
        conn_close(&client->conn);
    else if (count > 0 && conn_unsent(&client->conn) == 0)
        touch(client);
}

/* Gives one request to the engine. Returns 1 when there is an answer in *out, else 0. */
static size_t ask(struct tcp_client *client, const uint8_t *msg, size_t len, uint8_t room[ANSWER_BYTES],
                  struct query_time now, struct conn_msg *out)
{
    struct query_item item = {
        .source = {.client = client->peer,
                   .local = client->local,
                   .interface = client->local.scope,
                   .transport = client->transport,
                   .stream = true,
                   .token = slots_token(&client->tcp->clients, client->slot)},
        .msg = msg,
        .msg_len = len,
        .out = room,
        .out_cap = ANSWER_BYTES,
        .step = QUERY_DROP,
    };
    client->waiting++; /* counted first: a failure may be answered before query_batch() returns */
    query_batch(*client->tcp->opts.engine, &item, 1, now);
    if (item.step != QUERY_PENDING)
        client->waiting--;
    if (item.step != QUERY_ANSWER)
        return 0;
    *out = (struct conn_msg){.bytes = room, .len = (uint16_t)item.out_len};
    return 1;
}

/* Answers some of what has come in. false: nothing whole is left, the client is busy, or it was closed. */
static bool serve_some(struct tcp_client *client, struct query_time now)
{
    struct conn_msg answers[ANSWERS_AT_ONCE];
    size_t count = 0;
    const uint8_t *msg;
    size_t len;
    int found = 1;
    while (count < ANSWERS_AT_ONCE && !is_busy(client) && (found = conn_next(&client->conn, &msg, &len)) == 1) {
        if (len < REQUEST_MIN_LEN)
            found = ERR_MALFORMED;
        if (found < 0)
            break;
        touch(client);
        count += ask(client, msg, len, client->tcp->answers[count], now, &answers[count]);
    }
    send_answers(client, answers, count);
    if (count > 0)
        histogram_add(&client->tcp->opts.metrics->at_once, clock_since_ns(now), count);
    if (found < 0)
        conn_close(&client->conn);
    return found == 1 && !client->conn.closing && !is_busy(client);
}

static void serve(struct tcp_client *client)
{
    struct query_time now = clock_now();
    while (serve_some(client, now)) {
    }
    if (client->conn.closing)
        return;
    if (is_busy(client))
        conn_pause(&client->conn);
    else if (!client->ended && conn_resume(&client->conn) < 0)
        conn_close(&client->conn);
    else
        close_when_done(client);
}

void tcp_answer(struct tcp *tcp, const struct query_source *to, const uint8_t *msg, size_t len)
{
    struct tcp_client *client = slots_find(&tcp->clients, to->token);
    struct conn_msg answer = {.bytes = msg, .len = (uint16_t)len};
    if (client == NULL || client->conn.closing || len > ANSWER_BYTES)
        return;
    bool was_busy = is_busy(client);
    assert(client->waiting > 0);
    client->waiting--;
    send_answers(client, &answer, 1);
    if (client->conn.closing || is_busy(client) || !(was_busy || client->ended))
        return;
    /* It may have sent more questions, or wait for its end. The engine that is calling us must not be entered now, and
     * serve_some() may be gathering answers for this client. */
    client->resume = true;
    tcp->resume_count++;
}

bool tcp_flush(struct tcp *tcp)
{
    if (tcp->resume_count == 0)
        return false;
    tcp->resume_count = 0;
    for (size_t i = 0; i < tcp->opts.clients_max; i++) {
        struct tcp_client *client = slots_at(&tcp->clients, i);
        if (client == NULL || !client->resume)
            continue;
        client->resume = false;
        serve(client);
    }
    return true;
}

/* ---- connections ---- */

static void on_readable(struct conn *conn)
{
    serve((struct tcp_client *)conn);
}

static void on_drained(struct conn *conn)
{
    struct tcp_client *client = (struct tcp_client *)conn;
    touch(client);
    serve(client);
}

static void on_ended(struct conn *conn, int why)
{
    struct tcp_client *client = (struct tcp_client *)conn;
    if (why != UV_EOF) {
        conn_close(conn);
        return;
    }
    client->ended = true;
    close_when_done(client);
}

static void on_closed(struct conn *conn)
{
    struct tcp_client *client = (struct tcp_client *)conn;
    tcp_limits_release(client->tcp->opts.limits, &client->peer.addr);
    slots_release(&client->tcp->clients, client->slot);
    free(client);
}

static const struct conn_ops client_ops = {
    .readable = on_readable, .drained = on_drained, .ended = on_ended, .closed = on_closed};

/* Closes what is idle, and whoever has not read its answers for as long. */
static void on_sweep(uv_timer_t *timer)
{
    struct tcp *tcp = timer->data;
    int64_t now_ms = (int64_t)uv_now(tcp->loop);
    for (size_t i = 0; i < tcp->opts.clients_max; i++) {
        struct tcp_client *client = slots_at(&tcp->clients, i);
        if (client == NULL)
            continue;
        int64_t patience_ms = tcp->opts.idle_ms + (client->waiting > 0 ? TCP_WAITING_GRACE_MS : 0);
        if (now_ms - client->active_ms > patience_ms)
            conn_close(&client->conn);
    }
    if (tcp->clients.count == 0)
        uv_timer_stop(timer);
}

/* A connection that is over a limit is taken and closed: left in the backlog it would hold up the others. */
static void refused_closed(struct conn *conn)
{
    free(conn);
}

static const struct conn_ops refused_ops = {.closed = refused_closed};

static bool is_tls(const struct tcp *tcp, const uv_stream_t *listener)
{
    return (const struct listener *)listener >= tcp->listeners + tcp->opts.listen_count;
}

static void refuse(struct tcp *tcp, struct conn *conn)
{
    conn->ops = &refused_ops;
    metrics_add(tcp->opts.metrics, METRIC_TCP_REFUSED, 1);
    conn_close(conn);
}

static bool start_tls(struct tcp *tcp, struct tcp_client *client)
{
    struct tls_session *session;
    if (tcp->opts.tls == NULL || tls_session_accept(tcp->opts.tls, TLS_PROTOCOL_DOT, &session) < 0)
        return false;
    conn_set_tls(&client->conn, session);
    client->transport = QLOG_DOT;
    return true;
}

/* Takes the connection that waits; false: it must go. */
static bool accept_client(struct tcp *tcp, uv_stream_t *listener, struct tcp_client *client)
{
    if (uv_accept(listener, (uv_stream_t *)&client->conn.tcp) < 0 ||
        listener_ends(&client->conn.tcp, &client->peer, &client->local) < 0 || slots_full(&tcp->clients) ||
        !tcp_limits_take(tcp->opts.limits, &client->peer.addr))
        return false;
    if (!is_tls(tcp, listener) || start_tls(tcp, client))
        return true;
    tcp_limits_release(tcp->opts.limits, &client->peer.addr);
    return false;
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct tcp *tcp = listener->data;
    struct tcp_client *client = status < 0 ? NULL : calloc(1, sizeof *client);
    if (client == NULL)
        return;
    if (conn_init(&client->conn, tcp->loop, tcp->opts.buffer, TCP_UNSENT_MAX, &client_ops) < 0) {
        free(client);
        return;
    }
    client->tcp = tcp;
    client->transport = QLOG_TCP;
    if (!accept_client(tcp, listener, client)) {
        refuse(tcp, &client->conn);
        return;
    }
    client->slot = slots_take(&tcp->clients, client);
    touch(client);
    metrics_add(tcp->opts.metrics, METRIC_TCP_CONNECTIONS, 1);
    uv_tcp_nodelay(&client->conn.tcp, 1);
    if (!uv_is_active((uv_handle_t *)&tcp->sweep))
        uv_timer_start(&tcp->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
    if (conn_resume(&client->conn) < 0)
        conn_close(&client->conn);
}

/* ---- listening ---- */

static int listen_on(struct tcp *tcp, const struct endpoint at[], size_t count)
{
    int err = 0;
    for (size_t i = 0; i < count && err == 0; i++)
        err = listener_open(&tcp->listeners[tcp->listener_count++], tcp->loop, &at[i], on_connection, tcp);
    return err;
}

int tcp_listen(uv_loop_t *loop, const struct tcp_opts *opts, struct tcp **out)
{
    struct tcp *tcp = calloc(1, sizeof *tcp);
    *out = NULL;
    if (tcp == NULL)
        return ERR_NOMEM;
    tcp->loop = loop;
    tcp->opts = *opts;
    tcp->opts.listen = tcp->opts.listen_tls = NULL; /* the caller's, for the time of this call */
    tcp->listeners = calloc(opts->listen_count + opts->listen_tls_count + 1, sizeof tcp->listeners[0]);
    tcp->answers = malloc(ANSWERS_AT_ONCE * sizeof tcp->answers[0]);
    if (tcp->listeners == NULL || tcp->answers == NULL || slots_init(&tcp->clients, opts->clients_max) < 0) {
        tcp_free(tcp);
        return ERR_NOMEM;
    }
    uv_timer_init(loop, &tcp->sweep);
    tcp->sweep.data = tcp;
    *out = tcp;
    int err = listen_on(tcp, opts->listen, opts->listen_count);
    return err < 0 ? err : listen_on(tcp, opts->listen_tls, opts->listen_tls_count);
}

struct endpoint tcp_bound(const struct tcp *tcp, size_t index)
{
    assert(index < tcp->listener_count);
    return tcp->listeners[index].bound;
}

void tcp_set_tls(struct tcp *tcp, struct tls_identity *tls)
{
    tcp->opts.tls = tls;
}

void tcp_set_idle_ms(struct tcp *tcp, int64_t idle_ms)
{
    tcp->opts.idle_ms = idle_ms;
}

size_t tcp_client_count(const struct tcp *tcp)
{
    return tcp->clients.count;
}

void tcp_close(struct tcp *tcp)
{
    if (tcp == NULL)
        return;
    uv_close((uv_handle_t *)&tcp->sweep, NULL);
    for (size_t i = 0; i < tcp->listener_count; i++)
        listener_close(&tcp->listeners[i]);
    for (size_t i = 0; i < tcp->opts.clients_max; i++)
        if (slots_at(&tcp->clients, i) != NULL)
            conn_close(&((struct tcp_client *)slots_at(&tcp->clients, i))->conn);
}

void tcp_free(struct tcp *tcp)
{
    if (tcp == NULL)
        return;
    assert(tcp->clients.count == 0);
    free(tcp->listeners);
    free(tcp->answers);
    slots_done(&tcp->clients);
    free(tcp);
}
