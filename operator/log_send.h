/* belisha log export: what may leave, how, and what is said and written down about it. Threads: one. */
#ifndef OPERATOR_LOG_SEND_H
#define OPERATOR_LOG_SEND_H

#include "operator/command.h"
#include "operator/log_export.h"

/* Before anything is written down: NULL, or what would be right (log_leaving.h). */
const char *log_send_wrong(const struct operator_env *env, const struct log_options *options);

/* An enum operator_exit. */
int log_send_run(const struct operator_env *env, const char *dir, const struct log_options *options,
                 struct log_names *names, int64_t now_ns);

/* The same with other files beside the rows. */
struct log_send_more {
    const char *kind;                                                              /* in the manifest */
    int (*more)(void *ctx, struct parcel *parcel, const struct log_rows_sum *sum); /* log_export.h */
    void *ctx;
};

int log_send_more(const struct operator_env *env, const char *dir, const struct log_options *options,
                  struct log_names *names, int64_t now_ns, const struct log_send_more *more);

/* What this export has come to, at standard error; *export as it was run. */
void log_send_tell(const struct operator_env *env, const struct log_export *export,
                   const struct log_export_result *result);

/* A search that finds nobody must not look as if nobody had asked. */
void log_send_closed(const struct operator_env *env, const struct qlog_scan_stats *stats);

#endif
