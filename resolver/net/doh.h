/*
 * The DNS-over-HTTPS front end of one worker (RFC 8484): HTTP/2 over TLS, GET and POST, answers in any order.
 *
 *     connection ── TLS ── HTTP/2 ── request ──▶ engine ──▶ doh_answer() ──▶ response
 *
 * A client may have DOH_STREAMS_MAX requests open; frames that only make work (pings, settings, streams begun and reset)
 * are bounded by nghttp2, which ends such a connection. Connections are closed as net/tcp closes them: idle, over a
 * limit, with answers that pile up.
 *
 * Threads: one, the worker's, from doh_listen() or the loop's start on; limits is shared by all workers.
 */
#ifndef NET_DOH_H
#define NET_DOH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/ipaddr.h"
#include "belisha/err.h"
#include "metrics/metrics.h"
#include "net/conn.h"
#include "net/tcp_limits.h"
#include "query/query.h"

#define DOH_STREAMS_MAX  100       /* open requests of one connection */
#define DOH_REQUESTS_MAX 8192      /* ... of all connections of a worker */
#define DOH_BODY_MAX     8192      /* bytes of a question; every option we know fits */
#define DOH_HEADERS_MAX  16384     /* bytes of a request's names and values */
#define DOH_UNSENT_PAUSE 65536     /* with so many bytes unsent a client is not read from */
#define DOH_UNSENT_MAX   (1 << 20) /* with so many it is cut off */

struct doh;

struct doh_opts {
    const struct endpoint *listen;
    size_t listen_count;
    struct tls_identity *tls; /* must live until doh_set() names another */
    const char *path;         /* likewise; begins with '/' */
    size_t clients_max;       /* connections of this worker */
    int64_t idle_ms;
    struct tcp_limits *limits; /* of all workers, those over TCP counted in */
    struct conn_buffer *buffer;
    struct query_engine *const *engine; /* *engine may be set later, before the loop runs */
    struct metrics *metrics;
};

/* Negative errno; *out is set even then unless it is NULL, and wants doh_close() and doh_free(). */
ERR_CHECKED int doh_listen(uv_loop_t *loop, const struct doh_opts *opts, struct doh **out);

struct endpoint doh_bound(const struct doh *doh, size_t index);

/* A delayed answer. The request is found by to->token; when it is gone the answer is thrown away. */
void doh_answer(struct doh *doh, const struct query_source *to, const uint8_t *msg, size_t len);

/* Sends what doh_answer() made ready; call it before the loop sleeps. false: there was nothing. */
bool doh_flush(struct doh *doh);

/* For connections from here on. */
void doh_set(struct doh *doh, struct tls_identity *tls, const char *path, int64_t idle_ms);

/* Connections open now. */
size_t doh_client_count(const struct doh *doh);

/* Closes the handles; the loop must run on until they are gone, then doh_free(). */
void doh_close(struct doh *doh);
void doh_free(struct doh *doh);

#endif
