#include "qlog/writer.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "fixture.h"

#define ROWS 3000u

static struct qlog_row rows[ROWS + 10];

static struct qlog *log_open(const struct qlog_opts *opts)
{
    struct qlog *log;
    assert_int_equal(qlog_open(opts, &log), 0);
    return log;
}

static void records_append(struct qlog *log, uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i < to; i++) {
        struct qlog_record record;
        fixture_record(i, &record);
        qlog_append(qlog_writer(log, 0), &record);
    }
}

static void assert_rows_are(size_t count, uint32_t from)
{
    for (size_t i = 0; i < count; i++) {
        struct qlog_record record;
        fixture_record(from + (uint32_t)i, &record);
        fixture_assert_same(&rows[i].record, &record);
        assert_int_equal(rows[i].lost, 0);
    }
}

static void qlog_gives_back_every_field_from_the_journal(void **state)
{
    struct fixture f;
    struct qlog_opts opts;
    (void)state;
    fixture_begin(&f);
    opts = fixture_opts(&f);
    struct qlog *log = log_open(&opts);
    records_append(log, 0, ROWS);
    assert_int_equal(fixture_files(f.dir, "segment-", ".qlog"), 0);
    assert_int_equal(fixture_read(f.dir, NULL, rows, ROWS, NULL), ROWS);
    assert_rows_are(ROWS, 0);
    qlog_close(log);
    fixture_end(&f);
}

static void qlog_gives_back_every_field_and_word_from_a_segment(void **state)
{
    struct fixture f;
    struct qlog_opts opts;
    struct qlog_scan_stats stats;
    struct qlog_scan *scan;
    struct qlog_row row;
    (void)state;
    fixture_begin(&f);
    opts = fixture_opts(&f);
    struct qlog *log = log_open(&opts);
    records_append(log, 0, ROWS);
    qlog_close(log);
    assert_int_equal(fixture_files(f.dir, "segment-", ".qlog"), 1);
    assert_int_equal(fixture_files(f.dir, "journal-", ""), 0);
    assert_int_equal(fixture_read(f.dir, NULL, rows, ROWS, &stats), ROWS);
    assert_rows_are(ROWS, 0);
    assert_int_equal(stats.rows, ROWS);
    assert_int_equal(stats.first_generation, 40);
    assert_int_equal(stats.last_generation, 42);
    assert_int_equal(qlog_scan_open(f.dir, &(struct qlog_filter){.action = -1}, &scan), 0);
    for (uint32_t i = 0; i < ROWS; i++) {
        char text[64];
        assert_int_equal(qlog_scan_next(scan, &row), 1);
        assert_string_equal(row.node, "node-a");
        snprintf(text, sizeof text, "group-%u-%u", 5 + i / 2000, i % 4);
        assert_string_equal(row.group, text);
        snprintf(text, sizeof text, "feed-%u-%u", 40 + i / 1000, i % 7);
        assert_string_equal(row.feed, i % 7 == 0 ? "" : text);
        snprintf(text, sizeof text, "upstream-%u", i % 3);
        assert_string_equal(row.upstream, i % 3 == 0 ? "" : text);
    }
    qlog_scan_close(scan);
    fixture_end(&f);
}

static void qlog_keeps_order_and_loses_nothing_across_flushes_and_restarts(void **state)
{
    struct fixture f;
    struct qlog_opts opts;
    (void)state;
    fixture_begin(&f);
    opts = fixture_opts(&f);
    struct qlog *log = log_open(&opts);
    records_append(log, 0, 1000);
    assert_int_equal(qlog_flush(log), 0);
    records_append(log, 1000, 1500);
    assert_int_equal(fixture_read(f.dir, NULL, rows, ROWS, NULL), 1500);
    assert_rows_are(1500, 0);
    assert_int_equal(qlog_flush(log), 0);
    qlog_close(log);
    log = log_open(&opts);
    records_append(log, 1500, ROWS);
    assert_int_equal(qlog_flush(log), 0);
    assert_int_equal(fixture_files(f.dir, "segment-", ".qlog"), 3);
    assert_int_equal(fixture_read(f.dir, NULL, rows, ROWS, NULL), ROWS);
    assert_rows_are(ROWS, 0);
    qlog_close(log);
    assert_int_equal(fixture_files(f.dir, "segment-", ".qlog"), 3);
    fixture_end(&f);
}

