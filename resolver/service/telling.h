/*
 * What belishad says to its log: that it is ready and where it listens, which lists are in force, what is wrong with a text.
 *
 * Threads: the manager's.
 */
#ifndef SERVICE_TELLING_H
#define SERVICE_TELLING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "blockdb/blockdb.h"
#include "config/config.h"
#include "statutory/statutory.h"

/* Also "ready" to who started it. */
void telling_ready(const struct config *config, size_t worker_count, bool monitored);
void telling_generation(const struct blockdb *db);
void telling_tier(const struct statutory *list);
/* Each line of a text as a log line of its own, an error. */
void telling_lines(const struct text *text);

#endif
