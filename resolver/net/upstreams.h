/*
 * What the three files of the upstream side share: net/forward (servers, time), net/ports (UDP), net/links (TCP).
 * For those three only; everyone else includes net/forward.h.
 */
#ifndef NET_UPSTREAMS_H
#define NET_UPSTREAMS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <uv.h>

#include "base/random.h"
#include "net/conn.h"
#include "net/forward.h"
#include "query/query.h"

#define BURST       8   /* questions that leave together, through one port */
#define ASK_MAX_LEN 512 /* the longest question: name, OPT and cookie fit twice */
#define REPLY_BYTES 4096

struct port;
struct link;

/* Questions to one server, gathered until the turn ends or the burst is full. */
struct burst {
    struct port *port;
    size_t count;
    struct mmsghdr out[BURST];
    struct iovec iov[BURST];
    uint8_t bytes[BURST][ASK_MAX_LEN];
};

struct upstream {
    uint16_t index; /* in the engine's list of servers */
    struct endpoint at;
    const struct tls_peer *tls; /* the engine's list's; NULL: in the clear */
    struct tls_tickets tickets;
    int64_t complained_ms; /* when its certificate was last found wrong; 0: never */
    struct meter *meter;
    size_t port_count;                 /* replaced ones included */
    struct port *ports[FORWARD_PORTS]; /* opened when first drawn */
    struct link *links;
    size_t link_count;
    struct burst burst;
};

struct forward {
    uv_loop_t *loop;
    uv_timer_t sweep;
    struct forward_opts opts;
    struct random_pool random;
    struct tls_trust *trust; /* NULL: no server is asked over TLS */
    uint32_t next_slot;
    bool closing;
    size_t open_count;
    size_t server_count;
    struct upstream *servers[QUERY_SERVERS_MAX];

    /* ports */
    struct port *draining; /* replaced, still listened to */
    size_t draining_count;
    struct port *failed; /* to be reported to the engine by ports_report() */
    size_t burst_count;  /* servers with a burst begun */
    struct mmsghdr in[BURST];
    struct iovec in_iov[BURST];
    uint8_t replies[BURST][REPLY_BYTES];
};

/* ---- ports ---- */

void ports_init(struct forward *forward);
int ports_send(struct forward *forward, struct upstream *server, const struct query_ask *ask, uint32_t *out_slot);
void ports_flush(struct forward *forward);
/* Tells the engine of sockets that could not send. Returns whether there were any. */
bool ports_report(struct forward *forward);
void ports_sweep(struct forward *forward, struct upstream *server, int64_t now_ms);
/* Closes the server's ports; what was gathered for it is thrown away. */
void ports_close(struct forward *forward, struct upstream *server);
void ports_close_draining(struct forward *forward, int64_t now_ms);

/* Tells the meter how many are open. */
void ports_show(struct upstream *server);

/* ---- links ---- */

int links_send(struct forward *forward, struct upstream *server, const struct query_ask *ask, uint32_t *out_slot);
void links_sweep(struct forward *forward, struct upstream *server, int64_t now_ms);
void links_close(struct forward *forward, struct upstream *server);
void links_show(struct upstream *server);

#endif
