/*
 * How far a destination is: everything before a place in the log has arrived there. One file a destination, replaced whole
 * after every batch, on disk before the next one is sent: <log folder>/shipping/NAME.json. Retention reads it too
 * (qlog/shipped.h).
 *
 * A place is counted in rows and gaps from the beginning of a segment, by the sequence number that it was closed with. That
 * stays true when segments are merged, which keeps their order.
 *
 * Threads: one program a file; others may look meanwhile.
 */
#ifndef SHIP_POSITION_H
#define SHIP_POSITION_H

#include <stdbool.h>
#include <stdint.h>

#include "belisha/err.h"
#include "qlog/format.h"
#include "qlog/shipped.h"

#define POSITION_DIR     SHIPPED_DIR /* in the log folder */
#define POSITION_WHY_MAX 512

struct position {
    uint64_t segment;    /* 0: from the beginning */
    uint64_t rows, gaps; /* of it that have arrived */
    int64_t newest_ns;   /* time of the newest row that has arrived */
    char node[QLOG_NODE_MAX];

    /* What was done, over the life of the file. */
    uint64_t rows_sent;
    uint64_t bytes_sent;       /* as they went over the network; to Kafka, before its compression */
    uint64_t batches, retries; /* retries: tries that failed */
    uint64_t segments_removed; /* by retention before they were sent */
    uint64_t rows_damaged;     /* rows of blocks that could not be read */
    uint64_t rows_closed;      /* rows of which nobody could say who asked, as their key is gone or may not be read */
    uint64_t begun_anew;       /* times that the log was another one */

    int64_t sent_s;             /* wall time of the last batch that arrived; 0: none yet */
    int64_t failing_s;          /* since when it fails; 0: it does not */
    char why[POSITION_WHY_MAX]; /* ... and why */

    int64_t wait_s; /* keep_until_shipped, for retention */
};

/* Where there is no file, *out is zero: from the beginning. ERR_MALFORMED, ERR_ACCESS, ERR_IO, ERR_NOMEM. */
ERR_CHECKED int position_load(const char *log_dir, const char *name, struct position *out);
/* Makes the folder where there is none. ERR_ACCESS, ERR_NOSPACE, ERR_IO, ERR_NOMEM. */
ERR_CHECKED int position_save(const char *log_dir, const char *name, const struct position *position);
/*
 * One shipper a destination: an open descriptor that holds the lock; close() gives it back. ERR_BUSY: another program has it;
 * ERR_ACCESS, ERR_NOSPACE, ERR_IO.
 */
ERR_CHECKED int position_lock(const char *log_dir, const char *name, int *out_fd);

#endif
