/*
 * TCP to upstream servers (RFC 7766), and TLS inside it (RFC 7858): a few connections per server, kept open while they
 * are of use, each carrying many questions at once. When one breaks, the engine hears it by the number of its slot and
 * asks elsewhere. One on which nothing is heard any more (its far end is gone without a word, or stopped within a
 * message) gets no further questions, and is closed soon after: TCP alone would take many minutes to notice.
 */
#include <stdlib.h>

#include "base/log.h"
#include "net/clock.h"
#include "net/upstreams.h"

#define LINK_OUT_MAX (256 << 10) /* questions the server does not read; it is slow or dead then */
#define COMPLAINT_MS 60000       /* how often the log says that a server's certificate is wrong */

struct link {
    struct conn conn; /* first: the callbacks' conn is the link */
    uv_connect_t connect;
    uint32_t slot;
    uint32_t in_flight; /* questions sent less messages received */
    bool connected;
    int64_t active_ms;  /* when it was opened, or a question left, or a message came */
    int64_t waiting_ms; /* since when something is in flight and no message came */
    struct forward *forward;
    struct upstream *server; /* NULL: it was taken off the list */
    struct link *next;
};

void links_show(struct upstream *server)
{
    meter_set(server->meter, METER_LINKS, (int64_t)server->link_count);
}

static void link_detach(struct link *link)
{
    if (link->server == NULL)
        return;
    struct link **at = &link->server->links;
    while (*at != link)
        at = &(*at)->next;
    *at = link->next;
    link->server->link_count--;
    links_show(link->server);
    link->server = NULL;
    if (link->conn.tls != NULL)
        tls_session_leave_tickets(link->conn.tls);
}

/* The engine is told in on_closed(), which the loop calls: never from within the engine. */
static void link_close(struct link *link)
{
    link_detach(link);
    conn_close(&link->conn);
}

static void on_readable(struct conn *conn)
{
    struct link *link = (struct link *)conn;
    struct query_time now = clock_now();
    const uint8_t *msg;
    size_t len;
    int found;
    link->active_ms = (int64_t)uv_now(link->forward->loop);
    if (conn->tls != NULL)
        meter_set(link->server->meter, METER_DISTRUST_MS, 0);
    while ((found = conn_next(conn, &msg, &len)) == 1) {
        if (link->in_flight > 0)
            link->in_flight--;
        link->waiting_ms = link->active_ms;
        query_reply(*link->forward->opts.engine, link->slot, link->server->index, msg, len, now);
        if (conn->closing)
            return;
    }
    if (found < 0)
        link_close(link);
}

static void on_drained(struct conn *conn)
{
    (void)conn;
}

/* Nothing tells a wrong certificate from a dead server but this. */
static void complain(struct link *link)
{
    struct upstream *server = link->server;
    int64_t now_ms = (int64_t)uv_now(link->forward->loop);
    const char *complaint = tls_session_complaint(link->conn.tls);
    char at[ENDPOINT_TEXT_MAX];
    meter_add(server->meter, METER_DISTRUSTED, 1);
    meter_set(server->meter, METER_DISTRUST_MS, now_ms);
    if (server->complained_ms != 0 && now_ms - server->complained_ms < COMPLAINT_MS)
        return;
    server->complained_ms = now_ms;
    log_warning("upstream is not who it should be, nothing is asked there address=%s name=%s cause=\"%s\"",
                endpoint_to_text(&server->at, at), server->tls->name == NULL ? "-" : server->tls->name,
                complaint == NULL ? "it ended the handshake" : complaint);
}

static void on_ended(struct conn *conn, int why)
{
    struct link *link = (struct link *)conn;
    if (why == ERR_ACCESS && link->server != NULL)
        complain(link);
    link_close(link);
}

static void on_closed(struct conn *conn)
{
    struct link *link = (struct link *)conn;
    struct forward *forward = link->forward;
    forward->open_count--;
    if (!forward->closing)
        query_slot_failed(*forward->opts.engine, link->slot, clock_now());
    free(link);
}

static const struct conn_ops link_ops = {
    .readable = on_readable, .drained = on_drained, .ended = on_ended, .closed = on_closed};

