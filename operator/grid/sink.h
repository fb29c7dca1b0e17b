/*
 * What a format is made of, for the files of this folder.
 *
 * Threads: as a table's.
 */
#ifndef GRID_SINK_H
#define GRID_SINK_H

#include "grid/grid.h"

struct grid_format_ops {
    const char *name;
    size_t size; /* of the format's struct, which begins with struct grid */
    int (*open)(struct grid *grid);
    int (*add)(struct grid *grid, const struct grid_cell *cells);
    int (*note)(struct grid *grid, const char *key, const char *value); /* NULL: there is no place for it */
    int (*finish)(struct grid *grid);                                   /* NULL: nothing is left to do */
    void (*close)(struct grid *grid);                                   /* also of what open() left half done; NULL */
};

struct grid {
    const struct grid_format_ops *ops;
    struct grid_opts opts;
    struct text out;   /* waits to be written */
    struct text clean; /* texts of this row that were not UTF-8 */
    bool finished;
};

extern const struct grid_format_ops grid_csv, grid_ndjson, grid_sqlite, grid_parquet;

#define SINK_BUFFER ((size_t)256 << 10)

/* Hands `out` to write() when it is long, or whatever its length. */
ERR_CHECKED int sink_drain(struct grid *grid);
ERR_CHECKED int sink_flush(struct grid *grid);

#endif
