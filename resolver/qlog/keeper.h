/*
 * What stands behind qlog/writer.h: the log's state and its threads.
 *
 *     supplier   makes the next journal of every worker ready (supplier.c)
 *     syncer     brings to disk what was written (syncer.c)
 *     keeper     turns journals into segments (absorb.c), removes old segments (keeper.c)
 *     compactor  merges small segments, when nothing else is to do (compactor.c)
 *
 * They are several, because each may wait for a slow disk longer than a worker needs to fill a journal.
 *
 * Who owns what: `journals` is guarded by `lock`, which nobody holds while waiting for the disk; a worker touches only its struct qlog_writer and the journal it is
 * given there, until it has set the journal's `retired`; the keeper alone frees journals, once retired. The wall clock
 * is asked by keeper and compactor only, for what is too old, and which days are over.
 */
#ifndef QLOG_KEEPER_H
#define QLOG_KEEPER_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"
#include "qlog/block.h"
#include "qlog/chain.h"
#include "qlog/journal.h"
#include "qlog/lull.h"
#include "qlog/memory.h"
#include "qlog/segment.h"
#include "qlog/signer.h"
#include "qlog/texts.h"
#include "qlog/writer.h"

/* Nobody waits for more than this of journals: when the log is opened the keeper takes it later, when it is closed it is left. */
#define HURRY_BYTES (64u << 20)

enum qlog_part {
    QLOG_PART_FOLDER,   /* having it at all */
    QLOG_PART_JOURNALS, /* making journals */
    QLOG_PART_SYNC,     /* bringing them to disk */
    QLOG_PART_SEGMENTS, /* what the keeper writes */
    QLOG_PART_WORDS,
    QLOG_PART_CHAIN,
    QLOG_PART_RETENTION,
    QLOG_PART_COMPACTION,
    QLOG_PART_COUNT
};

struct qlog_writer {
    struct journal *current;        /* NULL: none could be had */
    _Atomic(struct journal *) next; /* made ready by the supplier */
    struct qlog *log;
    struct journal_gap gap; /* lost > 0: records lost since the last one stored */
    _Atomic uint64_t written;
    _Atomic uint64_t lost;
    uint32_t index;
} __attribute__((aligned(64)));

struct qlog {
    struct qlog_opts opts;
    char node[QLOG_NODE_MAX];
    char *texts[4];    /* of opts, which may go */
    atomic_bool begun; /* the folder and all below is there; else only losses are counted */
    int dir_fd;
    int lock_fd;
    struct qlog_writer *writers;
    struct memory memory;
    int memory_error; /* why there is none, though it is wanted */
    struct signer signer;
    int keys_fd; /* folder of the days' keys; -1: blocks are not sealed */

    pthread_mutex_t lock;
    pthread_cond_t wake; /* for the keeper: stop or flush */
    pthread_cond_t flushed;
    struct journal **journals;
    size_t journal_count, journal_cap;
    uint64_t flush_wanted, flush_done;
    struct texts_key *known; /* told by qlog_know(), and not taken in yet */
    size_t known_count;
    uint64_t known_wanted, known_done;
    int flush_code;
    bool stopping;

    atomic_bool starved;         /* a worker has no next journal, and none could be made */
    sem_t hunger;                /* posted by a worker that took its next journal */
    sem_t sync_end;              /* posted when the syncer is to stop */
    sem_t compactor_end;         /* the same */
    _Atomic uint64_t sync_turns; /* what was written before the last but one ended is on disk, but for trouble */
    atomic_bool supplier_stopping, syncer_stopping, compactor_stopping;
    pthread_t supplier_thread, syncer_thread, keeper_thread, compactor_thread;
    bool supplier_runs, syncer_runs, keeper_runs, compactor_runs;

