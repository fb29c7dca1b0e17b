/* Readers that do what a hostile feed would want, and what becomes of them. */
#include "sandbox/sandbox.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "sandbox/worker.h"

#define MIB          (UINT64_C(1) << 20)
#define CODE_DONE    7
#define CODE_ESCAPED -666 /* a worker did what it must not */

static char known_before[] = "known before the fork";

typedef int (*reader)(void *ctx);

/* ---- readers ---- */

static int ends_well(void *ctx)
{
    return strcmp(ctx, "known before the fork") == 0 ? CODE_DONE : CODE_ESCAPED;
}

static int copies(void *ctx)
{
    char block[512];
    ssize_t got;
    (void)ctx;
    while ((got = read(SANDBOX_IN, block, sizeof block)) > 0) {
        if (write(SANDBOX_OUT, block, (size_t)got) != got)
            return ERR_IO;
    }
    return got < 0 ? ERR_IO : CODE_DONE;
}

static int allocates_a_little(void *ctx)
{
    (void)ctx;
    char *bytes = malloc(32 * MIB);
    if (bytes == NULL)
        return ERR_NOMEM;
    memset(bytes, 1, 32 * MIB);
    int code = bytes[MIB] == 1 ? CODE_DONE : CODE_ESCAPED;
    free(bytes);
    return code;
}

static int crashes(void *ctx)
{
    volatile char *closed = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    (void)ctx;
    return closed[0];
}

static int aborts(void *ctx)
{
    (void)ctx;
    abort();
}

static int leaves(void *ctx)
{
    (void)ctx;
    _exit(3);
}

static int hangs(void *ctx)
{
    volatile bool for_ever = true;
    (void)ctx;
    (void)!write(SANDBOX_OUT, "", 1); /* it has begun */
    while (for_ever)
        ;
    return CODE_ESCAPED;
}

static int allocates_without_end(void *ctx)
{
    (void)ctx;
    for (size_t i = 0; i < 4096; i++) {
        volatile char *bytes = malloc(MIB);
        if (bytes == NULL)
            return ERR_NOMEM;
        bytes[0] = 1;
    }
    return CODE_ESCAPED;
}

static int writes_without_end(void *ctx)
{
    static const char block[65536];
    (void)ctx;
    while (write(SANDBOX_OUT, block, sizeof block) > 0)
        ;
    return CODE_ESCAPED;
}

static int opens_a_socket(void *ctx)
{
    (void)ctx;
    return socket(AF_INET, SOCK_STREAM, 0) < 0 ? CODE_DONE : CODE_ESCAPED;
}

static int runs_a_program(void *ctx)
{
    (void)ctx;
    execl("/bin/true", "true", (char *)NULL);
    return CODE_DONE;
}

static int forks(void *ctx)
{
    (void)ctx;
    return syscall(SYS_fork) < 0 ? CODE_DONE : CODE_ESCAPED;
}

static int kills_its_parent(void *ctx)
{
    (void)ctx;
    return kill(1, 0) < 0 ? CODE_DONE : CODE_ESCAPED;
}

static int looks_into_others(void *ctx)
{
    (void)ctx;
    return ptrace(PTRACE_ATTACH, 1, 0, 0) < 0 ? CODE_DONE : CODE_ESCAPED;
}

static int removes_a_file(void *ctx)
{
    (void)ctx;
    return unlink("/tmp/belisha-nothing") < 0 ? CODE_DONE : CODE_ESCAPED;
}

