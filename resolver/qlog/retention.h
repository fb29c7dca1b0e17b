/*
 * Removing what is too old: segments by age of their newest row, then by the bytes of all segments, or because the file system
 * runs full, oldest first; and the keys of days, by which a segment tells who asked, sooner than the rows themselves. Days
 * that are held (qlog/hold.h) stay; for want of room nothing goes whose newest row is less than RETENTION_LAST_S old.
 *
 * Threads: any; what someone else removes meanwhile is no error.
 */
#ifndef QLOG_RETENTION_H
#define QLOG_RETENTION_H

#include <stdbool.h>
#include <stdint.h>

#include "belisha/err.h"

#define RETENTION_LAST_S 86400

struct retention_opts {
    int64_t keep_s;      /* 0: whatever the age */
    uint64_t keep_bytes; /* 0: whatever the size */
    uint64_t keep_free;  /* the oldest go while less is free; 0: however little there is */
    uint64_t free_now;   /* bytes of the file system that may be written: retention_free_now() */
    int64_t keys_s; /* keys of days that ended longer ago are destroyed; 0: as long as there are segments of the day */
};

struct retention_result {
    uint64_t removed;
    uint64_t held;    /* that would have been removed */
    uint64_t awaited; /* the same: somebody has not had them yet (qlog/shipped.h) */
    uint64_t kept;
    uint64_t kept_bytes;
    int64_t oldest_s;       /* of what is kept; 0: nothing */
    uint64_t last_sequence; /* the same */
    bool has_hole;          /* segments between those that are kept were removed (qlog/removed.h) */
    uint64_t keys_destroyed;
    uint64_t missing_bytes; /* so much less than keep_free is free, with all removed that may be */
};

/* INT64_MAX: it can't be said. */
uint64_t retention_free_now(int dir_fd);

/* now_s: wall time. ERR_NOMEM, ERR_ACCESS, ERR_IO. */
ERR_CHECKED int retention_apply(int dir_fd, const struct retention_opts *opts, int64_t now_s,
                                struct retention_result *out);

#endif
