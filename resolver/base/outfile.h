/*
 * A file that is there whole or not at all: written beside its place, synced, renamed. A path that leads to something else
 * than a plain file (a pipe, /dev/stdout) is written to directly.
 *
 * Owner: the caller, in place. Threads: one at a time.
 */
#ifndef BASE_OUTFILE_H
#define BASE_OUTFILE_H

#include <stdio.h>
#include <sys/types.h>

#include "belisha/err.h"

#define OUTFILE_PATH_MAX 4096

struct outfile {
    FILE *file;
    char path[OUTFILE_PATH_MAX];
    char beside[OUTFILE_PATH_MAX + 32]; /* where it is written; "" for what is no plain file */
};

/* mode: of a new file. ERR_NOENT, ERR_ACCESS, ERR_NOSPACE, ERR_IO, ERR_LIMIT (a path too long). */
ERR_CHECKED int outfile_open(struct outfile *out, const char *path, mode_t mode);

/* Puts it in its place. What was there before stays when it fails. Ends it in any case. The same errors. */
ERR_CHECKED int outfile_commit(struct outfile *out);
/* The same, but fails with ERR_EXIST where a file has that name already; then it may be tried with another path. */
ERR_CHECKED int outfile_commit_as(struct outfile *out, const char *path);

/* Ends it without a trace. */
void outfile_abort(struct outfile *out);

/* All of these bytes and no others. Errors as above. */
ERR_CHECKED int outfile_save(const char *path, const void *bytes, size_t len, mode_t mode);

#endif
