/*
 * Exports of the query log: rows in one of the grid's formats, and a manifest that says what they hold (log_manifest.h).
 *
 *     to a file      FILE, FILE.manifest.json, its signature, and the key to check it by
 *     to a zip       the same in one encrypted file
 *     to a stream    the rows alone; NDJSON has the manifest in its last line
 *
 * Files are made anew, readable by their owner only, and are there when they are whole. Threads: one.
 */
#ifndef OPERATOR_LOG_EXPORT_H
#define OPERATOR_LOG_EXPORT_H

#include <stdint.h>
#include <stdio.h>

#include "operator/log_manifest.h"

struct log_export {
    const char *dir;
    const struct log_options *options;
    struct log_names *names;
    const char *kind;      /* in the manifest: "export" */
    int64_t now_ns;        /* likewise, as are the next three */
    const char *time_zone; /* the school's; NULL: the machine's */
    struct caller asked_by;
    const struct caller *approved_by;
    const char *password; /* of the zip; NULL: there is none */
    const char *key_path; /* the key that signs; NULL, or one that can't be read: nothing is signed */
    FILE *out;            /* where rows go when options->output is NULL */
    const char *(*unveil)(void *ctx, const char *name, size_t len); /* log_rows.h */
    /* Adds files to the parcel before its manifest, once the rows are known; NULL: there are none. */
    int (*more)(void *ctx, struct parcel *parcel, const struct log_rows_sum *sum);
    void *ctx; /* of both */
};

struct log_export_result {
    struct qlog_scan_stats stats; /* rows and lost: of what was written */
    bool is_signed;
    int sign_err;                 /* why it is not signed */
    uint8_t sha256[IMPRINT_LEN];  /* of the file; zeros for a stream */
    uint8_t blake2b[IMPRINT_LEN]; /* likewise */
};

/* Negative enum err of reading the log or writing the file; ERR_EXIST: the file is there already. */
ERR_CHECKED int log_export_run(const struct log_export *export, struct log_export_result *out);

#endif
