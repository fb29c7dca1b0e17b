#include "qlog/keeper.h"

#include <time.h>

#define RETRY_MS 100 /* between attempts while a worker has no next journal */

static int64_t mono_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int journal_make(struct qlog *log, struct qlog_writer *writer)
{
    struct journal_opts opts = {.writer = writer->index, .node = log->node, .bytes = log->opts.journal_bytes};
    struct journal *journal;
    int code = journal_new(log->dir_fd, &opts, &journal);
    if (code < 0)
        return code;
    code = qlog_journal_add(log, journal);
    if (code < 0) {
        journal_free(journal);
        return code;
    }
    atomic_store_explicit(&writer->next, journal, memory_order_release);
    return 0;
}

int supplier_fill(struct qlog *log)
{
    int first_error = 0;
    for (size_t i = 0; i < log->opts.writer_count; i++) {
        struct qlog_writer *writer = &log->writers[i];
        if (atomic_load_explicit(&writer->next, memory_order_relaxed) != NULL)
            continue;
        int code = journal_make(log, writer);
        if (code < 0 && first_error == 0)
            first_error = code;
    }
    return first_error;
}

static void journals_sync(struct qlog *log)
{
    int code = 0;
    pthread_mutex_lock(&log->lock);
    for (size_t i = 0; i < log->journal_count; i++) {
        int result = journal_sync(log->journals[i]);
        code = result < 0 ? result : code;
    }
    pthread_mutex_unlock(&log->lock);
    if (code < 0)
        log->last_error = code;
}

static void hunger_wait(struct qlog *log, int64_t until_ms)
{
    struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};
    (void)sem_clockwait(&log->hunger, CLOCK_MONOTONIC, &until);
}

void *supplier_run(void *context)
{
    struct qlog *log = context;
    int64_t sync_due_ms = mono_ms() + log->opts.fsync_ms;
    (void)pthread_setname_np(pthread_self(), "log-supplier");
    while (!atomic_load(&log->supplier_stopping)) {
        int64_t now_ms = mono_ms();
        int64_t retry_ms = sync_due_ms;
        int code = supplier_fill(log);
        atomic_store_explicit(&log->starved, code < 0, memory_order_relaxed);
        if (code < 0) {
            log->last_error = code;
            retry_ms = now_ms + RETRY_MS;
        }
        if (now_ms >= sync_due_ms) {
            journals_sync(log);
            sync_due_ms = mono_ms() + log->opts.fsync_ms;
        }
        hunger_wait(log, retry_ms < sync_due_ms ? retry_ms : sync_due_ms);
    }
    return NULL;
}
