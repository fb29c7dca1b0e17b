/*
 * Parquet (format version 2 of its footer, data pages of version 1): every column optional, compressed with ZSTD.
 *
 *     "PAR1"  row group: a chunk for each column  ...  footer (thrift)  u32 its length  "PAR1"
 */
#include <stdlib.h>
#include <string.h>

#include "grid/parquet_column.h"
#include "grid/sink.h"
#include "grid/thrift.h"

enum { CONVERTED_UTF8 = 0, CONVERTED_TIMESTAMP_MICROS = 10 };
enum { LOGICAL_STRING = 1, LOGICAL_TIMESTAMP = 8, LOGICAL_MICROS = 2 };

struct parquet {
    struct grid grid;
    struct parquet_column columns[GRID_COLUMNS_MAX];
    struct text room;
    struct text groups; /* RowGroup structs of the footer */
    struct text notes;  /* KeyValue structs */
    size_t group_count, note_count;
    int64_t at; /* bytes of the file so far */
    int64_t rows;
};

static int parquet_open(struct grid *grid)
{
    struct parquet *p = (struct parquet *)grid;
    p->groups.max = p->notes.max = p->room.max = (size_t)1 << 30;
    for (size_t i = 0; i < grid->opts.column_count; i++) {
        int code = parquet_column_init(&p->columns[i], &grid->opts.columns[i]);
        if (code < 0)
            return code;
    }
    text_add(&grid->out, "PAR1", 4);
    p->at = 4;
    return 0;
}

static int group_put(struct parquet *p)
{
    struct text *out = &p->groups;
    struct parquet_chunk sum = {0};
    int last = 0;
    uint32_t rows = p->columns[0].rows;
    int64_t begin = p->at;
    thrift_list(out, &last, 1, THRIFT_STRUCT, p->grid.opts.column_count);
    for (size_t i = 0; i < p->grid.opts.column_count; i++) {
        struct parquet_chunk chunk;
        int code = parquet_column_write(&p->columns[i], p->at, &p->room, &p->grid.out, out, &chunk);
        if (code == 0)
            code = sink_drain(&p->grid);
        if (code < 0)
            return code;
        p->at += chunk.compressed;
        sum.compressed += chunk.compressed;
        sum.uncompressed += chunk.uncompressed;
    }
    thrift_i64(out, &last, 2, sum.uncompressed);
    thrift_i64(out, &last, 3, rows);
    thrift_i64(out, &last, 5, begin);
    thrift_i64(out, &last, 6, sum.compressed);
    thrift_stop(out);
    p->group_count++;
    p->rows += rows;
    return text_ok(out) ? 0 : ERR_NOMEM;
}

static int parquet_add(struct grid *grid, const struct grid_cell *cells)
{
    struct parquet *p = (struct parquet *)grid;
    bool full = false;
    for (size_t i = 0; i < grid->opts.column_count; i++) {
        int code = parquet_column_add(&p->columns[i], &cells[i]);
        if (code < 0)
            return code;
        full = full || parquet_column_is_full(&p->columns[i]);
    }
    return full ? group_put(p) : 0;
}

static int parquet_note(struct grid *grid, const char *key, const char *value)
{
    struct parquet *p = (struct parquet *)grid;
    int last = 0;
    thrift_binary(&p->notes, &last, 1, key, strlen(key));
    thrift_binary(&p->notes, &last, 2, value, strlen(value));
    thrift_stop(&p->notes);
    p->note_count++;
    return text_ok(&p->notes) ? 0 : ERR_NOMEM;
}

/* ---- the footer ---- */

static void put_logical_type(enum grid_type type, struct text *out)
{
    int choice = 0, last = 0, unit = 0;
    if (type == GRID_TEXT) {
        thrift_field(out, &choice, LOGICAL_STRING, THRIFT_STRUCT);
        thrift_stop(out);
    } else {
        thrift_field(out, &choice, LOGICAL_TIMESTAMP, THRIFT_STRUCT);
        thrift_true(out, &last, 1); /* UTC */
        thrift_field(out, &last, 2, THRIFT_STRUCT);
        thrift_field(out, &unit, LOGICAL_MICROS, THRIFT_STRUCT);
        thrift_stop(out);
        thrift_stop(out);
        thrift_stop(out);
    }
    thrift_stop(out);
}