static void qlog_merges_the_journals_of_all_workers_by_time(void **state)
{
    struct fixture f;
    struct qlog_opts opts;
    (void)state;
    fixture_begin(&f);
    opts = fixture_opts(&f);
    opts.writer_count = 3;
    struct qlog *log = log_open(&opts);
    for (uint32_t i = 0; i < ROWS; i++) {
        struct qlog_record record;
        fixture_record(i, &record);
        qlog_append(qlog_writer(log, i % 3), &record);
    }
    assert_int_equal(fixture_read(f.dir, NULL, rows, ROWS, NULL), ROWS);
    assert_rows_are(ROWS, 0);
    qlog_close(log);
    assert_int_equal(fixture_read(f.dir, NULL, rows, ROWS, NULL), ROWS);
    assert_rows_are(ROWS, 0);
    fixture_end(&f);
}

static void qlog_orders_rows_when_the_clock_was_set_back(void **state)
{
    struct fixture f;
    struct qlog_opts opts;
    (void)state;
    fixture_begin(&f);
    opts = fixture_opts(&f);
    struct qlog *log = log_open(&opts);
    records_append(log, 1000, 2000);
    records_append(log, 0, 1000);
    qlog_close(log);
    assert_int_equal(fixture_read(f.dir, NULL, rows, ROWS, NULL), 2000);
    assert_rows_are(2000, 0);
    fixture_end(&f);
}

static bool file_holds(const char *path, const uint8_t *bytes, size_t len)
{
    static uint8_t content[2 << 20];
    FILE *file = fopen(path, "rb");
    size_t size = file == NULL ? 0 : fread(content, 1, sizeof content, file);
    if (file != NULL)
        fclose(file);
    return memmem(content, size, bytes, len) != NULL;
}

static void qlog_never_writes_who_asked_for_help(void **state)
{
    struct fixture f;
    struct qlog_opts opts;
    struct qlog_record record;
    char command[256];
    (void)state;
    fixture_begin(&f);
    opts = fixture_opts(&f);
    struct qlog *log = log_open(&opts);
    fixture_record(3, &record);
    record.verdict.unattributed = 1;
    record.user = 0x55667788;
    record.device = 0x11223344;
    qlog_append(qlog_writer(log, 0), &record);
    assert_int_equal(fixture_read(f.dir, NULL, rows, ROWS, NULL), 1);
    snprintf(command, sizeof command, "cat %s/journal-* > %s/all", f.dir, f.dir);
    assert_int_equal(system(command), 0);
    snprintf(command, sizeof command, "%s/all", f.dir);
    assert_true(file_holds(command, record.qname, record.qname_len));
    assert_false(file_holds(command, record.client.bytes, 16));
    assert_false(file_holds(command, (const uint8_t *)&record.user, 4));
    assert_false(file_holds(command, (const uint8_t *)&record.device, 4));
    record.client = (struct ipaddr){{0}};
    record.client_port = 0;
    record.user = record.device = 0;
    record.grade = QLOG_GRADE_NONE;
    fixture_assert_same(&rows[0].record, &record);
    qlog_close(log);
    assert_int_equal(fixture_read(f.dir, NULL, rows, ROWS, NULL), 1);
    fixture_assert_same(&rows[0].record, &record);
    fixture_end(&f);
}

static void qlog_belongs_to_one_process(void **state)
{
    struct fixture f;
    struct qlog_opts opts;
    struct qlog *second;
    (void)state;
    fixture_begin(&f);
    opts = fixture_opts(&f);
    struct qlog *log = log_open(&opts);
    assert_int_equal(qlog_open(&opts, &second), ERR_BUSY);
    qlog_close(log);
    log = log_open(&opts);
    qlog_close(log);
    fixture_end(&f);
}

/* Whatever the speed of the supplier: what is not a row is in a gap. */
static void assert_all_accounted(const char *dir, uint64_t appended, uint64_t written, uint64_t lost)
{
    struct qlog_scan_stats stats;
    (void)fixture_read(dir, NULL, NULL, 0, &stats);
    assert_int_equal(written + lost, appended);
    assert_int_equal(stats.rows, written);
    assert_int_equal(stats.lost, lost);
}

