/*
 * The folder in memory that workers write their journals in, so that no slow disk meets them (qlog/journal.h).
 *
 * The log folder has a link to it, JOURNAL_MEMORY. What is in it outlives the process, as the page cache does, and is gone after
 * a power cut, when the files on disk have all but the last moments. It belongs to one log: whoever writes it holds a lock on it.
 *
 * Threads: the one that opens the log.
 */
#ifndef QLOG_MEMORY_H
#define QLOG_MEMORY_H

#include <stdbool.h>

#include "belisha/err.h"

struct memory {
    int fd;      /* of the folder, and the lock; -1: none */
    bool in_use; /* the link leads there, and journals may be made in it */
};

/*
 * Finds out what an earlier process used, and gets path, which is made if missing (NULL: none is wanted), ready. Journals that would be left
 * in another folder are brought to disk first. Returns 0 also without one wanted; else why there is none: ERR_INVAL (the
 * folder is not in memory), ERR_BUSY (it is another log's), ERR_ACCESS, ERR_NOENT, ERR_NOSPACE, ERR_IO. The log works without.
 */
ERR_CHECKED int memory_open(struct memory *memory, int dir_fd, const char *path);
void memory_close(struct memory *memory);

#endif
