/*
 * The columns of an exported row: one list for CSV, NDJSON and docs/formats/qlog.md (a test compares them).
 *
 * Threads: pure; any thread.
 */
#ifndef OPERATOR_LOG_FIELDS_H
#define OPERATOR_LOG_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "qlog/reader.h"

#define LOG_TEXT_MAX 1600 /* the longest text: all 64 categories */

enum log_value_kind { LOG_VALUE_NONE, LOG_VALUE_TEXT, LOG_VALUE_NUMBER };

struct log_value {
    enum log_value_kind kind;
    uint64_t number;
    char text[LOG_TEXT_MAX];
};

struct log_field {
    const char *name;
    void (*get)(const struct qlog_row *row, struct log_value *out); /* *out begins as LOG_VALUE_NONE */
};

extern const struct log_field log_fields[];
extern const size_t log_field_count;

/* A to E; '-' where nobody is attributed. */
char log_grade_letter(unsigned grade);

#define LOG_TIME_MAX 32

/* ISO 8601, UTC, with milliseconds: "2026-11-21T22:07:47.123Z". Returns out. */
char *log_time_to_text(int64_t time_ns, char out[LOG_TIME_MAX]);

#endif