static void qlog_accounts_for_every_record_through_many_journals(void **state)
{
    struct fixture f;
    struct qlog_opts opts;
    struct qlog_stats stats;
    (void)state;
    fixture_begin(&f);
    opts = fixture_opts(&f);
    opts.journal_bytes = 64 << 10;
    opts.segment_bytes = 1 << 20;
    struct qlog *log = log_open(&opts);
    records_append(log, 0, 50000);
    qlog_stats(log, &stats);
    qlog_close(log);
    assert_all_accounted(f.dir, 50000, stats.written, stats.lost);
    fixture_end(&f);
}

struct appender {
    pthread_t thread;
    struct qlog_writer *writer;
};

static void *appender_run(void *context)
{
    const struct appender *appender = context;
    for (uint32_t i = 0; i < 20000; i++) {
        struct qlog_record record;
        fixture_record(i, &record);
        qlog_append(appender->writer, &record);
    }
    return NULL;
}

static void qlog_takes_records_of_many_threads_while_it_is_flushed_and_read(void **state)
{
    struct fixture f;
    struct qlog_opts opts;
    struct qlog_stats stats;
    struct appender appenders[3];
    (void)state;
    fixture_begin(&f);
    opts = fixture_opts(&f);
    opts.writer_count = 3;
    opts.fsync_ms = 1;
    struct qlog *log = log_open(&opts);
    for (size_t i = 0; i < 3; i++) {
        appenders[i].writer = qlog_writer(log, i);
        assert_int_equal(pthread_create(&appenders[i].thread, NULL, appender_run, &appenders[i]), 0);
    }
    for (int round = 0; round < 10; round++) {
        assert_int_equal(qlog_flush(log), 0);
        assert_true(fixture_read(f.dir, NULL, NULL, 0, NULL) <= 60100);
    }
    for (size_t i = 0; i < 3; i++)
        pthread_join(appenders[i].thread, NULL);
    qlog_stats(log, &stats);
    qlog_close(log);
    assert_all_accounted(f.dir, 60000, stats.written, stats.lost);
    fixture_end(&f);
}

/* More than one block, put together bit by bit while records come. */
static void qlog_fills_one_segment_over_many_looks(void **state)
{
    const uint32_t count = 70000;
    struct fixture f;
    struct qlog_opts opts;
    struct qlog_scan *scan;
    struct qlog_row row;
    struct qlog_stats stats;
    (void)state;
    fixture_begin(&f);
    opts = fixture_opts(&f);
    opts.journal_bytes = 16 << 20;
    opts.fsync_ms = 1;
    struct qlog *log = log_open(&opts);
    records_append(log, 0, count);
    assert_int_equal(qlog_flush(log), 0);
    qlog_stats(log, &stats);
    assert_int_equal(stats.lost, 0);
    assert_int_equal(fixture_files(f.dir, "segment-", ".qlog"), 1);
    assert_int_equal(fixture_files(f.dir, "segment-", ".tmp"), 0);
    assert_int_equal(qlog_scan_open(f.dir, &(struct qlog_filter){.action = -1}, &scan), 0);
    for (uint32_t i = 0; i < count; i++) {
        struct qlog_record record;
        fixture_record(i, &record);
        assert_int_equal(qlog_scan_next(scan, &row), 1);
        fixture_assert_same(&row.record, &record);
    }
    assert_int_equal(qlog_scan_next(scan, &row), 0);
    qlog_scan_close(scan);
    qlog_close(log);
    fixture_end(&f);
}

