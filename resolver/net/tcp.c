#include "net/tcp.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/clock.h"
#include "qlog/record.h"

#define LISTEN_BACKLOG  512
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
    bool ended;  /* the client has closed its side */
    bool resume; /* no longer busy: tcp_flush() goes on with it */
};

/* Place of a connection; the generation tells a new one from those before it. */
struct slot {
    struct tcp_client *client; /* NULL: free */
    uint32_t generation;
    uint32_t next_free;
};

struct listener {
    uv_tcp_t tcp;
    struct endpoint bound;
};

struct tcp {
    uv_loop_t *loop;
    uv_timer_t sweep;
    struct tcp_opts opts;
    size_t client_count;
    struct slot *slots;
    uint32_t first_free; /* clients_max: none */
    size_t resume_count; /* clients with resume set; may count some that have gone since */
    size_t listener_count;
    struct listener *listeners;
    uint8_t (*answers)[ANSWER_BYTES]; /* ANSWERS_AT_ONCE of them */
};

/* ---- slots ---- */

static int slots_new(struct tcp *tcp)
{
    tcp->slots = calloc(tcp->opts.clients_max, sizeof tcp->slots[0]);
    if (tcp->slots == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < tcp->opts.clients_max; i++)
        tcp->slots[i].next_free = (uint32_t)i + 1;
    return 0;
}

static void slot_take(struct tcp *tcp, struct tcp_client *client)
{
    struct slot *slot = &tcp->slots[tcp->first_free];
    client->slot = tcp->first_free;
    tcp->first_free = slot->next_free;
    slot->client = client;
    slot->generation++;
    tcp->client_count++;
}

static void slot_release(struct tcp *tcp, uint32_t at)
{
    tcp->slots[at].client = NULL;
    tcp->slots[at].next_free = tcp->first_free;
    tcp->first_free = at;
    tcp->client_count--;
}

static uint64_t token_of(const struct tcp_client *client)
{
    return (uint64_t)client->tcp->slots[client->slot].generation << 32 | client->slot;
}

static struct tcp_client *client_of(const struct tcp *tcp, uint64_t token)
{
    uint32_t at = (uint32_t)token;
    if (at >= tcp->opts.clients_max || tcp->slots[at].generation != (uint32_t)(token >> 32))
        return NULL;
    return tcp->slots[at].client;
}

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
                   .transport = QLOG_TCP,
                   .stream = true,
                   .token = token_of(client)},
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
    struct tcp_client *client = client_of(tcp, to->token);
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
        struct tcp_client *client = tcp->slots[i].client;
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
    slot_release(client->tcp, client->slot);
    free(client);
}

static const struct conn_ops client_ops = {on_readable, on_drained, on_ended, on_closed};

/* Closes what is idle, and whoever has not read its answers for as long. */
static void on_sweep(uv_timer_t *timer)
{
    struct tcp *tcp = timer->data;
    int64_t now_ms = (int64_t)uv_now(tcp->loop);
    for (size_t i = 0; i < tcp->opts.clients_max; i++) {
        struct tcp_client *client = tcp->slots[i].client;
        if (client == NULL)
            continue;
        int64_t patience_ms = tcp->opts.idle_ms + (client->waiting > 0 ? TCP_WAITING_GRACE_MS : 0);
        if (now_ms - client->active_ms > patience_ms)
            conn_close(&client->conn);
    }
    if (tcp->client_count == 0)
        uv_timer_stop(timer);
}

static int endpoint_of(const uv_tcp_t *handle, int (*get)(const uv_tcp_t *, struct sockaddr *, int *),
                       struct endpoint *out)
{
    struct sockaddr_storage address;
    int len = sizeof address;
    int err = get(handle, (struct sockaddr *)&address, &len);
    return err < 0 ? err : endpoint_from_sockaddr((struct sockaddr *)&address, out);
}

/* A connection that is over a limit is taken and closed: left in the backlog it would hold up the others. */
static void refused_closed(struct conn *conn)
{
    free(conn);
}

static const struct conn_ops refused_ops = {NULL, NULL, NULL, refused_closed};

