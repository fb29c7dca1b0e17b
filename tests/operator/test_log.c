/* belisha log: what is typed, what comes out, and that an export is read back by a program not ours. */
#include "operator/log_export.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "operator/log_fields.h"
#include "qlog/fixture.h"

#define NOW_NS INT64_C(1764000000000000000) /* 2025-11-24T16:00:00Z */

static struct qlog_row row_of(uint32_t number)
{
    struct qlog_row row = {
        .node = "node-a", .group = "staff", .feed = "", .upstream = "", .user = "", .device = "", .called = ""};
    fixture_record(number, &row.record);
    return row;
}

static int text_write(void *ctx, const void *bytes, size_t len)
{
    text_add(ctx, bytes, len);
    return 0;
}

/* The row in this format, behind the header. */
static void row_to_text(const struct qlog_row *row, enum grid_format format, struct text *out)
{
    static struct grid_column columns[LOG_FIELDS];
    struct log_cells cells = {.used = 0};
    struct text head = {0};
    struct grid *grid;
    for (size_t i = 0; i < LOG_FIELDS; i++)
        columns[i] = log_fields[i].column;
    const struct grid_opts opts = {
        .format = format, .columns = columns, .column_count = LOG_FIELDS, .write = text_write, .ctx = &head};
    assert_int_equal(grid_open(&opts, &grid), 0);
    log_cells_get(row, &cells);
    assert_int_equal(grid_add(grid, cells.at), 0);
    assert_int_equal(grid_finish(grid), 0);
    grid_close(grid);
    const char *rest = format == GRID_CSV ? strstr(head.bytes, "\r\n") + 2 : head.bytes;
    text_add(out, rest, strlen(rest));
    text_done(&head);
}

static void csv_row_has_every_column_in_place(void **state)
{
    struct qlog_row row = row_of(1000);
    struct text line = {0};
    (void)state;
    row.feed = "feed-x";
    row.user = "=jones";
    row.record.device = 4;
    row.device = "3c:22:fb:01:02:03";
    row.called = "toms-ipad";
    row_to_text(&row, GRID_CSV, &line);
    assert_string_equal(line.bytes,
                        "2023-11-14T22:13:21.234Z,node-a,10.20.0.8,54680,3c:22:fb:01:02:03,4,toms-ipad,'=jones,76,"
                        "staff,user,A,host1.site10.example,A,1,udp,"
                        "blocked,category-allowed,violence,file-sharing,none,target.example,0,feed-x,1000,RCODE14,"
                        "10.20.0.8,232,,none,0,41,5,\r\n");
    text_done(&line);
}

static void csv_row_of_a_gap_says_only_what_is_known(void **state)
{
    struct qlog_row row = {
        .node = "n", .group = "", .feed = "", .upstream = "", .user = "", .device = "", .called = "", .lost = 12};
    struct text csv = {0};
    struct text json = {0};
    (void)state;
    row.record.time_ns = 5000000;
    row.record.qname_len = 1;
    row_to_text(&row, GRID_CSV, &csv);
    row_to_text(&row, GRID_NDJSON, &json);
    assert_string_equal(csv.bytes, "1970-01-01T00:00:00.005Z,n,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,12\r\n");
    assert_string_equal(json.bytes, "{\"time\":\"1970-01-01T00:00:00.005Z\",\"node\":\"n\",\"lost\":12}\n");
    text_done(&csv);
    text_done(&json);
}

static void times_are_read_as_people_write_them(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds; /* -1: refused */
    } rows[] = {
        {"2025-11-24", 1763942400},
        {"2025-11-24T10:30", 1763980200},
        {"2025-11-24T10:30:15Z", 1763980215},
        {"2025-11-24 10:30", 1763980200},
        {"now", 1764000000},
        {"-90s", 1763999910},
        {"-30m", 1763998200},
        {"-2h", 1763992800},
        {"-7d", 1763395200},
        {"-2", -1},
        {"2h", -1},
        {"-2w", -1},
        {"2025-13-01", -1},
        {"9999-01-01", -1},
        {"1500-01-01", -1},
        {"2025-11-24T10:30+01:00", -1},
        {"", -1},
        {"-99999999999999999999d", -1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t ns = -1000000000;
        int code = log_time_from_text(rows[i].text, NOW_NS, &ns);
        assert_int_equal(code, rows[i].seconds < 0 ? ERR_MALFORMED : 0);
        assert_true(ns == rows[i].seconds * 1000000000);
    }
}

