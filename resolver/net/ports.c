/*
 * UDP to upstream servers. Each server has FORWARD_PORTS sockets, connected to it, each on a random local port, so that
 * one who would forge a reply must guess the port as well as the id (RFC 5452, 9.2). Every port is replaced after some
 * hundreds of questions or about a minute, at a moment that is random too.
 *
 * Questions of one turn of the loop to one server leave through one port, drawn anew for each BURST: under load one
 * system call sends and one receives several packets.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dns/msg.h"
#include "net/clock.h"
#include "net/upstreams.h"

#define BIND_TRIES    32
#define PORT_FIRST    1024 /* below are services */
#define DRAINING_MAX  2048 /* replaced ports waiting for late replies; over it none is replaced for its uses */
#define RECEIVE_BYTES (1 << 20)

struct port {
    uv_poll_t poll;
    int fd;
    uint32_t slot;
    uint32_t uses_left;
    int64_t until_ms; /* when it is replaced; once it is draining, when it is closed */
    struct forward *forward;
    struct upstream *server;
    struct port *next;        /* in draining */
    struct port *next_failed; /* in failed */
    bool failed;
};

void ports_init(struct forward *forward)
{
    for (size_t i = 0; i < BURST; i++) {
        forward->in_iov[i] = (struct iovec){.iov_base = forward->replies[i], .iov_len = REPLY_BYTES};
        forward->in[i].msg_hdr = (struct msghdr){.msg_iov = &forward->in_iov[i], .msg_iovlen = 1};
    }
}

void ports_show(struct upstream *server)
{
    meter_set(server->meter, METER_PORTS, (int64_t)server->port_count);
}

/* ---- opening and closing ---- */

static int bind_random(struct forward *forward, int fd, int family)
{
    struct endpoint any = {0};
    static const uint8_t v4_any[4];
    if (family == AF_INET)
        any.addr = ipaddr_from_v4(v4_any);
    for (int i = 0; i < BIND_TRIES; i++) {
        struct sockaddr_storage address;
        any.port = (uint16_t)(PORT_FIRST + random_below(&forward->random, 65536 - PORT_FIRST));
        socklen_t len = endpoint_to_sockaddr(&any, &address);
        if (bind(fd, (struct sockaddr *)&address, len) == 0)
            return 0;
        if (errno != EADDRINUSE && errno != EACCES)
            return -errno;
    }
    return -EADDRINUSE;
}

/* A connected socket, or negative errno. */
static int socket_open(struct forward *forward, const struct endpoint *server)
{
    struct sockaddr_storage address;
    socklen_t len = endpoint_to_sockaddr(server, &address);
    int family = address.ss_family;
    /* path MTU messages can be forged, and our questions are small: see net/udp_socket.c */
    int probe = family == AF_INET ? IP_PMTUDISC_PROBE : IPV6_PMTUDISC_PROBE;
    int room = RECEIVE_BYTES;
    int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    if (family == AF_INET)
        setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &probe, sizeof probe);
    else
        setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &probe, sizeof probe);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    int err = bind_random(forward, fd, family);
    if (err == 0 && connect(fd, (struct sockaddr *)&address, len) < 0)
        err = -errno;
    if (err < 0) {
        close(fd);
        return err;
    }
    return fd;
}

static void on_readable(uv_poll_t *poll, int status, int events);

/* Half to one and a half of an average, so that nobody can tell when a port goes. */
static uint32_t spread(struct forward *forward, uint32_t average)
{
    return average / 2 + random_below(&forward->random, average);
}

static int port_open(struct forward *forward, struct upstream *server, struct port **out)
{
    struct port *port = calloc(1, sizeof *port);
    if (port == NULL)
        return ERR_NOMEM;
    port->fd = socket_open(forward, &server->at);
    int err = port->fd < 0 ? port->fd : uv_poll_init(forward->loop, &port->poll, port->fd);
    if (err < 0) {
        if (port->fd >= 0)
            close(port->fd);
        free(port);
        return err;
    }
    port->forward = forward;
    port->server = server;
    port->slot = forward->next_slot++;
    port->uses_left = spread(forward, FORWARD_PORT_USES);
    port->until_ms = (int64_t)uv_now(forward->loop) + spread(forward, FORWARD_PORT_AGE_MS);
    port->poll.data = port;
    forward->open_count++;
    server->port_count++;
    ports_show(server);
    uv_poll_start(&port->poll, UV_READABLE, on_readable);
    *out = port;
    return 0;
}

static void on_port_closed(uv_handle_t *handle)
{
    struct port *port = handle->data;
    close(port->fd);
    free(port);
}

static void port_close(struct port *port)
{
    struct forward *forward = port->forward;
    for (struct port **at = &forward->failed; *at != NULL; at = &(*at)->next_failed) {
        if (*at == port) {
            *at = port->next_failed;
            break;
        }
    }
    forward->open_count--;
    port->server->port_count--;
    ports_show(port->server);
    uv_close((uv_handle_t *)&port->poll, on_port_closed);
}

static void port_replace(struct upstream *server, size_t cell)
{
    struct port *port = server->ports[cell];
    struct forward *forward = port->forward;
    server->ports[cell] = NULL;
    port->until_ms = (int64_t)uv_now(forward->loop) + FORWARD_DRAIN_MS;
    port->next = forward->draining;
    forward->draining = port;
    forward->draining_count++;
}

void ports_sweep(struct forward *forward, struct upstream *server, int64_t now_ms)
{
    (void)forward;
    for (size_t i = 0; i < FORWARD_PORTS; i++)
        if (server->ports[i] != NULL && server->ports[i]->until_ms <= now_ms)
            port_replace(server, i);
}

