/*
 * Exports of the query log: CSV or NDJSON, and a manifest that says what they hold.
 *
 * The manifest names the filter, the counts, the gaps, the generations and the BLAKE2b-256 of the rows' bytes. With CSV
 * it goes to FILE.manifest.json, with NDJSON it is the last line. Files are made anew, readable by their owner only.
 */
#ifndef OPERATOR_LOG_EXPORT_H
#define OPERATOR_LOG_EXPORT_H

#include <stdint.h>
#include <stdio.h>

#include "operator/log_names.h"
#include "operator/log_options.h"

struct log_export {
    const char *dir;
    const struct log_options *options;
    struct log_names *names;
    int64_t now_ns;     /* stands in the manifest */
    const char *folder; /* where an SQLite file is built; NULL: the current one */
    FILE *out;          /* where rows go when options->output is NULL */
};

struct log_export_result {
    struct qlog_scan_stats stats;
    uint64_t written; /* rows, gaps included */
};

/* Negative enum err of reading the log or writing the file; ERR_EXIST: the file is there already. */
ERR_CHECKED int log_export_run(const struct log_export *export, struct log_export_result *out);

#endif
