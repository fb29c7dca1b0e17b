/*
 * All workers, as the manager (the main thread's loop) sees them.
 *
 * A changed configuration or a new blocklist generation is handed to all of them; each takes it up between two batches,
 * so no query waits and none is lost. When the last one has, `done` is called in the manager's loop: nothing uses what
 * came before any more.
 *
 * Threads: the manager's.
 */
#ifndef NET_WORKERS_H
#define NET_WORKERS_H

#include <stddef.h>
#include <uv.h>

#include "base/ipaddr.h"
#include "belisha/err.h"
#include "metrics/metrics.h"
#include "net/worker.h"

#define WORKERS_MAX      64
#define WORKERS_STUCK_MS 5000 /* a worker whose loop has not turned for so long hangs, or gets no processor */

struct qlog;
struct tap_output;
struct workers;

struct workers_opts {
    size_t count; /* 1..WORKERS_MAX */
    const struct endpoint *listen;
    size_t listen_count;
    const struct endpoint *listen_dot; /* DNS over TLS */
    size_t listen_dot_count;
    const struct endpoint *listen_doh; /* DNS over HTTPS */
    size_t listen_doh_count;
    size_t tcp_clients;            /* connections, over all workers */
    size_t tcp_per_client;         /* ... of one client address */
    struct qlog *log;              /* NULL: none; each worker gets its writer */
    const struct tap_output *taps; /* NULL: none; each worker gets its tap */
};

/*
 * Binds all sockets; the workers do not run yet. env.query.log, .tap and .metrics are set for each worker here.
 * Negative errno; -EADDRINUSE also when another program holds an address in a way that would let both share it, and
 * *out_failed (may be NULL) is then the address.
 */
ERR_CHECKED int workers_open(uv_loop_t *manager, const struct workers_opts *opts, const struct worker_env *env,
                             struct workers **out, struct endpoint *out_failed);
ERR_CHECKED int workers_start(struct workers *workers);

typedef void (*workers_done)(void *ctx);

/* done may be NULL. Calls are done in order. ERR_NOMEM: then nothing has changed. */
ERR_CHECKED int workers_set_env(struct workers *workers, const struct worker_env *env, workers_done done, void *ctx);

/* Ends the threads. */
void workers_stop(struct workers *workers);
/*
 * Stops first. Environments given are no longer used then, and done is called for those still waiting. The manager's
 * loop must run once more for a handle to go.
 */
void workers_free(struct workers *workers);

/* How many hang at now_ms, on the clock of uv_now(). */
size_t workers_stuck(const struct workers *workers, int64_t now_ms);

size_t workers_count(const struct workers *workers);
/* One pointer for each worker. */
const struct metrics *const *workers_metrics(const struct workers *workers);
const struct worker *workers_at(const struct workers *workers, size_t index);

#endif
