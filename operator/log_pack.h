/*
 * belisha log pack: rows for the police or for the safeguarding lead, with names of the statutory list in full, in an
 * encrypted zip that tells how it came about. docs/export.md tells of it, decision 43 why it is so. Threads: one.
 */
#ifndef OPERATOR_LOG_PACK_H
#define OPERATOR_LOG_PACK_H

#include "operator/command.h"
#include "operator/log_names.h"

struct log_pack {
    const struct operator_env *env;
    const char *dir;
    struct log_options *options;
    struct log_names *names;
    int64_t now_ns;
};

/* An enum operator_exit. */
int log_pack_run(const struct log_pack *pack);

#endif
