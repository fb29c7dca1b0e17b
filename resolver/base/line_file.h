/*
 * A file of lines that grows at its end and is now and then written anew: what is said to be there is on disk, and what a
 * power cut has left of a line is taken away. One program writes, under flock(2); others may look meanwhile.
 *
 * A line is whole when it has its end. What is in it, with checksum and all, is its owner's business.
 *
 * Owner: the caller, in place. Threads: one at a time. Errors: as err_from_errno() says them, and those named.
 */
#ifndef BASE_LINE_FILE_H
#define BASE_LINE_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "belisha/err.h"

struct line_file {
    char path[PATH_MAX];
    int fd;      /* -1: not open, or only looked at */
    off_t size;  /* bytes of whole lines */
    bool broken; /* bytes beyond size could not be taken away */
};

/* Nothing is opened yet. ERR_LIMIT: path is too long to have others beside it. */
ERR_CHECKED int line_file_init(struct line_file *file, const char *path);
void line_file_done(struct line_file *file);

/*
 * For writing, under the lock. mode: of the file that is made, empty, when there is none; 0: none is made, ERR_NOENT.
 * ERR_BUSY: another program has it.
 */
ERR_CHECKED int line_file_open(struct line_file *file, mode_t mode);

/* One line; line[len] is its end. Negative: reading stops with that. */
typedef int (*line_file_take)(void *ctx, const char *line, size_t len);

/* All whole lines of the open file, in their order; then what is behind the last one is taken away. */
ERR_CHECKED int line_file_load(struct line_file *file, line_file_take take, void *ctx);
/* Only to look: all whole lines of the file at path, which may be growing. */
ERR_CHECKED int line_file_look(const char *path, line_file_take take, void *ctx);

/* On disk when it returns 0; else nothing of it is there. lines: with their ends. ERR_ACCESS: it is not open. */
ERR_CHECKED int line_file_append(struct line_file *file, const char *lines, size_t len);

/*
 * Written anew: line_file_begin() makes an empty file beside file's, line_file_add() fills it, line_file_replace() puts it in
 * the other's place and file goes on in it; it lasts when file_sync_folder_of() has been called too. Ended by replace or drop;
 * the old file stays in use when replace fails.
 */
ERR_CHECKED int line_file_begin(const struct line_file *file, mode_t mode, struct line_file *out);
ERR_CHECKED int line_file_add(struct line_file *made, const char *lines, size_t len);
ERR_CHECKED int line_file_replace(struct line_file *file, struct line_file *made);
void line_file_drop(struct line_file *made);

/* Gives the file a second name, PATH.damaged, for who wants to see what it was; the newest one, when it happens again. */
ERR_CHECKED int line_file_set_aside(const struct line_file *file);

#endif
