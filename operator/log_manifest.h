/*
 * What an export says about itself, as one line of JSON (docs/formats/export.md): what was asked for and by whom, how many
 * rows there are and which are missing, by which lists and policies they were decided, and where the log's chain stood, so
 * that `belisha log verify` can be held beside it.
 *
 * Threads: one.
 */
#ifndef OPERATOR_LOG_MANIFEST_H
#define OPERATOR_LOG_MANIFEST_H

#include "operator/log_options.h"
#include "operator/log_rows.h"
#include "parcel/parcel.h"
#include "roles/caller.h"

/* Where the log's chain stands. */
struct log_tail {
    uint64_t first_sequence, last_sequence; /* of the segments that are there; 0: none */
    uint8_t chain[QLOG_HASH_LEN];           /* of the last */
    bool is_signed;
};

/* ERR_NOENT: no log. ERR_ACCESS, ERR_NOMEM, ERR_IO. */
ERR_CHECKED int log_tail_read(const char *dir, struct log_tail *out);

struct log_manifest {
    const struct log_options *options;
    const char *kind; /* "export", "police pack"... */
    int64_t made_ns;
    const char *time_zone; /* the school's */
    const struct caller *asked_by;
    const struct caller *approved_by; /* NULL: nobody had to */
    bool encrypted;
    const struct signing_key *key; /* NULL: it will not be signed */
    const struct log_rows_sum *sum;
    const struct qlog_scan_stats *stats;
    const struct log_tail *tail;
};

/* How far what is told about is there. */
enum log_manifest_of {
    LOG_MANIFEST_OF_ROWS, /* inside the file of the rows: nothing can be said of its hash */
    LOG_MANIFEST_OF_LINE, /* the last line of NDJSON: the hash of all lines before it */
    LOG_MANIFEST_OF_FILES /* a file of its own: all files */
};

/* Adds it, with the end of line. */
void log_manifest_write(const struct log_manifest *manifest, enum log_manifest_of of, struct parcel *parcel,
                        struct text *out);

#endif