static void put_column(const struct grid_column *column, struct text *out)
{
    int last = 0;
    thrift_i32(out, &last, 1, column->type == GRID_TEXT ? PARQUET_BYTE_ARRAY : PARQUET_INT64);
    thrift_i32(out, &last, 3, 1); /* optional */
    thrift_binary(out, &last, 4, column->name, strlen(column->name));
    if (column->type != GRID_NUMBER) {
        thrift_i32(out, &last, 6, column->type == GRID_TEXT ? CONVERTED_UTF8 : CONVERTED_TIMESTAMP_MICROS);
        thrift_field(out, &last, 10, THRIFT_STRUCT);
        put_logical_type(column->type, out);
    }
    thrift_stop(out);
}

static void put_schema(const struct grid_opts *o, struct text *out, int *last)
{
    int root = 0;
    const char *name = o->name == NULL ? "rows" : o->name;
    thrift_list(out, last, 2, THRIFT_STRUCT, o->column_count + 1);
    thrift_binary(out, &root, 4, name, strlen(name));
    thrift_i32(out, &root, 5, (int32_t)o->column_count);
    thrift_stop(out);
    for (size_t i = 0; i < o->column_count; i++)
        put_column(&o->columns[i], out);
}

static void put_footer(const struct parquet *p, struct text *out)
{
    static const char program[] = "belisha version " BELISHA_VERSION;
    int last = 0;
    thrift_i32(out, &last, 1, 2); /* version */
    put_schema(&p->grid.opts, out, &last);
    thrift_i64(out, &last, 3, p->rows);
    thrift_list(out, &last, 4, THRIFT_STRUCT, p->group_count);
    if (p->group_count > 0)
        text_add(out, p->groups.bytes, p->groups.len);
    if (p->note_count > 0) {
        thrift_list(out, &last, 5, THRIFT_STRUCT, p->note_count);
        text_add(out, p->notes.bytes, p->notes.len);
    }
    thrift_binary(out, &last, 6, program, sizeof program - 1);
    thrift_list(out, &last, 7, THRIFT_STRUCT, p->grid.opts.column_count); /* all columns in their type's own order */
    for (size_t i = 0; i < p->grid.opts.column_count; i++) {
        int choice = 0;
        thrift_field(out, &choice, 1, THRIFT_STRUCT);
        thrift_stop(out);
        thrift_stop(out);
    }
    thrift_stop(out);
}

static int parquet_finish(struct grid *grid)
{
    struct parquet *p = (struct parquet *)grid;
    struct text footer = {.max = (size_t)1 << 30};
    int code = p->columns[0].rows > 0 ? group_put(p) : 0;
    if (code == 0) {
        put_footer(p, &footer);
        uint32_t len = (uint32_t)footer.len;
        text_add(&footer, (const char *)&len, sizeof len);
        text_add(&footer, "PAR1", 4);
        text_add(&grid->out, footer.bytes, footer.len);
        code = text_ok(&footer) ? 0 : ERR_NOMEM;
    }
    text_done(&footer);
    return code;
}

static void parquet_close(struct grid *grid)
{
    struct parquet *p = (struct parquet *)grid;
    for (size_t i = 0; i < grid->opts.column_count; i++)
        parquet_column_done(&p->columns[i]);
    text_done(&p->room);
    text_done(&p->groups);
    text_done(&p->notes);
}

const struct grid_format_ops grid_parquet = {.name = "parquet",
                                             .size = sizeof(struct parquet),
                                             .open = parquet_open,
                                             .add = parquet_add,
                                             .note = parquet_note,
                                             .finish = parquet_finish,
                                             .close = parquet_close};
