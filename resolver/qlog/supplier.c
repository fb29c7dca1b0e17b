#include "qlog/keeper.h"

#include <sys/statvfs.h>
#include <time.h>

#define RETRY_MS 100   /* between attempts while a worker has no next journal */
#define BEGIN_MS 1000  /* between attempts to have the log's folder */
#define IDLE_MS  60000 /* while all have one: whoever takes it wakes us */

static int64_t mono_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/*
 * Whether a journal fits and leaves room for the segment that its rows go to. Without, a disk that became full would stay so: the journals there
 * are could not be turned into segments, and so not be removed.
 */
static bool disk_has_room(const struct qlog *log)
{
    struct statvfs fs;
    uint64_t wanted = log->opts.journal_bytes + log->opts.journal_bytes / 2;
    return fstatvfs(log->dir_fd, &fs) < 0 || (uint64_t)fs.f_bavail * fs.f_frsize >= wanted;
}

static int journal_make(struct qlog *log, struct qlog_writer *writer)
{
    struct journal_opts opts = {
        .writer = writer->index, .node = log->node, .bytes = log->opts.journal_bytes, .in_memory = log->memory.in_use};
    struct journal *journal;
    if (!disk_has_room(log))
        return ERR_NOSPACE;
    int code = journal_new(log->dir_fd, &opts, &journal);
    if (code < 0)
        return code;
    code = qlog_journal_add(log, journal);
    if (code < 0) {
        journal_remove(journal, log->dir_fd);
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

static void hunger_wait(struct qlog *log, int64_t wait_ms)
{
    int64_t until_ms = mono_ms() + wait_ms;
    struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};
    (void)sem_clockwait(&log->hunger, CLOCK_MONOTONIC, &until);
}

void *supplier_run(void *context)
{
    struct qlog *log = context;
    (void)pthread_setname_np(pthread_self(), "log-supplier");
    while (!atomic_load(&log->supplier_stopping)) {
        if (!log->begun && log_begin(log) < 0) {
            hunger_wait(log, BEGIN_MS);
            continue;
        }
        int code = supplier_fill(log);
        qlog_trouble(log, QLOG_PART_JOURNALS, code);
        atomic_store_explicit(&log->starved, code < 0, memory_order_relaxed);
        hunger_wait(log, code < 0 ? RETRY_MS : IDLE_MS);
    }
    return NULL;
}
