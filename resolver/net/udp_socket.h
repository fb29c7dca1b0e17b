/*
 * A UDP socket that clients ask, read and answered in batches. Its address may come and go (net/address.h).
 *
 * Every worker opens its own socket on the same address (SO_REUSEPORT); the kernel spreads the clients over them. A
 * socket on a wildcard address learns from the kernel at which address each request arrived (IP_PKTINFO,
 * IPV6_RECVPKTINFO) and answers from there: a client takes no answer from an address it did not ask. A socket on one
 * address needs no such data and pays nothing for it.
 *
 * An answer that the kernel refuses (source port 0, no route) is counted and skipped; its neighbours leave.
 *
 * Memory:  batches and queues are allocated once; nothing per packet.
 * Threads: one.
 */
#ifndef NET_UDP_SOCKET_H
#define NET_UDP_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ipaddr.h"
#include "belisha/err.h"

#define UDP_BATCH       64    /* packets a system call */
#define UDP_SLOT_BYTES  4096  /* room for a request, and for an answer */
#define UDP_QUEUE_BYTES 65536 /* room for the delayed answers of one turn */

struct udp_socket {
    int fd;
    bool wildcard;
    struct endpoint bound;
};

/*
 * share: let further sockets of ours bind the same address. Without it a second program on the address gets
 * -EADDRINUSE. Port 0 takes a free one. Negative errno.
 */
ERR_CHECKED int udp_socket_open(const struct endpoint *at, bool share, struct udp_socket *out);
void udp_socket_close(struct udp_socket *socket);

/* Where a request came from. */
struct udp_route {
    struct endpoint client;
    struct endpoint local; /* the address that was asked */
    uint32_t interface;    /* 0: unknown */
};

/* ---- requests, and the answers that follow at once ---- */

struct udp_batch;

ERR_CHECKED int udp_batch_new(struct udp_batch **out);
void udp_batch_free(struct udp_batch *batch);

/* Takes what has arrived, at most UDP_BATCH; never waits. Returns how many, 0 for none or on an error. */
size_t udp_batch_receive(struct udp_batch *batch, const struct udp_socket *socket);

/* Request i of the last receive, valid until the next; NULL when it was longer than UDP_SLOT_BYTES. */
const uint8_t *udp_batch_request(const struct udp_batch *batch, size_t i, size_t *out_len);
void udp_batch_route(const struct udp_batch *batch, const struct udp_socket *socket, size_t i, struct udp_route *out);

/* UDP_SLOT_BYTES for the answer to request i. */
uint8_t *udp_batch_room(const struct udp_batch *batch, size_t i);
/* Marks the first len bytes of udp_batch_room(i) as the answer to i. */
void udp_batch_answer(struct udp_batch *batch, size_t i, size_t len);
/* Sends the answers in the order they were marked. Returns how many the kernel refused. */
size_t udp_batch_send(struct udp_batch *batch, const struct udp_socket *socket);

/* ---- answers that come later ---- */

struct udp_queue;

ERR_CHECKED int udp_queue_new(struct udp_queue **out);
void udp_queue_free(struct udp_queue *queue);

/* Copies msg. false: no room until udp_queue_send(), or longer than UDP_SLOT_BYTES. */
bool udp_queue_add(struct udp_queue *queue, const struct udp_socket *socket, const struct udp_route *route,
                   const uint8_t *msg, size_t len);
bool udp_queue_is_empty(const struct udp_queue *queue);
size_t udp_queue_send(struct udp_queue *queue, const struct udp_socket *socket);

#endif
