/* `belisha log compact`: merges small segments of days that are over, as belishad does by itself. Threads: one. */
#ifndef OPERATOR_LOG_COMPACT_H
#define OPERATOR_LOG_COMPACT_H

#include "operator/command.h"
#include "operator/log_options.h"

/* dir: of the log; now_s: wall time. Returns an enum operator_exit. */
int log_compact_run(const struct operator_env *env, const char *dir, const struct log_options *options, int64_t now_s);

#endif
