/*
 * Rows of the query log as lines for people, oldest first: all processors read and write lines, and what comes out is in
 * the order of the log. Threads: one calls.
 */
#ifndef OPERATOR_LOG_SEARCH_H
#define OPERATOR_LOG_SEARCH_H

#include <stdio.h>

#include "operator/log_names.h"

/* Writes to `to`, up to options->limit rows (0: all). Negative enum err; ERR_IO: `to` takes no more. */
ERR_CHECKED int log_search(const char *dir, const struct log_options *options, const struct log_names *names, FILE *to,
                           struct qlog_scan_stats *out);

#endif
