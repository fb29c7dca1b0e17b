#include "grid/sink.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct grid_format_ops *const formats[GRID_FORMATS] = {
    [GRID_CSV] = &grid_csv, [GRID_NDJSON] = &grid_ndjson, [GRID_SQLITE] = &grid_sqlite, [GRID_PARQUET] = &grid_parquet};

const char *grid_format_name(enum grid_format format)
{
    return formats[format]->name;
}

int grid_format_from_name(const char *name)
{
    for (int i = 0; i < GRID_FORMATS; i++)
        if (strcmp(formats[i]->name, name) == 0)
            return i;
    return -1;
}

/* ---- what formats share ---- */

int sink_flush(struct grid *grid)
{
    int code = !text_ok(&grid->out) ? ERR_NOMEM : 0;
    if (code == 0 && grid->out.len > 0)
        code = grid->opts.write(grid->opts.ctx, grid->out.bytes, grid->out.len);
    grid->out.len = 0;
    return code;
}

int sink_drain(struct grid *grid)
{
    return grid->out.len < SINK_BUFFER && text_ok(&grid->out) ? 0 : sink_flush(grid);
}

void grid_number(struct text *line, int64_t number)
{
    char digits[24];
    size_t at = sizeof digits;
    uint64_t left = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do {
        digits[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (number < 0)
        digits[--at] = '-';
    text_add(line, digits + at, sizeof digits - at);
}

static void put_digits(char *at, unsigned value, int count)
{
    for (int i = count - 1; i >= 0; i--, value /= 10)
        at[i] = (char)('0' + value % 10);
}

size_t grid_time_to_text(int64_t time_ns, char out[GRID_TIME_MAX])
{
    static _Thread_local int64_t minute = INT64_MIN; /* rows come in order of time: the minute is mostly that before */
    static _Thread_local char begin[GRID_TIME_MAX];
    static _Thread_local size_t len;
    int64_t seconds = time_ns / 1000000000 - (time_ns % 1000000000 < 0);
    unsigned ms = (unsigned)((time_ns - seconds * 1000000000) / 1000000);
    int64_t this_minute = seconds / 60 - (seconds % 60 < 0);
    if (this_minute != minute) {
        time_t when = this_minute * 60;
        struct tm tm;
        gmtime_r(&when, &tm);
        len = strftime(begin, sizeof begin - 8, "%Y-%m-%dT%H:%M:", &tm);
        minute = this_minute;
    }
    memcpy(out, begin, len);
    put_digits(out + len, (unsigned)(seconds - this_minute * 60), 2);
    out[len + 2] = '.';
    put_digits(out + len + 3, ms, 3);
    memcpy(out + len + 6, "Z", 2);
    return len + 7;
}

/* ---- a table ---- */

int grid_open(const struct grid_opts *opts, struct grid **out)
{
    const struct grid_format_ops *ops = formats[opts->format];
    if (opts->column_count == 0 || opts->column_count > GRID_COLUMNS_MAX)
        return ERR_INVAL;
    struct grid *grid = calloc(1, ops->size);
    if (grid == NULL)
        return ERR_NOMEM;
    grid->ops = ops;
    grid->opts = *opts;
    grid->out.max = grid->clean.max = (size_t)1 << 30;
    int code = ops->open(grid);
    if (code < 0)
        grid_close(grid);
    else
        *out = grid;
    return code;
}

/* ASCII is UTF-8: that is seen eight bytes at a time. */
static bool is_utf8(const char *text, size_t len)
{
    size_t at = 0;
    uint64_t bits = 0;
    for (; at + 8 <= len; at += 8) {
        uint64_t word;
        memcpy(&word, text + at, 8);
        bits |= word;
    }
    for (size_t i = at; i < len; i++)
        bits |= (uint8_t)text[i];
    if ((bits & UINT64_C(0x8080808080808080)) == 0)
        return true;
    for (at = 0; at < len;) {
        char window[5] = {0};
        memcpy(window, text + at, len - at < 4 ? len - at : 4);
        size_t one = text_utf8_len(window);
        if (one == 0)
            return false;
        at += one;
    }
    return true;
}

static void clean_add(struct text *clean, const char *text, size_t len)
{
    for (size_t at = 0; at < len;) {
        char window[5] = {0};
        memcpy(window, text + at, len - at < 4 ? len - at : 4);
        size_t one = text_utf8_len(window);
        if (one == 0)
            text_add(clean, "\xef\xbf\xbd", 3);
        else
            text_add(clean, window, one);
        at += one == 0 ? 1 : one;
    }
}

/* The row again, with texts that every reader takes. */
static int row_clean(struct grid *grid, const struct grid_cell *cells, struct grid_cell *out)
{
    size_t at[GRID_COLUMNS_MAX] = {0};
    bool changed[GRID_COLUMNS_MAX] = {false};
    grid->clean.len = 0;
    for (size_t i = 0; i < grid->opts.column_count; i++) {
        out[i] = cells[i];
        if (is_utf8(cells[i].text, cells[i].len) || !cells[i].there)
            continue;
        changed[i] = true;
        at[i] = grid->clean.len;
        clean_add(&grid->clean, cells[i].text, cells[i].len);
        out[i].len = grid->clean.len - at[i];
    }
    if (!text_ok(&grid->clean))
        return ERR_NOMEM;
    for (size_t i = 0; i < grid->opts.column_count; i++)
        if (changed[i])
            out[i].text = grid->clean.bytes + at[i];
    return 0;
}

int grid_add(struct grid *grid, const struct grid_cell *cells)
{
    struct grid_cell cleaned[GRID_COLUMNS_MAX];
    bool clean = true;
    assert(!grid->finished);
    for (size_t i = 0; i < grid->opts.column_count; i++) {
        if (grid->opts.columns[i].type != GRID_TEXT || !cells[i].there)
            continue;
        if (cells[i].len > GRID_CELL_MAX)
            return ERR_LIMIT;
        clean = clean && is_utf8(cells[i].text, cells[i].len);
    }
    int code = clean ? 0 : row_clean(grid, cells, cleaned);
    return code < 0 ? code : grid->ops->add(grid, clean ? cells : cleaned);
}

int grid_note(struct grid *grid, const char *key, const char *value)
{
    return grid->ops->note == NULL ? 0 : grid->ops->note(grid, key, value);
}

int grid_finish(struct grid *grid)
{
    assert(!grid->finished);
    grid->finished = true;
    int code = grid->ops->finish == NULL ? 0 : grid->ops->finish(grid);
    return code < 0 ? code : sink_flush(grid);
}

void grid_close(struct grid *grid)
{
    if (grid == NULL)
        return;
    if (grid->ops->close != NULL)
        grid->ops->close(grid);
    text_done(&grid->out);
    text_done(&grid->clean);
    free(grid);
}
