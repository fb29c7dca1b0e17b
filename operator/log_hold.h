/* belisha log hold: which days of the log nothing may be removed from. Threads: one. */
#ifndef OPERATOR_LOG_HOLD_H
#define OPERATOR_LOG_HOLD_H

#include "operator/command.h"
#include "operator/log_options.h"

/* Adds, ends or lists holds. Returns an exit code. */
int log_hold_run(const struct operator_env *env, const char *dir, const struct log_options *options);

#endif