static void refuse(struct tcp *tcp, struct conn *conn)
{
    conn->ops = &refused_ops;
    metrics_add(tcp->opts.metrics, METRIC_TCP_REFUSED, 1);
    conn_close(conn);
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
    if (uv_accept(listener, (uv_stream_t *)&client->conn.tcp) < 0 ||
        endpoint_of(&client->conn.tcp, uv_tcp_getpeername, &client->peer) < 0 ||
        endpoint_of(&client->conn.tcp, uv_tcp_getsockname, &client->local) < 0 ||
        tcp->first_free == tcp->opts.clients_max || !tcp_limits_take(tcp->opts.limits, &client->peer.addr)) {
        refuse(tcp, &client->conn);
        return;
    }
    slot_take(tcp, client);
    touch(client);
    metrics_add(tcp->opts.metrics, METRIC_TCP_CONNECTIONS, 1);
    uv_tcp_nodelay(&client->conn.tcp, 1);
    if (!uv_is_active((uv_handle_t *)&tcp->sweep))
        uv_timer_start(&tcp->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
    if (conn_resume(&client->conn) < 0)
        conn_close(&client->conn);
}

/* ---- listening ---- */

static int listening_socket(const struct endpoint *at)
{
    struct sockaddr_storage address;
    socklen_t len = endpoint_to_sockaddr(at, &address);
    int on = 1;
    int fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) < 0 ||
        (address.ss_family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) < 0) ||
        bind(fd, (struct sockaddr *)&address, len) < 0) {
        int err = -errno;
        close(fd);
        return err;
    }
    return fd;
}

static int listener_open(struct tcp *tcp, const struct endpoint *at)
{
    struct listener *l = &tcp->listeners[tcp->listener_count];
    int fd = listening_socket(at);
    if (fd < 0)
        return fd;
    int err = uv_tcp_init(tcp->loop, &l->tcp);
    if (err < 0) {
        close(fd);
        return err;
    }
    tcp->listener_count++;
    l->tcp.data = tcp;
    err = uv_tcp_open(&l->tcp, fd);
    if (err < 0) {
        close(fd);
        return err;
    }
    err = endpoint_of(&l->tcp, uv_tcp_getsockname, &l->bound);
    return err < 0 ? err : uv_listen((uv_stream_t *)&l->tcp, LISTEN_BACKLOG, on_connection);
}

int tcp_listen(uv_loop_t *loop, const struct tcp_opts *opts, struct tcp **out)
{
    struct tcp *tcp = calloc(1, sizeof *tcp);
    *out = NULL;
    if (tcp == NULL)
        return ERR_NOMEM;
    tcp->loop = loop;
    tcp->opts = *opts;
    tcp->opts.listen = NULL; /* the caller's, for the time of this call */
    tcp->listeners = calloc(opts->listen_count + 1, sizeof tcp->listeners[0]);
    tcp->answers = malloc(ANSWERS_AT_ONCE * sizeof tcp->answers[0]);
    if (tcp->listeners == NULL || tcp->answers == NULL || slots_new(tcp) < 0) {
        tcp_free(tcp);
        return ERR_NOMEM;
    }
    uv_timer_init(loop, &tcp->sweep);
    tcp->sweep.data = tcp;
    *out = tcp;
    int err = 0;
    for (size_t i = 0; i < opts->listen_count && err == 0; i++)
        err = listener_open(tcp, &opts->listen[i]);
    return err;
}

struct endpoint tcp_bound(const struct tcp *tcp, size_t index)
{
    assert(index < tcp->listener_count);
    return tcp->listeners[index].bound;
}

void tcp_set_idle_ms(struct tcp *tcp, int64_t idle_ms)
{
    tcp->opts.idle_ms = idle_ms;
}

size_t tcp_client_count(const struct tcp *tcp)
{
    return tcp->client_count;
}

void tcp_close(struct tcp *tcp)
{
    if (tcp == NULL)
        return;
    uv_close((uv_handle_t *)&tcp->sweep, NULL);
    for (size_t i = 0; i < tcp->listener_count; i++)
        uv_close((uv_handle_t *)&tcp->listeners[i].tcp, NULL);
    for (size_t i = 0; i < tcp->opts.clients_max; i++)
        if (tcp->slots[i].client != NULL)
            conn_close(&tcp->slots[i].client->conn);
}

void tcp_free(struct tcp *tcp)
{
    if (tcp == NULL)
        return;
    assert(tcp->client_count == 0);
    free(tcp->listeners);
    free(tcp->answers);
    free(tcp->slots);
    free(tcp);
}
