#include "qlog/keeper.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The next one that this turn has not synced; it may not be freed until sync_done(). NULL: none is left. */
static struct journal *sync_next(struct qlog *log, size_t *at)
{
    struct journal *journal = NULL;
    pthread_mutex_lock(&log->lock);
    if (*at < log->journal_count) {
        journal = log->journals[(*at)++];
        journal->syncing = true;
    }
    pthread_mutex_unlock(&log->lock);
    return journal;
}

static void sync_done(struct qlog *log, struct journal *journal)
{
    pthread_mutex_lock(&log->lock);
    journal->syncing = false;
    bool dropped = journal->dropped;
    pthread_mutex_unlock(&log->lock);
    if (dropped)
        journal_remove(journal, log->dir_fd);
}

/* A journal that takes the place of one dropped meanwhile is left to the next turn. */
int syncer_turn(struct qlog *log)
{
    struct journal *journal;
    size_t at = 0;
    int code = 0;
    while ((journal = sync_next(log, &at)) != NULL) {
        int result = journal_sync(journal, log->dir_fd);
        code = result < 0 ? result : code;
        sync_done(log, journal);
    }
    return code;
}

/* Returns whether the syncer goes on. */
static bool pause_make(struct qlog *log)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t until_ns = until.tv_nsec + log->opts.fsync_ms % 1000 * 1000000;
    until.tv_sec += log->opts.fsync_ms / 1000 + until_ns / 1000000000;
    until.tv_nsec = until_ns % 1000000000;
    while (sem_clockwait(&log->sync_end, CLOCK_MONOTONIC, &until) < 0)
        if (errno != EINTR)
            break;
    return !atomic_load(&log->syncer_stopping);
}

void *syncer_run(void *context)
{
    struct qlog *log = context;
    (void)pthread_setname_np(pthread_self(), "log-syncer");
    while (pause_make(log)) {
        if (log->begun && log_is_gone(log))
            qlog_trouble(log, QLOG_PART_FOLDER, log_renew(log));
        qlog_trouble(log, QLOG_PART_SYNC, syncer_turn(log));
        log->sync_turns++;
    }
    return NULL;
}
