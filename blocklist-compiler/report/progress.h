/*
 * How far a run is: a bar on a terminal, one plain line for each step elsewhere.
 *
 * Threads: any; steps are told under a lock.
 */
#ifndef REPORT_PROGRESS_H
#define REPORT_PROGRESS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct progress {
    FILE *to; /* NULL: says nothing */
    bool terminal;
    size_t done, total; /* steps */
    pthread_mutex_t lock;
};

/* to: usually stderr; NULL for silence. total: steps that will be told. */
void progress_init(struct progress *progress, FILE *to, size_t total);

/* One step is done; what: a few words. */
void progress_step(struct progress *progress, const char *what, const char *detail);

/* Clears the bar. */
void progress_done(struct progress *progress);

#endif
