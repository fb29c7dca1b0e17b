#include "net/worker.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/scheduling.h"
#include "net/clock.h"
#include "net/doh.h"
#include "net/forward.h"
#include "net/tcp.h"
#include "net/udp.h"
#include "qlog/record.h"

#define FLUSH_ROUNDS 8 /* sending can make the engine answer, which can make clients go on */

struct worker {
    struct metrics metrics; /* first: aligned to a cache line of its own */
    uv_loop_t loop;
    uv_thread_t thread;
    bool running;
    struct query_engine *engine;
    struct udp *udp;
    struct tcp *tcp;
    struct doh *doh;
    struct forward *forward;
    struct conn_buffer *buffer;

    uv_prepare_t before_sleep;
    uv_timer_t tick;
    int64_t tick_at_ms;           /* INT64_MAX: not armed */
    atomic_int_least64_t beat_ms; /* the loop's last turn; it turns once a second at least (net/forward sweeps) */

    uv_async_t called; /* by the manager */
    pthread_mutex_t lock;
    struct worker_env next_env; /* under lock, as the next two */
    uint64_t next_number;       /* 0: none waits */
    bool stop;
    atomic_uint_least64_t acked_number;
    uv_async_t *acked;
    size_t index;
};

/* ---- inside the worker's thread ---- */

static void answer(void *ctx, const struct query_source *to, const uint8_t *msg, size_t len)
{
    struct worker *worker = ctx;
    if (to->transport == QLOG_DOH)
        doh_answer(worker->doh, to, msg, len);
    else if (to->stream)
        tcp_answer(worker->tcp, to, msg, len);
    else
        udp_answer(worker->udp, to, msg, len);
}

static int send_ask(void *ctx, const struct query_ask *ask, uint32_t *out_slot)
{
    struct worker *worker = ctx;
    return forward_send(worker->forward, ask, out_slot);
}

static void on_tick(uv_timer_t *timer)
{
    struct worker *worker = timer->data;
    worker->tick_at_ms = INT64_MAX;
    query_tick(worker->engine, clock_now());
}

/* A timer that fires too early does no harm, so it is only touched when it would fire too late. */
static void arm_tick(struct worker *worker)
{
    int64_t wanted_ms = query_deadline_ms(worker->engine);
    if (wanted_ms >= worker->tick_at_ms)
        return;
    int64_t delay_ms = wanted_ms - (int64_t)uv_now(&worker->loop);
    worker->tick_at_ms = wanted_ms;
    uv_timer_start(&worker->tick, on_tick, delay_ms > 0 ? (uint64_t)delay_ms : 1, 0);
}

/* libuv calls this each turn, after timers and idle callbacks and before it waits for packets. */
static void on_before_sleep(uv_prepare_t *prepare)
{
    struct worker *worker = prepare->data;
    for (int i = 0; i < FLUSH_ROUNDS; i++) {
        bool more = tcp_flush(worker->tcp) | doh_flush(worker->doh);
        forward_flush(worker->forward);
        if (!more && i > 0)
            break;
    }
    udp_flush(worker->udp);
    arm_tick(worker);
    atomic_store_explicit(&worker->beat_ms, (int64_t)uv_now(&worker->loop), memory_order_relaxed);
}

static void take_env(struct worker *worker, struct worker_env *env, uint64_t number)
{
    env->query.metrics = &worker->metrics;
    /* Servers first: the engine may ask the new ones while it takes the rest up. */
    int err = forward_set_servers(worker->forward, env->query.opts->servers, env->query.opts->server_count, env->trust);
    if (err < 0) {
        log_error("worker keeps its old configuration: no memory worker=%zu", worker->index);
        return; /* not acknowledged, so the old one stays alive */
    }
    query_set_env(worker->engine, &env->query, clock_now());
    tcp_set_idle_ms(worker->tcp, env->tcp_idle_ms);
    tcp_set_tls(worker->tcp, env->tls);
    doh_set(worker->doh, env->tls, env->doh_path, env->tcp_idle_ms);
    atomic_store(&worker->acked_number, number);
    uv_async_send(worker->acked);
}

static void close_handles(struct worker *worker)
{
    udp_close(worker->udp);
    tcp_close(worker->tcp);
    doh_close(worker->doh);
    forward_close(worker->forward);
    uv_close((uv_handle_t *)&worker->before_sleep, NULL);
    uv_close((uv_handle_t *)&worker->tick, NULL);
    uv_close((uv_handle_t *)&worker->called, NULL);
}

static void on_called(uv_async_t *async)
{
    struct worker *worker = async->data;
    pthread_mutex_lock(&worker->lock);
    struct worker_env env = worker->next_env;
    uint64_t number = worker->next_number;
    bool stop = worker->stop;
    worker->next_number = 0;
    pthread_mutex_unlock(&worker->lock);
    if (stop)
        close_handles(worker);
    else if (number > 0)
        take_env(worker, &env, number);
}

static void run(void *arg)
{
    struct worker *worker = arg;
    char name[16]; /* the kernel's limit */
    snprintf(name, sizeof name, "worker-%u", (unsigned)worker->index % 1000);
    pthread_setname_np(pthread_self(), name);
    scheduling_set_prompt();
    uv_run(&worker->loop, UV_RUN_DEFAULT);
}

/* ---- the manager's side ---- */

