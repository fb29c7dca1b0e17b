/* The file of sessions: kept, torn, damaged, full, written anew. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "session/session_journal.h"

#define NOW 10000

static char folder[64];
static char path[128];

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/belisha-journal-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/sessions", folder);
    return 0;
}

static int remove_folder(void **state)
{
    char line[128];
    (void)state;
    snprintf(line, sizeof line, "rm -r %s", folder);
    return system(line);
}

static struct session_book *make_book(void)
{
    const struct session_book_opts opts = {.sessions_max = 1000, .seed = 1};
    struct session_book *book = NULL;
    assert_int_equal(session_book_new(&opts, &book), 0);
    return book;
}

static struct session session_of(uint64_t number, char id[24])
{
    snprintf(id, 24, "%llu", (unsigned long long)number);
    return (struct session){.number = number,
                            .source = SESSION_RADIUS,
                            .from_s = NOW,
                            .heard_s = NOW,
                            .until_s = NOW + 100,
                            .user = "anna",
                            .host = "",
                            .origin = "wifi/a",
                            .id = id};
}

static int append(struct session_journal *journal, uint64_t number)
{
    struct text text = {0};
    char id[24];
    struct session_line line = {.op = SESSION_OP_SESSION, .session = session_of(number, id)};
    session_line_write(&line, &text);
    assert_true(text_ok(&text));
    int err = session_journal_append(journal, text.bytes, text.len, 1);
    text_done(&text);
    return err;
}

static void append_often(struct session_journal *journal, uint64_t number, size_t count)
{
    struct text text = {0};
    char id[24];
    struct session_line line = {.op = SESSION_OP_SESSION, .session = session_of(number, id)};
    for (size_t i = 0; i < count; i++)
        session_line_write(&line, &text);
    assert_true(text_ok(&text));
    assert_int_equal(session_journal_append(journal, text.bytes, text.len, count), 0);
    text_done(&text);
}

/* Opens it as the next process does; how many sessions last. */
static size_t count_after_restart(size_t *out_damaged)
{
    struct session_book *book = make_book();
    struct session_journal *journal;
    assert_int_equal(session_journal_open(path, book, &journal), 0);
    size_t count = session_book_lasting(book, SESSION_RADIUS);
    if (out_damaged != NULL)
        *out_damaged = session_journal_damaged(journal);
    session_journal_close(journal);
    session_book_free(book);
    return count;
}

static void open_with(struct session_journal **journal, uint64_t first, uint64_t last)
{
    struct session_book *book = make_book();
    assert_int_equal(session_journal_open(path, book, journal), 0);
    session_book_free(book);
    for (uint64_t i = first; i <= last; i++)
        assert_int_equal(append(*journal, i), 0);
}

static void what_was_appended_is_there_after_a_restart(void **state)
{
    struct session_journal *journal, *second;
    struct stat st;
    (void)state;
    open_with(&journal, 1, 5);
    struct session_book *book = make_book();
    assert_int_equal(session_journal_open(path, book, &second), ERR_BUSY); /* another belishad */
    session_book_free(book);
    session_journal_close(journal);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0007, 0);
    assert_int_equal(count_after_restart(NULL), 5);
}

static void numbers_go_on_after_a_restart(void **state)
{
    struct session_journal *journal;
    struct session_book *book = make_book();
    (void)state;
    open_with(&journal, 1, 7);
    session_journal_close(journal);
    assert_int_equal(session_journal_open(path, book, &journal), 0);
    assert_int_equal(session_book_next_number(book), 8);
    assert_int_equal(session_journal_rewrite(journal, session_book_next_number(book), NULL, 0), 0);
    session_journal_close(journal);
    session_book_free(book);
    book = make_book();
    assert_int_equal(session_journal_open(path, book, &journal), 0);
    assert_int_equal(session_book_next_number(book), 8);
    assert_int_equal(session_book_count(book), 0);
    session_journal_close(journal);
    session_book_free(book);
}

/* Cut anywhere: whole lines count, the rest goes, and what is appended then is read. */
static void a_torn_tail_costs_nothing_that_was_whole(void **state)
{
    struct session_journal *journal;
    struct stat st;
    (void)state;
    open_with(&journal, 1, 3);
    session_journal_close(journal);
    assert_int_equal(stat(path, &st), 0);
    for (off_t cut = st.st_size - 1; cut > st.st_size - 150; cut -= 7) {
        size_t damaged;
        assert_int_equal(truncate(path, cut), 0);
        size_t left = count_after_restart(&damaged);
        assert_int_equal(damaged, 0);
        assert_true(left == 2 || left == 1);
        open_with(&journal, 9, 9);
        session_journal_close(journal);
        assert_int_equal(count_after_restart(NULL), left + 1);
        assert_int_equal(unlink(path), 0);
        open_with(&journal, 1, 3);
        session_journal_close(journal);
    }
}

