/* belisha log check-export: is an export as it left? Threads: one. */
#ifndef OPERATOR_LOG_CHECK_H
#define OPERATOR_LOG_CHECK_H

#include "operator/command.h"
#include "operator/log_options.h"

/* An enum operator_exit. */
int log_check_run(const struct operator_env *env, const struct log_options *options);

#endif
