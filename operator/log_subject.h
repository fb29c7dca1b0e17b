/*
 * `belisha log subject-access`: what the log has about one person, for that person (UK GDPR, article 15).
 *
 * All rows that are attributed to the person leave as an export does, in a zip with a password unless somebody says why not,
 * with a cover sheet in plain words. Nobody else is in it: no row of another user, no name of a device that others used too, nothing
 * that a device calls itself. Rows of which the log does not say that it was this person are not in it either: of protected
 * help it never does, of a device or an address alone it can't.
 *
 * Threads: one.
 */
#ifndef OPERATOR_LOG_SUBJECT_H
#define OPERATOR_LOG_SUBJECT_H

#include "operator/command.h"
#include "operator/log_names.h"
#include "operator/log_options.h"

/* NULL, or what would be right. Makes options mean what they mean here. */
const char *log_subject_wrong(const struct operator_env *env, struct log_options *options);
/* Returns an enum operator_exit. */
int log_subject_run(const struct operator_env *env, const char *dir, const struct log_options *options,
                    struct log_names *names, int64_t now_ns);

#endif