    /* the keeper's own */
    struct chain chain;
    struct texts words;
    bool words_changed;
    struct segment_writer *segment; /* being filled; NULL: no block of it is full yet */
    struct block_builder builder;   /* its next block */
    uint32_t block_day;             /* of the rows in it, when blocks are sealed */
    uint32_t segment_day;           /* the last of the rows in the segment */
    bool day_is_over;               /* the next row to take is of a later one: the segment is to end before it */
    struct day_key *day_key;        /* of the last day that was sealed */
    int64_t pending_since_ms;       /* monotonic; 0: nothing pending */
    int64_t retention_due_ms;
    struct lull lull;

    /* the compactor's own */
    struct lull compactor_lull;

    /* for qlog_stats() */
    _Atomic uint64_t segment_count, segment_bytes, held, missing_bytes, merged;
    _Atomic int64_t oldest_s;
    _Atomic uint64_t damaged;
    atomic_int troubles[QLOG_PART_COUNT];
};

/* What may be in trouble; each says itself when it is well again. */
static inline void qlog_trouble(struct qlog *log, enum qlog_part part, int code)
{
    atomic_store_explicit(&log->troubles[part], code < 0 ? code : 0, memory_order_relaxed);
}

/* ---- beginning.c ---- */

/* Takes the folder and what is in it. ERR_BUSY: another process writes it; ERR_NOMEM, ERR_NOENT, ERR_ACCESS, ERR_NOSPACE, ERR_IO. */
ERR_CHECKED int log_begin(struct qlog *log);
/* Whether the folder was removed; makes it again, with what is still in memory. Called by the syncer. The same errors. */
bool log_is_gone(const struct qlog *log);
ERR_CHECKED int log_renew(struct qlog *log);

/* ---- supplier.c ---- */

/* Gives every writer without a next journal one. The first error, after all were tried. */
int supplier_fill(struct qlog *log);
void *supplier_run(void *log);

/* ---- syncer.c ---- */

/* Brings all journals to disk. The last error, after all were tried. */
int syncer_turn(struct qlog *log);
void *syncer_run(void *log);

/* ---- absorb.c ---- */

/*
 * Puts what is new in the journals into the segment being filled, the oldest first, and stops behind bytes_max.
 * *out_pending: bytes of journals that no finished segment holds yet. On failure all of them are read again by the next
 * look. ERR_NOMEM, ERR_NOSPACE, ERR_ACCESS, ERR_IO.
 */
ERR_CHECKED int absorb_look(struct qlog *log, uint64_t bytes_max, uint64_t *out_pending);
/* Bytes of journals that no look has seen. */
uint64_t absorb_backlog(struct qlog *log);
/* Finishes the segment with what looks have seen, and frees the journals that are done with. */
ERR_CHECKED int absorb_end(struct qlog *log);
/* The same after a look at everything. */
ERR_CHECKED int absorb_finish(struct qlog *log);
/* Gives up the unfinished segment; the journals have its rows. */
void absorb_forget(struct qlog *log);

/* ---- words.c ---- */

/* The word behind the key, as it is known or can be asked for; its number, where it has none. NULL: no memory. */
const char *words_find(void *log, const struct texts_key *key);
/* Writes the file for readers of journals, if there is anything new. */
void words_keep(struct qlog *log);
/* Takes in what qlog_know() was told. */
void words_learn(struct qlog *log);

/* ---- keeper.c ---- */

void keeper_expire(struct qlog *log, int64_t now_s);
void *keeper_run(void *log);

/* ---- compactor.c: merges small segments (qlog/compact.h), when nothing else is to do ---- */

void *compactor_run(void *log);

/* ---- recover.c ---- */

/* Finds the journals that a process left behind; they join `journals` as retired. ERR_NOMEM, ERR_ACCESS, ERR_IO. */
ERR_CHECKED int recover_journals(struct qlog *log);
/* Adds to `journals`. ERR_NOMEM. */
ERR_CHECKED int qlog_journal_add(struct qlog *log, struct journal *journal);
/* Takes out of them, and removes the files; the syncer does so in place of the caller when it is at it. */
void qlog_journal_drop(struct qlog *log, struct journal *journal);

#endif
