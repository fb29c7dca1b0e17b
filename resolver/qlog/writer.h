/*
 * Writing the query log.
 *
 *     worker 1 ── qlog_append ──▶ journal 1 ─┐
 *     worker 2 ── qlog_append ──▶ journal 2 ─┼─▶ keeper thread ──▶ segments, rotation, retention
 *                                            ┘
 *
 * A journal is a preallocated file mapped shared, of a folder in memory where there is one: a record is in the page cache when
 * qlog_append() returns, so it outlives the death of the process; a thread brings it to disk every fsync_ms. The keeper closes full or
 * old journals into segments, and removes segments beyond the retention. Journals left by a killed process are recovered
 * when the log is opened.
 *
 * Nothing here stops DNS: when no journal can be had (disk full), records are counted as a gap, and the gap itself is
 * written as a record as soon as there is room again.
 *
 * Threads: qlog_open/close by one thread; each struct qlog_writer belongs to one worker thread.
 */
#ifndef QLOG_WRITER_H
#define QLOG_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"
#include "qlog/record.h"
#include "qlog/texts.h"
#include "signing/signing_key.h"

#define COMPACT_EVERY_MS 600000

struct qlog_opts {
    const char *dir;      /* the log folder; made if missing, mode 0750 */
    const char *node;     /* name of this resolver, stored in every segment */
    const char *key_path; /* private key that segments are signed with, made if missing; NULL: they are not */
    const char *keys_dir; /* the keys of days, by which who asked is sealed; made if missing; NULL: it is not */
    const char *
        memory_dir; /* folder in memory, for this log alone, where workers write; NULL: on the disk, and a slow one may hold them up */
    size_t writer_count;      /* workers, 1..64 */
    size_t journal_bytes;     /* size of one journal file, e.g. 16 MiB */
    uint64_t segment_bytes;   /* rotate at this size, uncompressed records */
    int64_t segment_s;        /* ... or at this age */
    int64_t retention_s;      /* segments older than this are removed; 0: keep */
    uint64_t retention_bytes; /* oldest removed above this total; 0: no limit */
    uint64_t retention_free;  /* oldest removed while the file system has less room than this; 0: whatever it has */
    int64_t compact_every_ms; /* how often to look for small segments of days that are over, to merge them; 0: never */
    int64_t identity_s;       /* keys of days are destroyed so long after the day; 0: with its last row */
    int64_t fsync_ms;         /* how often journals are synced, 1000 by default */
    uint64_t backlog_bytes;   /* of journals: rows of a rush that may wait for a quieter moment; 0: none */
    /* Names for the dictionary of a segment; may be called by the keeper thread at any time before qlog_close().
     * NULL results are stored as the number. */
    const char *(*group_name)(void *ctx, uint32_t policy_version, uint16_t group);
    const char *(*feed_name)(void *ctx, uint64_t generation, uint16_t feed);
    const char *(*upstream_name)(void *ctx, uint16_t upstream);
    void *ctx;
};

struct qlog;
struct qlog_writer;

/*
 * Recovers old journals first. ERR_NOMEM; ERR_INVAL; ERR_BUSY when another process writes this log. Where the folder can't be had for another reason
 * (a disk that is full, not there, or can only be read), the log is open all the same: records are counted as lost, stats say why, and it is tried
 * again every second; the loss becomes a gap then.
 */
ERR_CHECKED int qlog_open(const struct qlog_opts *opts, struct qlog **out);

/* The handle of worker `index` (0..writer_count-1). Never NULL for an index in range. */
struct qlog_writer *qlog_writer(struct qlog *log, size_t index);

/*
 * Stores one record. Never blocks and never fails: a record that can't be stored is counted.
 * About a memcpy of 100 bytes: no lock, no allocation; a system call only when a journal is full, to map the next one
 * that the keeper has made ready.
 */
void qlog_append(struct qlog_writer *writer, const struct qlog_record *record);

struct qlog_stats {
    uint64_t written;       /* records since start */
    uint64_t lost;          /* records that could not be stored since start */
    uint64_t segments;      /* files now */
    uint64_t bytes;         /* of all files now */
    int64_t oldest_s;       /* wall time of the oldest record kept; 0: none */
    uint64_t merged;        /* small segments that became part of larger ones, since start */
    uint64_t held;          /* segments that would be removed, but are held */
    uint64_t missing_bytes; /* what the file system has too little, with all removed that may be (retention_free) */
    uint64_t damaged;       /* places in journals, and files, that could not be read when they were taken over */
    int last_error;         /* what is in trouble now, 0: nothing */
    bool in_memory;         /* workers write in memory (memory_dir), not on the disk */
    int memory_error;       /* why they do not though it is wanted, 0: as wanted */
};

void qlog_stats(const struct qlog *log, struct qlog_stats *out);

/*
 * The key that segments are signed with; NULL: they are not, *out_err says why (0: it was not wanted). *out_made: the key
 * is a new one. The public half stands in the log folder too (key-<id>.pem).
 */
const struct signing_public *qlog_signer(const struct qlog *log, bool *out_made, int *out_err);

/*
 * Numbers that rows will have from now on: their words are asked for, and written for whoever reads the rows in their first
 * second, before anything else is done. To be told before the first row has one; a word of an upstream server takes the
 * place of the one that the number had. Waits for the keeper, but not for long.
 */
void qlog_know(struct qlog *log, const struct texts_key *keys, size_t count);

/* Turns what the journals hold into segments now, e.g. before an export. Blocks until done. */
ERR_CHECKED int qlog_flush(struct qlog *log);

/* Closes everything into segments. */
void qlog_close(struct qlog *log);

#endif
