/*
 * The last good copy of every feed, and what is known about it, in one folder:
 *
 *   <name>.feed   the bytes as they were fetched
 *   <name>.json   where from, when, the server's validators, how many names it gave
 *   <name>.new    a candidate, until its reader has judged it
 *
 * Every change is a rename, so a kill leaves either the old copy or the new one. Threads: different names may be used
 * at once.
 */
#ifndef FETCH_STORE_H
#define FETCH_STORE_H

#include <stdint.h>

#include "belisha/err.h"

#define STORE_PATH_MAX   4096
#define STORE_HEADER_MAX 256

struct store_entry {
    char source[2048];                    /* address it came from */
    char etag[STORE_HEADER_MAX];          /* "" when the server sent none */
    char last_modified[STORE_HEADER_MAX]; /* the same */
    int64_t fetched_s;                    /* wall time when it was last known to be current */
    int64_t file_mtime_ns;                /* file: sources: of the file it was copied from */
    uint64_t bytes;
    uint64_t names; /* accepted by its reader; 0 = never judged */
};

/* Writes the path of <dir>/<name>.<kind> to out. ERR_LIMIT. */
ERR_CHECKED int store_path(const char *dir, const char *name, const char *kind, char out[STORE_PATH_MAX]);

/*
 * A copy whose facts are lost or belong to another one (a kill between two renames) is good all the same: its facts are
 * then those of the file, without source and validators. ERR_NOENT: no good copy. ERR_ACCESS, ERR_IO, ERR_LIMIT.
 */
ERR_CHECKED int store_read(const char *dir, const char *name, struct store_entry *out);

/* Makes the candidate the good copy. ERR_IO, ERR_NOSPACE, ERR_ACCESS, ERR_NOMEM; the old copy stays then. */
ERR_CHECKED int store_keep(const char *dir, const char *name, const struct store_entry *entry);

/* Notes a new entry for the copy that is there (same bytes, newer facts). Errors as store_keep(). */
ERR_CHECKED int store_note(const char *dir, const char *name, const struct store_entry *entry);

void store_discard(const char *dir, const char *name);

/* Removes what runs that were killed have left: candidates of any name. Nobody else may use the folder meanwhile. */
void store_sweep(const char *dir);

#endif
