/*
 * Merging small segments of days that are over. Restarts and rotation leave many of them, each with a block that is hardly
 * filled; what follows each other on one day becomes one segment with full blocks, packed harder.
 *
 *     find    neighbours of one UTC day, of one node, sealed or not alike, and few rows in each; never the newest segment
 *     merge   row after row into segment-<first ms>-<first>-<last>.qlog; each old one is checked as it is read
 *     prove   what was written is read once more, and its rows compared with what was signed of the old ones (qlog/merged.h)
 *     name    it gets its name; from now on readers take it in place of the old ones
 *     remove  the old ones, a moment later
 *
 * Killed at any point, the log has every row once: an unfinished file is no segment, and of two readers take the merged one.
 * Left alone are days that are held (nothing of them is removed, not even for a copy that says the same), days that are
 * sealed and whose key can't be had (what can't be opened can't be sealed anew), and what is damaged.
 *
 * Memory:  a few blocks, whatever the size of the log.
 * Threads: any; one at a time in a folder, also with other programs (a lock on the file `compact.lock`).
 */
#ifndef QLOG_COMPACT_H
#define QLOG_COMPACT_H

#include <stdbool.h>
#include <stdint.h>

#include "belisha/err.h"
#include "signing/signing_key.h"

#define COMPACT_LOCK       "compact.lock"
#define COMPACT_AFTER_S    3600     /* of a day's end: then nothing comes any more */
#define COMPACT_ROWS_SMALL 1000000u /* segments with more are left alone */
#define COMPACT_ROWS_MAX   16000000u
#define COMPACT_SETTLE_MS  50 /* between the new name and the removal: segment_list() needs it */

struct compact_opts {
    int dir_fd;
    const struct signing_key *key; /* NULL: signed segments are left alone */
    int64_t now_s;                 /* wall time */
    bool (*go_on)(void *ctx);      /* asked, and may wait, between blocks; false: leave it as it was. NULL: always */
    void *ctx;
};

struct compact_result {
    uint64_t merged; /* segments that there are no more */
    uint64_t made;   /* ... and that they became */
    uint64_t rows;
    uint64_t bytes_before, bytes_after; /* of both */
    uint64_t held;                      /* days that were left alone because they are held */
    uint64_t closed;                    /* ... because their key can't be had */
    uint64_t damaged;                   /* segments that can't be merged as they are */
};

/* All that there is to do. ERR_BUSY: somebody else is at it; ERR_CANCELED: go_on() said so; ERR_NOSPACE, ERR_ACCESS, ERR_IO,
 * ERR_NOMEM. *out says what was done until then. */
ERR_CHECKED int compact_log(const struct compact_opts *opts, struct compact_result *out);

#endif
