/*
 * The columns of an exported row: one list for all formats and docs/formats/qlog.md (a test compares them).
 *
 * Threads: pure; any thread.
 */
#ifndef OPERATOR_LOG_FIELDS_H
#define OPERATOR_LOG_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/name.h"
#include "qlog/reader.h"
#include "grid/grid.h"

#define LOG_FIELDS         34
#define LOG_CATEGORIES_MAX 1600 /* all 64 with blanks between */

/* The cells of one row. Begins as {0}; texts point into it and into the row. */
struct log_cells {
    const struct qlog_row *row;
    struct grid_cell at[LOG_FIELDS];
    char room[2 * NAME_TEXT_MAX + LOG_CATEGORIES_MAX + 512];
    size_t used;
};

/* What a field is one and the same for: within a block of the log, rows share few combinations of each. */
enum log_of { LOG_OF_ROW, LOG_OF_WHO, LOG_OF_WHAT, LOG_OF_PATH };

struct log_field {
    struct grid_column column;
    void (*get)(struct log_cells *cells, struct grid_cell *out);
    bool who; /* tells who asked */
    enum log_of of;
};

extern const struct log_field log_fields[LOG_FIELDS];

/* All cells of a row; of a gap only those that are known: time, node and lost. */
void log_cells_get(const struct qlog_row *row, struct log_cells *cells);
/* Those alone that are of this. */
void log_cells_get_of(const struct qlog_row *row, enum log_of of, struct log_cells *cells);

#define LOG_TIME_MAX GRID_TIME_MAX

/* As grid_time_to_text(), but returns out. */
static inline char *log_time_to_text(int64_t time_ns, char out[LOG_TIME_MAX])
{
    grid_time_to_text(time_ns, out);
    return out;
}

/* A to E; '-' where nobody is attributed. */
char log_grade_letter(unsigned grade);

#endif
