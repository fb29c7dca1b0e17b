/* Journals in a folder in memory: what outlives the process, what outlives the power, and what happens without room. */
#include "qlog/writer.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "fixture.h"

#define ROWS 3000u

static struct qlog_row rows[ROWS];

struct bench {
    struct fixture f;
    struct fixture memory;
    struct qlog_opts opts;
};

static void bench_begin(struct bench *b)
{
    fixture_begin(&b->f);
    b->memory = (struct fixture){.dir = "/dev/shm/belisha-XXXXXX"};
    assert_non_null(mkdtemp(b->memory.dir));
    b->opts = fixture_opts(&b->f);
    b->opts.memory_dir = b->memory.dir;
    b->opts.writer_count = 2;
}

static void bench_end(struct bench *b)
{
    fixture_end(&b->memory);
    fixture_end(&b->f);
}

static void records_append(struct qlog *log, uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i < to; i++) {
        struct qlog_record record;
        fixture_record(i, &record);
        qlog_append(qlog_writer(log, i % 2), &record);
    }
}

/* Rows 0 to count - 1, each once, in order. */
static void assert_rows(const struct bench *b, uint32_t count)
{
    assert_int_equal(fixture_read(b->f.dir, NULL, rows, ROWS, NULL), count);
    for (uint32_t i = 0; i < count; i++) {
        struct qlog_record record;
        fixture_record(i, &record);
        fixture_assert_same(&rows[i].record, &record);
    }
}

static struct qlog_stats stats_of(const struct qlog *log)
{
    struct qlog_stats stats;
    qlog_stats(log, &stats);
    return stats;
}

static void rows_in_memory_are_read_at_once_and_become_segments(void **state)
{
    struct bench b;
    struct qlog *log;
    (void)state;
    bench_begin(&b);
    assert_int_equal(qlog_open(&b.opts, &log), 0);
    assert_true(stats_of(log).in_memory);
    records_append(log, 0, 1000);
    assert_true(fixture_files(b.memory.dir, "journal-", ".jnl") >= 2);
    assert_int_equal(fixture_files(b.memory.dir, "", ".jnl"), fixture_files(b.f.dir, "", ".jnl"));
    assert_rows(&b, 1000);
    assert_int_equal(qlog_flush(log), 0);
    records_append(log, 1000, 2000);
    assert_rows(&b, 2000);
    qlog_close(log);
    assert_int_equal(fixture_files(b.memory.dir, "", ".jnl"), 0);
    assert_int_equal(fixture_files(b.f.dir, "", ".jnl"), 0);
    assert_rows(&b, 2000);
    bench_end(&b);
}

