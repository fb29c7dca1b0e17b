/*
 * How far destinations are, for people and for a program that watches.
 *
 * Threads: any.
 */
#ifndef SHIP_STATUS_H
#define SHIP_STATUS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "config/shipping.h"
#include "ship/position.h"
#include "ship/queue.h"

struct ship_status {
    const struct destination *to;
    struct position position;
    struct queue_lag lag;
    int64_t behind_s; /* age of the oldest row that has not arrived; 0: all closed segments have */
    bool is_alarm;
};

/* ERR_NOENT: no log. Errors of position_load() and queue_lag(). */
ERR_CHECKED int ship_status_get(const struct destination *to, const char *log_dir, int64_t now_s,
                                struct ship_status *out);
void ship_status_print(const struct ship_status *status, int64_t now_s, FILE *to);
/* As Prometheus' text format, for the text file collector of a node exporter. */
void ship_status_metrics(const struct ship_status list[], size_t count, FILE *to);

#endif
