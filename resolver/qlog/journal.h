/*
 * One journal file: entries appended by one worker into a shared mapping, read by everyone else.
 *
 * The file is allocated before it is used, so a full disk shows when it is made and never as a fault while it is
 * written. An entry is in the page cache the moment its len is stored, which is the last thing done to it: whenever the
 * process is killed, what was finished can be read and what was not is the end. Files are never used twice.
 *
 *     bytes 0..127   struct journal_header (qlog/format.h)
 *     then           struct journal_entry + body, padded to 8; ... ; zeros
 *
 * Threads: journal_put_* by one worker; journal_next by any number of others at the same time.
 */
#ifndef QLOG_JOURNAL_H
#define QLOG_JOURNAL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"
#include "qlog/format.h"

struct journal {
    _Atomic size_t used; /* everything below is finished */
    atomic_bool retired; /* the worker is done with it */
    uint8_t *map;
    size_t bytes; /* of the file */
    uint64_t id;
    size_t absorbed; /* everything below is in a segment; owned by the keeper */
    size_t seen;     /* everything below is in the segment being filled; owned by the keeper */
    bool drained;    /* retired, and seen to its end; owned by the keeper */
    size_t synced;   /* everything below is on disk; owned by the thread that syncs */
    char node[QLOG_NODE_MAX];
    char file[QLOG_NAME_MAX]; /* name inside the log folder */
};

struct journal_opts {
    uint32_t writer;
    const char *node;
    size_t bytes;
};

/* Makes the file, all of its blocks and its mapping. ERR_NOSPACE, ERR_ACCESS, ERR_IO, ERR_NOMEM. */
ERR_CHECKED int journal_new(int dir_fd, const struct journal_opts *opts, struct journal **out);
/* Maps an existing file for reading (writable: journal_mark_absorbed may be called). `used` is only known to
 * journal_next(). ERR_NOENT, ERR_ACCESS, ERR_DAMAGED, ERR_FORMAT_VERSION. */
ERR_CHECKED int journal_open(int dir_fd, const char *file, bool writable, struct journal **out);
/* Unmaps; the file stays. */
void journal_free(struct journal *journal);

/* Whether any entry fits. */
static inline bool journal_has_room(const struct journal *journal)
{
    return journal->bytes - atomic_load_explicit(&journal->used, memory_order_relaxed) >= JOURNAL_ENTRY_MAX;
}

/* Only while journal_has_room(). */
void journal_put_record(struct journal *journal, const struct qlog_record *record);
void journal_put_gap(struct journal *journal, const struct journal_gap *gap);

/* The bytes of a journal, wherever they came from. */
struct journal_image {
    const uint8_t *bytes;
    size_t len;
    uint64_t id;
    bool own; /* finished entries of this process only: nothing can be torn, their checks need no second look */
};

/* Of a journal made here: what is finished by now. Of one that was opened: the whole file. */
struct journal_image journal_image(const struct journal *journal);
/* Reads the header of len bytes. ERR_DAMAGED, ERR_FORMAT_VERSION. */
ERR_CHECKED int journal_header_read(const uint8_t *bytes, size_t len, struct journal_header *out);

struct journal_item {
    const uint8_t *body;
    size_t len;
    int64_t time_ns;
    uint8_t kind; /* enum journal_kind, or one of a later version */
};

/* The finished entry at *pos, which moves behind it; false at the end. The first is at JOURNAL_FIRST. */
#define JOURNAL_FIRST sizeof(struct journal_header)
bool journal_next(const struct journal_image *image, size_t *pos, struct journal_item *out);

/* Notes in the file that everything below pos is in a segment; the note of an open file, for readers. */
void journal_mark_absorbed(struct journal *journal, size_t pos);
size_t journal_absorbed(const struct journal *journal);
/* Writes what is used to disk. ERR_IO. */
ERR_CHECKED int journal_sync(struct journal *journal);

#endif
