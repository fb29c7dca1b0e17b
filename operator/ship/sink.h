/*
 * A destination that batches are sent to: ClickHouse, Kafka or syslog, behind one pair of functions.
 *
 * Threads: one.
 */
#ifndef SHIP_SINK_H
#define SHIP_SINK_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "belisha/err.h"
#include "config/shipping.h"
#include "ship/batch.h"

#define SINK_WHY_MAX 512

struct sink_opts {
    const struct destination *to;
    const volatile sig_atomic_t *stop; /* becomes 1 when the program is to end: what is under way may be given up */
};

struct sink_report {
    uint64_t rows;          /* of the batch that are wanted there */
    uint64_t seen;          /* ... that had arrived by an earlier try */
    uint64_t bytes;         /* over the network */
    char why[SINK_WHY_MAX]; /* on failure, a sentence */
};

struct sink {
    const struct sink_ops *ops; /* the rest belongs to the kind */
};

struct sink_ops {
    enum pen_form form; /* that a batch's shape must have */
    /* 0: all of the batch is there, for good. Negative: nobody knows how much of it; the same batch is to be sent again.
     * fresh: nothing of it can be there yet. */
    int (*send)(struct sink *sink, const struct batch *batch, bool fresh, struct sink_report *report);
    void (*close)(struct sink *sink);
};

/* Reads the files that the destination names; nothing is connected yet. why: SINK_WHY_MAX bytes, gets a sentence. ERR_CONFIG and
 * the errors of secret_read(); ERR_NOMEM. */
ERR_CHECKED int clickhouse_open(const struct sink_opts *opts, struct sink **out, char *why);
ERR_CHECKED int kafka_open(const struct sink_opts *opts, struct sink **out, char *why);
ERR_CHECKED int syslog_sink_open(const struct sink_opts *opts, struct sink **out, char *why);

/* By the kind of the destination. */
ERR_CHECKED int sink_open(const struct sink_opts *opts, struct sink **out, char *why);
void sink_close(struct sink *sink);

#endif
