#include "qlog/writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "qlog/keeper.h"

#define WRITERS_MAX       64
#define JOURNAL_BYTES_MIN ((size_t)64 << 10)
#define FSYNC_MS_DEFAULT  1000

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

static char *text_keep(const char *text)
{
    return text == NULL ? NULL : strdup(text);
}

static int opts_take(struct qlog *log, const struct qlog_opts *opts)
{
    if (opts->writer_count == 0 || opts->writer_count > WRITERS_MAX || opts->journal_bytes < JOURNAL_BYTES_MIN)
        return ERR_INVAL;
    log->opts = *opts;
    log->opts.dir = log->texts[0] = text_keep(opts->dir);
    log->opts.key_path = log->texts[1] = text_keep(opts->key_path);
    log->opts.keys_dir = log->texts[2] = text_keep(opts->keys_dir);
    log->opts.memory_dir = log->texts[3] = text_keep(opts->memory_dir);
    log->opts.node = log->node;
    if (log->opts.dir == NULL)
        return ERR_NOMEM;
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
    sem_init(&log->sync_end, 0, 0);
    sem_init(&log->compactor_end, 0, 0);
}

/* A full disk at the start is a gap like any other: the supplier goes on trying. */
static void journals_begin(struct qlog *log)
{
    for (int round = 0; round < 2; round++) {
        qlog_trouble(log, QLOG_PART_JOURNALS, supplier_fill(log));
        for (size_t i = 0; round == 0 && i < log->opts.writer_count; i++)
            log->writers[i].current = atomic_exchange(&log->writers[i].next, NULL);
    }
}

static int thread_start(struct qlog *log, void *(*run)(void *), pthread_t *out_thread, bool *out_runs)
{
    int code = pthread_create(out_thread, NULL, run, log);
    *out_runs = code == 0;
    return -code;
}

static int threads_start(struct qlog *log)
{
    int code = thread_start(log, supplier_run, &log->supplier_thread, &log->supplier_runs);
    if (code == 0)
        code = thread_start(log, syncer_run, &log->syncer_thread, &log->syncer_runs);
    if (code == 0)
        code = thread_start(log, keeper_run, &log->keeper_thread, &log->keeper_runs);
    if (code == 0 && log->opts.compact_every_ms > 0)
        code = thread_start(log, compactor_run, &log->compactor_thread, &log->compactor_runs);
    return code;
}

int qlog_open(const struct qlog_opts *opts, struct qlog **out)
{
    if (sodium_init() < 0)
        return ERR_IO;
    struct qlog *log = calloc(1, sizeof *log);
    if (log == NULL)
        return ERR_NOMEM;
    log->dir_fd = log->lock_fd = log->keys_fd = log->memory.fd = -1;
    sync_init(log);
    int code = opts_take(log, opts);
    if (code == 0)
        code = log_begin(log);
    if (code == 0)
        journals_begin(log);
    else if (code != ERR_BUSY && code != ERR_NOMEM && code != ERR_INVAL)
        code = 0; /* a disk that can't be used stops no answers: what comes is counted, and the supplier tries again */
    if (code == 0)
        code = threads_start(log);
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
                               .damaged = log->damaged,
                               .merged = log->merged,
                               .held = log->held,
                               .missing_bytes = log->missing_bytes};
    if (atomic_load_explicit(&log->begun, memory_order_acquire)) {
        out->in_memory = log->memory.in_use;
        out->memory_error = log->memory_error;
    }
    for (size_t i = 0; i < QLOG_PART_COUNT && out->last_error == 0; i++)
        out->last_error = atomic_load_explicit(&log->troubles[i], memory_order_relaxed);
    for (size_t i = 0; i < log->opts.writer_count; i++) {
        out->written += atomic_load_explicit(&log->writers[i].written, memory_order_relaxed);
        out->lost += atomic_load_explicit(&log->writers[i].lost, memory_order_relaxed);
    }
}

const struct signing_public *qlog_signer(const struct qlog *log, bool *out_made, int *out_err)
{
    *out_made = false;
    *out_err = atomic_load_explicit(&log->troubles[QLOG_PART_FOLDER], memory_order_relaxed);
    if (!atomic_load_explicit(&log->begun, memory_order_acquire))
        return NULL;
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
    if (log->compactor_runs) {
        atomic_store(&log->compactor_stopping, true);
        sem_post(&log->compactor_end);
        pthread_join(log->compactor_thread, NULL);
    }
    if (log->supplier_runs) {
        atomic_store(&log->supplier_stopping, true);
        sem_post(&log->hunger);
        pthread_join(log->supplier_thread, NULL);
    }
    if (log->syncer_runs) {
        atomic_store(&log->syncer_stopping, true);
        sem_post(&log->sync_end);
        pthread_join(log->syncer_thread, NULL);
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
    for (size_t i = 0; log->writers != NULL && log->begun && i < log->opts.writer_count; i++) {
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
    if (!log->keeper_runs || !log->begun)
        return;
    int code = absorb_backlog(log) > HURRY_BYTES ? absorb_end(log) : absorb_finish(log);
    if (code == 0 && log->words_changed)
        qlog_trouble(log, QLOG_PART_WORDS,
                     texts_save(&log->words, log->dir_fd)); /* the segment has the words it needs */
    (void)syncer_turn(log); /* what is left in journals; memory may be cleared when the service ends */
}

void qlog_close(struct qlog *log)
{
    if (log == NULL)
        return;
    threads_stop(log);
    if (log->keeper_runs && !log->begun && log_begin(log) < 0)
        log->begun = false; /* only qlog_stats() knew what was lost */
    writers_end(log);
    last_segment_write(log);
    absorb_forget(log);
    for (size_t i = 0; i < log->journal_count; i++)
        journal_free(log->journals[i]); /* not in a segment: the file stays for the next time */
    free(log->journals);
    free(log->writers);
    memory_close(&log->memory);
    for (size_t i = 0; i < sizeof log->texts / sizeof log->texts[0]; i++)
        free(log->texts[i]);
    texts_done(&log->words);
    free(log->known);
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
    sem_destroy(&log->sync_end);
    sem_destroy(&log->compactor_end);
    free(log);
}
