/*
 * TCP to upstream servers (RFC 7766): a few connections per server, kept open while they are of use, each carrying many
 * questions at once. When one breaks, the engine hears it by the number of its slot and asks elsewhere.
 */
#include <stdlib.h>

#include "net/clock.h"
#include "net/upstreams.h"

#define LINK_OUT_MAX (256 << 10) /* questions the server does not read; it is slow or dead then */

struct link {
    struct conn conn; /* first: the callbacks' conn is the link */
    uv_connect_t connect;
    uint32_t slot;
    uint32_t in_flight; /* questions sent less messages received */
    bool connected;
    int64_t active_ms; /* when it was opened, or a question left, or a message came */
    struct forward *forward;
    struct upstream *server; /* NULL: it was taken off the list */
    struct link *next;
};

static void link_detach(struct link *link)
{
    if (link->server == NULL)
        return;
    struct link **at = &link->server->links;
    while (*at != link)
        at = &(*at)->next;
    *at = link->next;
    link->server->link_count--;
    link->server = NULL;
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
    while ((found = conn_next(conn, &msg, &len)) == 1) {
        if (link->in_flight > 0)
            link->in_flight--;
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

static void on_ended(struct conn *conn, int why)
{
    (void)why;
    link_close((struct link *)conn);
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
    if (status < 0 || conn_resume(&link->conn) < 0)
        link_close(link);
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
    err = uv_tcp_connect(&link->connect, &link->conn.tcp, (struct sockaddr *)&address, on_connected);
    if (err < 0) {
        conn_close(&link->conn);
        return err;
    }
    uv_tcp_nodelay(&link->conn.tcp, 1);
    link->server = server;
    link->next = server->links;
    server->links = link;
    server->link_count++;
    *out = link;
    return 0;
}

/* The least used connection, or a new one when all are much used. */
static int link_pick(struct forward *forward, struct upstream *server, struct link **out)
{
    struct link *best = NULL;
    for (struct link *link = server->links; link != NULL; link = link->next)
        if (best == NULL || link->in_flight < best->in_flight)
            best = link;
    if (best == NULL || (best->in_flight >= FORWARD_LINK_ASKS && server->link_count < FORWARD_LINKS))
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
    link->in_flight++;
    link->active_ms = (int64_t)uv_now(forward->loop);
    *out_slot = link->slot;
    return 0;
}

void links_sweep(struct forward *forward, struct upstream *server, int64_t now_ms)
{
    (void)forward;
    for (struct link *link = server->links, *next; link != NULL; link = next) {
        int64_t patience_ms = link->connected ? FORWARD_LINK_IDLE_MS : FORWARD_CONNECT_MS;
        next = link->next;
        if (now_ms - link->active_ms > patience_ms)
            link_close(link);
    }
}

void links_close(struct forward *forward, struct upstream *server)
{
    (void)forward;
    while (server->links != NULL)
        link_close(server->links);
}
