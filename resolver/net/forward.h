/*
 * The upstream side of one worker: brings the engine's questions to servers and their replies back (query_io.send).
 *
 *     forward_send() ── UDP ──▶ ports: connected sockets on random local ports, many per server (net/ports)
 *                    ── TCP ──▶ links: connections that are kept and shared, inside TLS where so configured (net/links)
 *     a packet, a message ──▶ query_reply(slot)      a socket or connection broke ──▶ query_slot_failed(slot)
 *
 * A slot number is given to a socket or connection when it is opened and never again, so what comes late through an old
 * one never matches a new question.
 *
 * The engine is entered only from the loop's own callbacks and forward_flush(), never from within forward_send().
 *
 * Threads: one, the worker's.
 */
#ifndef NET_FORWARD_H
#define NET_FORWARD_H

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "belisha/err.h"
#include "metrics/metrics.h"
#include "net/conn.h"
#include "query/query.h"

#define FORWARD_PORTS        128   /* UDP ports open at once, per server */
#define FORWARD_PORT_USES    512   /* questions through a port until a fresh one takes its place, on average */
#define FORWARD_PORT_AGE_MS  60000 /* ... or at this age, on average */
#define FORWARD_DRAIN_MS     6000  /* how long a replaced port still hears late replies: over any client's time-out */
#define FORWARD_LINKS        4     /* TCP connections at once, per server */
#define FORWARD_LINK_ASKS    100   /* questions in flight on one of them, before another is opened */
#define FORWARD_LINK_IDLE_MS 5000  /* shorter than the patience of common servers, so that we close first */
#define FORWARD_TLS_IDLE_MS  20000 /* the same over TLS, where a new one costs more (RFC 7858, 3.4) */
#define FORWARD_CONNECT_MS   3000
#define FORWARD_DOUBT_MS     1000 /* a connection that leaves questions without any answer for so long gets no more */
#define FORWARD_SILENT_MS    4000 /* ... and is closed after this: about a client's patience */

struct forward;
struct tls_trust;

struct forward_opts {
    struct conn_buffer *buffer;
    struct query_engine *const *engine; /* *engine may be set later, before the loop runs */
    struct metrics *metrics;            /* its meters tell of sockets, connections and proofs */
};

ERR_CHECKED int forward_new(uv_loop_t *loop, const struct forward_opts *opts, struct forward **out);

/*
 * What server numbers mean from now on (copied, but for servers[].tls). Sockets to servers that stay, wherever they stand
 * in the list, are kept; those to others are closed, as are those to servers that must prove something else than before.
 * trust: for those over TLS; NULL where there is none. It and servers[].tls must live until the next call.
 * ERR_NOMEM, ERR_LIMIT (over QUERY_SERVERS_MAX): then nothing has changed.
 */
ERR_CHECKED int forward_set_servers(struct forward *forward, const struct query_server servers[], size_t count,
                                    struct tls_trust *trust);

/* query_io.send; ctx is the forward. UDP questions leave with forward_flush() at the latest. */
ERR_CHECKED int forward_send(void *ctx, const struct query_ask *ask, uint32_t *out_slot);

/* Sends what has been gathered and reports sockets that failed; call it before the loop sleeps. */
void forward_flush(struct forward *forward);

/* Sockets and connections open now, replaced ones included. */
size_t forward_open_count(const struct forward *forward);

/* Closes the handles; the loop must run on until they are gone, then forward_free(). */
void forward_close(struct forward *forward);
void forward_free(struct forward *forward);

#endif