/* A child that appends and is killed; nothing may have been synced when never is set. */
static void child_append(const struct qlog_opts *opts, uint32_t from, uint32_t to, bool never_synced)
{
    int status;
    struct qlog *log;
    pid_t child = fork();
    if (child == 0) {
        struct qlog_opts own = *opts;
        own.fsync_ms = never_synced ? 3600000 : 1;
        if (qlog_open(&own, &log) < 0)
            _exit(1);
        records_append(log, from, to);
        if (!never_synced && qlog_flush(log) < 0)
            _exit(1);
        kill(getpid(), SIGKILL);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
}

static void a_killed_process_leaves_its_rows_in_memory(void **state)
{
    struct bench b;
    struct qlog *log;
    (void)state;
    bench_begin(&b);
    child_append(&b.opts, 0, 500, false);
    child_append(&b.opts, 500, 1200, true);
    assert_rows(&b, 1200);
    child_append(&b.opts, 1200, 1500, true);
    assert_int_equal(qlog_open(&b.opts, &log), 0);
    assert_int_equal(stats_of(log).damaged, 0);
    qlog_close(log);
    assert_rows(&b, 1500);
    assert_int_equal(fixture_files(b.memory.dir, "", ".jnl"), 0);
    bench_end(&b);
}

/* A start without a folder in memory, or with another one, finds what was left in the one before. */
static void rows_left_in_another_folder_are_found(void **state)
{
    struct bench b;
    struct qlog *log;
    struct fixture other = {.dir = "/dev/shm/belisha-XXXXXX"};
    (void)state;
    bench_begin(&b);
    assert_non_null(mkdtemp(other.dir));
    child_append(&b.opts, 0, 700, true);
    b.opts.memory_dir = other.dir;
    child_append(&b.opts, 700, 1400, true);
    assert_int_equal(fixture_files(b.memory.dir, "", ".jnl"), 0);
    assert_rows(&b, 1400);
    b.opts.memory_dir = NULL;
    assert_int_equal(qlog_open(&b.opts, &log), 0);
    assert_false(stats_of(log).in_memory);
    records_append(log, 1400, 1500);
    assert_rows(&b, 1500);
    qlog_close(log);
    assert_rows(&b, 1500);
    assert_int_equal(fixture_files(other.dir, "", ".jnl"), 0);
    fixture_end(&other);
    bench_end(&b);
}

/* Where the files on disk were taken away meanwhile, the rows are still there. */
static void rows_whose_file_on_disk_is_gone_are_found(void **state)
{
    struct bench b;
    struct qlog *log;
    char command[128];
    (void)state;
    bench_begin(&b);
    child_append(&b.opts, 0, 700, true);
    snprintf(command, sizeof command, "rm %s/journal-*.jnl", b.f.dir);
    assert_int_equal(system(command), 0);
    assert_int_equal(qlog_open(&b.opts, &log), 0);
    assert_int_equal(stats_of(log).damaged, 0);
    qlog_close(log);
    assert_rows(&b, 700);
    bench_end(&b);
}

static void a_folder_that_will_not_do_is_told_and_the_log_works(void **state)
{
    struct bench b;
    struct bench second;
    struct fixture disk;
    struct qlog *log;
    struct qlog *other;
    (void)state;
    bench_begin(&b);
    bench_begin(&second);
    fixture_begin(&disk);
    second.opts.memory_dir = b.memory.dir; /* of another log */
    assert_int_equal(qlog_open(&b.opts, &log), 0);
    assert_int_equal(qlog_open(&second.opts, &other), 0);
    assert_int_equal(stats_of(other).memory_error, ERR_BUSY);
    assert_int_equal(stats_of(other).last_error, 0);
    records_append(other, 0, 100);
    qlog_close(other);
    qlog_close(log);
    assert_rows(&second, 100);
    second.opts.memory_dir = "/dev/shm/there-is/no-such";
    assert_int_equal(qlog_open(&second.opts, &other), 0);
    assert_int_equal(stats_of(other).memory_error, ERR_NOENT);
    records_append(other, 100, 200);
    qlog_close(other);
    assert_rows(&second, 200);
    fixture_end(&disk);
    bench_end(&second);
    bench_end(&b);
}

static void without_room_in_memory_the_disk_is_used(void **state)
{
    struct bench b;
    struct qlog *log;
    (void)state;
    bench_begin(&b);
    if (mount("belisha-test", b.memory.dir, "tmpfs", 0, "size=1500k") < 0) {
        bench_end(&b);
        skip(); /* only root may mount */
    }
    assert_int_equal(qlog_open(&b.opts, &log), 0); /* four journals of 1 MiB, and room for one */
    records_append(log, 0, 2000);
    assert_int_equal(fixture_files(b.memory.dir, "", ".jnl"), 1);
    assert_rows(&b, 2000);
    qlog_close(log);
    assert_rows(&b, 2000);
    assert_int_equal(umount2(b.memory.dir, MNT_DETACH), 0);
    bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_in_memory_are_read_at_once_and_become_segments),
        cmocka_unit_test(a_killed_process_leaves_its_rows_in_memory),
        cmocka_unit_test(rows_left_in_another_folder_are_found),
        cmocka_unit_test(rows_whose_file_on_disk_is_gone_are_found),
        cmocka_unit_test(a_folder_that_will_not_do_is_told_and_the_log_works),
        cmocka_unit_test(without_room_in_memory_the_disk_is_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
