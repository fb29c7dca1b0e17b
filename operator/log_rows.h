/*
 * The rows of a log, block by block, as the cells of a grid.
 *
 * Within a block each distinct who, what and path becomes cells once, however many rows have it; a row is then put together
 * by looking. What an export must say about its rows (generations, versions, nodes, gaps) is gathered on the way.
 *
 * Memory: heap, owned by the struct. Threads: one.
 */
#ifndef OPERATOR_LOG_ROWS_H
#define OPERATOR_LOG_ROWS_H

#include "operator/log_fields.h"
#include "operator/log_names.h"
#include "qlog/blocks.h"

#define LOG_ROWS_KEY_LEN  32
#define LOG_ROWS_SET_MAX  4096 /* of different numbers; what is more is only counted */
#define LOG_ROWS_GAPS_MAX 10000
#define LOG_ROWS_NODE_MAX 256

struct log_rows_set {
    uint64_t *numbers; /* ascending */
    size_t count;
    uint64_t more; /* times that one could not be taken in */
};

struct log_rows_gap {
    int64_t from_ns, to_ns;
    uint64_t lost;
};

/* About the rows so far. */
struct log_rows_sum {
    uint64_t rows;
    uint64_t journal_rows; /* of them, not yet in a segment */
    uint64_t lost;
    int64_t first_ns, last_ns;
    struct log_rows_set generations, versions;
    struct log_rows_gap *gaps;
    size_t gap_count;
    uint64_t more_gaps;
    char (*nodes)[LOG_ROWS_NODE_MAX];
    size_t node_count;
};

struct log_rows_opts {
    struct log_names *names;
    /* Columns that tell who asked are left out; one in front of them, `person`, has a word made with this key instead: the
     * same for all rows of a person, and of nobody else. NULL: all columns as they are. */
    const uint8_t *person_key;
    /* The name that a listed host of the statutory tier is told by instead of its id; NULL: none is told. */
    const char *(*unveil)(void *ctx, const char *name, size_t len);
    void *ctx;
    uint64_t limit; /* rows; 0: all */
};

struct log_rows;

/* ERR_NOMEM. */
ERR_CHECKED int log_rows_new(const struct log_rows_opts *opts, struct log_rows **out);
void log_rows_free(struct log_rows *rows);

/* For grid_opts; good as long as rows is. */
const struct grid_column *log_rows_columns(const struct log_rows *rows, size_t *out_count);

/* Adds the rows and gaps of a block. 1: the limit is reached; else what grid_add() said, or ERR_NOMEM. */
ERR_CHECKED int log_rows_put(struct log_rows *rows, const struct block_view *view, struct grid *grid);

const struct log_rows_sum *log_rows_sum(const struct log_rows *rows);

#endif
