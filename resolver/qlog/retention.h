/*
 * Removing old segments: by age of their newest row, then by the bytes of all segments, oldest first.
 *
 * Threads: any; a segment that someone else removes meanwhile is no error.
 */
#ifndef QLOG_RETENTION_H
#define QLOG_RETENTION_H

#include <stdint.h>

#include "belisha/err.h"

struct retention_opts {
    int64_t keep_s;      /* 0: whatever the age */
    uint64_t keep_bytes; /* 0: whatever the size */
};

struct retention_result {
    uint64_t removed;
    uint64_t kept;
    uint64_t kept_bytes;
    int64_t oldest_s; /* of what is kept; 0: nothing */
};

/* now_s: wall time. ERR_NOMEM, ERR_ACCESS, ERR_IO. */
ERR_CHECKED int retention_apply(int dir_fd, const struct retention_opts *opts, int64_t now_s,
                                struct retention_result *out);

#endif
