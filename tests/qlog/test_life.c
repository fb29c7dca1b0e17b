/*
 * Weeks in the life of a log: days of rows with restarts and kills, nights in which what is old goes and small segments are
 * merged (killed as well, half of the time), holds, persons who are forgotten. After every step a model, which knows nothing of
 * files, says which rows must be there, which must not, and of whom it must be known that they asked.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
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

#include "fixture.h"
#include "qlog/compact.h"
#include "qlog/day_key.h"
#include "qlog/hold.h"
#include "qlog/keyring.h"
#include "qlog/retention.h"
#include "qlog/verify.h"

#define DAYS       16u
#define PIECES     4u /* starts of the program a day */
#define PIECE_ROWS 60u
#define ROWS_MAX   (DAYS * PIECES * (PIECE_ROWS + 1))
#define USERS      10u
#define KEEP_DAYS  8
#define KEYS_DAYS  5
#define DAY_S      INT64_C(86400)
#define FIRST_S    (INT64_C(19700) * DAY_S) /* a midnight */

/* ---- the model ---- */

enum fate { NEVER = 0, WRITTEN, PERHAPS /* the process was killed while it wrote it */ };

struct model {
    enum fate fate[ROWS_MAX];
    uint32_t count;
    bool forgotten[DAYS][USERS];
    bool held[DAYS];
    bool key_due[DAYS], rows_due[DAYS];   /* the night has begun in which they go */
    bool key_gone[DAYS], rows_gone[DAYS]; /* ... and has passed */
};

static uint32_t day_of_row(uint32_t i)
{
    return i / (PIECES * (PIECE_ROWS + 1));
}

static uint32_t user_of_row(uint32_t i)
{
    return i * 7 % USERS; /* 0: nobody is known */
}

static int64_t time_of_row(uint32_t i)
{
    uint32_t within = i % (PIECES * (PIECE_ROWS + 1));
    return FIRST_S + day_of_row(i) * DAY_S + within * 300;
}

static void row_make(uint32_t i, struct qlog_record *out)
{
    fixture_record(i % 101, out);
    out->time_ns = time_of_row(i) * 1000000000;
    out->user = user_of_row(i);
    out->verdict.unattributed = false;
    out->verdict.rule = i;
}

/* What goes in the night of this time. */
static void model_night_begins(struct model *m, int64_t now_s)
{
    for (uint32_t day = 0; day < DAYS; day++) {
        int64_t end_s = FIRST_S + (day + 1) * DAY_S;
        m->rows_due[day] |= !m->held[day] && end_s < now_s - KEEP_DAYS * DAY_S;
        m->key_due[day] |= !m->held[day] && end_s <= now_s - KEYS_DAYS * DAY_S;
    }
}

static void model_night_ends(struct model *m)
{
    memcpy(m->rows_gone, m->rows_due, sizeof m->rows_gone);
    memcpy(m->key_gone, m->key_due, sizeof m->key_gone);
}

/* Younger than is kept, or held all the time: the day must be there. Between the two it may be. */
static bool must_be_there(const struct model *m, uint32_t i, int64_t now_s)
{
    return m->fate[i] == WRITTEN && (time_of_row(i) >= now_s - KEEP_DAYS * DAY_S || m->held[day_of_row(i)]) &&
           !m->rows_due[day_of_row(i)];
}

/* ---- the log ---- */

struct life {
    struct fixture fixture;
    struct qlog_opts opts;
    char keys[64], days[96], key_path[96];
    int log_fd, keys_fd;
    struct signing_key key;
    struct model model;
    int64_t now_s;
    void *shared;
    _Atomic uint32_t *appended; /* in it, shared with the children: rows so far */
    uint32_t kills;
};

