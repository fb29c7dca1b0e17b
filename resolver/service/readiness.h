/*
 * What belishad says once it answers: where it listens, to the log; "ready" to who started it.
 *
 * Threads: the manager's.
 */
#ifndef SERVICE_READINESS_H
#define SERVICE_READINESS_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"

void readiness_say(const struct config *config, size_t worker_count, bool monitored);

#endif