void ports_close_draining(struct forward *forward, int64_t now_ms)
{
    struct port **at = &forward->draining;
    while (*at != NULL) {
        struct port *port = *at;
        if (port->until_ms > now_ms) {
            at = &port->next;
            continue;
        }
        *at = port->next;
        forward->draining_count--;
        port_close(port);
    }
}

void ports_close(struct forward *forward, struct upstream *server)
{
    if (server->burst.count > 0)
        forward->burst_count--;
    server->burst.count = 0;
    server->burst.port = NULL;
    for (size_t i = 0; i < FORWARD_PORTS; i++) {
        if (server->ports[i] != NULL)
            port_close(server->ports[i]);
        server->ports[i] = NULL;
    }
    for (struct port *port = forward->draining; port != NULL; port = port->next)
        if (port->server == server)
            port->until_ms = INT64_MIN;
    ports_close_draining(forward, INT64_MIN);
}

/* ---- sending ---- */

/* A random cell; when no socket can be had for it, another that has one. */
static int port_draw(struct forward *forward, struct upstream *server, struct port **out)
{
    size_t cell = random_below(&forward->random, FORWARD_PORTS);
    struct port *port = server->ports[cell];
    if (port != NULL && port->uses_left == 0 && forward->draining_count < DRAINING_MAX) {
        port_replace(server, cell);
        port = NULL;
    }
    int err = port != NULL ? 0 : port_open(forward, server, &server->ports[cell]);
    for (size_t i = 1; err < 0 && i < FORWARD_PORTS; i++) {
        cell = (cell + 1) % FORWARD_PORTS;
        if (server->ports[cell] != NULL)
            err = 0;
    }
    if (err == 0)
        *out = server->ports[cell];
    return err;
}

static void port_failed(struct port *port)
{
    if (port->failed)
        return;
    port->failed = true;
    port->next_failed = port->forward->failed;
    port->forward->failed = port;
}

static void burst_send(struct forward *forward, struct upstream *server)
{
    struct burst *burst = &server->burst;
    size_t done = 0;
    while (done < burst->count) {
        int sent = sendmmsg(burst->port->fd, burst->out + done, (unsigned)(burst->count - done), MSG_DONTWAIT);
        if (sent > 0) {
            done += (size_t)sent;
        } else if (errno != EINTR) {
            /* All questions through this port are tried elsewhere, the unsent ones with them. */
            port_failed(burst->port);
            break;
        }
    }
    burst->count = 0;
    burst->port = NULL;
    forward->burst_count--;
}

int ports_send(struct forward *forward, struct upstream *server, const struct query_ask *ask, uint32_t *out_slot)
{
    struct burst *burst = &server->burst;
    if (ask->msg_len > ASK_MAX_LEN)
        return ERR_LIMIT;
    if (burst->count == 0) {
        int err = port_draw(forward, server, &burst->port);
        if (err < 0)
            return err;
        forward->burst_count++;
    }
    struct port *port = burst->port;
    size_t at = burst->count++;
    memcpy(burst->bytes[at], ask->msg, ask->msg_len);
    burst->iov[at] = (struct iovec){.iov_base = burst->bytes[at], .iov_len = ask->msg_len};
    burst->out[at].msg_hdr = (struct msghdr){.msg_iov = &burst->iov[at], .msg_iovlen = 1};
    if (port->uses_left > 0)
        port->uses_left--;
    *out_slot = port->slot;
    if (burst->count == BURST)
        burst_send(forward, server);
    return 0;
}

void ports_flush(struct forward *forward)
{
    for (size_t i = 0; forward->burst_count > 0 && i < forward->server_count; i++)
        if (forward->servers[i]->burst.count > 0)
            burst_send(forward, forward->servers[i]);
}

bool ports_report(struct forward *forward)
{
    bool any = forward->failed != NULL;
    while (forward->failed != NULL) {
        struct port *port = forward->failed;
        forward->failed = port->next_failed;
        port->next_failed = NULL;
        port->failed = false;
        query_slot_failed(*forward->opts.engine, port->slot, clock_now());
    }
    return any;
}

/* ---- receiving ---- */

/*
 * A reply longer than we said we take may have come in fragments, and the second one can be forged without knowing port
 * or id (RFC 9715). What is believed of it is the question and that there is more: the engine asks again over TCP.
 * Returns the length that is left; 0: nothing.
 */
static size_t cut_oversized(uint8_t *msg, size_t len)
{
    if (len <= MSG_UDP_EDNS)
        return len;
    int name = msg_name_skip(msg, len, MSG_HEADER_LEN);
    if (name < 0 || msg_u16(msg + 4) != 1)
        return 0;
    msg[2] |= MSG_TC >> 8;
    memset(msg + 6, 0, 6); /* ANCOUNT, NSCOUNT, ARCOUNT */
    return MSG_HEADER_LEN + (size_t)name + 4;
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct port *port = poll->data;
    struct forward *forward = port->forward;
    struct query_engine *engine = *forward->opts.engine;
    (void)events;
    if (status < 0) /* libuv has stopped watching a socket with an error, which the receive reads and so clears */
        uv_poll_start(&port->poll, UV_READABLE, on_readable);
    int count = recvmmsg(port->fd, forward->in, BURST, MSG_DONTWAIT, NULL);
    if (count < 0) {
        /* ICMP: the port is closed or the host can't be reached */
        if (errno != EAGAIN && errno != EINTR)
            query_slot_failed(engine, port->slot, clock_now());
        return;
    }
    struct query_time now = clock_now();
    for (int i = 0; i < count; i++) {
        size_t len = cut_oversized(forward->replies[i], forward->in[i].msg_len);
        if (len > 0)
            query_reply(engine, port->slot, port->server->index, forward->replies[i], len, now);
    }
}