static int makes_code(void *ctx)
{
    (void)ctx;
    return mmap(NULL, 4096, PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? CODE_DONE
                                                                                                      : CODE_ESCAPED;
}

static int opens_for_writing(void *ctx)
{
    (void)ctx;
    return open("/tmp/belisha-sandbox-was-here", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) < 0 ? CODE_DONE : CODE_ESCAPED;
}

static int opens_for_reading(void *ctx)
{
    (void)ctx;
    return open("/etc/passwd", O_RDONLY | O_CLOEXEC) < 0 ? errno : CODE_DONE;
}

static int counts_descriptors(void *ctx)
{
    int open_count = 0;
    (void)ctx;
    for (int fd = SANDBOX_IN; fd < 256; fd++)
        open_count += fcntl(fd, F_GETFD) >= 0;
    return open_count;
}

static int repeats_its_argument(const char *arg, size_t len)
{
    return write(SANDBOX_OUT, arg, len) == (ssize_t)len ? CODE_DONE : ERR_IO;
}

/* ---- */

struct request {
    reader read; /* the same address in the worker: it is a copy of this process */
    char text[32];
};

static int work(void *ctx, const void *arg, size_t arg_len)
{
    struct request request;
    if (arg_len != sizeof request)
        return repeats_its_argument(arg, arg_len);
    memcpy(&request, arg, sizeof request);
    return request.read(ctx);
}

static struct sandbox *sandbox;
static const struct sandbox_limits limits = {.memory_bytes = 64 * MIB, .output_bytes = MIB, .time_ms = 20000};

static struct sandbox_result run_with(reader read, struct sandbox_task task)
{
    const struct request request = {.read = read};
    task.arg = &request;
    task.arg_len = sizeof request;
    return sandbox_run(sandbox, &task);
}

static struct sandbox_result run(reader read)
{
    return run_with(read, (struct sandbox_task){.in = -1, .out = -1, .limits = limits});
}

static int temporary_file(void)
{
    char path[] = "/tmp/belisha-sandbox-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    unlink(path);
    return fd;
}

static void assert_done(struct sandbox_result result, int code)
{
    char why[SANDBOX_WHY_MAX] = "";
    if (result.end != SANDBOX_DONE)
        sandbox_explain(&result, &limits, why);
    assert_string_equal(why, "");
    assert_int_equal(result.code, code);
}

static void assert_goes_on(void)
{
    assert_done(run(ends_well), CODE_DONE);
}

static void a_worker_knows_what_the_keeper_knew(void **state)
{
    (void)state;
    assert_done(run(ends_well), CODE_DONE);
    assert_done(run(allocates_a_little), CODE_DONE);
}

static void a_worker_reads_one_file_and_writes_another(void **state)
{
    char text[32] = "";
    int in = temporary_file(), out = temporary_file();
    (void)state;
    assert_int_equal(pwrite(in, "a.example\n", 10, 0), 10);
    assert_done(run_with(copies, (struct sandbox_task){.in = in, .out = out, .limits = limits}), CODE_DONE);
    assert_int_equal(pread(out, text, sizeof text, 0), 10);
    assert_string_equal(text, "a.example\n");
    close(in);
    close(out);
}

static void a_worker_gets_the_argument_of_its_task(void **state)
{
    char arg[SANDBOX_ARG_MAX + 1], text[SANDBOX_ARG_MAX];
    int out = temporary_file();
    (void)state;
    for (size_t i = 0; i < sizeof arg; i++)
        arg[i] = (char)i;
    struct sandbox_task task = {.arg = arg, .arg_len = SANDBOX_ARG_MAX, .in = -1, .out = out, .limits = limits};
    assert_done(sandbox_run(sandbox, &task), CODE_DONE);
    assert_int_equal(pread(out, text, sizeof text, 0), SANDBOX_ARG_MAX);
    assert_memory_equal(text, arg, SANDBOX_ARG_MAX);
    task.arg_len++;
    assert_int_equal(sandbox_run(sandbox, &task).end, SANDBOX_UNUSABLE);
    close(out);
}

static void a_crash_is_told_with_its_signal(void **state)
{
    static const struct {
        reader read;
        int signal;
    } rows[] = {{crashes, SIGSEGV}, {aborts, SIGABRT}, {leaves, 0}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sandbox_result result = run(rows[i].read);
        assert_int_equal(result.end, SANDBOX_CRASHED);
        assert_int_equal(result.signal, rows[i].signal);
        assert_goes_on();
    }
}

static void a_worker_that_hangs_is_ended(void **state)
{
    struct sandbox_task task = {.in = -1, .out = -1, .limits = limits};
    (void)state;
    task.limits.time_ms = 100;
    assert_int_equal(run_with(hangs, task).end, SANDBOX_TIME);
    assert_goes_on();
}

static void a_worker_has_so_much_memory_and_no_more(void **state)
{
    (void)state;
    if (WORKER_SANITIZED)
        skip(); /* its run-time needs terabytes of addresses */
    assert_int_equal(run(allocates_without_end).end, SANDBOX_MEMORY);
    assert_goes_on();
}

static void a_worker_writes_so_much_and_no_more(void **state)
{
    int out = temporary_file();
    (void)state;
    assert_int_equal(run_with(writes_without_end, (struct sandbox_task){.in = -1, .out = out, .limits = limits}).end,
                     SANDBOX_OUTPUT);
    assert_int_equal(lseek(out, 0, SEEK_END), MIB);
    close(out);
}

static void forbidden_system_calls_end_a_worker_and_are_named(void **state)
{
    static const struct {
        reader read;
        const char *call;
    } rows[] = {
        {opens_a_socket, "(socket)"}, {runs_a_program, "(execve)"},    {forks, "(fork)"},
        {kills_its_parent, "(kill)"}, {looks_into_others, "(ptrace)"}, {removes_a_file, "(unlink)"},
        {makes_code, "(mmap)"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char why[SANDBOX_WHY_MAX] = "";
        struct sandbox_result result = run(rows[i].read);
        sandbox_explain(&result, &limits, why);
        assert_int_equal(result.end, SANDBOX_FORBIDDEN);
        assert_non_null(strstr(why, rows[i].call));
        assert_goes_on();
    }
}

static void files_are_opened_by_nobody_or_for_reading_only(void **state)
{
    struct sandbox_task task = {.in = -1, .out = -1, .limits = limits};
    (void)state;
    if (!WORKER_SANITIZED) {
        assert_done(run_with(opens_for_reading, task), EACCES);
        assert_done(run_with(opens_for_writing, task), CODE_DONE);
    }
    task.may_read = true;
    assert_done(run_with(opens_for_reading, task), CODE_DONE);
    assert_int_equal(run_with(opens_for_writing, task).end, SANDBOX_FORBIDDEN);
    assert_int_equal(access("/tmp/belisha-sandbox-was-here", F_OK), -1);
}

static void a_worker_has_no_descriptor_of_the_program(void **state)
{
    int in = temporary_file(), spare = dup(in);
    (void)state;
    assert_done(run_with(counts_descriptors, (struct sandbox_task){.in = in, .out = -1, .limits = limits}),
                2); /* in, and the one for its last word */
    close(spare);
    close(in);
}

static void *ask_often(void *ctx)
{
    int *wrong = ctx;
    for (int i = 0; i < 25; i++) {
        struct sandbox_result fine = run(ends_well), bad = run(i % 2 == 0 ? crashes : opens_a_socket);
        *wrong += fine.end != SANDBOX_DONE || fine.code != CODE_DONE || bad.end == SANDBOX_DONE;
    }
    return NULL;
}

static void threads_ask_at_the_same_time(void **state)
{
    pthread_t threads[4];
    int wrong[4] = {0};
    (void)state;
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_often, &wrong[i]), 0);
    for (size_t i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(wrong[i], 0);
    }
}

