#include "service/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CAPABILITIES_MAX 64
#define RUN_TEXT_MAX     65536

struct child {
    uv_pipe_t output;
    uv_poll_t end;
    int pidfd;
    pid_t pid;
    struct child_opts opts;
    int status;
    bool ended;          /* status is known */
    bool silent;         /* the output is at its end */
    unsigned open_count; /* handles */
    size_t line_len;
    char line[CHILD_LINE_MAX];
};

/* ---- in the child, between fork() and exec(): only what is safe there ---- */

/* Whatever we may do that others may not, e.g. listening on port 53. */
static void drop_privileges(void)
{
    for (unsigned long i = 0; i < CAPABILITIES_MAX; i++)
        prctl(PR_CAPBSET_DROP, i, 0, 0, 0); /* fails where we are not root: then none is left after exec() anyway */
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* belishad is among the last to go when memory runs out; it can start its child anew. */
static void end_before_us(void)
{
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    (void)!write(fd, "0", 1); /* as we are, then */
    close(fd);
}

/* What came before we left our parent's group was for it: to be ignored for a moment is the end of a signal that waits. */
static void reset_signals(void)
{
    sigset_t none;
    for (int i = 1; i < NSIG; i++) {
        signal(i, SIG_IGN);
        signal(i, SIG_DFL);
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void become(const char *const argv[], int output, pid_t parent) __attribute__((noreturn));

static void become(const char *const argv[], int output, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (getppid() != parent)
        _exit(1); /* it ended before we asked to be told */
    setpgid(0, 0);
    int null = open("/dev/null", O_RDONLY);
    dup2(null, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    close_range(STDERR_FILENO + 1, ~0u, 0);
    reset_signals();
    end_before_us();
    drop_privileges();
    char *const no_environment[] = {NULL};
    union {
        const char *const *in;
        char *const *out;
    } words = {argv}; /* execve() changes none of them */
    execve(argv[0], words.out, no_environment);
    static const char why[] = "the program can't be run\n";
    _exit(write(STDERR_FILENO, why, sizeof why - 1) < 0 ? 126 : 127);
}

/* ---- starting ---- */

/* *out_output: where its output is read. */
static int start_process(const char *const argv[], pid_t *out_pid, int *out_output)
{
    int ends[2];
    pid_t self = getpid();
    if (access(argv[0], X_OK) < 0)
        return -errno;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    /* Our handlers write to pipes of our loop: in a child they would tell us of signals that never came to us. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t pid = fork();
    if (pid == 0)
        become(argv, ends[1], self);
    int err = pid < 0 ? -errno : 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(ends[1]);
    if (err < 0) {
        close(ends[0]);
        return err;
    }
    *out_pid = pid;
    *out_output = ends[0];
    return 0;
}

static int wait_for(pid_t pid)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}

static void kill_and_wait(pid_t pid)
{
    kill(pid, SIGKILL);
    wait_for(pid);
}

/* ---- watching ---- */

static void finish_if_over(struct child *child)
{
    if (child->open_count > 0)
        return;
    struct child_opts opts = child->opts;
    int status = child->status;
    close(child->pidfd);
    free(child);
    opts.ended(opts.ctx, status);
}

static void on_closed(uv_handle_t *handle)
{
    struct child *child = handle->data;
    child->open_count--;
    finish_if_over(child);
}

static void give_line(struct child *child)
{
    child->line[child->line_len] = '\0';
    if (child->line_len > 0)
        child->opts.line(child->opts.ctx, child->line);
    child->line_len = 0;
}

/* The rest of a line that is too long for us becomes a line of its own. */
static void take_output(struct child *child, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] != '\n')
            child->line[child->line_len++] = bytes[i] == '\0' ? '?' : bytes[i];
        if (bytes[i] == '\n' || child->line_len == sizeof child->line - 1)
            give_line(child);
    }
}

static void on_room(uv_handle_t *handle, size_t wanted, uv_buf_t *out)
{
    static char bytes[4096]; /* one thread, used up before the next */
    (void)handle;
    (void)wanted;
    *out = uv_buf_init(bytes, sizeof bytes);
}

/* Both ends are waited for: the last line says why it ended. */
static void close_if_over(struct child *child)
{
    if (!child->ended || !child->silent)
        return;
    give_line(child);
    uv_close((uv_handle_t *)&child->output, on_closed);
    uv_close((uv_handle_t *)&child->end, on_closed);
}

static void on_output(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
    struct child *child = stream->data;
    if (len > 0)
        take_output(child, buf->base, (size_t)len);
    if (len >= 0)
        return;
    uv_read_stop(stream);
    child->silent = true;
    close_if_over(child);
}

static void on_end(uv_poll_t *poll, int status, int events)
{
    struct child *child = poll->data;
    (void)events;
    uv_poll_stop(poll);
    if (status < 0) /* nobody will tell us when it ends, and the loop can't wait for it */
        pidfd_send_signal(child->pidfd, SIGKILL, NULL, 0);
    child->status = wait_for(child->pid);
    child->ended = true;
    close_if_over(child);
}

/* Takes over pid and output. */
static int watch(uv_loop_t *loop, struct child *child, int output)
{
    child->pidfd = pidfd_open(child->pid, 0);
    int err = child->pidfd < 0 ? -errno : uv_poll_init(loop, &child->end, child->pidfd);
    if (err < 0) {
        close(output);
        if (child->pidfd >= 0)
            close(child->pidfd);
        return err;
    }
    child->open_count = 2;
    uv_pipe_init(loop, &child->output, 0);
    child->output.data = child->end.data = child;
    if (uv_pipe_open(&child->output, output) < 0)
        close(output);
    if (uv_read_start((uv_stream_t *)&child->output, on_room, on_output) < 0)
        child->silent = true; /* we shall not hear it, but its end */
    uv_poll_start(&child->end, UV_READABLE, on_end);
    return 0;
}

int child_start(uv_loop_t *loop, const struct child_opts *opts, struct child **out)
{
    int output = -1;
    struct child *child = calloc(1, sizeof *child);
    if (child == NULL)
        return ERR_NOMEM;
    child->opts = *opts;
    child->opts.argv = NULL;
    int err = start_process(opts->argv, &child->pid, &output);
    if (err == 0) {
        err = watch(loop, child, output);
        if (err < 0)
            kill_and_wait(child->pid);
    }
    if (err < 0) {
        free(child);
        return err;
    }
    *out = child;
    return 0;
}

pid_t child_pid(const struct child *child)
{
    return child->pid;
}

void child_signal(struct child *child, int number)
{
    if (!child->ended)
        pidfd_send_signal(child->pidfd, number, NULL, 0);
}

const char *child_end_text(int status, char out[CHILD_END_MAX])
{
    if (WIFSIGNALED(status))
        snprintf(out, CHILD_END_MAX, "signal %d", WTERMSIG(status));
    else
        snprintf(out, CHILD_END_MAX, "exit code %d", WEXITSTATUS(status));
    return out;
}

/* ---- running to the end ---- */

static int64_t clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Until the other end is closed: 0, or ERR_TIMEOUT. */
static int read_all(int fd, int timeout_ms, struct text *out)
{
    char bytes[1024];
    int64_t until_ms = clock_ms() + timeout_ms;
    for (;;) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        int64_t left_ms = until_ms - clock_ms();
        int ready = left_ms <= 0 ? 0 : poll(&wait, 1, (int)left_ms);
        if (ready < 0 && errno == EINTR)
            continue;
        ssize_t len = ready <= 0 ? -1 : read(fd, bytes, sizeof bytes);
        if (len <= 0)
            return len == 0 ? 0 : ERR_TIMEOUT;
        if (out->len < RUN_TEXT_MAX)
            text_add(out, bytes, (size_t)len);
    }
}

int child_run(const char *const argv[], int timeout_ms, struct text *out)
{
    pid_t pid = -1;
    int output = -1;
    int err = start_process(argv, &pid, &output);
    if (err < 0)
        return err;
    err = read_all(output, timeout_ms, out);
    close(output);
    if (err < 0) {
        kill_and_wait(pid);
        return err;
    }
    int status = wait_for(pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : ERR_DAMAGED;
}
