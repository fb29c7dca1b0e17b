/* belisha log verify: is the record as it was written, and who signed it? Threads: one. */
#ifndef OPERATOR_LOG_VERIFY_H
#define OPERATOR_LOG_VERIFY_H

#include "operator/command.h"
#include "operator/log_options.h"

/* Prints each fault and the sum. Returns an exit code. */
int log_verify_run(const struct operator_env *env, const char *dir, const struct log_options *options);

#endif
