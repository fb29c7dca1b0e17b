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

#include "base/text.h"
#include "operator/log_names.h"
#include "operator/log_options.h"

struct log_export {
    const char *dir;
    const struct log_options *options;
    struct log_names *names;
    int64_t now_ns; /* stands in the manifest */
    FILE *out;      /* where rows go when options->output is NULL */
};

struct log_export_result {
    struct qlog_scan_stats stats;
    uint64_t written; /* rows, gaps included */
};

/* Negative enum err of reading the log or writing the file; ERR_EXIST: the file is there already. */
ERR_CHECKED int log_export_run(const struct log_export *export, struct log_export_result *out);

/* One row, added to line. */
void log_row_to_csv(const struct qlog_row *row, struct text *line);
void log_row_to_ndjson(const struct qlog_row *row, struct text *line);
void log_csv_header(struct text *line);

#endif
