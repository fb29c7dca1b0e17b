/*
 * One worker: a thread with a loop of its own, which owns an engine, the UDP and TCP front ends and the upstream side.
 *
 *     worker_open()     sockets are bound, by the thread that starts the program: errors show before anything runs
 *     worker_start()    the thread runs
 *     worker_set_env()  from the manager's thread: the worker takes the new environment up between two batches and says
 *                       so by `acked`; then nothing of the old one is in use by it any more
 *     worker_stop()     from the manager's thread; returns when the thread has ended
 *
 * Threads: the functions belong to the manager's thread.
 */
#ifndef NET_WORKER_H
#define NET_WORKER_H

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/ipaddr.h"
#include "belisha/err.h"
#include "metrics/metrics.h"
#include "net/tcp_limits.h"
#include "query/query.h"
#include "tls/identity.h"
#include "tls/trust.h"

/* What a worker works with, and may get anew while it runs. */
struct worker_env {
    struct query_env query; /* metrics is the worker's own and ignored here */
    int64_t tcp_idle_ms;
    struct tls_identity *tls; /* what clients over TLS are shown; NULL: none */
    const char *doh_path;     /* of DNS over HTTPS */
    struct tls_trust *trust;  /* for upstream servers over TLS; NULL: there are none */
};

struct worker_opts {
    size_t index;
    const struct endpoint *listen;
    size_t listen_count;
    const struct endpoint *listen_dot; /* DNS over TLS */
    size_t listen_dot_count;
    const struct endpoint *listen_doh; /* DNS over HTTPS */
    size_t listen_doh_count;
    size_t tcp_clients_max;
    struct tcp_limits *tcp_limits; /* of all workers */
    uv_async_t *acked;             /* sent after each environment that was taken up, from the worker's thread */
};

struct worker;

/* env is copied. Negative errno: nothing is left open. */
ERR_CHECKED int worker_open(const struct worker_opts *opts, const struct worker_env *env, struct worker **out);
ERR_CHECKED int worker_start(struct worker *worker);
void worker_stop(struct worker *worker);
/* Stops it if it runs. */
void worker_free(struct worker *worker);

/* number: counts up with each call. An environment not yet taken up is skipped when the next one comes. */
void worker_set_env(struct worker *worker, const struct worker_env *env, uint64_t number);
/* The number of the last environment taken up. */
uint64_t worker_acked(const struct worker *worker);

/* When its loop last turned, on the clock of uv_now(). A worker that does nothing turns once a second. */
int64_t worker_beat_ms(const struct worker *worker);

struct endpoint worker_doh_bound(const struct worker *worker, size_t index);
const struct metrics *worker_metrics(const struct worker *worker);
struct endpoint worker_udp_bound(const struct worker *worker, size_t index);
/* Those of listen first, then those of listen_dot. */
struct endpoint worker_tcp_bound(const struct worker *worker, size_t index);

#endif
