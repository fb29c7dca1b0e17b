/* NDJSON: a JSON object a line; what is unknown has no member. */
#include <stdlib.h>
#include <string.h>

#include "grid/sink.h"

struct ndjson {
    struct grid grid;
    char *keys; /* of each column ,"name": one behind the other */
    size_t at[GRID_COLUMNS_MAX + 1];
};

static int ndjson_open(struct grid *grid)
{
    struct ndjson *json = (struct ndjson *)grid;
    struct text keys = {0};
    for (size_t i = 0; i < grid->opts.column_count; i++) {
        json->at[i] = keys.len;
        text_printf(&keys, ",\"%s\":", grid->opts.columns[i].name);
    }
    json->at[grid->opts.column_count] = keys.len;
    json->keys = keys.bytes;
    return text_ok(&keys) ? 0 : ERR_NOMEM;
}

static bool is_plain(char c)
{
    return (unsigned char)c >= 0x20 && c != '"' && c != '\\' && c != 0x7f;
}

static void put_text(struct text *out, const char *text, size_t len)
{
    text_add(out, "\"", 1);
    for (size_t from = 0; from < len;) {
        size_t to = from;
        while (to < len && is_plain(text[to]))
            to++;
        text_add(out, text + from, to - from);
        if (to < len && (text[to] == '"' || text[to] == '\\'))
            text_printf(out, "\\%c", text[to]);
        else if (to < len)
            text_printf(out, "\\u%04x", (unsigned char)text[to]);
        from = to + 1;
    }
    text_add(out, "\"", 1);
}

static void put_value(struct text *out, enum grid_type type, const struct grid_cell *cell)
{
    char time[GRID_TIME_MAX + 2];
    if (type == GRID_TEXT) {
        put_text(out, cell->text, cell->len);
    } else if (type == GRID_NUMBER) {
        grid_number(out, cell->number);
    } else {
        size_t len = grid_time_to_text(cell->number, time + 1);
        time[0] = time[len + 1] = '"';
        text_add(out, time, len + 2);
    }
}

static int ndjson_add(struct grid *grid, const struct grid_cell *cells)
{
    const struct ndjson *json = (const struct ndjson *)grid;
    size_t skip = 1; /* the comma before the first member */
    text_add(&grid->out, "{", 1);
    for (size_t i = 0; i < grid->opts.column_count; i++) {
        if (!cells[i].there)
            continue;
        text_add(&grid->out, json->keys + json->at[i] + skip, json->at[i + 1] - json->at[i] - skip);
        put_value(&grid->out, grid->opts.columns[i].type, &cells[i]);
        skip = 0;
    }
    text_add(&grid->out, "}\n", 2);
    return sink_drain(grid);
}

static void ndjson_close(struct grid *grid)
{
    free(((struct ndjson *)grid)->keys);
}

const struct grid_format_ops grid_ndjson = {
    .name = "ndjson", .size = sizeof(struct ndjson), .open = ndjson_open, .add = ndjson_add, .close = ndjson_close};
