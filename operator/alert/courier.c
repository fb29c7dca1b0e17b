#include "alert/courier.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/err.h"
#include "base/log.h"

#define LOOK_S 30 /* at the latest */

struct courier {
    struct couriers *all;
    enum route_kind kind;
    pthread_t thread;
    bool started;
    uint64_t seen; /* wakes */
};

struct couriers {
    struct outbox *box;
    const struct routes *routes;
    outbox_tell told;
    void *ctx;
    pthread_mutex_t mutex;
    pthread_cond_t woken;
    uint64_t wakes;
    bool stopping;
    struct courier each[ROUTE_KINDS];
};

/* Until somebody wakes them, or next_s; false: they shall end. A wall clock that is set back makes no wait longer. */
static bool wait_until(struct courier *c, int64_t next_s)
{
    struct couriers *all = c->all;
    struct timespec until;
    int64_t now_s = time(NULL);
    clock_gettime(CLOCK_MONOTONIC, &until);
    if (next_s <= now_s)
        until.tv_sec++;
    else
        until.tv_sec += next_s - now_s < LOOK_S ? (time_t)(next_s - now_s) : LOOK_S;
    pthread_mutex_lock(&all->mutex);
    int code = 0;
    while (!all->stopping && c->seen == all->wakes && code == 0)
        code = pthread_cond_timedwait(&all->woken, &all->mutex, &until);
    c->seen = all->wakes;
    bool stopping = all->stopping;
    pthread_mutex_unlock(&all->mutex);
    return !stopping;
}

static void *run(void *ctx)
{
    struct courier *c = ctx;
    struct couriers *all = c->all;
    int64_t next_s;
    do {
        int err = outbox_turn(all->box, all->routes, c->kind, time(NULL), all->told, all->ctx, &next_s);
        if (err < 0) {
            log_error("the outbox can't be written: %s", err_str(err));
            next_s = time(NULL) + 5;
        }
    } while (wait_until(c, next_s));
    return NULL;
}

static void sync_init(struct couriers *all)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&all->woken, &attr);
    pthread_condattr_destroy(&attr);
    pthread_mutex_init(&all->mutex, NULL);
}

int couriers_start(struct outbox *box, const struct routes *routes, outbox_tell told, void *ctx, struct couriers **out)
{
    struct couriers *all = calloc(1, sizeof *all);
    if (all == NULL)
        return ERR_NOMEM;
    all->box = box;
    all->routes = routes;
    all->told = told;
    all->ctx = ctx;
    sync_init(all);
    for (int i = 0; i < ROUTE_KINDS; i++) {
        struct courier *c = &all->each[i];
        *c = (struct courier){.all = all, .kind = (enum route_kind)i};
        if (pthread_create(&c->thread, NULL, run, c) != 0) {
            couriers_stop(all);
            return ERR_NOMEM;
        }
        c->started = true;
    }
    *out = all;
    return 0;
}

void couriers_wake(struct couriers *all)
{
    pthread_mutex_lock(&all->mutex);
    all->wakes++;
    pthread_cond_broadcast(&all->woken);
    pthread_mutex_unlock(&all->mutex);
}

void couriers_stop(struct couriers *all)
{
    if (all == NULL)
        return;
    pthread_mutex_lock(&all->mutex);
    all->stopping = true;
    pthread_cond_broadcast(&all->woken);
    pthread_mutex_unlock(&all->mutex);
    for (int i = 0; i < ROUTE_KINDS; i++)
        if (all->each[i].started)
            pthread_join(all->each[i].thread, NULL);
    pthread_cond_destroy(&all->woken);
    pthread_mutex_destroy(&all->mutex);
    free(all);
}