static void init_handles(struct worker *worker)
{
    uv_prepare_init(&worker->loop, &worker->before_sleep);
    uv_timer_init(&worker->loop, &worker->tick);
    uv_async_init(&worker->loop, &worker->called, on_called);
    worker->before_sleep.data = worker;
    worker->tick.data = worker;
    worker->called.data = worker;
    worker->tick_at_ms = INT64_MAX;
    uv_prepare_start(&worker->before_sleep, on_before_sleep);
    atomic_init(&worker->beat_ms, (int64_t)uv_now(&worker->loop));
}

static int open_ends(struct worker *worker, const struct worker_opts *opts, const struct worker_env *env)
{
    struct tcp_opts tcp = {
        .listen = opts->listen,
        .listen_count = opts->listen_count,
        .listen_tls = opts->listen_dot,
        .listen_tls_count = opts->listen_dot_count,
        .tls = env->tls,
        .clients_max = opts->tcp_clients_max,
        .idle_ms = env->tcp_idle_ms,
        .limits = opts->tcp_limits,
        .buffer = worker->buffer,
        .engine = &worker->engine,
        .metrics = &worker->metrics,
    };
    struct doh_opts doh = {
        .listen = opts->listen_doh,
        .listen_count = opts->listen_doh_count,
        .tls = env->tls,
        .path = env->doh_path,
        .clients_max = opts->tcp_clients_max,
        .idle_ms = env->tcp_idle_ms,
        .limits = opts->tcp_limits,
        .buffer = worker->buffer,
        .engine = &worker->engine,
        .metrics = &worker->metrics,
    };
    struct forward_opts forward = {.buffer = worker->buffer, .engine = &worker->engine, .metrics = &worker->metrics};
    int err = forward_new(&worker->loop, &forward, &worker->forward);
    if (err == 0)
        err = forward_set_servers(worker->forward, env->query.opts->servers, env->query.opts->server_count, env->trust);
    if (err == 0)
        err = udp_listen(&worker->loop, opts->listen, opts->listen_count, &worker->engine, &worker->metrics,
                         &worker->udp);
    if (err == 0)
        err = tcp_listen(&worker->loop, &tcp, &worker->tcp);
    if (err == 0)
        err = doh_listen(&worker->loop, &doh, &worker->doh);
    return err;
}

static int open_engine(struct worker *worker, const struct worker_env *env)
{
    struct query_env query = env->query;
    struct query_io io = {.ctx = worker, .send = send_ask, .answer = answer};
    query.metrics = &worker->metrics;
    return query_engine_new(&query, &io, &worker->engine);
}

int worker_open(const struct worker_opts *opts, const struct worker_env *env, struct worker **out)
{
    struct worker *worker = aligned_alloc(64, (sizeof *worker + 63) / 64 * 64);
    if (worker == NULL)
        return ERR_NOMEM;
    *worker = (struct worker){.acked = opts->acked, .index = opts->index};
    pthread_mutex_init(&worker->lock, NULL);
    worker->buffer = malloc(sizeof *worker->buffer);
    int err = worker->buffer == NULL ? ERR_NOMEM : uv_loop_init(&worker->loop);
    if (err < 0) {
        free(worker->buffer);
        free(worker);
        return err;
    }
    init_handles(worker);
    err = open_ends(worker, opts, env);
    if (err == 0)
        err = open_engine(worker, env);
    if (err < 0) {
        worker_free(worker);
        return err;
    }
    *out = worker;
    return 0;
}

int worker_start(struct worker *worker)
{
    int err = uv_thread_create(&worker->thread, run, worker);
    worker->running = err == 0;
    return err;
}

static void call(struct worker *worker)
{
    pthread_mutex_unlock(&worker->lock);
    uv_async_send(&worker->called);
}

void worker_stop(struct worker *worker)
{
    if (worker == NULL || !worker->running)
        return;
    pthread_mutex_lock(&worker->lock);
    worker->stop = true;
    call(worker);
    uv_thread_join(&worker->thread);
    worker->running = false;
}

void worker_free(struct worker *worker)
{
    if (worker == NULL)
        return;
    if (worker->running) {
        worker_stop(worker);
    } else if (!uv_is_closing((uv_handle_t *)&worker->called)) {
        close_handles(worker);
        uv_run(&worker->loop, UV_RUN_DEFAULT);
    }
    uv_loop_close(&worker->loop);
    udp_free(worker->udp);
    tcp_free(worker->tcp);
    doh_free(worker->doh);
    forward_free(worker->forward);
    query_engine_free(worker->engine);
    pthread_mutex_destroy(&worker->lock);
    free(worker->buffer);
    free(worker);
}

void worker_set_env(struct worker *worker, const struct worker_env *env, uint64_t number)
{
    pthread_mutex_lock(&worker->lock);
    worker->next_env = *env;
    worker->next_number = number;
    call(worker);
}

uint64_t worker_acked(const struct worker *worker)
{
    return atomic_load(&worker->acked_number);
}

int64_t worker_beat_ms(const struct worker *worker)
{
    return atomic_load_explicit(&worker->beat_ms, memory_order_relaxed);
}

const struct metrics *worker_metrics(const struct worker *worker)
{
    return &worker->metrics;
}

struct endpoint worker_udp_bound(const struct worker *worker, size_t index)
{
    return udp_bound(worker->udp, index);
}

struct endpoint worker_doh_bound(const struct worker *worker, size_t index)
{
    return doh_bound(worker->doh, index);
}

struct endpoint worker_tcp_bound(const struct worker *worker, size_t index)
{
    return tcp_bound(worker->tcp, index);
}
