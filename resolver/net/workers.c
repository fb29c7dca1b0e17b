#include "net/workers.h"

#include <assert.h>
#include <stdlib.h>

#include "net/listener.h"
#include "net/tap_output.h"
#include "net/udp_socket.h"
#include "qlog/writer.h"

/* An environment that not all workers have taken up yet. */
struct handover {
    uint64_t number;
    workers_done done;
    void *ctx;
    struct handover *next;
};

struct workers {
    uv_async_t acked;
    struct qlog *log;
    const struct tap_output *taps;
    struct tcp_limits *tcp_limits;
    uint64_t number;          /* of the last environment */
    struct handover *waiting; /* oldest first */
    size_t count;
    struct worker *workers[WORKERS_MAX];
    const struct metrics *metrics[WORKERS_MAX];
};

static int probe_udp(const struct endpoint *at)
{
    struct udp_socket probe;
    int err = udp_socket_open(at, false, &probe);
    if (err == 0)
        udp_socket_close(&probe);
    return err;
}

static int check_each(const struct endpoint at[], size_t count, int (*probe)(const struct endpoint *at),
                      struct endpoint *out_failed)
{
    for (size_t i = 0; i < count; i++) {
        int err = probe(&at[i]);
        if (err < 0) {
            if (out_failed != NULL)
                *out_failed = at[i];
            return err;
        }
    }
    return 0;
}

/* The kernel lets a second belishad share our addresses without a word, and would give it half of our clients. */
static int check_addresses(const struct workers_opts *opts, struct endpoint *out_failed)
{
    int err = check_each(opts->listen, opts->listen_count, probe_udp, out_failed);
    if (err == 0)
        err = check_each(opts->listen_dot, opts->listen_dot_count, listener_probe, out_failed);
    if (err == 0)
        err = check_each(opts->listen_doh, opts->listen_doh_count, listener_probe, out_failed);
    return err;
}

static struct worker_env env_of(const struct workers *workers, const struct worker_env *env, size_t index)
{
    struct worker_env own = *env;
    own.query.log = workers->log == NULL ? NULL : qlog_writer(workers->log, index);
    own.query.tap = tap_output_tap(workers->taps, index);
    return own;
}

static void complete(struct workers *workers, uint64_t number)
{
    while (workers->waiting != NULL && workers->waiting->number <= number) {
        struct handover *handover = workers->waiting;
        workers->waiting = handover->next;
        if (handover->done != NULL)
            handover->done(handover->ctx);
        free(handover);
    }
}

static void on_acked(uv_async_t *async)
{
    struct workers *workers = async->data;
    uint64_t least = UINT64_MAX;
    for (size_t i = 0; i < workers->count; i++) {
        uint64_t number = worker_acked(workers->workers[i]);
        least = number < least ? number : least;
    }
    complete(workers, least);
}

static int open_all(struct workers *workers, const struct workers_opts *opts, const struct worker_env *env)
{
    for (size_t i = 0; i < opts->count; i++) {
        struct worker_env own = env_of(workers, env, i);
        struct worker_opts worker = {
            .index = i,
            .listen = opts->listen,
            .listen_count = opts->listen_count,
            .listen_dot = opts->listen_dot,
            .listen_dot_count = opts->listen_dot_count,
            .listen_doh = opts->listen_doh,
            .listen_doh_count = opts->listen_doh_count,
            .tcp_clients_max = opts->tcp_clients,
            .tcp_limits = workers->tcp_limits,
            .acked = &workers->acked,
        };
        int err = worker_open(&worker, &own, &workers->workers[i]);
        if (err < 0)
            return err;
        workers->metrics[i] = worker_metrics(workers->workers[i]);
        workers->count++;
    }
    return 0;
}

int workers_open(uv_loop_t *manager, const struct workers_opts *opts, const struct worker_env *env,
                 struct workers **out, struct endpoint *out_failed)
{
    assert(opts->count >= 1 && opts->count <= WORKERS_MAX);
    int err = check_addresses(opts, out_failed);
    if (err < 0)
        return err;
    struct workers *workers = calloc(1, sizeof *workers);
    if (workers == NULL)
        return ERR_NOMEM;
    workers->log = opts->log;
    workers->taps = opts->taps;
    workers->acked.data = workers;
    err = tcp_limits_new(opts->tcp_clients, opts->tcp_per_client, &workers->tcp_limits);
    if (err == 0)
        err = uv_async_init(manager, &workers->acked, on_acked);
    if (err < 0) {
        tcp_limits_free(workers->tcp_limits);
        free(workers);
        return err;
    }
    workers->acked.data = workers;
    err = open_all(workers, opts, env);
    if (err < 0) {
        if (out_failed != NULL && opts->listen_count > 0)
            *out_failed = opts->listen[0];
        workers_free(workers);
        return err;
    }
    *out = workers;
    return 0;
}

int workers_start(struct workers *workers)
{
    int err = 0;
    for (size_t i = 0; i < workers->count && err == 0; i++)
        err = worker_start(workers->workers[i]);
    return err;
}

int workers_set_env(struct workers *workers, const struct worker_env *env, workers_done done, void *ctx)
{
    struct handover *handover = calloc(1, sizeof *handover);
    if (handover == NULL)
        return ERR_NOMEM;
    *handover = (struct handover){.number = ++workers->number, .done = done, .ctx = ctx};
    struct handover **end = &workers->waiting;
    while (*end != NULL)
        end = &(*end)->next;
    *end = handover;
    for (size_t i = 0; i < workers->count; i++) {
        struct worker_env own = env_of(workers, env, i);
        worker_set_env(workers->workers[i], &own, handover->number);
    }
    return 0;
}

void workers_stop(struct workers *workers)
{
    if (workers == NULL)
        return;
    for (size_t i = 0; i < workers->count; i++)
        worker_stop(workers->workers[i]);
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void workers_free(struct workers *workers)
{
    if (workers == NULL)
        return;
    workers_stop(workers);
    for (size_t i = 0; i < workers->count; i++)
        worker_free(workers->workers[i]);
    complete(workers, UINT64_MAX); /* the engines are gone, and what they used with them */
    tcp_limits_free(workers->tcp_limits);
    uv_close((uv_handle_t *)&workers->acked, on_closed);
}

size_t workers_stuck(const struct workers *workers, int64_t now_ms)
{
    size_t stuck = 0;
    for (size_t i = 0; i < workers->count; i++)
        stuck += now_ms - worker_beat_ms(workers->workers[i]) > WORKERS_STUCK_MS;
    return stuck;
}

size_t workers_count(const struct workers *workers)
{
    return workers->count;
}

const struct metrics *const *workers_metrics(const struct workers *workers)
{
    return workers->metrics;
}

const struct worker *workers_at(const struct workers *workers, size_t index)
{
    return workers->workers[index];
}
