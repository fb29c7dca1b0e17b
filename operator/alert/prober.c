#include "alert/prober.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct prober {
    probe_fn probe;
    void *ctx;
    unsigned every_s;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct text answer;
    bool is_new, stopping;
};

/* false: it shall end. A wall clock that is set back makes no pause longer. */
static bool pause_s(struct prober *p)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += p->every_s;
    int code = 0;
    while (!p->stopping && code == 0)
        code = pthread_cond_timedwait(&p->changed, &p->mutex, &until);
    return !p->stopping;
}

static void *run(void *ctx)
{
    struct prober *p = ctx;
    pthread_mutex_lock(&p->mutex);
    do {
        struct text answer = {0};
        pthread_mutex_unlock(&p->mutex);
        p->probe(p->ctx, &answer);
        pthread_mutex_lock(&p->mutex);
        text_done(&p->answer);
        p->answer = answer;
        p->is_new = true;
    } while (pause_s(p));
    pthread_mutex_unlock(&p->mutex);
    return NULL;
}

static void sync_init(struct prober *p)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&p->changed, &attr);
    pthread_condattr_destroy(&attr);
    pthread_mutex_init(&p->mutex, NULL);
}

static void sync_done(struct prober *p)
{
    pthread_cond_destroy(&p->changed);
    pthread_mutex_destroy(&p->mutex);
}

int prober_start(probe_fn probe, void *ctx, unsigned every_s, struct prober **out)
{
    struct prober *p = calloc(1, sizeof *p);
    if (p == NULL)
        return ERR_NOMEM;
    *p = (struct prober){.probe = probe, .ctx = ctx, .every_s = every_s};
    sync_init(p);
    if (pthread_create(&p->thread, NULL, run, p) != 0) {
        sync_done(p);
        free(p);
        return ERR_NOMEM;
    }
    *out = p;
    return 0;
}

bool prober_answer(struct prober *p, struct text *out)
{
    pthread_mutex_lock(&p->mutex);
    bool is_new = p->is_new;
    if (is_new)
        text_add(out, p->answer.bytes == NULL ? "" : p->answer.bytes, p->answer.len);
    p->is_new = false;
    pthread_mutex_unlock(&p->mutex);
    return is_new;
}

void prober_stop(struct prober *p)
{
    if (p == NULL)
        return;
    pthread_mutex_lock(&p->mutex);
    p->stopping = true;
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->mutex);
    pthread_join(p->thread, NULL);
    text_done(&p->answer);
    sync_done(p);
    free(p);
}
