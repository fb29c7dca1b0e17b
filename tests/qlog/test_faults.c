/* The process dies in front of, or in the midst of, any call to the system; any call fails, for once or for some time. */
#include "qlog/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "disk.h"
#include "fixture.h"
#include "qlog/keeper.h"
#include "qlog/verify.h"

#define ROWS_MAX 4000u
#define WRITERS  2

struct machine {
    struct fixture log, keys, days, memory;
    char key[80];
    struct qlog_opts opts;
};

/* What the process was told before it died. */
struct course {
    _Atomic uint32_t appended;      /* rows; each was appended before it is counted here */
    _Atomic uint64_t written, lost; /* since the last start */
    _Atomic uint64_t written_before, lost_before;
    _Atomic uint64_t
        lost_untold;     /* when the log was closed on a disk that still failed, so that it may not be told in a gap */
    _Atomic bool opened; /* the log was open at the end */
    _Atomic int trouble; /* the last that was told, while calls failed */
};

static struct course *course;
static uint64_t faults_end; /* the last call that fails */
static uint8_t seen[ROWS_MAX];

static void machine_begin(struct machine *m, bool in_memory)
{
    fixture_begin(&m->log);
    fixture_begin(&m->keys);
    fixture_begin(&m->days);
    m->memory = (struct fixture){.dir = "/dev/shm/belisha-XXXXXX"};
    assert_non_null(mkdtemp(m->memory.dir));
    snprintf(m->key, sizeof m->key, "%s/log.key", m->keys.dir);
    m->opts = fixture_opts(&m->log);
    m->opts.key_path = m->key;
    m->opts.keys_dir = m->days.dir;
    m->opts.memory_dir = in_memory ? m->memory.dir : NULL;
    m->opts.writer_count = WRITERS;
    m->opts.journal_bytes = 64 << 10;
    m->opts.segment_bytes = 40000;
    m->opts.fsync_ms = 1;
    memset(course, 0, sizeof *course);
}

static void machine_end(struct machine *m)
{
    fixture_end(&m->memory);
    fixture_end(&m->days);
    fixture_end(&m->keys);
    fixture_end(&m->log);
}

static void stats_note(const struct qlog *log)
{
    struct qlog_stats stats;
    qlog_stats(log, &stats);
    course->written = stats.written;
    course->lost = stats.lost;
    if (stats.last_error < 0)
        course->trouble = stats.last_error;
}

static void rows_append(struct qlog *log, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct qlog_record record;
        fixture_record(course->appended, &record);
        qlog_append(qlog_writer(log, course->appended % WRITERS), &record);
        stats_note(log);
        course->appended++;
    }
}

/* Several segments, journals that are full, and one start on what is there. */
static void life_live(const struct qlog_opts *opts)
{
    struct qlog *log;
    for (int start = 0; start < 2; start++) {
        if (qlog_open(opts, &log) < 0)
            _exit(1);
        for (int step = 0; step < 6; step++) {
            rows_append(log, 150);
            if (step % 2 == 1)
                (void)!qlog_flush(log);
        }
        stats_note(log);
        course->lost_untold += log->begun && disk_calls() > faults_end ? 0 : course->lost;
        course->written_before += course->written;
        course->lost_before += course->lost;
        course->written = course->lost = 0;
        qlog_close(log);
    }
}

/* Returns whether the fault was met: the process died. */
static bool child_live(const struct qlog_opts *opts, const struct disk_plan *plan)
{
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        disk_forget();
        disk_plan(plan);
        faults_end = plan->last;
        life_live(opts);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == 0);
    return WIFSIGNALED(status);
}

/* Each row that is read, as it was written and none twice. Returns how many; *out_lost: what gaps tell. */
static uint64_t rows_see(const char *dir, uint64_t *out_lost)
{
    const struct qlog_filter all = {.action = -1};
    struct qlog_scan *scan;
    struct qlog_row row;
    uint64_t count = 0;
    memset(seen, 0, sizeof seen);
    *out_lost = 0;
    assert_int_equal(qlog_scan_open(dir, &all, &scan), 0);
    while (qlog_scan_next(scan, &row) == 1) {
        struct qlog_record record;
        *out_lost += row.lost;
        if (row.lost > 0)
            continue;
        assert_true(row.record.verdict.rule <= course->appended && row.record.verdict.rule < ROWS_MAX);
        fixture_record(row.record.verdict.rule, &record);
        fixture_assert_same(&row.record, &record);
        assert_int_equal(seen[row.record.verdict.rule]++, 0);
        count++;
    }
    qlog_scan_close(scan);
    return count;
}

static void fault_tell(void *ctx, const char *file, const char *what)
{
    (void)ctx;
    print_error("%s: %s\n", file, what);
}

