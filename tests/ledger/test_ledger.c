/* Appending: by several programs, torn, killed, full, put away. */
#include "fixture.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

static void entries_are_numbered_from_one_and_chained(void **state)
{
    (void)state;
    assert_int_equal(append("a"), 1);
    assert_int_equal(append("b"), 2);
    assert_int_equal(append("c"), 3);
    struct verify_report report = verify();
    assert_int_equal(report.faults, 0);
    assert_int_equal(report.entries, 3);
    assert_int_equal(report.first, 1);
    assert_int_equal(report.last, 3);
    assert_true(report.head);
    verify_elsewhere(true);
}

static void a_torn_last_line_was_never_written(void **state)
{
    (void)state;
    append("a");
    FILE *file = fopen(path_of(LEDGER_FILE), "a");
    assert_non_null(file);
    fputs("{\"n\":2,\"time\":\"2025", file);
    fclose(file);
    assert_true(verify().torn);
    assert_int_equal(append("b"), 2);
    struct verify_report report = verify();
    assert_false(report.torn);
    assert_int_equal(report.faults, 0);
    assert_int_equal(report.entries, 2);
    verify_elsewhere(true);
}

static void what_does_not_fit_on_the_disk_was_not_written(void **state)
{
    struct rlimit old, small;
    struct stat st;
    (void)state;
    append("a");
    assert_int_equal(stat(path_of(LEDGER_FILE), &st), 0);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = (struct rlimit){.rlim_cur = (rlim_t)st.st_size + 20, .rlim_max = old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    int err = append_as("b", "anna");
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(err, ERR_NOSPACE);
    assert_int_equal(verify().faults, 0);
    assert_false(verify().torn);
    assert_int_equal(append("c"), 2);
    verify_elsewhere(true);
}

static void what_can_not_be_written_is_said(void **state)
{
    (void)state;
    assert_int_equal(ledger_access(&ledger), 0);
    ledger.folder = "/nowhere/at/all";
    assert_int_equal(append_as("a", "anna"), ERR_NOENT);
    assert_int_equal(ledger_access(&ledger), ERR_NOENT);
    ledger.folder = folder;
    assert_int_equal(append_as("a", "a name that is too long is no entry"), 0);
}

static size_t count_files(void)
{
    char line[160];
    int count = 0;
    snprintf(line, sizeof line, "ls %s/ledger.0* 2>/dev/null | wc -l", folder);
    FILE *list = popen(line, "r");
    assert_int_equal(fscanf(list, "%d", &count), 1);
    pclose(list);
    return (size_t)count;
}

static void full_files_are_put_away_and_the_chain_goes_on(void **state)
{
    (void)state;
    ledger.file_bytes = 1000;
    for (int i = 0; i < 30; i++)
        append("some object");
    assert_true(count_files() > 3);
    struct verify_report report = verify();
    assert_int_equal(report.faults, 0);
    assert_int_equal(report.entries, 30);
    assert_int_equal(report.files, count_files() + 1);
    verify_elsewhere(true);
}

static void the_oldest_go_and_that_is_written_down(void **state)
{
    (void)state;
    ledger.file_bytes = 1000;
    ledger.file_max = 3;
    for (int i = 0; i < 100; i++)
        append("some object");
    assert_int_equal(count_files(), 3);
    struct verify_report report = verify();
    assert_int_equal(report.faults, 0);
    assert_true(report.first > 80);
    verify_elsewhere(true);
}

static void killed_while_a_file_is_put_away_it_goes_on(void **state)
{
    char full[160];
    (void)state;
    append("a");
    append("b");
    snprintf(full, sizeof full, "%s/ledger.000000000001", folder);
    assert_int_equal(link(path_of(LEDGER_FILE), full), 0);
    assert_int_equal(verify().entries, 2);
    verify_elsewhere(true);
    append("c");
    assert_int_equal(verify().entries, 3);
    ledger.file_bytes = 100;
    append("d");
    assert_int_equal(verify().faults, 0);
    assert_int_equal(verify().entries, 4);
    assert_int_equal(count_files(), 1);
    verify_elsewhere(true);
}

/* Each child appends until it is told to end, or killed; it says after each how far it is. */
static pid_t start_appending(const char *by, int out, int count)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    for (int i = 0; count < 0 || i < count; i++) {
        if (append_as("by one of several", by) < 0)
            _exit(1);
        if (write(out, "x", 1) != 1)
            _exit(2);
    }
    _exit(0);
}

static void several_programs_append_to_one_chain(void **state)
{
    int pipes[2], status;
    pid_t pids[4];
    (void)state;
    ledger.file_bytes = 20000;
    assert_int_equal(pipe(pipes), 0);
    for (int i = 0; i < 4; i++)
        pids[i] = start_appending("a child", pipes[1], 50);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
    close(pipes[0]);
    close(pipes[1]);
    struct verify_report report = verify();
    assert_int_equal(report.faults, 0);
    assert_int_equal(report.entries, 200);
    verify_elsewhere(true);
}

/* What was acknowledged is there, and the chain whole, however often somebody dies in the middle. */
static void killed_at_any_moment_nothing_acknowledged_is_lost(void **state)
{
    uint64_t acknowledged = 0;
    unsigned seed = 1;
    (void)state;
    ledger.file_bytes = 3000;
    ledger.file_max = 100000;
    for (int round = 0; round < 60; round++) {
        int pipes[2];
        char byte;
        assert_int_equal(pipe(pipes), 0);
        pid_t pids[2] = {start_appending("first", pipes[1], -1), start_appending("second", pipes[1], -1)};
        close(pipes[1]);
        seed = seed * 1103515245u + 12345u;
        for (unsigned i = 0, reads = seed >> 16 & 7; i < reads && read(pipes[0], &byte, 1) == 1; i++)
            acknowledged++;
        nanosleep(&(struct timespec){.tv_nsec = (long)(seed >> 8 & 0xfff) * 500}, NULL);
        kill(pids[0], SIGKILL);
        kill(pids[1], SIGKILL);
        assert_int_equal(waitpid(pids[0], NULL, 0), pids[0]);
        assert_int_equal(waitpid(pids[1], NULL, 0), pids[1]);
        while (read(pipes[0], &byte, 1) == 1)
            acknowledged++;
        close(pipes[0]);
    }
    append("the end");
    struct verify_report report = verify();
    assert_int_equal(report.faults, 0);
    assert_true(report.entries >= acknowledged + 1);
    verify_elsewhere(true);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        TEST(entries_are_numbered_from_one_and_chained),         TEST(a_torn_last_line_was_never_written),
        TEST(what_does_not_fit_on_the_disk_was_not_written),     TEST(what_can_not_be_written_is_said),
        TEST(full_files_are_put_away_and_the_chain_goes_on),     TEST(the_oldest_go_and_that_is_written_down),
        TEST(killed_while_a_file_is_put_away_it_goes_on),        TEST(several_programs_append_to_one_chain),
        TEST(killed_at_any_moment_nothing_acknowledged_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
