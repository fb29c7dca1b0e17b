/* The process that writes is killed at full speed; what it was told is stored must be there, once. */
#include "qlog/writer.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "fixture.h"

#define ROUNDS     25u
#define NUMBERS    100000u /* more than a round can append */
#define ROUND_STEP 1000000u

/* Written by the child after each append. */
struct progress {
    _Atomic uint32_t appended;
    _Atomic uint64_t lost;
};

static void child_run(const struct qlog_opts *opts, uint32_t round, struct progress *progress)
{
    struct qlog *log;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (qlog_open(opts, &log) < 0)
        _exit(1);
    for (uint32_t i = 0; i < NUMBERS; i++) {
        struct qlog_record record;
        struct qlog_stats stats;
        fixture_record(i, &record);
        record.verdict.rule = round * ROUND_STEP + i;
        qlog_append(qlog_writer(log, i % opts->writer_count), &record);
        qlog_stats(log, &stats);
        progress->lost = stats.lost;
        progress->appended = i + 1;
    }
    for (;;)
        pause(); /* until killed */
}

/* Kills the child once it has appended `enough` records; what it appended last may be more. */
static void round_run(const struct qlog_opts *opts, uint32_t round, uint32_t enough, struct progress *progress)
{
    int status;
    progress->appended = 0;
    progress->lost = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        child_run(opts, round, progress);
    while (progress->appended < enough)
        assert_int_equal(waitpid(child, &status, WNOHANG), 0);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
}

static uint8_t seen[ROUNDS][NUMBERS];

/* Reads the whole log; no row may be there twice. */
static void rows_see(const char *dir)
{
    const struct qlog_filter all = {.action = -1};
    struct qlog_scan *scan;
    struct qlog_row row;
    memset(seen, 0, sizeof seen);
    assert_int_equal(qlog_scan_open(dir, &all, &scan), 0);
    while (qlog_scan_next(scan, &row) == 1) {
        uint32_t round = row.record.verdict.rule / ROUND_STEP;
        uint32_t number = row.record.verdict.rule % ROUND_STEP;
        if (row.lost > 0)
            continue;
        assert_true(round < ROUNDS && number < NUMBERS);
        assert_int_equal(seen[round][number], 0);
        seen[round][number] = 1;
    }
    qlog_scan_close(scan);
}

/* Every number of the round that was appended, but for those counted as lost. */
static void assert_round_is_whole(uint32_t round, const struct progress *progress)
{
    uint64_t missing = 0;
    for (uint32_t i = 0; i < progress->appended; i++)
        missing += seen[round][i] == 0;
    assert_true(missing <= progress->lost);
}

static void qlog_keeps_every_record_when_its_process_is_killed(void **state)
{
    struct fixture f;
    struct qlog_opts opts;
    struct progress last[ROUNDS];
    struct progress *progress = mmap(NULL, sizeof *progress, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    (void)state;
    assert_ptr_not_equal(progress, MAP_FAILED);
    fixture_begin(&f);
    opts = fixture_opts(&f);
    opts.writer_count = 2;
    opts.fsync_ms = 1;
    opts.segment_bytes = 200000; /* segments all the time, so that some kills fall into their making */
    for (uint32_t round = 0; round < ROUNDS; round++) {
        round_run(&opts, round, 1 + (uint32_t)(fixture_random(&f) % 5000), progress);
        rows_see(f.dir); /* before anything is recovered */
        assert_round_is_whole(round, progress);
        last[round] = *progress;
    }
    struct qlog *log;
    assert_int_equal(qlog_open(&opts, &log), 0);
    qlog_close(log);
    assert_int_equal(fixture_files(f.dir, "journal-", ""), 0);
    assert_int_equal(fixture_files(f.dir, "", ".tmp"), 0);
    rows_see(f.dir);
    for (uint32_t round = 0; round < ROUNDS; round++)
        assert_round_is_whole(round, &last[round]);
    munmap(progress, sizeof *progress);
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(qlog_keeps_every_record_when_its_process_is_killed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
