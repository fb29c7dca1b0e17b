#include "qlog/writer.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "qlog/keeper.h"
#include "qlog/keyring.h"

#define WRITERS_MAX       64
#define JOURNAL_BYTES_MIN ((size_t)64 << 10)
#define FSYNC_MS_DEFAULT  1000
#define LOCK_FILE         "lock"
/* Nobody waits for more than this of journals: when the log is opened the keeper takes it later, when it is closed it is left. */
#define HURRY_BYTES (64u << 20)

/* ---- the worker's side ---- */

/* Puts the journal that the supplier made ready in the place of the full one. */
static bool journal_turn(struct qlog_writer *w)
{
    if (atomic_load_explicit(&w->next, memory_order_relaxed) == NULL)
        return false;
    struct journal *full = w->current;
    w->current = atomic_exchange_explicit(&w->next, NULL, memory_order_acquire);
    if (full != NULL)
        atomic_store_explicit(&full->retired, true, memory_order_release);
    sem_post(&w->log->hunger);
    return true;
}

static inline bool room_have(struct qlog_writer *w)
{
    return (w->current != NULL && journal_has_room(w->current)) || journal_turn(w);
}

/* The one writer of a counter need not pay for an atomic addition. */
static inline void counter_add(_Atomic uint64_t *counter)
{
    uint64_t value = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, value + 1, memory_order_relaxed);
}

static void loss_note(struct qlog_writer *w, int64_t time_ns)
{
    if (w->gap.lost++ == 0)
        w->gap.from_ns = time_ns;
    w->gap.to_ns = time_ns;
    counter_add(&w->lost);
}

static void gap_put(struct qlog_writer *w)
{
    w->gap.kind = JOURNAL_GAP;
    journal_put_gap(w->current, &w->gap);
    w->gap = (struct journal_gap){0};
}

void qlog_append(struct qlog_writer *w, const struct qlog_record *record)
{
    if (!room_have(w)) {
        loss_note(w, record->time_ns);
        return;
    }
    if (w->gap.lost > 0) {
        gap_put(w);
        if (!room_have(w)) {
            loss_note(w, record->time_ns);
            return;
        }
    }
    journal_put_record(w->current, record);
    counter_add(&w->written);
}

struct qlog_writer *qlog_writer(struct qlog *log, size_t index)
{
    return &log->writers[index];
}

/* ---- opening ---- */

static int dir_open(struct qlog *log)
{
    if (mkdir(log->opts.dir, 0750) < 0 && errno != EEXIST)
        return -errno;
    log->dir_fd = open(log->opts.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (log->dir_fd < 0)
        return -errno;
    log->lock_fd = openat(log->dir_fd, LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (log->lock_fd < 0)
        return -errno;
    if (flock(log->lock_fd, LOCK_EX | LOCK_NB) < 0)
        return errno == EWOULDBLOCK ? ERR_BUSY : -errno;
    return 0;
}

/* Readers of the log find the keys by a link beside the segments. */
static int link_put(const struct qlog *log, const char *path)
{
    char was[PATH_MAX];
    char target[PATH_MAX];
    if (realpath(path, target) == NULL)
        return -errno;
    ssize_t len = readlinkat(log->dir_fd, KEYRING_LINK, was, sizeof was - 1);
    was[len < 0 ? 0 : len] = '\0';
    if (len >= 0 && strcmp(was, target) == 0)
        return 0;
    if (len >= 0)
        unlinkat(log->dir_fd, KEYRING_LINK, 0);
    return symlinkat(target, log->dir_fd, KEYRING_LINK) < 0 ? -errno : 0;
}

/* Makes the folder with the one above it. */
static int keys_open(struct qlog *log)
{
    char above[PATH_MAX];
    const char *path = log->opts.keys_dir;
    if (path == NULL)
        return 0;
    const char *slash = strrchr(path, '/');
    snprintf(above, sizeof above, "%.*s", slash == NULL ? 0 : (int)(slash - path), path);
    if (above[0] != '\0' && mkdir(above, 0700) < 0 && errno != EEXIST)
        return -errno;
    if (mkdir(path, 0700) < 0 && errno != EEXIST)
        return -errno;
    log->keys_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return log->keys_fd < 0 ? -errno : link_put(log, path);
}

static int opts_take(struct qlog *log, const struct qlog_opts *opts)
{
    if (opts->writer_count == 0 || opts->writer_count > WRITERS_MAX || opts->journal_bytes < JOURNAL_BYTES_MIN)
        return ERR_INVAL;
    log->opts = *opts;
    log->opts.node = log->node;
    if (log->opts.fsync_ms <= 0)
        log->opts.fsync_ms = FSYNC_MS_DEFAULT;
    snprintf(log->node, sizeof log->node, "%s", opts->node == NULL ? "" : opts->node);
    log->writers = aligned_alloc(64, opts->writer_count * sizeof *log->writers);
    if (log->writers == NULL)
        return ERR_NOMEM;
    memset(log->writers, 0, opts->writer_count * sizeof *log->writers);
    for (size_t i = 0; i < opts->writer_count; i++) {
        log->writers[i].log = log;
        log->writers[i].index = (uint32_t)i;
    }
    return 0;
}

static void sync_init(struct qlog *log)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&log->wake, &attr);
    pthread_cond_init(&log->flushed, &attr);
    pthread_condattr_destroy(&attr);
    pthread_mutex_init(&log->lock, NULL);
    sem_init(&log->hunger, 0, 0);
}