static void a_damaged_line_is_skipped_and_the_others_hold(void **state)
{
    struct session_journal *journal;
    size_t damaged;
    (void)state;
    open_with(&journal, 1, 9);
    assert_false(session_journal_is_long(journal, 9));
    session_journal_close(journal);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_int_equal(pwrite(fd, "\0\0x", 3, 400), 3);
    close(fd);
    assert_int_equal(count_after_restart(&damaged), 8);
    assert_int_equal(damaged, 1);
}

static void a_rewrite_keeps_what_is_given_and_shortens_the_file(void **state)
{
    struct session_journal *journal;
    struct session_book *book = make_book();
    struct session **held;
    struct stat before, after;
    size_t count;
    (void)state;
    open_with(&journal, 1, 3);
    append_often(journal, 2, SESSION_JOURNAL_SLACK + 10);
    assert_true(session_journal_is_long(journal, 3));
    session_journal_close(journal);
    assert_int_equal(stat(path, &before), 0);
    assert_int_equal(session_journal_open(path, book, &journal), 0);
    assert_int_equal(session_book_hold_all(book, &held, &count), 0);
    assert_int_equal(session_journal_rewrite(journal, 50, held, count), 0);
    assert_false(session_journal_is_long(journal, 3));
    assert_int_equal(append(journal, 60), 0);
    session_journal_close(journal);
    for (size_t i = 0; i < count; i++)
        session_release(held[i]);
    free(held);
    session_book_free(book);
    assert_int_equal(stat(path, &after), 0);
    assert_true(after.st_size * 100 < before.st_size);
    assert_int_equal(count_after_restart(NULL), 4);
}

/* A file that may grow no further is a disk that is full. */
static void a_full_disk_loses_nothing_that_was_kept(void **state)
{
    struct session_journal *journal;
    struct stat st;
    struct rlimit before, small;
    (void)state;
    open_with(&journal, 1, 3);
    assert_int_equal(stat(path, &st), 0);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = (rlim_t)st.st_size + 60;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    int err = append(journal, 4);
    int rewrite_err = session_journal_rewrite(journal, 1, NULL, 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(err, ERR_NOSPACE);
    assert_int_equal(rewrite_err, 0); /* it is short */
    session_journal_close(journal);
    assert_int_equal(unlink(path), 0);

    open_with(&journal, 1, 3);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    err = append(journal, 4);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(err, ERR_NOSPACE);
    assert_int_equal(append(journal, 5), 0); /* there is room again */
    session_journal_close(journal);
    assert_int_equal(count_after_restart(NULL), 4);
}

/* Killed at any moment of appends and rewrites: what was acknowledged is there. */
static void a_kill_loses_nothing_that_was_kept(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 8; round++) {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        if (child == 0) {
            struct session_book *book = make_book();
            struct session_journal *journal;
            if (session_journal_open(path, book, &journal) < 0)
                _exit(1);
            for (uint64_t i = session_book_next_number(book);; i++) {
                char id[24];
                struct session s = session_of(i, id);
                struct session **held;
                size_t count;
                s.number = 0;
                if (session_book_put(book, &s) < 0 || append(journal, i) < 0)
                    _exit(2);
                if (i % 5 == 0 && (session_book_hold_all(book, &held, &count) < 0 ||
                                   session_journal_rewrite(journal, i + 1, held, count) < 0))
                    _exit(3);
                if (write(ends[1], &i, sizeof i) != sizeof i)
                    _exit(4);
            }
        }
        close(ends[1]);
        uint64_t kept = 0, got;
        unsigned seen = 0;
        while (seen < 3 + 4 * round && read(ends[0], &got, sizeof got) == sizeof got) {
            kept = got;
            seen++;
        }
        assert_int_equal(kill(child, SIGKILL), 0);
        while (read(ends[0], &got, sizeof got) == sizeof got)
            kept = got;
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        close(ends[0]);
        size_t count = count_after_restart(NULL);
        assert_in_range(count, kept, kept + 1);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_appended_is_there_after_a_restart),
        TEST(numbers_go_on_after_a_restart),
        TEST(a_torn_tail_costs_nothing_that_was_whole),
        TEST(a_damaged_line_is_skipped_and_the_others_hold),
        TEST(a_rewrite_keeps_what_is_given_and_shortens_the_file),
        TEST(a_full_disk_loses_nothing_that_was_kept),
        TEST(a_kill_loses_nothing_that_was_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