static void chain_check(const struct machine *m)
{
    const struct verify_opts opts = {.fault = fault_tell};
    struct verify_result result;
    int fd = open(m->log.dir, O_RDONLY | O_DIRECTORY);
    assert_int_equal(verify_log(fd, &opts, &result), 0);
    close(fd);
    assert_int_equal(result.faults, 0);
    assert_int_equal(result.signed_segments, result.segments);
}

/* Before and after the next start. */
static void dead_check(const struct machine *m, uint64_t call)
{
    struct qlog *log;
    uint64_t lost;
    uint64_t before = rows_see(m->log.dir, &lost);
    uint64_t written = course->written_before + course->written;
    if (before < written)
        fail_msg("call %lu: %lu rows of %lu", (unsigned long)call, (unsigned long)before, (unsigned long)written);
    assert_int_equal(qlog_open(&m->opts, &log), 0);
    struct qlog_stats stats;
    qlog_stats(log, &stats);
    assert_int_equal(stats.damaged, 0);
    qlog_close(log);
    assert_int_equal(rows_see(m->log.dir, &lost), before);
    assert_int_equal(fixture_files(m->log.dir, "", ".jnl"), 0);
    assert_int_equal(fixture_files(m->memory.dir, "", ".jnl"), 0);
    assert_int_equal(fixture_files(m->log.dir, "", ".tmp"), 0);
    chain_check(m);
}

/* At each call, till the process gets through. The threads of the log do not call in the same order each time. */
static void die_everywhere(bool in_memory, enum disk_fault fault, uint64_t step)
{
    struct machine m;
    bool died = true;
    for (uint64_t call = 1; died; call += step) {
        machine_begin(&m, in_memory);
        died = child_live(&m.opts, &(struct disk_plan){.fault = fault, .first = call, .last = call});
        dead_check(&m, call);
        machine_end(&m);
    }
}

static void a_death_in_front_of_any_call_loses_nothing(void **state)
{
    (void)state;
    die_everywhere(false, DISK_DIE, 5);
    die_everywhere(true, DISK_DIE, 5);
}

static void a_death_in_the_midst_of_any_call_loses_nothing(void **state)
{
    (void)state;
    die_everywhere(false, DISK_TEAR, 5);
    die_everywhere(true, DISK_TEAR, 5);
}

/* Whatever failed, and for how long: the process lives, and each row is there once, or counted as lost. */
static void failed_check(const struct machine *m, const struct disk_plan *plan)
{
    struct qlog *log;
    uint64_t lost;
    assert_int_equal(qlog_open(&m->opts, &log), 0);
    qlog_close(log);
    uint64_t rows = rows_see(m->log.dir, &lost);
    uint64_t written = course->written_before + course->written;
    uint64_t counted = course->lost_before + course->lost;
    if (rows != written || lost > counted || lost + course->lost_untold < counted)
        fail_msg("calls %lu to %lu fail with %d: %lu rows of %lu, %lu lost of %lu", (unsigned long)plan->first,
                 (unsigned long)plan->last, plan->error, (unsigned long)rows, (unsigned long)written,
                 (unsigned long)lost, (unsigned long)counted);
    assert_int_equal(fixture_files(m->log.dir, "", ".jnl"), 0);
    assert_int_equal(fixture_files(m->log.dir, "", ".tmp"), 0);
}

static void fail_everywhere(bool in_memory, uint64_t first, uint64_t step, uint64_t length)
{
    static const int errors[] = {EIO, ENOSPC, EACCES};
    for (uint64_t call = first; call < 240; call += step) {
        struct machine m;
        struct disk_plan plan = {
            .fault = DISK_FAIL, .first = call, .last = call + length - 1, .error = errors[call / step % 3]};
        machine_begin(&m, in_memory);
        assert_false(child_live(&m.opts, &plan));
        failed_check(&m, &plan);
        machine_end(&m);
    }
}

static void a_call_that_fails_costs_no_row_that_is_not_counted(void **state)
{
    (void)state;
    fail_everywhere(false, 1, 9, 1);
    fail_everywhere(true, 1, 9, 1);
}

static void calls_that_fail_for_a_while_cost_no_row_that_is_not_counted(void **state)
{
    (void)state;
    fail_everywhere(false, 50, 31, 25);
    fail_everywhere(true, 50, 31, 25);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_death_in_front_of_any_call_loses_nothing),
        cmocka_unit_test(a_death_in_the_midst_of_any_call_loses_nothing),
        cmocka_unit_test(a_call_that_fails_costs_no_row_that_is_not_counted),
        cmocka_unit_test(calls_that_fail_for_a_while_cost_no_row_that_is_not_counted),
    };
    course = mmap(NULL, sizeof *course, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
