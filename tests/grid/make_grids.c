/* make_grids FOLDER: one and the same rows as rows.csv, rows.ndjson, rows.sqlite and rows.parquet, for readers not ours. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "grid/grid.h"

#define ROWS      300001 /* three row groups of Parquet */
#define ROWS_LONG 3      /* rows with a text of 60,000 bytes */

static const struct grid_column columns[] = {
    {"time", GRID_TIME, true},  {"word", GRID_TEXT, true},     {"number", GRID_NUMBER, false},
    {"rare", GRID_TEXT, false}, {"nothing", GRID_TEXT, false}, {"same", GRID_TEXT, false},
    {"many", GRID_TEXT, false}, {"zero", GRID_NUMBER, false},  {"none", GRID_NUMBER, false},
    {"hard", GRID_TEXT, false},
};
#define COLUMNS (sizeof columns / sizeof columns[0])

static int file_write(void *ctx, const void *bytes, size_t len)
{
    return fwrite(bytes, 1, len, ctx) == len ? 0 : ERR_IO;
}

static struct grid_cell text_cell(const char *text)
{
    return (struct grid_cell){.there = true, .text = text, .len = strlen(text)};
}

static struct grid_cell number_cell(int64_t number)
{
    return (struct grid_cell){.there = true, .number = number};
}

static void row_make(uint32_t i, struct grid_cell cells[COLUMNS])
{
    static const char *const hard[] = {"=1+1",
                                       "",
                                       "a,b",
                                       "say \"x\"",
                                       "two\r\nlines",
                                       "caf\xc3\xa9",
                                       "bad\xff\xfe!",
                                       "\xe2\x82\xac",
                                       "'quoted",
                                       "-1",
                                       "@SUM(A1)",
                                       "\ttab",
                                       "\\back",
                                       "\x01\x1f",
                                       "\xef\xbc\x9d"
                                       "1"};
    static char word[32], many[32], big[60001];
    memset(cells, 0, COLUMNS * sizeof cells[0]);
    snprintf(word, sizeof word, "word-%u", i * 7919 % 5000);
    snprintf(many, sizeof many, "text %08x", i * 2654435761u);
    cells[0] = number_cell(INT64_C(1764000000123456789) + (int64_t)i * 1000003);
    cells[1] = text_cell(word);
    cells[2] = number_cell(i % 11 == 0 ? INT64_MAX - i : (int64_t)i * i);
    if (i % 1000 == 17)
        cells[3] = text_cell("now and then");
    cells[5] = text_cell("all the same");
    cells[6] = text_cell(many);
    cells[7] = number_cell(0);
    cells[9] = text_cell(hard[i % (sizeof hard / sizeof hard[0])]);
    if (i < ROWS_LONG) {
        memset(big, 'a' + (int)i, sizeof big - 1);
        cells[3] = text_cell(big);
    }
}

static int make(const char *folder, enum grid_format format)
{
    char path[4096];
    struct grid *grid;
    struct grid_cell cells[COLUMNS];
    snprintf(path, sizeof path, "%s/rows.%s", folder, grid_format_name(format));
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return ERR_IO;
    const struct grid_opts opts = {.format = format,
                                   .columns = columns,
                                   .column_count = COLUMNS,
                                   .name = "rows",
                                   .folder = folder,
                                   .write = file_write,
                                   .ctx = file};
    int code = grid_open(&opts, &grid);
    for (uint32_t i = 0; code == 0 && i < ROWS; i++) {
        row_make(i, cells);
        code = grid_add(grid, cells);
    }
    if (code == 0)
        code = grid_note(grid, "made by", "a test");
    if (code == 0)
        code = grid_finish(grid);
    grid_close(grid);
    return fclose(file) == 0 ? code : ERR_IO;
}

int main(int argc, char *argv[])
{
    for (int format = 0; argc == 2 && format < GRID_FORMATS; format++) {
        int code = make(argv[1], (enum grid_format)format);
        if (code < 0) {
            fprintf(stderr, "make_grids: %s: %s\n", grid_format_name((enum grid_format)format), err_str(code));
            return 1;
        }
    }
    return argc == 2 ? 0 : 2;
}
