/*
 * Keeping sessions, many at a time: lines are gathered while the disk is busy with those before them, then written and
 * synced together (session/session_journal.h), and only then all who wait for one of them are told.
 *
 *     commit_add() ... commit_wait() ... commit_start()  ──▶ (libuv's pool) append, sync ──▶ waiter->done()
 *
 * Lines that could not be written stay, and are tried again with the next ones: who repeats a request that changed
 * nothing any more still waits until the change it made the first time is kept. When too many wait, or the file has become
 * long, it is written anew from what the book knows.
 *
 * Memory:  at most COMMIT_BYTES_MAX of lines.
 * Threads: the loop's; the disk is waited for in libuv's pool.
 */
#ifndef NET_COMMIT_H
#define NET_COMMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "belisha/err.h"
#include "session/session_journal.h"

#define COMMIT_BYTES_MAX ((size_t)4 << 20)

struct commit;

/* First in its owner's struct, or else the owner knows how to get there. */
struct commit_waiter {
    struct commit_waiter *next;
    /* err: 0, or why it is not kept. Nothing of the waiter is looked at afterwards. */
    void (*done)(struct commit_waiter *waiter, int err);
};

struct commit_stats {
    uint64_t batches, lines, rewrites, failures;
    int last_error; /* 0: all is kept */
};

/* Takes the journal over on success. Both must be of one belishad: the book's changes are what is added. ERR_NOMEM. */
ERR_CHECKED int commit_new(uv_loop_t *loop, struct session_journal *journal, struct session_book *book,
                           struct commit **out);

void commit_add(struct commit *commit, const struct session_line *line);

/*
 * Calls back when all that was added until now is kept, at once when it is; not before commit_start(), otherwise.
 */
void commit_wait(struct commit *commit, struct commit_waiter *waiter);

/* Begins with what was gathered, unless the disk is busy: then that goes on by itself. */
void commit_start(struct commit *commit);

struct commit_stats commit_stats(const struct commit *commit);

/* Calls all waiters back with an error. The loop must run on until the handles are gone; then commit_free(). */
void commit_close(struct commit *commit);
/* Writes what is left, and closes the journal. */
void commit_free(struct commit *commit);

#endif