static void file_size_limit(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void qlog_records_the_gap_when_no_journal_could_be_had(void **state)
{
    struct fixture f;
    struct qlog_opts opts;
    struct qlog_stats stats;
    struct qlog_record record;
    uint32_t number = 0;
    (void)state;
    fixture_begin(&f);
    opts = fixture_opts(&f);
    signal(SIGXFSZ, SIG_IGN);
    file_size_limit(4096);
    struct qlog *log = log_open(&opts);
    records_append(log, 0, 500);
    qlog_stats(log, &stats);
    assert_int_equal(stats.written, 0);
    assert_int_equal(stats.lost, 500);
    assert_int_not_equal(stats.last_error, 0);
    file_size_limit(RLIM_INFINITY);
    for (number = 500; stats.written == 0; number++) {
        fixture_record(number, &record);
        qlog_append(qlog_writer(log, 0), &record);
        qlog_stats(log, &stats);
    }
    qlog_close(log);
    assert_true(fixture_read(f.dir, NULL, rows, ROWS, NULL) >= 2);
    assert_int_equal(rows[0].lost, number - 1);
    fixture_record(0, &record);
    assert_true(rows[0].record.time_ns == record.time_ns);
    assert_int_equal(rows[1].record.verdict.rule, number - 1);
    fixture_end(&f);
}

static void qlog_survives_a_full_disk(void **state)
{
    struct fixture f;
    struct qlog_opts opts;
    struct qlog_stats stats;
    (void)state;
    fixture_begin(&f);
    if (mount("belisha-test", f.dir, "tmpfs", 0, "size=1m") < 0) {
        fixture_end(&f);
        skip(); /* only root may mount; the test above covers the same path */
    }
    opts = fixture_opts(&f);
    opts.journal_bytes = 256 << 10;
    struct qlog *log = log_open(&opts);
    records_append(log, 0, 20000);
    qlog_stats(log, &stats);
    assert_true(stats.lost > 0);
    assert_true(stats.written > 0);
    assert_int_equal(stats.written + stats.lost, 20000);
    assert_int_equal(mount("belisha-test", f.dir, "tmpfs", MS_REMOUNT, "size=64m"), 0);
    qlog_close(log);
    struct qlog_scan_stats seen;
    (void)fixture_read(f.dir, NULL, NULL, 0, &seen);
    assert_int_equal(seen.rows, stats.written);
    log = log_open(&opts);
    qlog_close(log);
    assert_int_equal(umount2(f.dir, MNT_DETACH), 0);
    fixture_end(&f);
}

static const char *server_name;

static const char *server_now(void *ctx, uint16_t upstream)
{
    (void)ctx;
    return upstream == 1 ? server_name : NULL;
}

static void a_row_in_a_journal_has_its_words_at_once_and_keeps_them(void **state)
{
    struct fixture f;
    struct qlog *log;
    struct qlog_record record;
    struct qlog_row found[2];
    (void)state;
    fixture_begin(&f);
    struct qlog_opts opts = fixture_opts(&f);
    opts.fsync_ms = 60000; /* the keeper does nothing by itself */
    opts.upstream_name = server_now;
    server_name = "192.0.2.1";
    assert_int_equal(qlog_open(&opts, &log), 0);
    fixture_record(7, &record);
    record.upstream = 1;
    const struct texts_key keys[] = {{TEXTS_GROUP, record.policy_version, record.group},
                                     {TEXTS_FEED, record.generation, record.verdict.feed},
                                     {TEXTS_UPSTREAM, 0, 1}};
    qlog_know(log, keys, 3);
    qlog_append(qlog_writer(log, 0), &record);
    assert_int_equal(fixture_read(f.dir, &(struct qlog_filter){.action = -1, .group = "nobody's"}, rows, 2, NULL), 0);
    struct qlog_scan *scan;
    assert_int_equal(qlog_scan_open(f.dir, &(struct qlog_filter){.action = -1}, &scan), 0);
    assert_int_equal(qlog_scan_next(scan, &found[0]), 1);
    assert_memory_equal(found[0].group, "group-", 6);
    assert_string_equal(found[0].upstream, "192.0.2.1");
    qlog_scan_close(scan);
    server_name = "192.0.2.99"; /* another server has the number from now on */
    qlog_know(log, keys, 3);
    qlog_append(qlog_writer(log, 0), &record);
    assert_int_equal(qlog_scan_open(f.dir, &(struct qlog_filter){.action = -1}, &scan), 0);
    assert_int_equal(qlog_scan_next(scan, &found[0]), 1);
    assert_string_equal(found[0].upstream, "192.0.2.1");
    assert_int_equal(qlog_scan_next(scan, &found[1]), 1);
    assert_string_equal(found[1].upstream, "192.0.2.99");
    qlog_scan_close(scan);
    qlog_close(log);
    fixture_end(&f);
}

/* Bounded: for what the log's threads do by themselves. */
static struct qlog_stats stats_wait_well(const struct qlog *log)
{
    struct qlog_stats stats;
    for (int i = 0; i < 10000; i++) {
        qlog_stats(log, &stats);
        if (stats.last_error == 0)
            return stats;
        usleep(1000);
    }
    fail_msg("the log is still in trouble: %d", stats.last_error);
    return stats;
}

static void qlog_begins_later_when_its_folder_cannot_be_had(void **state)
{
    struct fixture f;
    struct qlog_opts opts;
    struct qlog_stats stats;
    struct qlog_scan_stats seen;
    char above[80];
    char dir[90];
    char command[200];
    (void)state;
    fixture_begin(&f);
    snprintf(above, sizeof above, "%s/disk", f.dir);
    snprintf(dir, sizeof dir, "%s/log", above);
    opts = fixture_opts(&f);
    opts.dir = dir;
    struct qlog *log = log_open(&opts);
    records_append(log, 0, 40);
    assert_int_equal(qlog_flush(log), ERR_NOENT);
    qlog_stats(log, &stats);
    assert_int_equal(stats.lost, 40);
    assert_int_equal(stats.last_error, ERR_NOENT);
    assert_int_equal(mkdir(above, 0700), 0);
    (void)stats_wait_well(log);
    for (uint32_t i = 40; stats.written == 0; i++) { /* till a journal is there */
        records_append(log, i, i + 1);
        qlog_stats(log, &stats);
    }
    qlog_close(log);
    (void)fixture_read(dir, NULL, NULL, 0, &seen);
    assert_int_equal(seen.rows, stats.written);
    assert_int_equal(seen.lost, stats.lost);
    snprintf(command, sizeof command, "rm -r %s", above);
    assert_int_equal(system(command), 0);
    fixture_end(&f);
}

static void qlog_makes_its_folder_again_when_it_was_taken_away(void **state)
{
    struct fixture f;
    struct qlog_opts opts;
    struct stat st;
    char command[100];
    (void)state;
    fixture_begin(&f);
    opts = fixture_opts(&f);
    struct qlog *log = log_open(&opts);
    records_append(log, 0, 100);
    assert_int_equal(qlog_flush(log), 0);
    records_append(log, 100, 150);
    snprintf(command, sizeof command, "rm -r %s", f.dir);
    assert_int_equal(system(command), 0);
    while (stat(f.dir, &st) < 0)
        usleep(1000);
    (void)stats_wait_well(log);
    records_append(log, 150, 170);
    qlog_close(log);
    assert_int_equal(fixture_read(f.dir, NULL, rows, ROWS, NULL), 70); /* what nobody had removed with the folder */
    assert_rows_are(70, 100);
    fixture_end(&f);
}

/* As many as there may be, and times that go back. */
static void qlog_takes_records_of_64_workers_with_clocks_of_their_own(void **state)
{
    struct fixture f;
    struct qlog_opts opts;
    struct qlog_scan_stats seen;
    (void)state;
    fixture_begin(&f);
    opts = fixture_opts(&f);
    opts.writer_count = 64;
    opts.journal_bytes = 64 << 10;
    struct qlog *log = log_open(&opts);
    for (uint32_t i = 0; i < 6400; i++) {
        struct qlog_record record;
        fixture_record(6400 - i, &record);
        qlog_append(qlog_writer(log, i % 64), &record);
        if (i % 2000 == 1999)
            assert_int_equal(qlog_flush(log), 0);
    }
    qlog_close(log);
    (void)fixture_read(f.dir, NULL, NULL, 0, &seen);
    assert_int_equal(seen.rows, 6400);
    assert_int_equal(seen.lost, 0);
    assert_int_equal(fixture_files(f.dir, "", ".jnl"), 0);
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(qlog_gives_back_every_field_from_the_journal),
        cmocka_unit_test(qlog_gives_back_every_field_and_word_from_a_segment),
        cmocka_unit_test(qlog_keeps_order_and_loses_nothing_across_flushes_and_restarts),
        cmocka_unit_test(qlog_merges_the_journals_of_all_workers_by_time),
        cmocka_unit_test(qlog_orders_rows_when_the_clock_was_set_back),
        cmocka_unit_test(qlog_never_writes_who_asked_for_help),
        cmocka_unit_test(qlog_belongs_to_one_process),
        cmocka_unit_test(qlog_accounts_for_every_record_through_many_journals),
        cmocka_unit_test(qlog_takes_records_of_many_threads_while_it_is_flushed_and_read),
        cmocka_unit_test(qlog_fills_one_segment_over_many_looks),
        cmocka_unit_test(qlog_records_the_gap_when_no_journal_could_be_had),
        cmocka_unit_test(qlog_survives_a_full_disk),
        cmocka_unit_test(qlog_begins_later_when_its_folder_cannot_be_had),
        cmocka_unit_test(qlog_makes_its_folder_again_when_it_was_taken_away),
        cmocka_unit_test(qlog_takes_records_of_64_workers_with_clocks_of_their_own),
        cmocka_unit_test(a_row_in_a_journal_has_its_words_at_once_and_keeps_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