/* A program that waits for a worker which hangs, with the end of a pipe as its output. */
static pid_t start_program(int out)
{
    pid_t program = fork();
    if (program == 0) {
        struct sandbox *own;
        const struct request request = {.read = hangs};
        const struct sandbox_task task = {
            .arg = &request, .arg_len = sizeof request, .in = -1, .out = out, .limits = limits};
        if (sandbox_new(work, NULL, &own) == 0)
            sandbox_run(own, &task);
        _exit(1);
    }
    return program;
}

static void workers_end_with_the_program(void **state)
{
    int held[2];
    char byte;
    (void)state;
    assert_int_equal(pipe2(held, O_CLOEXEC), 0);
    pid_t program = start_program(held[1]);
    close(held[1]);
    assert_int_equal(read(held[0], &byte, 1), 1);
    kill(program, SIGKILL);
    assert_int_equal(waitpid(program, NULL, 0), program);
    assert_int_equal(read(held[0], &byte, 1), 0); /* returns when all who hold the pipe have ended */
    close(held[0]);
}

static pid_t youngest_child(void)
{
    char path[64];
    int pid = 0, next;
    snprintf(path, sizeof path, "/proc/self/task/%d/children", getpid());
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    while (fscanf(file, "%d", &next) == 1)
        pid = next; /* in the order of their birth */
    fclose(file);
    assert_true(pid > 0);
    return pid;
}

static void a_keeper_that_was_killed_is_no_success(void **state)
{
    struct sandbox *own;
    struct request request = {.read = ends_well};
    struct sandbox_task task = {.arg = &request, .arg_len = sizeof request, .in = -1, .out = -1, .limits = limits};
    char why[SANDBOX_WHY_MAX] = "";
    (void)state;
    assert_int_equal(sandbox_new(work, known_before, &own), 0);
    kill(youngest_child(), SIGKILL);
    struct sandbox_result result = sandbox_run(own, &task);
    sandbox_explain(&result, &limits, why);
    assert_int_equal(result.end, SANDBOX_UNUSABLE);
    assert_true(strlen(why) > 0);
    sandbox_free(own);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_worker_knows_what_the_keeper_knew),
        cmocka_unit_test(a_worker_reads_one_file_and_writes_another),
        cmocka_unit_test(a_worker_gets_the_argument_of_its_task),
        cmocka_unit_test(a_crash_is_told_with_its_signal),
        cmocka_unit_test(a_worker_that_hangs_is_ended),
        cmocka_unit_test(a_worker_has_so_much_memory_and_no_more),
        cmocka_unit_test(a_worker_writes_so_much_and_no_more),
        cmocka_unit_test(forbidden_system_calls_end_a_worker_and_are_named),
        cmocka_unit_test(files_are_opened_by_nobody_or_for_reading_only),
        cmocka_unit_test(a_worker_has_no_descriptor_of_the_program),
        cmocka_unit_test(threads_ask_at_the_same_time),
        cmocka_unit_test(workers_end_with_the_program),
        cmocka_unit_test(a_keeper_that_was_killed_is_no_success),
    };
    if (sandbox_new(work, known_before, &sandbox) < 0)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    sandbox_free(sandbox);
    return failed;
}
