/* Tables as files: what each format makes of cells that hurt, and of rows without end. */
#include "grid/grid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "grid/thrift.h"

static const struct grid_column two[] = {{"time", GRID_TIME, true}, {"word", GRID_TEXT, false}};

static int text_write(void *ctx, const void *bytes, size_t len)
{
    text_add(ctx, bytes, len);
    return 0;
}

static struct grid_opts opts_of(enum grid_format format, struct text *out)
{
    return (struct grid_opts){.format = format,
                              .columns = two,
                              .column_count = 2,
                              .name = "rows",
                              .folder = "/tmp",
                              .write = text_write,
                              .ctx = out};
}

static struct grid *open_grid(const struct grid_opts *opts)
{
    struct grid *grid = NULL;
    assert_int_equal(grid_open(opts, &grid), 0);
    return grid;
}

static void csv_quotes_and_disarms_cells(void **state)
{
    static const struct {
        const char *text, *cell;
    } cells[] = {
        {"", ""},
        {"plain", "plain"},
        {"a,b", "\"a,b\""},
        {"say \"x\"", "\"say \"\"x\"\"\""},
        {"a\nb", "\"a\nb\""},
        {"\"", "\"\"\"\""},
        {"=1+2", "'=1+2"},
        {"+44", "'+44"},
        {"-dash", "'-dash"},
        {"@SUM(A1)", "'@SUM(A1)"},
        {"\tx", "'\tx"},
        {"\rx", "\"'\rx\""},
        {"\nx", "\"'\nx\""},
        {"=a,b", "\"'=a,b\""},
        {"=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"},
        {"\xef\xbc\x9d"
         "1",
         "'\xef\xbc\x9d"
         "1"}, /* full-width = + - @ */
        {"\xef\xbc\x8b"
         "1",
         "'\xef\xbc\x8b"
         "1"},
        {"\xef\xbc\x8d"
         "1",
         "'\xef\xbc\x8d"
         "1"},
        {"\xef\xbc\xa0"
         "1",
         "'\xef\xbc\xa0"
         "1"},
        {"\xef\xbc\x9f"
         "1",
         "\xef\xbc\x9f"
         "1"}, /* ... and ?, which is none of them */
        {"'text", "''text"},
        {"a=b", "a=b"},
        {"12-34", "12-34"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++) {
        struct text line = {0};
        grid_csv_cell(&line, cells[i].text, strlen(cells[i].text));
        text_add(&line, "", 0);
        assert_string_equal(line.bytes, cells[i].cell);
        text_done(&line);
    }
}

static void csv_begins_with_a_mark_when_asked(void **state)
{
    struct text out = {0};
    struct grid_opts opts = opts_of(GRID_CSV, &out);
    (void)state;
    opts.bom = true;
    struct grid *grid = open_grid(&opts);
    assert_int_equal(grid_finish(grid), 0);
    assert_string_equal(out.bytes, "\xef\xbb\xbf"
                                   "time,word\r\n");
    grid_close(grid);
    text_done(&out);
}

static void times_have_milliseconds_before_and_after_1970(void **state)
{
    static const struct {
        int64_t ns;
        const char *text;
    } times[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {INT64_C(1764000000123456789), "2025-11-24T16:00:00.123Z"},
        {INT64_C(1764000059999999999), "2025-11-24T16:00:59.999Z"},
        {INT64_C(1764000060000000000), "2025-11-24T16:01:00.000Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {INT64_MAX, "2262-04-11T23:47:16.854Z"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        char text[GRID_TIME_MAX];
        assert_int_equal(grid_time_to_text(times[i].ns, text), strlen(times[i].text));
        assert_string_equal(text, times[i].text);
    }
}

static void texts_that_are_no_utf8_are_mended_in_every_row(void **state)
{
    struct text out = {0};
    struct grid_opts opts = opts_of(GRID_NDJSON, &out);
    const struct grid_cell cells[2] = {{.there = true, .number = 0},
                                       {.there = true,
                                        .text = "a\xff"
                                                "b\xc3",
                                        .len = 4}};
    (void)state;
    struct grid *grid = open_grid(&opts);
    assert_int_equal(grid_add(grid, cells), 0);
    assert_int_equal(grid_finish(grid), 0);
    assert_string_equal(out.bytes, "{\"time\":\"1970-01-01T00:00:00.000Z\",\"word\":\"a\xef\xbf\xbd"
                                   "b\xef\xbf\xbd\"}\n");
    grid_close(grid);
    text_done(&out);
}

static void a_text_has_a_limit(void **state)
{
    static char big[GRID_CELL_MAX + 1];
    struct text out = {0};
    (void)state;
    memset(big, 'x', sizeof big);
    for (int format = 0; format < GRID_FORMATS; format++) {
        struct grid_opts opts = opts_of((enum grid_format)format, &out);
        struct grid *grid = open_grid(&opts);
        struct grid_cell cells[2] = {{.there = false}, {.there = true, .text = big, .len = GRID_CELL_MAX + 1}};
        assert_int_equal(grid_add(grid, cells), ERR_LIMIT);
        cells[1].len = GRID_CELL_MAX;
        assert_int_equal(grid_add(grid, cells), 0);
        grid_close(grid);
    }
    text_done(&out);
}

static int full_disk(void *ctx, const void *bytes, size_t len)
{
    (void)ctx, (void)bytes, (void)len;
    return ERR_NOSPACE;
}

static void every_format_says_that_the_disk_is_full(void **state)
{
    (void)state;
    for (int format = 0; format < GRID_FORMATS; format++) {
        struct grid_opts opts = opts_of((enum grid_format)format, NULL);
        const struct grid_cell cells[2] = {{.there = true, .number = 7}, {.there = true, .text = "w", .len = 1}};
        opts.write = full_disk;
        struct grid *grid = open_grid(&opts);
        int code = 0;
        for (int i = 0; i < 300000 && code == 0; i++)
            code = grid_add(grid, cells);
        if (code == 0)
            code = grid_finish(grid);
        assert_int_equal(code, ERR_NOSPACE);
        grid_close(grid);
    }
}

static void a_table_without_rows_is_a_file(void **state)
{
    (void)state;
    for (int format = 0; format < GRID_FORMATS; format++) {
        struct text out = {0};
        struct grid_opts opts = opts_of((enum grid_format)format, &out);
        struct grid *grid = open_grid(&opts);
        assert_int_equal(grid_finish(grid), 0);
        assert_true((format == GRID_NDJSON) == (out.len == 0));
        if (format == GRID_PARQUET)
            assert_memory_equal(out.bytes + out.len - 4, "PAR1", 4);
        if (format == GRID_SQLITE)
            assert_memory_equal(out.bytes, "SQLite format 3", 16);
        grid_close(grid);
        text_done(&out);
    }
}

static void thrift_writes_numbers_as_its_specification_has_them(void **state)
{
    static const struct {
        int64_t value;
        size_t len;
        uint8_t bytes[3];
    } rows[] = {{0, 1, {0}},        {-1, 1, {1}},           {1, 1, {2}}, {63, 1, {126}}, {-64, 1, {127}},
                {64, 2, {0x80, 1}}, {8191, 2, {0xfe, 0x7f}}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct text out = {0};
        int last = 0;
        thrift_i64(&out, &last, 3, rows[i].value);
        assert_int_equal(last, 3);
        assert_int_equal(out.len, 1 + rows[i].len);
        assert_int_equal((uint8_t)out.bytes[0], 0x36);
        assert_memory_equal(out.bytes + 1, rows[i].bytes, rows[i].len);
        text_done(&out);
    }
}

static void formats_have_names(void **state)
{
    (void)state;
    for (int format = 0; format < GRID_FORMATS; format++)
        assert_int_equal(grid_format_from_name(grid_format_name((enum grid_format)format)), format);
    assert_int_equal(grid_format_from_name("xml"), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csv_quotes_and_disarms_cells),
        cmocka_unit_test(csv_begins_with_a_mark_when_asked),
        cmocka_unit_test(times_have_milliseconds_before_and_after_1970),
        cmocka_unit_test(texts_that_are_no_utf8_are_mended_in_every_row),
        cmocka_unit_test(a_text_has_a_limit),
        cmocka_unit_test(every_format_says_that_the_disk_is_full),
        cmocka_unit_test(a_table_without_rows_is_a_file),
        cmocka_unit_test(thrift_writes_numbers_as_its_specification_has_them),
        cmocka_unit_test(formats_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
