#include "service/child.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

struct seen {
    struct text lines; /* each with a newline */
    int status;
    unsigned ends;
};

static void on_line(void *ctx, const char *line)
{
    struct seen *seen = ctx;
    text_printf(&seen->lines, "%s\n", line);
}

static void on_ended(void *ctx, int status)
{
    struct seen *seen = ctx;
    seen->status = status;
    seen->ends++;
}

/* Runs a shell script to its end, with a signal for it at once; 0: none. */
static void play(const char *script, int number, struct seen *seen)
{
    const char *const argv[] = {"/bin/sh", "-c", script, NULL};
    const struct child_opts opts = {.argv = argv, .ctx = seen, .line = on_line, .ended = on_ended};
    struct child *child = NULL;
    uv_loop_t loop;
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(child_start(&loop, &opts, &child), 0);
    assert_true(child_pid(child) > 0);
    if (number != 0)
        child_signal(child, number);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    assert_int_equal(seen->ends, 1);
}

static void what_it_writes_comes_line_by_line(void **state)
{
    struct seen seen = {0};
    char end[CHILD_END_MAX];
    (void)state;
    play("echo one; echo; echo two >&2; printf three; exit 3", 0, &seen);
    assert_string_equal(seen.lines.bytes, "one\ntwo\nthree\n");
    assert_string_equal(child_end_text(seen.status, end), "exit code 3");
    text_done(&seen.lines);
}

static void a_line_without_end_is_cut(void **state)
{
    struct seen seen = {0};
    (void)state;
    play("head -c 100000 /dev/zero", 0, &seen);
    assert_int_equal(seen.lines.len, 100000 + (100000 + CHILD_LINE_MAX - 2) / (CHILD_LINE_MAX - 1));
    assert_memory_equal(seen.lines.bytes, "????", 4);
    text_done(&seen.lines);
}

static void a_signal_ends_it(void **state)
{
    struct seen seen = {0};
    char end[CHILD_END_MAX];
    (void)state;
    play("exec sleep 600", SIGKILL, &seen);
    assert_string_equal(child_end_text(seen.status, end), "signal 9");
    text_done(&seen.lines);
}

static void it_has_none_of_our_files_signals_and_privileges(void **state)
{
    struct seen seen = {0};
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    play("ls /proc/self/fd | wc -l; grep -E '^(SigIgn|NoNewPrivs|CapEff)' /proc/self/status", 0, &seen);
    /* its three, and the folder that ls reads */
    assert_string_equal(seen.lines.bytes, "4\nSigIgn:\t0000000000000000\nCapEff:\t0000000000000000\nNoNewPrivs:\t1\n");
    text_done(&seen.lines);
}

static pid_t self;
static atomic_uint *strays; /* shared with children */
static atomic_bool enough;

static void on_signal(int number)
{
    (void)number;
    if (getpid() != self)
        atomic_fetch_add(strays, 1);
}

static void *send_signals(void *ctx)
{
    (void)ctx;
    while (!atomic_load(&enough))
        kill(0, SIGUSR1);
    return NULL;
}

static void no_handler_of_ours_runs_in_a_child(void **state)
{
    const char *const argv[] = {"/bin/true", NULL};
    pthread_t sender;
    sigset_t mask;
    (void)state;
    self = getpid();
    strays = mmap(NULL, sizeof *strays, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(strays, MAP_FAILED);
    assert_int_equal(setpgid(0, 0), 0);
    signal(SIGUSR1, on_signal);
    assert_int_equal(pthread_create(&sender, NULL, send_signals, NULL), 0);
    for (int i = 0; i < 100; i++) {
        struct text out = {0};
        assert_int_equal(child_run(argv, 60000, &out), 0);
        text_done(&out);
    }
    atomic_store(&enough, true);
    pthread_join(sender, NULL);
    signal(SIGUSR1, SIG_DFL);
    assert_int_equal(atomic_load(strays), 0);
    munmap(strays, sizeof *strays);
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    for (int i = 1; i < NSIG; i++)
        assert_int_equal(sigismember(&mask, i) == 1, 0);
}

static void a_program_that_is_not_there_is_told_at_once(void **state)
{
    const char *const argv[] = {"/no/such/program", NULL};
    const struct child_opts opts = {.argv = argv, .line = on_line, .ended = on_ended};
    struct child *child = NULL;
    struct text out = {0};
    uv_loop_t loop;
    (void)state;
    assert_int_equal(uv_loop_init(&loop), 0);
    assert_int_equal(child_start(&loop, &opts, &child), ERR_NOENT);
    assert_null(child);
    assert_int_equal(uv_loop_close(&loop), 0);
    assert_int_equal(child_run(argv, 1000, &out), ERR_NOENT);
}

static void one_that_is_waited_for_gives_code_and_output(void **state)
{
    const char *const argv[] = {"/bin/sh", "-c", "echo said; exit 7", NULL};
    const char *const killed[] = {"/bin/sh", "-c", "kill -9 $$", NULL};
    struct text out = {0};
    (void)state;
    assert_int_equal(child_run(argv, 60000, &out), 7);
    assert_string_equal(out.bytes, "said\n");
    text_done(&out);
    assert_int_equal(child_run(killed, 60000, &out), ERR_DAMAGED);
}

static void one_that_does_not_end_is_ended(void **state)
{
    const char *const argv[] = {"/bin/sh", "-c", "exec sleep 600", NULL};
    struct text out = {0};
    (void)state;
    assert_int_equal(child_run(argv, 20, &out), ERR_TIMEOUT);
    text_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_it_writes_comes_line_by_line),
        cmocka_unit_test(a_line_without_end_is_cut),
        cmocka_unit_test(a_signal_ends_it),
        cmocka_unit_test(it_has_none_of_our_files_signals_and_privileges),
        cmocka_unit_test(no_handler_of_ours_runs_in_a_child),
        cmocka_unit_test(a_program_that_is_not_there_is_told_at_once),
        cmocka_unit_test(one_that_is_waited_for_gives_code_and_output),
        cmocka_unit_test(one_that_does_not_end_is_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
