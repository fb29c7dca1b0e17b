/*
 * How far those are whom the log is sent to (`belisha log ship`): which segments retention waits for.
 *
 * shipping/NAME.json in the log folder is written by the shipper after every batch: `segment` is the first that has not arrived
 * whole, `wait_s` how old its rows may become before they go all the same (0: nobody waits). A file that can't be read waits for
 * nothing.
 *
 * Memory:  heap, owned by the struct; begins as {0}.
 * Threads: any.
 */
#ifndef QLOG_SHIPPED_H
#define QLOG_SHIPPED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"

#define SHIPPED_DIR "shipping" /* in the log folder */

struct shipped {
    struct shipped_place {
        uint64_t segment;
        int64_t wait_s;
    } * places;
    size_t count;
};

/* No folder: nobody. ERR_NOMEM, ERR_ACCESS, ERR_IO. */
ERR_CHECKED int shipped_load(int dir_fd, struct shipped *out);
/* Whether the segment of this number, whose newest row is of last_s, is waited for. */
bool shipped_waits(const struct shipped *shipped, uint64_t sequence, int64_t last_s, int64_t now_s);
void shipped_done(struct shipped *shipped);

#endif
