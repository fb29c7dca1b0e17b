/*
 * The record of every run, for the audit: <out>/runs/<UTC time>.json, what report_write_record() writes. A second run in
 * the same second gets "-2" behind the time, and so on.
 *
 * A record never changes once it has its name. The newest RUNS_MAX stay, none older than RUNS_AGE_MAX_S.
 * Threads: one; several processes may write at once.
 */
#ifndef COMPILER_RUNS_H
#define COMPILER_RUNS_H

#include "belisha/err.h"
#include "report/report.h"

#define RUNS_MAX       400
#define RUNS_AGE_MAX_S (INT64_C(400) * 86400)

/* out: the folder of generations; must exist. ERR_NOENT, ERR_ACCESS, ERR_NOSPACE, ERR_IO, ERR_LIMIT, ERR_NOMEM. */
ERR_CHECKED int runs_write(const char *out, const struct report *report);

#endif
