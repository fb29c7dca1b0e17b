#include "qlog/keeper.h"

#include <assert.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "qlog/retention.h"

#define RETENTION_EVERY_MS 60000
#define KEEPER_NICE        5
#define KEEPER_SLICE_NS    100000

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

/* What sched_setattr(2) takes, version 0; <linux/sched/types.h> does not go with <sched.h>. */
struct scheduling {
    uint32_t size;
    uint32_t policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime_ns; /* of a time slice */
    uint64_t deadline_ns;
    uint64_t period_ns;
};

static_assert(sizeof(struct scheduling) == 48, "as the kernel has it");

/*
 * Answers go first where a core is short: the keeper has a small share of it (a nice of 5), and in slices so short that an
 * answer which has to wait for one does not notice. A kernel that knows nothing of slices gives longer ones; where it is
 * forbidden, nothing is lost but some microseconds of an answer now and then.
 */
static void priority_lower(void)
{
    struct scheduling background = {
        .size = sizeof background, .policy = SCHED_BATCH, .nice = KEEPER_NICE, .runtime_ns = KEEPER_SLICE_NS};
    const struct sched_param none = {0};
    (void)pthread_setname_np(pthread_self(), "log-keeper");
    if (syscall(SYS_sched_setattr, 0, &background, 0) == 0) /* 0: this thread */
        return;
    (void)sched_setscheduler(0, SCHED_BATCH, &none);
    (void)setpriority(PRIO_PROCESS, 0, KEEPER_NICE);
}

/* Whether rows stay where they are for now. */
static bool rows_wait(struct qlog *log)
{
    struct qlog_stats stats;
    qlog_stats(log, &stats);
    return lull_is_awaited(&log->lull, stats.written, absorb_backlog(log), log->opts.backlog_bytes, mono_ms()) &&
           !atomic_load_explicit(&log->starved, memory_order_relaxed);
}

/* Puts what is new into the segment, and ends it when it is time or somebody wants it. */
static int rows_take(struct qlog *log, bool wanted)
{
    uint64_t pending;
    int code = absorb_look(log, &pending);
    bool due = wanted || (code == 0 && absorb_is_due(log, pending));
    words_keep(log);
    if (due)
        code = absorb_finish(log);
    if (due || mono_ms() >= log->retention_due_ms)
        keeper_expire(log, wall_s());
    words_keep(log);
    return code;
}

void *keeper_run(void *context)
{
    struct qlog *log = context;
    uint64_t flushed = 0;
    bool more = true;
    priority_lower();
    while (more) {
        uint64_t wanted = keeper_wait(log);
        int code = 0;
        if (!rows_wait(log) || wanted != flushed)
            code = rows_take(log, wanted != flushed);
        if (code < 0)
            log->last_error = code;
        flushed = wanted;
        more = flush_answer(log, wanted, code);
    }
    return NULL;
}
