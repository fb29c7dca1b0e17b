/*
 * One journal file: entries appended by one worker into a shared mapping, read by everyone else.
 *
 * The file is allocated before it is used, so a full disk shows when it is made and never as a fault while it is
 * written. An entry is in the page cache the moment its len is stored, which is the last thing done to it: whenever the
 * process is killed, what was finished can be read and what was not is the end. Files are never used twice.
 *
 * A mapped page of a file on a disk makes whoever writes to it wait when the disk is slow: after each sync for the file
 * system, and with many pages unwritten for the disk itself. So the mapping is of a second file where there is a folder in
 * memory: the worker writes there, journal_sync() copies it to the one on disk, which was allocated all the same.
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

#define JOURNAL_MEMORY "memory" /* in the log folder: link to the folder in memory */

struct journal {
    _Atomic size_t used; /* everything below is finished */
    atomic_bool retired; /* the worker is done with it */
    uint8_t *map;
    size_t bytes; /* of the file */
    uint64_t id;
    size_t absorbed; /* everything below is in a segment; owned by the keeper */
    size_t seen;     /* everything below is in the segment being filled; owned by the keeper */
    bool drained;    /* retired, and seen to its end; owned by the keeper */
    size_t damaged_to; /* damage below it is counted; owned by the keeper */
    size_t searched;   /* the last place from which on no entry was found, and 1 more; owned by who opened it */
    _Atomic size_t synced; /* everything below is on disk; written by the thread that syncs */
    bool is_named;         /* its name is on disk; owned by the thread that syncs */
    bool syncing;          /* guarded by the log's lock: it is being synced, and may not be freed */
    bool dropped;          /* guarded by the log's lock: whoever syncs it frees it */
    bool is_damaged;       /* its header could not be read; what it said is lost */
    bool in_memory;        /* the mapping is of the file below JOURNAL_MEMORY */
    int disk_fd;           /* ... and this is the one on disk, if there is one; else -1 */
    char node[QLOG_NODE_MAX];
    char file[QLOG_NAME_MAX]; /* name inside the log folder */
};

struct journal_opts {
    uint32_t writer;
    const char *node;
    size_t bytes;
    bool in_memory; /* the log folder has a link to one in memory */
};

/* Makes the file, all of its blocks and its mapping; where memory has no room, of the file on disk. ERR_NOSPACE, ERR_ACCESS,
 * ERR_IO, ERR_NOMEM. */
ERR_CHECKED int journal_new(int dir_fd, const struct journal_opts *opts, struct journal **out);

/* Maps an existing file for reading (writable: journal_mark_absorbed and journal_sync may be called), that in memory if there
 * is one. `used` is only known to journal_next(). ERR_NOENT, ERR_ACCESS, ERR_DAMAGED, ERR_FORMAT_VERSION; ERR_END: nothing in it
 * was ever on disk, as when the power went just after it was made. */
ERR_CHECKED int journal_open(int dir_fd, const char *file, bool writable, struct journal **out);
/* Unmaps; the file stays. */
void journal_free(struct journal *journal);
/* The same, and the files go. */
void journal_remove_files(int dir_fd, const char *file);
void journal_remove(struct journal *journal, int dir_fd);

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
    size_t *searched; /* where journal_next() notes that there is nothing behind a place; NULL: it need not */
};

/* Of a journal made here: what is finished by now. Of one that was opened: the whole file. */
struct journal_image journal_image(struct journal *journal);
/* Reads the header of len bytes. ERR_DAMAGED, ERR_FORMAT_VERSION. */
ERR_CHECKED int journal_header_read(const uint8_t *bytes, size_t len, struct journal_header *out);

struct journal_item {
    const uint8_t *body;
    size_t len;
    int64_t time_ns;
    uint8_t kind;   /* enum journal_kind, or one of a later version */
    size_t skipped; /* bytes in front of it that are no entry: damage */
};

/*
 * The finished entry at *pos, or the next one behind damage; *pos moves behind it. False: there is none, *pos stays. The first is at
 * JOURNAL_FIRST.
 */
#define JOURNAL_FIRST sizeof(struct journal_header)
bool journal_next(const struct journal_image *image, size_t *pos, struct journal_item *out);

/* Whether, at pos where nothing more follows, there is something that was no entry: the end was torn. */
bool journal_is_torn(const struct journal_image *image, size_t pos);

/* Whether it is the name of a journal. */
bool journal_file_is(const char *name);

/* Notes in the file that everything below pos is in a segment; the note of an open file, for readers. */
void journal_mark_absorbed(struct journal *journal, size_t pos);
size_t journal_absorbed(const struct journal *journal);
/* Brings what is used to disk, the first time with the file's name. ERR_IO, ERR_NOSPACE. */
ERR_CHECKED int journal_sync(struct journal *journal, int dir_fd);

#endif
