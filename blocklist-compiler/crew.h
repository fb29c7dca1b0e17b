/*
 * Several threads that share the jobs of a run: each takes the next one as soon as it is done with the one before.
 */
#ifndef COMPILER_CREW_H
#define COMPILER_CREW_H

#include <stddef.h>

#include "blocklist-compiler/job.h"
#include "report/progress.h"

typedef void (*crew_work)(struct job *job);

/*
 * Runs work on every job and returns when all are done. Threads that can't be started are done without; the caller's is
 * one of them. progress: NULL, or told `what` and the feed's name after each job.
 */
void crew_run(struct job *jobs, size_t count, unsigned threads, crew_work work, struct progress *progress,
              const char *what);

#endif
