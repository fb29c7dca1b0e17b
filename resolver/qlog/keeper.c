#include "qlog/keeper.h"

#include <sched.h>
#include <sys/resource.h>
#include <time.h>

#include "qlog/retention.h"

#define RETENTION_EVERY_MS 60000
#define KEEPER_NICE        5

static int64_t mono_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void keeper_expire(struct qlog *log, int64_t now_s)
{
    struct retention_opts opts = {.keep_s = log->opts.retention_s, .keep_bytes = log->opts.retention_bytes};
    struct retention_result result;
    int code = retention_apply(log->dir_fd, &opts, now_s, &result);
    log->retention_due_ms = mono_ms() + RETENTION_EVERY_MS;
    if (code < 0) {
        log->last_error = code;
        return;
    }
    log->segment_count = result.kept;
    log->segment_bytes = result.kept_bytes;
    log->oldest_s = result.oldest_s;
}

static bool absorb_is_due(struct qlog *log, uint64_t pending_bytes)
{
    int64_t now_ms = mono_ms();
    if (pending_bytes == 0)
        return false;
    if (log->pending_since_ms == 0)
        log->pending_since_ms = now_ms;
    return pending_bytes >= log->opts.segment_bytes || now_ms - log->pending_since_ms >= log->opts.segment_s * 1000;
}

static void words_keep(struct qlog *log)
{
    if (!log->words_changed)
        return;
    int code = texts_save(&log->words, log->dir_fd);
    if (code < 0)
        log->last_error = code;
    log->words_changed = code < 0;
}

/* Waits for the next look, for a flush or for the end. Returns the flush that was wanted. */
static uint64_t keeper_wait(struct qlog *log)
{
    int64_t until_ms = mono_ms() + log->opts.fsync_ms;
    struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};
    int code = 0;
    pthread_mutex_lock(&log->lock);
    while (!log->stopping && log->flush_wanted == log->flush_done && code == 0)
        code = pthread_cond_timedwait(&log->wake, &log->lock, &until);
    uint64_t wanted = log->flush_wanted;
    pthread_mutex_unlock(&log->lock);
    return wanted;
}

/* Returns whether the keeper goes on. */
static bool flush_answer(struct qlog *log, uint64_t wanted, int code)
{
    pthread_mutex_lock(&log->lock);
    log->flush_done = wanted;
    log->flush_code = code;
    pthread_cond_broadcast(&log->flushed);
    bool more = !log->stopping;
    pthread_mutex_unlock(&log->lock);
    return more;
}

static int64_t wall_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec;
}

/*
 * Answers go first where a core is short. A nice of 5 still gets a quarter of a core that a worker keeps busy, which is
 * several times what its records need, so journals can't pile up; the supplier, for whom workers would wait, stays as it
 * is. Where it is forbidden, nothing is lost but a few microseconds of an answer now and then.
 */
static void priority_lower(void)
{
    const struct sched_param none = {0};
    (void)sched_setscheduler(0, SCHED_BATCH, &none); /* 0: this thread */
    (void)setpriority(PRIO_PROCESS, 0, KEEPER_NICE);
}

void *keeper_run(void *context)
{
    struct qlog *log = context;
    uint64_t flushed = 0;
    bool more = true;
    priority_lower();
    while (more) {
        uint64_t wanted = keeper_wait(log);
        uint64_t pending;
        int code = absorb_look(log, &pending);
        bool due = wanted != flushed || (code == 0 && absorb_is_due(log, pending));
        words_keep(log);
        if (due)
            code = absorb_finish(log);
        if (due || mono_ms() >= log->retention_due_ms)
            keeper_expire(log, wall_s());
        if (code < 0)
            log->last_error = code;
        words_keep(log);
        flushed = wanted;
        more = flush_answer(log, wanted, code);
    }
    return NULL;
}
