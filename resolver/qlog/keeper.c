#include "qlog/keeper.h"

#include <time.h>

#include "base/scheduling.h"
#include "qlog/retention.h"

#define RETENTION_EVERY_MS 60000
#define KEEPER_NICE        5 /* still a quarter of a core that a worker keeps busy: more than its records need */
#define LOOK_BYTES         (64u << 10) /* of journals at once: a tenth of a millisecond's work, for which an answer may wait */
#define PAUSE_MS           5  /* ... and then nothing: writing a block holds answers up for longer, now and then */
#define RUSH_LOOK_MS       50 /* how often a lull is looked for in a rush */

static int64_t mono_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void keeper_expire(struct qlog *log, int64_t now_s)
{
    struct retention_opts opts = {.keep_s = log->opts.retention_s,
                                  .keep_bytes = log->opts.retention_bytes,
                                  .keep_free = log->opts.retention_free,
                                  .free_now = retention_free_now(log->dir_fd),
                                  .keys_s = log->opts.identity_s};
    struct retention_result result;
    int code = retention_apply(log->dir_fd, &opts, now_s, &result);
    log->retention_due_ms = mono_ms() + RETENTION_EVERY_MS;
    qlog_trouble(log, QLOG_PART_RETENTION, code);
    if (code < 0)
        return;
    log->segment_count = result.kept;
    log->segment_bytes = result.kept_bytes;
    log->oldest_s = result.oldest_s;
    log->held = result.held;
    log->missing_bytes = result.missing_bytes;
}

static bool absorb_is_due(struct qlog *log, uint64_t pending_bytes)
{
    int64_t now_ms = mono_ms();
    if (pending_bytes == 0)
        return false;
    if (log->pending_since_ms == 0)
        log->pending_since_ms = now_ms;
    if (atomic_load_explicit(&log->starved, memory_order_relaxed) && pending_bytes >= log->opts.journal_bytes)
        return true; /* the disk is full: a journal makes room */
    return pending_bytes >= log->opts.segment_bytes || now_ms - log->pending_since_ms >= log->opts.segment_s * 1000;
}

/* Waits for some time, for a flush or for the end. Returns the flush that was wanted. */
static uint64_t keeper_wait(struct qlog *log, int64_t wait_ms)
{
    int64_t until_ms = mono_ms() + wait_ms;
    struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};
    int code = 0;
    pthread_mutex_lock(&log->lock);
    while (!log->stopping && log->flush_wanted == log->flush_done && log->known_count == 0 && code == 0)
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

/* Whether rows stay where they are for now. */
static bool rows_wait(struct qlog *log)
{
    struct qlog_stats stats;
    qlog_stats(log, &stats);
    return lull_is_awaited(&log->lull, stats.written, absorb_backlog(log), log->opts.backlog_bytes, mono_ms()) &&
           !atomic_load_explicit(&log->starved, memory_order_relaxed);
}

/* Whether somebody waits for the keeper. */
static bool is_called(struct qlog *log)
{
    pthread_mutex_lock(&log->lock);
    bool called = log->stopping || log->flush_wanted != log->flush_done;
    pthread_mutex_unlock(&log->lock);
    return called;
}

/* Puts what is new into the segment, a little at a time, as long as it need not wait; ends the segment when it is time. */
static int rows_take(struct qlog *log)
{
    uint64_t pending;
    int code = 0;
    while (code == 0 && !rows_wait(log)) {
        code = absorb_look(log, LOOK_BYTES, &pending);
        words_keep(log);
        if (code == 0 && (log->day_is_over || absorb_is_due(log, pending)))
            code = absorb_end(log);
        uint64_t backlog = absorb_backlog(log);
        if (backlog < LOOK_BYTES || is_called(log))
            break;
        if (backlog < log->opts.backlog_bytes)
            (void)keeper_wait(log, PAUSE_MS);
    }
    return code;
}

static int rows_flush(struct qlog *log)
{
    int code = absorb_finish(log);
    words_keep(log);
    return code;
}

void *keeper_run(void *context)
{
    struct qlog *log = context;
    uint64_t flushed = 0;
    bool more = true;
    (void)pthread_setname_np(pthread_self(), "log-keeper");
    scheduling_set_background(KEEPER_NICE);
    while (more) {
        uint64_t wanted = keeper_wait(log, log->lull.rush ? RUSH_LOOK_MS : log->opts.fsync_ms);
        if (!atomic_load_explicit(&log->begun, memory_order_acquire)) {
            flushed = wanted;
            more = flush_answer(log, wanted, log->troubles[QLOG_PART_FOLDER]);
            continue;
        }
        uint64_t sequence = log->chain.sequence;
        words_learn(log);
        int code = wanted != flushed ? rows_flush(log) : rows_take(log);
        if (log->chain.sequence != sequence || mono_ms() >= log->retention_due_ms)
            keeper_expire(log, wall_s());
        qlog_trouble(log, QLOG_PART_SEGMENTS, code);
        flushed = wanted;
        more = flush_answer(log, wanted, code);
    }
    return NULL;
}
