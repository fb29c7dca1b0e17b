/*
 * A batch: what is sent at once, and arrives at once or is sent again. All rows and gaps of one block (qlog/block.h) that belong
 * to the queue's place, at most 65,536 rows; or a note, one row that says what will never come.
 *
 * Its token is the same whenever the same rows are sent, and no other rows have it: receivers tell by it what they have already.
 *
 * Memory:  points into the queue that made it, until the next one is asked for.
 * Threads: one.
 */
#ifndef SHIP_BATCH_H
#define SHIP_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "qlog/block.h"
#include "ship/columns.h"
#include "ship/shape.h"

#define BATCH_TOKEN_MAX 256

/* Rows (or gaps) of the block, and the number of the first of them in the segment. */
struct batch_range {
    uint64_t number;
    uint32_t from, count;
};

struct batch {
    struct ship_origin origin;
    const struct block *block; /* NULL: a note */
    struct shape *shape;       /* of the block, once batch_shape() was called */
    struct batch_range rows, gaps;
    struct ship_item note;
    int64_t min_ns, max_ns;
    char token[BATCH_TOKEN_MAX]; /* site/node:segment:r<rows>-<rows>:g<gaps>-<gaps>@<ms of the first> */
};

/* Rows and gaps that are in it, before `rows: blocked` leaves some out. */
uint32_t batch_count(const struct batch *batch);
void batch_token_make(struct batch *batch);

/* Entry i of the batch, from 0: first the rows, then the gaps. */
void batch_item(const struct batch *batch, uint32_t i, struct ship_item *out);
/* Whether it is to be sent. */
bool batch_wants(const struct batch *batch, uint32_t i);
/* Writes entry i, whole; head: bytes of the origin, from batch_head(). */
void batch_write(const struct batch *batch, uint32_t i, const struct pen *pen, const struct text *head);
/* What is the same in all rows of the batch. */
void batch_head(const struct batch *batch, const struct pen *pen);

#endif
