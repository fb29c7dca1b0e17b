#include "sandbox/keeper.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/worker.h"

#define CONTROL 3

static _Noreturn void answer(int reply, const struct sandbox_result *result)
{
    /* Nobody there to hear it: the program has ended, and so does this process. */
    (void)!write(reply, result, sizeof *result);
    _exit(0);
}

static _Noreturn void answer_unusable(int reply)
{
    const struct sandbox_result result = {.end = SANDBOX_UNUSABLE, .code = errno == EAGAIN ? ERR_LIMIT : -errno};
    answer(reply, &result);
}

/* True: the worker ended by itself. Else it is killed, its time being over. */
static bool wait_for(pid_t worker, int64_t time_ms)
{
    int fd = pidfd_open(worker, 0);
    struct pollfd ended = {.fd = fd, .events = POLLIN};
    int timeout_ms = time_ms > INT32_MAX ? INT32_MAX : (int)time_ms;
    /* Without a descriptor there is no clock to watch: nothing may run then. */
    bool in_time = fd >= 0 && poll(&ended, 1, timeout_ms) == 1;
    if (!in_time)
        kill(worker, SIGKILL);
    if (fd >= 0)
        close(fd);
    return in_time;
}

static struct sandbox_result judge_signal(int number)
{
    switch (number) {
    case SIGXCPU:
        return (struct sandbox_result){.end = SANDBOX_TIME};
    case SIGXFSZ:
        return (struct sandbox_result){.end = SANDBOX_OUTPUT};
    case SIGSYS:
        return (struct sandbox_result){.end = SANDBOX_FORBIDDEN, .call = -1};
    default:
        return (struct sandbox_result){.end = SANDBOX_CRASHED, .signal = number};
    }
}

static struct sandbox_result judge(int status, bool said, const struct worker_report *report)
{
    if (WIFSIGNALED(status))
        return judge_signal(WTERMSIG(status));
    if (!said)
        return (struct sandbox_result){.end = SANDBOX_CRASHED};
    switch (report->end) {
    case SANDBOX_DONE:
        return (struct sandbox_result){.end = report->value == ERR_NOMEM ? SANDBOX_MEMORY : SANDBOX_DONE,
                                       .code = report->value};
    case SANDBOX_FORBIDDEN:
        return (struct sandbox_result){.end = SANDBOX_FORBIDDEN, .call = report->value};
    case SANDBOX_UNUSABLE:
        return (struct sandbox_result){.end = SANDBOX_UNUSABLE, .code = report->value};
    case SANDBOX_CRASHED:
    case SANDBOX_TIME:
    case SANDBOX_MEMORY:
    case SANDBOX_OUTPUT:
    default: /* a worker that makes up its own end */
        return (struct sandbox_result){.end = SANDBOX_CRASHED};
    }
}

/* The life of a warden. */
static _Noreturn void watch(const struct keeper_task *task, pid_t keeper, sandbox_work work, void *ctx)
{
    struct worker_report report;
    int word[2], status = 0;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != keeper)
        _exit(1);
    signal(SIGCHLD, SIG_DFL);
    close(CONTROL);
    if (pipe2(word, O_CLOEXEC) < 0)
        answer_unusable(task->reply);
    pid_t self = getpid(), worker = fork();
    if (worker < 0)
        answer_unusable(task->reply);
    if (worker == 0)
        worker_run(task, self, word[1], work, ctx);
    close(word[1]);
    bool in_time = wait_for(worker, task->request.limits.time_ms);
    if (waitpid(worker, &status, 0) != worker)
        answer_unusable(task->reply);
    /* All who could write are gone, so this does not wait. */
    bool said = read(word[0], &report, sizeof report) == (ssize_t)sizeof report;
    struct sandbox_result result = {.end = SANDBOX_TIME};
    if (in_time)
        result = judge(status, said, &report);
    answer(task->reply, &result);
}

/* The descriptors of one datagram, in their order; -1 for those that are not there. */
static void take_files(struct msghdr *message, struct keeper_task *task)
{
    int fds[KEEPER_FILES_MAX] = {-1, -1, -1};
    const struct cmsghdr *head = CMSG_FIRSTHDR(message);
    if (head != NULL && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS &&
        head->cmsg_len <= CMSG_LEN(sizeof fds))
        memcpy(fds, CMSG_DATA(head), head->cmsg_len - CMSG_LEN(0));
    task->reply = fds[0];
    task->in = task->request.has_in ? fds[1] : -1;
    task->out = task->request.has_out ? fds[task->request.has_in ? 2 : 1] : -1;
}

/* False: the program has closed its end. */
static bool receive(struct keeper_task *task)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(KEEPER_FILES_MAX * sizeof(int))];
    } control;
    struct iovec block = {&task->request, sizeof task->request};
    struct msghdr message = {
        .msg_iov = &block, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t got;
    do {
        got = recvmsg(CONTROL, &message, MSG_CMSG_CLOEXEC);
    } while (got < 0 && errno == EINTR);
    if (got < (ssize_t)offsetof(struct keeper_request, arg))
        return false;
    take_files(&message, task);
    return true;
}

static void close_files(const struct keeper_task *task)
{
    const int fds[] = {task->reply, task->in, task->out};
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++) {
        if (fds[i] >= 0)
            close(fds[i]);
    }
}

/* Everything that the program has open is none of a keeper's business. */
static void keep_only(int control)
{
    int nothing = open("/dev/null", O_RDWR);
    if (nothing < 0 || dup2(nothing, 0) < 0 || dup2(nothing, 1) < 0 || dup2(control, CONTROL) < 0 ||
        close_range(CONTROL + 1, ~0U, 0) < 0)
        _exit(1);
}

_Noreturn void sandbox_keeper_run(int control, pid_t parent, sandbox_work work, void *ctx)
{
    struct keeper_task task;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    keep_only(control);
    signal(SIGCHLD, SIG_IGN); /* wardens are not waited for */
    pid_t self = getpid();
    while (receive(&task)) {
        pid_t warden = fork();
        if (warden == 0)
            watch(&task, self, work, ctx);
        if (warden < 0) {
            const struct sandbox_result result = {.end = SANDBOX_UNUSABLE, .code = ERR_LIMIT};
            (void)!write(task.reply, &result, sizeof result);
        }
        close_files(&task);
    }
    _exit(0);
}
