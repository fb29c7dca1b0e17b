/*
 * Whole files, and what a plain read or write leaves to its caller: pieces, interruptions, the name of a new file.
 *
 * Threads: any, one at a time for a descriptor. Errors: base/err.h, as err_from_errno() says them.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "belisha/err.h"

/*
 * All bytes of a plain file (a pipe has none), from its beginning, with a zero behind them that is not counted; the caller frees *out. What is
 * appended meanwhile may be missing. ERR_LIMIT: more than max.
 */
ERR_CHECKED int file_read(int fd, size_t max, char **out, size_t *out_len);
/* The same, by its name. */
ERR_CHECKED int file_read_path(const char *path, size_t max, char **out, size_t *out_len);

/* All of it, at this offset. */
ERR_CHECKED int file_write_at(int fd, const void *bytes, size_t len, off_t at);

/*
 * The file of that name in a folder is these bytes whole, or what it was: written as beside, on disk, renamed. The folder
 * is not synced.
 */
ERR_CHECKED int file_save_at(int dir_fd, const char *name, const char *beside, const void *bytes, size_t len,
                             mode_t mode);

/* The name of a new file at path is on disk only when its folder is. */
ERR_CHECKED int file_sync_folder_of(const char *path);
ERR_CHECKED int file_sync_folder(const char *folder);

#endif
