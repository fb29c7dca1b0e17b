/* CSV: RFC 4180 with a header row, CRLF, UTF-8. */
#include <string.h>

#include "grid/sink.h"

/* Texts that a spreadsheet would take for a formula, as OWASP lists them, and the apostrophe itself. */
static bool cell_is_formula(const char *text, size_t len)
{
    static const char *const wide[] = {"\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d", "\xef\xbc\xa0"}; /* = + - @ */
    if (len == 0)
        return false;
    if (text[0] != '\0' && strchr("=+-@\t\r\n'", text[0]) != NULL)
        return true;
    for (size_t i = 0; len >= 3 && i < sizeof wide / sizeof wide[0]; i++)
        if (memcmp(text, wide[i], 3) == 0)
            return true;
    return false;
}

static bool cell_needs_quotes(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] == ',' || text[i] == '"' || text[i] == '\r' || text[i] == '\n')
            return true;
    return false;
}

void grid_csv_cell(struct text *line, const char *text, size_t len)
{
    bool quote = cell_needs_quotes(text, len);
    if (quote)
        text_add(line, "\"", 1);
    if (cell_is_formula(text, len))
        text_add(line, "'", 1);
    const char *end = text + len;
    for (const char *mark; quote && (mark = memchr(text, '"', (size_t)(end - text))) != NULL; text = mark + 1) {
        text_add(line, text, (size_t)(mark + 1 - text));
        text_add(line, "\"", 1);
    }
    text_add(line, text, (size_t)(end - text));
    if (quote)
        text_add(line, "\"", 1);
}

static int csv_open(struct grid *grid)
{
    struct text *out = &grid->out;
    if (grid->opts.bom)
        text_add(out, "\xef\xbb\xbf", 3);
    for (size_t i = 0; i < grid->opts.column_count; i++) {
        if (i > 0)
            text_add(out, ",", 1);
        grid_csv_cell(out, grid->opts.columns[i].name, strlen(grid->opts.columns[i].name));
    }
    text_add(out, "\r\n", 2);
    return sink_drain(grid);
}

static int csv_add(struct grid *grid, const struct grid_cell *cells)
{
    struct text *out = &grid->out;
    char time[GRID_TIME_MAX];
    for (size_t i = 0; i < grid->opts.column_count; i++) {
        enum grid_type type = grid->opts.columns[i].type;
        if (i > 0)
            text_add(out, ",", 1);
        if (!cells[i].there)
            continue;
        if (type == GRID_TEXT)
            grid_csv_cell(out, cells[i].text, cells[i].len);
        else if (type == GRID_NUMBER)
            grid_number(out, cells[i].number);
        else
            text_add(out, time, grid_time_to_text(cells[i].number, time));
    }
    text_add(out, "\r\n", 2);
    return sink_drain(grid);
}

const struct grid_format_ops grid_csv = {.name = "csv", .size = sizeof(struct grid), .open = csv_open, .add = csv_add};