static void on_connected(uv_connect_t *connect, int status)
{
    struct link *link = connect->data;
    if (link->conn.closing)
        return;
    link->connected = status == 0;
    if (status < 0 || (link->conn.tls != NULL && conn_start_tls(&link->conn) < 0) || conn_resume(&link->conn) < 0)
        link_close(link);
}

static int link_set_tls(struct link *link, struct upstream *server)
{
    struct tls_session *session;
    if (server->tls == NULL)
        return 0;
    if (link->forward->trust == NULL)
        return ERR_INVAL;
    int err = tls_session_connect(link->forward->trust, server->tls, &server->tickets, &session);
    if (err == 0)
        conn_set_tls(&link->conn, session);
    return err;
}

static int link_open(struct forward *forward, struct upstream *server, struct link **out)
{
    struct sockaddr_storage address;
    struct link *link = calloc(1, sizeof *link);
    if (link == NULL)
        return ERR_NOMEM;
    int err = conn_init(&link->conn, forward->loop, forward->opts.buffer, LINK_OUT_MAX, &link_ops);
    if (err < 0) {
        free(link);
        return err;
    }
    link->forward = forward;
    link->slot = forward->next_slot++;
    link->active_ms = (int64_t)uv_now(forward->loop);
    link->connect.data = link;
    forward->open_count++;
    endpoint_to_sockaddr(&server->at, &address);
    err = link_set_tls(link, server);
    if (err == 0)
        err = uv_tcp_connect(&link->connect, &link->conn.tcp, (struct sockaddr *)&address, on_connected);
    if (err < 0) {
        if (link->conn.tls != NULL)
            tls_session_leave_tickets(link->conn.tls);
        conn_close(&link->conn);
        return err;
    }
    uv_tcp_nodelay(&link->conn.tcp, 1);
    link->server = server;
    link->next = server->links;
    server->links = link;
    server->link_count++;
    links_show(server);
    *out = link;
    return 0;
}

static bool is_silent(const struct link *link, int64_t now_ms, int64_t patience_ms)
{
    return link->in_flight > 0 && now_ms - link->waiting_ms > patience_ms;
}

/* The least used connection that is not silent, or a new one when all are much used. */
static int link_pick(struct forward *forward, struct upstream *server, struct link **out)
{
    int64_t now_ms = (int64_t)uv_now(forward->loop);
    struct link *best = NULL;
    bool best_silent = false;
    for (struct link *link = server->links; link != NULL; link = link->next) {
        bool silent = is_silent(link, now_ms, FORWARD_DOUBT_MS);
        if (best != NULL && (silent > best_silent || (silent == best_silent && link->in_flight >= best->in_flight)))
            continue;
        best = link;
        best_silent = silent;
    }
    if (best == NULL || ((best_silent || best->in_flight >= FORWARD_LINK_ASKS) && server->link_count < FORWARD_LINKS))
        return link_open(forward, server, out);
    *out = best;
    return 0;
}

int links_send(struct forward *forward, struct upstream *server, const struct query_ask *ask, uint32_t *out_slot)
{
    struct conn_msg msg = {.bytes = ask->msg, .len = (uint16_t)ask->msg_len};
    struct link *link;
    int err = link_pick(forward, server, &link);
    if (err < 0)
        return err;
    err = conn_send(&link->conn, &msg, 1);
    if (err < 0) {
        link_close(link);
        return err;
    }
    link->active_ms = (int64_t)uv_now(forward->loop);
    if (link->in_flight++ == 0)
        link->waiting_ms = link->active_ms;
    *out_slot = link->slot;
    return 0;
}

static bool is_open(const struct link *link)
{
    return link->connected && (link->conn.tls == NULL || tls_session_is_open(link->conn.tls));
}

void links_sweep(struct forward *forward, struct upstream *server, int64_t now_ms)
{
    (void)forward;
    for (struct link *link = server->links, *next; link != NULL; link = next) {
        int64_t idle_ms = server->tls != NULL ? FORWARD_TLS_IDLE_MS : FORWARD_LINK_IDLE_MS;
        int64_t patience_ms = is_open(link) ? idle_ms : FORWARD_CONNECT_MS;
        next = link->next;
        if (now_ms - link->active_ms > patience_ms || is_silent(link, now_ms, FORWARD_SILENT_MS))
            link_close(link);
    }
}

void links_close(struct forward *forward, struct upstream *server)
{
    (void)forward;
    while (server->links != NULL)
        link_close(server->links);
}
