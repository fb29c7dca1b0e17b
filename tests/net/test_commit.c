/* Keeping sessions together: who waits is told when it is on the disk, and not before. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/commit.h"

#define NOW 10000

static char folder[64];
static char path[128];
static uv_loop_t loop;
static struct session_book *book;
static struct commit *commit;

struct told {
    struct commit_waiter waiter;
    bool done;
    int err;
};

static void on_done(struct commit_waiter *waiter, int err)
{
    struct told *told = (struct told *)waiter;
    told->done = true;
    told->err = err;
}

static void on_changed(void *ctx, const struct session *session, enum session_book_record record)
{
    const struct session_line line = {.op = SESSION_OP_SESSION, .session = *session};
    (void)ctx;
    if (record == SESSION_BOOK_RECORD)
        commit_add(commit, &line);
}

static int set_up(void **state)
{
    const struct session_book_opts opts = {.sessions_max = 50000, .seed = 1, .changed = on_changed};
    struct session_journal *journal;
    (void)state;
    strcpy(folder, "/tmp/belisha-commit-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/sessions", folder);
    uv_loop_init(&loop);
    return session_book_new(&opts, &book) < 0 || session_journal_open(path, book, &journal) < 0 ||
           commit_new(&loop, journal, book, &commit) < 0;
}

static int tear_down(void **state)
{
    char line[128];
    (void)state;
    commit_close(commit);
    uv_run(&loop, UV_RUN_DEFAULT);
    commit_free(commit);
    session_book_free(book);
    assert_int_equal(uv_loop_close(&loop), 0);
    snprintf(line, sizeof line, "rm -r %s", folder);
    return system(line);
}

static void put(unsigned number, struct told *told)
{
    char id[24];
    snprintf(id, sizeof id, "%u", number);
    const struct session s = {.source = SESSION_RADIUS,
                              .from_s = NOW,
                              .heard_s = NOW,
                              .until_s = NOW + 100,
                              .user = "anna",
                              .host = "",
                              .origin = "wifi/a",
                              .id = id};
    assert_int_equal(session_book_put(book, &s), 0);
    *told = (struct told){.waiter = {.done = on_done}};
    commit_wait(commit, &told->waiter);
}

static size_t lines_in_file(void)
{
    FILE *file = fopen(path, "re");
    size_t count = 0;
    for (int c; (c = getc(file)) != EOF;)
        count += c == '\n';
    fclose(file);
    return count;
}

static void all_who_wait_are_told_after_one_sync(void **state)
{
    struct told told[100];
    (void)state;
    for (unsigned i = 0; i < 100; i++)
        put(i, &told[i]);
    assert_false(told[0].done);
    commit_start(commit);
    assert_false(told[0].done);
    uv_run(&loop, UV_RUN_DEFAULT);
    for (unsigned i = 0; i < 100; i++) {
        assert_true(told[i].done);
        assert_int_equal(told[i].err, 0);
    }
    assert_int_equal(lines_in_file(), 101);
    assert_int_equal(commit_stats(commit).batches, 1);
}

static void who_comes_while_the_disk_is_busy_is_told_after_the_next(void **state)
{
    struct told first, second, same;
    (void)state;
    put(1, &first);
    commit_start(commit);
    put(2, &second);
    same = (struct told){.waiter = {.done = on_done}}; /* a request that is sent again, and changes nothing any more */
    commit_wait(commit, &same.waiter);
    commit_start(commit);
    assert_false(same.done);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_true(first.done && second.done && same.done);
    assert_int_equal(commit_stats(commit).batches, 2);
    same.done = false;
    commit_wait(commit, &same.waiter); /* all is kept */
    assert_true(same.done);
}

static void limit_file(rlim_t bytes)
{
    struct rlimit limit;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void nobody_is_told_what_a_full_disk_did_not_take(void **state)
{
    struct told told, again;
    (void)state;
    limit_file(100);
    put(1, &told);
    commit_start(commit);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_true(told.done);
    assert_int_equal(told.err, ERR_NOSPACE);
    assert_int_equal(lines_in_file(), 1);
    /* The same request once more: nothing changes in the book, and still it is not kept. */
    again = (struct told){.waiter = {.done = on_done}};
    commit_wait(commit, &again.waiter);
    commit_start(commit);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_true(again.done);
    assert_int_equal(again.err, ERR_NOSPACE);
    limit_file(RLIM_INFINITY);
    again = (struct told){.waiter = {.done = on_done}};
    commit_wait(commit, &again.waiter);
    commit_start(commit);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_true(again.done);
    assert_int_equal(again.err, 0);
    assert_int_equal(lines_in_file(), 2);
}

/* More than it holds in memory: then the file is written anew from the book. */
static void what_waits_too_long_is_kept_by_writing_the_book(void **state)
{
    struct told *told = calloc(40000, sizeof *told);
    (void)state;
    assert_non_null(told);
    for (unsigned i = 0; i < 40000; i++)
        put(i, &told[i]);
    commit_start(commit);
    uv_run(&loop, UV_RUN_DEFAULT);
    for (unsigned i = 0; i < 40000; i++)
        assert_true(told[i].done && told[i].err == 0);
    assert_int_equal(lines_in_file(), 40001);
    assert_int_equal(commit_stats(commit).rewrites, 1);
    free(told);
}

static void a_long_file_is_written_anew(void **state)
{
    static struct told told[SESSION_JOURNAL_SLACK + 10];
    (void)state;
    for (unsigned i = 0; i < SESSION_JOURNAL_SLACK + 10; i++)
        put(i % 3, &told[i]);
    commit_start(commit);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_true(told[SESSION_JOURNAL_SLACK + 9].done);
    assert_int_equal(commit_stats(commit).rewrites, 1);
    assert_in_range(lines_in_file(), 4, 10);
}

static void who_waits_at_the_end_is_told_so_and_what_was_said_is_kept(void **state)
{
    struct told told;
    (void)state;
    put(1, &told);
    commit_close(commit);
    assert_true(told.done);
    assert_true(told.err < 0);
    uv_run(&loop, UV_RUN_DEFAULT);
    commit_free(commit);
    commit = NULL;
    assert_int_equal(lines_in_file(), 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(all_who_wait_are_told_after_one_sync),
        TEST(who_comes_while_the_disk_is_busy_is_told_after_the_next),
        TEST(nobody_is_told_what_a_full_disk_did_not_take),
        TEST(what_waits_too_long_is_kept_by_writing_the_book),
        TEST(a_long_file_is_written_anew),
        TEST(who_waits_at_the_end_is_told_so_and_what_was_said_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