/* What an earlier process left: words, the end of the chain, journals. */
static int past_take_over(struct qlog *log)
{
    int code = texts_load(&log->words, log->dir_fd);
    if (code < 0 && code != ERR_NOENT)
        log->last_error = code; /* rows of old journals show numbers; no reason not to log */
    code = chain_load(log->dir_fd, &log->chain);
    if (code == 0)
        code = recover_journals(log);
    if (code < 0)
        return code;
    code = absorb_backlog(log) > HURRY_BYTES ? 0 : absorb_finish(log);
    if (code < 0)
        log->last_error = code; /* the journals stay and are tried again */
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    keeper_expire(log, now.tv_sec);
    return 0;
}

/* A full disk at the start is a gap like any other: the supplier goes on trying. */
static void journals_begin(struct qlog *log)
{
    for (int round = 0; round < 2; round++) {
        int code = supplier_fill(log);
        if (code < 0)
            log->last_error = code;
        for (size_t i = 0; round == 0 && i < log->opts.writer_count; i++)
            log->writers[i].current = atomic_exchange(&log->writers[i].next, NULL);
    }
}

static int threads_start(struct qlog *log)
{
    int code = pthread_create(&log->supplier_thread, NULL, supplier_run, log);
    log->supplier_runs = code == 0;
    if (code == 0) {
        code = pthread_create(&log->keeper_thread, NULL, keeper_run, log);
        log->keeper_runs = code == 0;
    }
    return -code;
}

int qlog_open(const struct qlog_opts *opts, struct qlog **out)
{
    if (sodium_init() < 0)
        return ERR_IO;
    struct qlog *log = calloc(1, sizeof *log);
    if (log == NULL)
        return ERR_NOMEM;
    log->dir_fd = log->lock_fd = log->keys_fd = -1;
    sync_init(log);
    int code = opts_take(log, opts);
    if (code == 0)
        code = dir_open(log);
    if (code == 0) {
        signer_open(&log->signer, opts->key_path, log->dir_fd);
        code = keys_open(log);
    }
    if (code == 0) {
        code = past_take_over(log);
    }
    if (code == 0) {
        journals_begin(log);
        code = threads_start(log);
    }
    if (code < 0) {
        qlog_close(log);
        return code;
    }
    *out = log;
    return 0;
}

/* ---- the rest ---- */

void qlog_stats(const struct qlog *log, struct qlog_stats *out)
{
    *out = (struct qlog_stats){.segments = log->segment_count,
                               .bytes = log->segment_bytes,
                               .oldest_s = log->oldest_s,
                               .last_error = log->last_error};
    for (size_t i = 0; i < log->opts.writer_count; i++) {
        out->written += atomic_load_explicit(&log->writers[i].written, memory_order_relaxed);
        out->lost += atomic_load_explicit(&log->writers[i].lost, memory_order_relaxed);
    }
}

const struct signing_public *qlog_signer(const struct qlog *log, bool *out_made, int *out_err)
{
    const struct signing_key *key = signer_key(&log->signer);
    *out_made = log->signer.made;
    *out_err = log->signer.err;
    return key == NULL ? NULL : &key->public;
}

int qlog_flush(struct qlog *log)
{
    pthread_mutex_lock(&log->lock);
    uint64_t wanted = ++log->flush_wanted;
    pthread_cond_signal(&log->wake);
    while (log->flush_done < wanted)
        pthread_cond_wait(&log->flushed, &log->lock);
    int code = log->flush_code;
    pthread_mutex_unlock(&log->lock);
    return code;
}

static void threads_stop(struct qlog *log)
{
    if (log->supplier_runs) {
        atomic_store(&log->supplier_stopping, true);
        sem_post(&log->hunger);
        pthread_join(log->supplier_thread, NULL);
    }
    if (log->keeper_runs) {
        pthread_mutex_lock(&log->lock);
        log->stopping = true;
        pthread_cond_signal(&log->wake);
        pthread_mutex_unlock(&log->lock);
        pthread_join(log->keeper_thread, NULL);
    }
}

/* The workers are gone: their last losses are told, their journals are done with. */
static void writers_end(struct qlog *log)
{
    for (size_t i = 0; log->writers != NULL && i < log->opts.writer_count; i++) {
        struct qlog_writer *w = &log->writers[i];
        struct journal *next;
        if (w->gap.lost > 0 && !room_have(w))
            (void)supplier_fill(log); /* where even that fails, only qlog_stats() knew of the loss */
        if (w->gap.lost > 0 && room_have(w))
            gap_put(w);
        next = atomic_exchange(&w->next, NULL);
        if (w->current != NULL)
            w->current->retired = true;
        if (next != NULL)
            next->retired = true;
    }
}

static void last_segment_write(struct qlog *log)
{
    if (!log->keeper_runs)
        return;
    int code = absorb_backlog(log) > HURRY_BYTES ? absorb_end(log) : absorb_finish(log);
    if (code == 0 && log->words_changed && texts_save(&log->words, log->dir_fd) < 0)
        log->last_error = ERR_IO; /* the segment has the words it needs */
}

void qlog_close(struct qlog *log)
{
    if (log == NULL)
        return;
    threads_stop(log);
    writers_end(log);
    last_segment_write(log);
    absorb_forget(log);
    for (size_t i = 0; i < log->journal_count; i++)
        journal_free(log->journals[i]); /* not in a segment: the file stays for the next time */
    free(log->journals);
    free(log->writers);
    texts_done(&log->words);
    block_builder_done(&log->builder);
    signer_done(&log->signer);
    day_key_close(log->day_key);
    if (log->keys_fd >= 0)
        close(log->keys_fd);
    if (log->lock_fd >= 0)
        close(log->lock_fd);
    if (log->dir_fd >= 0)
        close(log->dir_fd);
    pthread_mutex_destroy(&log->lock);
    pthread_cond_destroy(&log->wake);
    pthread_cond_destroy(&log->flushed);
    sem_destroy(&log->hunger);
    free(log);
}
