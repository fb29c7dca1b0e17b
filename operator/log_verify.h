/* belisha log verify: is the record as it was written, and who signed it? Threads: one. */
#ifndef OPERATOR_LOG_VERIFY_H
#define OPERATOR_LOG_VERIFY_H

#include "operator/command.h"
#include "operator/log_options.h"
#include "signing/signing_key.h"

/* Prints each fault and the sum. Returns an exit code. */
int log_verify_run(const struct operator_env *env, const char *dir, const struct log_options *options);

/* The keys of --key; what is wrong with one is said. 0, or negative enum err. */
int log_verify_keys(const struct operator_env *env, const struct log_options *options,
                    struct signing_public out[LOG_KEYS_MAX]);

#endif
