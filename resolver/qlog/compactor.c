#include <time.h>

#include "base/scheduling.h"
#include "qlog/compact.h"
#include "qlog/keeper.h"

#define COMPACTOR_NICE 19
#define FIRST_MS       60000 /* after the start, which has enough to do */
#define RUSH_LOOK_MS   50

static int64_t mono_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Returns whether the compactor goes on. */
static bool rest(struct qlog *log, int64_t wait_ms)
{
    int64_t until_ms = mono_ms() + wait_ms;
    const struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};
    while (!atomic_load(&log->compactor_stopping) && sem_clockwait(&log->compactor_end, CLOCK_MONOTONIC, &until) < 0)
        if (errno != EINTR)
            break;
    return !atomic_load(&log->compactor_stopping);
}

/* Between blocks: as long as rows come in a rush, or wait for a quiet moment themselves, merging waits. */
static bool go_on(void *context)
{
    struct qlog *log = context;
    struct qlog_stats stats;
    bool more = !atomic_load(&log->compactor_stopping);
    qlog_stats(log, &stats);
    while (more && lull_is_awaited(&log->compactor_lull, stats.written, 0, 1, mono_ms())) {
        more = rest(log, RUSH_LOOK_MS);
        qlog_stats(log, &stats);
    }
    return more;
}

static void look(struct qlog *log)
{
    struct timespec now;
    struct compact_result result;
    clock_gettime(CLOCK_REALTIME, &now);
    const struct compact_opts opts = {
        .dir_fd = log->dir_fd, .key = signer_key(&log->signer), .now_s = now.tv_sec, .go_on = go_on, .ctx = log};
    int code = compact_log(&opts, &result);
    log->merged += result.merged;
    bool harmless = code == ERR_BUSY || code == ERR_CANCELED || code == ERR_NOSPACE; /* the segments are as they were */
    qlog_trouble(log, QLOG_PART_COMPACTION, harmless ? 0 : code);
}

void *compactor_run(void *context)
{
    struct qlog *log = context;
    const int64_t every_ms = log->opts.compact_every_ms;
    (void)pthread_setname_np(pthread_self(), "log-compactor");
    scheduling_set_background(COMPACTOR_NICE);
    bool more = rest(log, every_ms < FIRST_MS ? every_ms : FIRST_MS);
    while (more) {
        if (log->begun && go_on(log))
            look(log);
        more = rest(log, every_ms);
    }
    return NULL;
}
