/*
 * Tables that leave as a file: rows of typed cells become CSV, NDJSON, an SQLite file or Parquet.
 *
 *     grid_open()     what the columns are, and where the bytes go
 *     grid_add()      a row, again and again: a cell for each column
 *     grid_note()     something about the table that goes into the file, where the format has a place for it
 *     grid_finish()   what stands at the end
 *     grid_close()
 *
 * The file is a stream: its bytes go to `write` in their order, so that who calls can compress, encrypt and hash them on
 * their way. Memory is bounded however many rows there are (a Parquet row group is what is held). SQLite can't be
 * streamed: it is built in a file without a name in `folder`, and goes to `write` when it is done.
 *
 * Memory:  a row's texts are used during grid_add() only. Threads: one for a table.
 */
#ifndef GRID_TABLE_H
#define GRID_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "belisha/err.h"

#define GRID_COLUMNS_MAX 64
#define GRID_CELL_MAX    65536 /* bytes of a text */

enum grid_format { GRID_CSV, GRID_NDJSON, GRID_SQLITE, GRID_PARQUET, GRID_FORMATS };

enum grid_type {
    GRID_TEXT,   /* UTF-8; bytes that are not become U+FFFD */
    GRID_NUMBER, /* 0..2^63-1 */
    GRID_TIME,   /* ns since 1970, UTC; as text it has milliseconds, in Parquet microseconds */
};

struct grid_column {
    const char *name; /* letters, digits, _ */
    enum grid_type type;
    bool indexed; /* SQLite: rows are looked for by it */
};

struct grid_cell {
    bool there;       /* false: unknown, or it does not apply */
    const char *text; /* GRID_TEXT: len bytes without a zero */
    size_t len;
    int64_t number; /* GRID_NUMBER, GRID_TIME */
};

/* 0, or a negative enum err, which ends the table. */
typedef int (*grid_write_fn)(void *ctx, const void *bytes, size_t len);

struct grid_opts {
    enum grid_format format;
    const struct grid_column *columns; /* stay valid while the table is open */
    size_t column_count;               /* 1..GRID_COLUMNS_MAX */
    const char *name;                  /* of the table, in SQLite; letters */
    bool bom;                          /* CSV: begin with a byte-order mark, by which Excel knows UTF-8 */
    const char *folder;                /* SQLite: where its file without a name lies meanwhile */
    grid_write_fn write;
    void *ctx;
};

struct grid;

/* ERR_INVAL (columns), ERR_NOMEM, ERR_ACCESS, ERR_NOSPACE, ERR_IO, or what write said. */
ERR_CHECKED int grid_open(const struct grid_opts *opts, struct grid **out);
/* cells: one for each column. The same errors; ERR_LIMIT: a text is longer than GRID_CELL_MAX. */
ERR_CHECKED int grid_add(struct grid *grid, const struct grid_cell *cells);
/* SQLite: a row of the table `manifest`; Parquet: key and value of the file's footer; nothing in the others. */
ERR_CHECKED int grid_note(struct grid *grid, const char *key, const char *value);
/* Nothing may be added afterwards. */
ERR_CHECKED int grid_finish(struct grid *grid);
/* Also in the middle. NULL is fine. */
void grid_close(struct grid *grid);

const char *grid_format_name(enum grid_format format); /* "csv", "ndjson", "sqlite", "parquet" */
int grid_format_from_name(const char *name);           /* or -1 */

#define GRID_TIME_MAX 32

/* ISO 8601, UTC, with milliseconds: "2026-11-21T22:07:47.123Z". Returns its length. */
size_t grid_time_to_text(int64_t time_ns, char out[GRID_TIME_MAX]);

/*
 * A cell of CSV (RFC 4180), added to line, in quotes where needed. A spreadsheet would run a text that begins with = + - @,
 * one of their full-width forms, tab, CR or LF as a formula: it gets an apostrophe in front, and so does one that begins
 * with an apostrophe, so that to take one away is always right.
 */
void grid_csv_cell(struct text *line, const char *text, size_t len);

/* A decimal number, added. */
void grid_number(struct text *line, int64_t number);

#endif
