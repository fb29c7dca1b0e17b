#include "sandbox/worker.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sandbox/filter.h"

#define DESCRIPTORS_MAX 64 /* what a walk through folders needs */

static void say(enum sandbox_end end, int value)
{
    const struct worker_report report = {end, value};
    /* One who can't be told learns from the silence. */
    (void)!write(WORKER_REPORT, &report, sizeof report);
}

static _Noreturn void give_up(int err)
{
    say(SANDBOX_UNUSABLE, err);
    _exit(0);
}

/* The filter's answer to a call that it does not let through; the call has not been made. */
static void on_forbidden(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)context;
    say(SANDBOX_FORBIDDEN, info->si_syscall);
    _exit(0);
}

/* Whatever the parent was told to do: a fault ends this process, and the warden reads the signal off. */
static void set_signals(void)
{
    static const int numbers[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGXCPU, SIGXFSZ, SIGTRAP, SIGCHLD};
    struct sigaction on_call = {.sa_sigaction = on_forbidden, .sa_flags = SA_SIGINFO};
    sigset_t none;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        signal(numbers[i], SIG_DFL);
    signal(SIGPIPE, SIG_IGN);
    sigaction(SIGSYS, &on_call, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Moves *fd out of the way of the numbers that have a meaning. */
static int lift(int fd)
{
    return fd < 0 ? -1 : fcntl(fd, F_DUPFD, WORKER_REPORT + 1);
}

static bool place(int fd, int at)
{
    return fd < 0 ? close(at) == 0 || errno == EBADF : dup2(fd, at) == at;
}

static void set_files(const struct keeper_task *task, int report)
{
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    int in = lift(task->in), out = lift(task->out), word = lift(report);
    if (nothing < 0 || (task->in >= 0 && in < 0) || (task->out >= 0 && out < 0) || word < 0)
        _exit(1);
    bool placed = place(nothing, 0) && place(nothing, 1) && (WORKER_SANITIZED || place(nothing, 2)) &&
                  place(in, SANDBOX_IN) && place(out, SANDBOX_OUT) && place(word, WORKER_REPORT);
    if (!placed || close_range(WORKER_REPORT + 1, ~0U, 0) < 0)
        _exit(1);
}

static bool bound(__rlimit_resource_t resource, uint64_t most)
{
    struct rlimit limit;
    if (getrlimit(resource, &limit) < 0)
        return false;
    if (limit.rlim_max == RLIM_INFINITY || limit.rlim_max > most)
        limit.rlim_max = most;
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(resource, &limit) == 0;
}

/* Bytes of address space in use; 0: not known. */
static uint64_t address_space(void)
{
    unsigned long long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL)
        return 0;
    if (fscanf(file, "%llu", &pages) != 1)
        pages = 0;
    fclose(file);
    return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static bool set_bounds(const struct sandbox_limits *limits)
{
    /* Processor time is never more than the warden's clock shows; the bound holds should the warden be stopped. */
    uint64_t cpu_s = (uint64_t)limits->time_ms / 1000 + 2, in_use = address_space();
    bool memory = WORKER_SANITIZED || (in_use > 0 && bound(RLIMIT_AS, in_use + limits->memory_bytes));
    return memory && bound(RLIMIT_CPU, cpu_s) && bound(RLIMIT_FSIZE, limits->output_bytes) &&
           bound(RLIMIT_NOFILE, DESCRIPTORS_MAX) && bound(RLIMIT_CORE, 0);
}

_Noreturn void worker_run(const struct keeper_task *task, pid_t parent, int report, sandbox_work work, void *ctx)
{
    const struct keeper_request *request = &task->request;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    set_files(task, report);
    set_signals();
    if (!set_bounds(&request->limits) || prctl(PR_SET_DUMPABLE, 0) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        give_up(-errno);
    int err = filter_install(request->may_read);
    if (err < 0)
        give_up(err);
    say(SANDBOX_DONE, work(ctx, request->arg, request->arg_len));
    _exit(0);
}