static void life_begin(struct life *l)
{
    bool made;
    memset(l, 0, sizeof *l);
    fixture_begin(&l->fixture);
    snprintf(l->keys, sizeof l->keys, "/tmp/belisha-life-XXXXXX");
    assert_non_null(mkdtemp(l->keys));
    snprintf(l->days, sizeof l->days, "%s/days", l->keys);
    snprintf(l->key_path, sizeof l->key_path, "%s/log.key", l->keys);
    l->opts = fixture_opts(&l->fixture);
    l->opts.key_path = l->key_path;
    l->opts.keys_dir = l->days;
    l->opts.writer_count = 2;
    l->opts.fsync_ms = 5;
    l->now_s = FIRST_S;
    l->shared = mmap(NULL, sizeof *l->appended, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(l->shared, MAP_FAILED);
    l->appended = l->shared;
    assert_int_equal(signing_key_open(l->key_path, &l->key, &made), 0);
    struct qlog *log;
    assert_int_equal(qlog_open(&l->opts, &log), 0);
    qlog_close(log);
    l->log_fd = open(l->fixture.dir, O_RDONLY | O_DIRECTORY);
    l->keys_fd = open(l->days, O_RDONLY | O_DIRECTORY);
    assert_true(l->log_fd >= 0 && l->keys_fd >= 0);
}

static void life_end(struct life *l)
{
    char command[128];
    close(l->log_fd);
    close(l->keys_fd);
    signing_key_done(&l->key);
    munmap(l->shared, sizeof *l->appended);
    snprintf(command, sizeof command, "rm -r %s", l->keys);
    assert_int_equal(system(command), 0);
    fixture_end(&l->fixture);
}

/* Runs work in a child, and kills it after some time (0: lets it end). Returns whether it was killed. */
static bool child_run(struct life *l, void (*work)(struct life *l), unsigned kill_us)
{
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        work(l);
        _exit(0);
    }
    if (kill_us > 0) {
        const struct timespec pause = {.tv_nsec = (long)kill_us * 1000};
        nanosleep(&pause, NULL);
        kill(child, SIGKILL);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(kill_us > 0 || (WIFEXITED(status) && WEXITSTATUS(status) == 0));
    l->kills += WIFSIGNALED(status);
    return WIFSIGNALED(status);
}

/* ---- a day ---- */

static void rows_write(struct life *l)
{
    struct qlog *log;
    struct qlog_record record;
    uint32_t first = *l->appended;
    if (qlog_open(&l->opts, &log) < 0)
        _exit(1);
    for (uint32_t i = first; i < first + PIECE_ROWS; i++) {
        row_make(i, &record);
        qlog_append(qlog_writer(log, i % 2), &record);
        *l->appended = i + 1;
        if (i % 30 == 29 && qlog_flush(log) < 0)
            _exit(1);
    }
    qlog_close(log);
}

/* One row more than was told may have been written. */
static void piece_live(struct life *l, uint32_t number, unsigned kill_us)
{
    struct model *m = &l->model;
    uint32_t first = number * (PIECE_ROWS + 1);
    *l->appended = first;
    bool killed = child_run(l, rows_write, kill_us);
    for (uint32_t i = first; i < *l->appended; i++)
        m->fate[i] = WRITTEN;
    if (killed)
        m->fate[*l->appended] = PERHAPS;
    m->count = first + PIECE_ROWS + 1;
}

/* ---- a night ---- */

static void night_work(struct life *l)
{
    const struct retention_opts retention = {.keep_s = KEEP_DAYS * DAY_S, .keys_s = KEYS_DAYS * DAY_S};
    const struct compact_opts compaction = {.dir_fd = l->log_fd, .key = &l->key, .now_s = l->now_s};
    struct retention_result removed;
    struct compact_result merged;
    if (retention_apply(l->log_fd, &retention, l->now_s, &removed) < 0 || compact_log(&compaction, &merged) < 0 ||
        merged.damaged > 0)
        _exit(1);
}

static void journals_end(struct life *l)
{
    struct qlog *log;
    if (qlog_open(&l->opts, &log) < 0)
        _exit(1);
    qlog_close(log);
}

/* ---- looking ---- */

static bool who_is_known(const struct model *m, uint32_t i)
{
    uint32_t day = day_of_row(i);
    return !m->key_gone[day] && !m->forgotten[day][user_of_row(i)];
}

static void row_compare(const struct life *l, uint32_t i, const struct qlog_record *found)
{
    static const struct ipaddr none;
    const struct model *m = &l->model;
    struct qlog_record expected;
    row_make(i, &expected);
    bool perhaps = m->key_due[day_of_row(i)] && ipaddr_equal(&found->client, &none);
    if (m->key_gone[day_of_row(i)] || perhaps) {
        assert_int_equal(found->user, 0);
        assert_memory_equal(&found->client, &none, sizeof none);
        assert_true(found->time_ns == expected.time_ns);
        assert_memory_equal(found->qname, expected.qname, expected.qname_len);
        return;
    }
    if (!who_is_known(m, i)) {
        expected.client = none;
        expected.device = expected.user = 0;
    }
    fixture_assert_same(&expected, found);
}

static void tell(void *ctx, const char *file, const char *what)
{
    (void)ctx;
    print_error("%s: %s\n", file, what);
}

static void look(const struct life *l)
{
    static bool seen[ROWS_MAX];
    const struct model *m = &l->model;
    struct verify_result verified;
    struct qlog_scan *scan;
    struct qlog_row row;
    memset(seen, 0, sizeof seen);
    assert_int_equal(qlog_scan_open(l->fixture.dir, &(struct qlog_filter){.action = -1}, &scan), 0);
    while (qlog_scan_next(scan, &row) == 1) {
        uint32_t i = row.record.verdict.rule;
        assert_int_equal(row.lost, 0);
        assert_true(i < m->count && m->fate[i] != NEVER);
        assert_false(seen[i]);
        assert_false(m->rows_gone[day_of_row(i)]);
        seen[i] = true;
        row_compare(l, i, &row.record);
    }
    qlog_scan_close(scan);
    for (uint32_t i = 0; i < m->count; i++)
        assert_true(seen[i] || !must_be_there(m, i, l->now_s));
    const struct verify_opts opts = {.keys = &l->key.public, .key_count = 1, .fault = tell};
    assert_int_equal(verify_log(l->log_fd, &opts, &verified), 0);
    assert_int_equal(verified.faults, 0);
}

/* ---- what people do ---- */

static void hold(struct life *l, uint32_t day, uint32_t *out_id)
{
    const uint32_t number = (uint32_t)(FIRST_S / DAY_S) + day;
    const struct hold hold = {.from_day = number, .to_day = number, .by = "jones", .reason = "an incident"};
    assert_int_equal(hold_add(l->log_fd, &hold, out_id), 0);
    l->model.held[day] = true;
}

static void release(struct life *l, uint32_t day, uint32_t id)
{
    assert_int_equal(hold_remove(l->log_fd, id), 0);
    l->model.held[day] = false;
}

/* As `belisha log forget`: on every day that is not held, once no journal has rows of the person. */
static void forget(struct life *l, uint32_t user)
{
    child_run(l, journals_end, 0);
    for (uint32_t day = 0; day < DAYS; day++) {
        if (l->model.held[day])
            continue;
        int code = day_key_forget(l->keys_fd, (uint32_t)(FIRST_S / DAY_S) + day, user);
        assert_true(code >= 0 || code == ERR_NOENT);
        l->model.forgotten[day][user] |= day_of_row(l->model.count - 1) >= day;
    }
}

/* Some are let live, some are killed early, some late. */
static unsigned kill_time(struct life *l)
{
    uint64_t chance = fixture_random(&l->fixture) % 4;
    return chance < 2 ? 0 : 200 + (unsigned)(fixture_random(&l->fixture) % (chance == 2 ? 4000 : 40000));
}

static void a_log_keeps_its_promises_all_its_life(void **state)
{
    static struct life life;
    struct life *l = &life;
    uint32_t holds[2];
    (void)state;
    life_begin(l);
    for (uint32_t day = 0; day < DAYS; day++) {
        for (uint32_t piece = 0; piece < PIECES; piece++) {
            piece_live(l, day * PIECES + piece, kill_time(l));
            l->now_s = time_of_row(l->model.count - 1) + 1;
            if (piece % 2 == 1)
                look(l);
        }
        if (day == 3)
            hold(l, 2, &holds[0]);
        if (day == 6)
            forget(l, 4);
        if (day == 7)
            hold(l, 6, &holds[1]);
        if (day == 10)
            forget(l, 6);
        if (day == 13)
            release(l, 2, holds[0]);
        if (day == 14)
            forget(l, 4); /* of the days that were held then */
        l->now_s = FIRST_S + (day + 1) * DAY_S + COMPACT_AFTER_S + 60;
        model_night_begins(&l->model, l->now_s);
        if (child_run(l, night_work, kill_time(l)))
            look(l); /* some of it was done: nothing that must be there is gone */
        child_run(l, journals_end, 0);
        child_run(l, night_work, 0);
        model_night_ends(&l->model);
        look(l);
    }
    assert_true(l->kills > DAYS);
    char command[200];
    snprintf(command, sizeof command, "python3 qlog.py verify %.63s >&2", l->fixture.dir);
    assert_int_equal(system(command), 0);
    assert_int_equal(fixture_files(l->fixture.dir, "merged-", ".tmp"), 0);
    assert_true(fixture_files(l->fixture.dir, "segment-", ".qlog") < 3 * DAYS);
    life_end(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_log_keeps_its_promises_all_its_life),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