/* Splits at blanks; what it returns and the options point into words, which must be writable. */
static const char *typed(char *words, struct log_options *out)
{
    char *argv[32];
    int argc = 0;
    for (char *word = strtok(words, " "); word != NULL; word = strtok(NULL, " "))
        argv[argc++] = word;
    argv[argc] = NULL;
    return log_options_read(argc, argv, NOW_NS, out);
}

static void options_fill_the_filter_or_say_what_is_wrong(void **state)
{
    char good[] =
        "search --from -2h --client 10.20.0.0/16 --name Example.COM --below --group staff --category gambling "
        "--category drugs --verdict blocked --blocked --limit 10 --format ndjson -o out";
    static const char *const wrong[] = {"--from yesterday",
                                        "--client 10.20.0.1/16",
                                        "--name a..b",
                                        "--category sports!",
                                        "--verdict no",
                                        "--code 123",
                                        "--limit 0",
                                        "--format xml",
                                        "--days -1",
                                        "--bytes 10X",
                                        "--below",
                                        "word",
                                        "--from -1h --to -2h"};
    struct log_options o;
    (void)state;
    assert_null(typed(good, &o));
    assert_true(o.filter.from_ns == NOW_NS - INT64_C(7200000000000));
    assert_int_equal(o.filter.client->bits, 112);
    assert_memory_equal(o.filter.name, "\7example\3com", 13);
    assert_true(o.filter.name_below && o.filter.blocked_only);
    assert_string_equal(o.filter.group, "staff");
    assert_true(o.filter.categories == (UINT64_C(1) << 6 | UINT64_C(1) << 4));
    assert_int_equal(o.filter.action, VERDICT_NOTICE);
    assert_int_equal(o.limit, 10);
    assert_int_equal(o.format, GRID_NDJSON);
    assert_string_equal(o.output, "out");
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char words[64];
        snprintf(words, sizeof words, "search %s", wrong[i]);
        assert_non_null(typed(words, &o));
    }
}

static void export_to(const struct fixture *f, enum grid_format format, const char *path)
{
    struct log_options options = {.filter = {.action = -1}, .format = format, .output = path};
    struct log_names names = {.roster = NULL};
    const struct log_export export = {
        .dir = f->dir, .options = &options, .names = &names, .kind = "export", .now_ns = NOW_NS};
    struct log_export_result result;
    assert_int_equal(log_export_run(&export, &result), 0);
    assert_int_equal(log_export_run(&export, &result), ERR_EXIST);
}

static void export_is_read_back_by_an_independent_program(void **state)
{
    struct fixture f;
    struct qlog *log;
    char csv[128];
    char ndjson[128];
    char command[512];
    (void)state;
    if (system("python3 -c pass 2>/dev/null") != 0)
        skip();
    fixture_begin(&f);
    struct qlog_opts opts = fixture_opts(&f);
    opts.node = "=HYPERLINK(\"x\"), \xc3\xa9";
    assert_int_equal(qlog_open(&opts, &log), 0);
    for (uint32_t i = 0; i < 500; i++) {
        struct qlog_record record;
        fixture_record(i, &record);
        if (i == 7) /* a label of bytes that hurt */
            record.qname_len = (uint8_t)name_from_text("\\061x\\,\\\"\\010\\255.test", 22, record.qname);
        qlog_append(qlog_writer(log, 0), &record);
    }
    qlog_close(log);
    snprintf(csv, sizeof csv, "%s/out.csv", f.dir);
    snprintf(ndjson, sizeof ndjson, "%s/out.ndjson", f.dir);
    export_to(&f, GRID_CSV, csv);
    export_to(&f, GRID_NDJSON, ndjson);
    snprintf(command, sizeof command, "python3 check_csv.py %s %s 500", csv, ndjson);
    assert_int_equal(system(command), 0);
    fixture_end(&f);
}

static void format_page_names_every_column(void **state)
{
    static char page[1 << 16];
    FILE *file = fopen("../../docs/formats/qlog.md", "r");
    (void)state;
    assert_non_null(file);
    page[fread(page, 1, sizeof page - 1, file)] = '\0';
    fclose(file);
    for (size_t i = 0; i < LOG_FIELDS; i++) {
        char cell[64];
        snprintf(cell, sizeof cell, "\n| `%s` |", log_fields[i].column.name);
        assert_non_null(strstr(page, cell));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csv_row_has_every_column_in_place),
        cmocka_unit_test(csv_row_of_a_gap_says_only_what_is_known),
        cmocka_unit_test(times_are_read_as_people_write_them),
        cmocka_unit_test(options_fill_the_filter_or_say_what_is_wrong),
        cmocka_unit_test(export_is_read_back_by_an_independent_program),
        cmocka_unit_test(format_page_names_every_column),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
