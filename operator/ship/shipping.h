/*
 * One destination's way through the log: batch after batch from where it is, until the end or for ever.
 *
 *     place ──▶ queue_next() ──▶ shape ──▶ sink: sent? ──yes──▶ place on disk ──▶ next
 *                                            └──no──▶ wait, longer each time, and again: the same batch
 *
 * The place moves only when the receiver has said that it has the batch, and nothing further is sent before the place is on
 * disk. So a process that is killed, or loses power, at any point sends at most one batch again; the sinks see to it that it
 * does not arrive twice. As long as it is not known where the receiver is (at the start, after a failure), every batch is sent
 * as one that may be there, until the first of which nothing was.
 *
 * Threads: one.
 */
#ifndef SHIP_SHIPPING_H
#define SHIP_SHIPPING_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "belisha/err.h"
#include "config/shipping.h"
#include "ship/position.h"
#include "ship/sink.h"

struct shipping_opts {
    const struct destination *to;
    const char *log_dir;
    const char *site;   /* NULL: each row's node */
    const char *roster; /* path; NULL: users and devices are numbers */
    bool follow;        /* waits for what comes, and never gives up */
    unsigned tries;     /* without follow: of one batch, before it gives up */
    const volatile sig_atomic_t *stop;
    FILE *say; /* what happens, a line each */
};

struct shipping_result {
    uint64_t rows, bytes, batches, retries; /* of this run */
    uint64_t removed, damaged;
};

/* 0: all that was there has arrived, or it was stopped. ERR_BUSY: another program ships to this destination; else what stopped
 * it, which was said. *out is filled in any case. */
ERR_CHECKED int shipping_run(const struct shipping_opts *opts, struct shipping_result *out);

#endif
