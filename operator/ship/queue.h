/*
 * The log as a queue: closed segments, block by block, from a place on. Living journals are not looked at: their rows come when
 * the resolver has closed the segment that holds them.
 *
 * Nothing is skipped in silence. What retention removed before it was sent, and what is damaged, becomes a note of its own.
 *
 * Memory:  one block at a time. Threads: one.
 */
#ifndef SHIP_QUEUE_H
#define SHIP_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "belisha/err.h"
#include "qlog/block.h"
#include "qlog/segment.h"
#include "qlog/segment_list.h"
#include "ship/batch.h"
#include "ship/position.h"

struct queue {
    int dir_fd;
    const char *site; /* NULL: each row's node */
    struct segment_list list;
    struct segment *segment;
    struct queue_file {
        uint64_t first, last;       /* sequence numbers that it stands for */
        struct segment_start start; /* what of it lies before the place's segment begins */
    } file;
    struct block block;
    struct keyring keys;
    struct shape shape;
    struct batch batch;
    struct position after; /* the place behind the batch */
};

/* site NULL: each row's node. ERR_NOENT, ERR_ACCESS, ERR_NOMEM. */
ERR_CHECKED int queue_open(struct queue *queue, const char *log_dir, const char *site);
void queue_close(struct queue *queue);

/*
 * The next batch from *at on. 1: queue->batch is it, queue->after the place behind it; 0: nothing is there yet, and *at may have
 * moved over what is empty. ERR_UNSUPPORTED, ERR_FORMAT_VERSION: a later program's; ERR_NOMEM, ERR_IO, ERR_ACCESS.
 */
ERR_CHECKED int queue_next(struct queue *queue, const struct position *at);

/* What lies behind a place: for status. */
struct queue_lag {
    uint64_t segments; /* that have not arrived whole */
    uint64_t bytes;    /* of their files */
    int64_t oldest_ns; /* time of the first row of the first of them; 0: none */
};
ERR_CHECKED int queue_lag(const char *log_dir, const struct position *at, struct queue_lag *out);

#endif
