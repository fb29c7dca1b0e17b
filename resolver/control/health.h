/*
 * Whether this belishad can be relied on, in one line of JSON:
 *
 *     {"status": "ok", "generation": 12}
 *     {"status": "failing", "reasons": ["no upstream server answers"]}
 *
 * Live: every worker's loop turns. Ready: that, and there is what an answer needs: a generation, the statutory list where
 * it was set up, an upstream server that has not failed, and a query log that can be written.
 *
 * Threads: the manager's.
 */
#ifndef CONTROL_HEALTH_H
#define CONTROL_HEALTH_H

#include <stdbool.h>

#include "control/command.h"

#define HEALTH_REASONS_MAX 6

struct health {
    bool live, ready;
    size_t reason_count;
    char reasons[HEALTH_REASONS_MAX][100]; /* what is in the way; those against being live first */
};

struct health health_of(const struct command_env *env);

/* Adds the line for one of the two questions; returns its answer. */
bool health_write_live(const struct command_env *env, struct text *out);
bool health_write_ready(const struct command_env *env, struct text *out);

#endif
