#include "sandbox/sandbox.h"

#include <fcntl.h>
#include <inttypes.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "sandbox/keeper.h"

struct sandbox {
    int control;
    pid_t keeper;
};

static int err_of_resources(void)
{
    return errno == ENOMEM ? ERR_NOMEM : ERR_LIMIT;
}

int sandbox_new(sandbox_work work, void *ctx, struct sandbox **out)
{
    int pair[2], err = 0;
    struct sandbox *sandbox = malloc(sizeof *sandbox);
    if (sandbox == NULL)
        return ERR_NOMEM;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
        err = err_of_resources();
        goto no_pair;
    }
    pid_t self = getpid();
    sandbox->control = pair[0];
    sandbox->keeper = fork();
    if (sandbox->keeper == 0)
        sandbox_keeper_run(pair[1], self, work, ctx);
    if (sandbox->keeper < 0) {
        err = err_of_resources();
        goto no_keeper;
    }
    close(pair[1]);
    *out = sandbox;
    return 0;
no_keeper:
    close(pair[0]);
    close(pair[1]);
no_pair:
    free(sandbox);
    return err;
}

void sandbox_free(struct sandbox *sandbox)
{
    if (sandbox == NULL)
        return;
    close(sandbox->control);
    while (waitpid(sandbox->keeper, NULL, 0) < 0 && errno == EINTR)
        ;
    free(sandbox);
}

static bool send_task(const struct sandbox *sandbox, const struct sandbox_task *task, int reply)
{
    struct keeper_request request = {.limits = task->limits,
                                     .has_in = task->in >= 0,
                                     .has_out = task->out >= 0,
                                     .may_read = task->may_read,
                                     .arg_len = task->arg_len};
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(KEEPER_FILES_MAX * sizeof(int))];
    } control = {0};
    int fds[KEEPER_FILES_MAX];
    size_t count = 0;
    fds[count++] = reply;
    if (request.has_in)
        fds[count++] = task->in;
    if (request.has_out)
        fds[count++] = task->out;
    if (task->arg_len > 0)
        memcpy(request.arg, task->arg, task->arg_len);
    control.head = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    control.head.cmsg_len = CMSG_LEN(count * sizeof fds[0]);
    memcpy(CMSG_DATA(&control.head), fds, count * sizeof fds[0]);
    struct iovec block = {&request, offsetof(struct keeper_request, arg) + task->arg_len};
    struct msghdr message = {.msg_iov = &block,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = CMSG_SPACE(count * sizeof fds[0])};
    ssize_t sent;
    do {
        sent = sendmsg(sandbox->control, &message, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent == (ssize_t)block.iov_len;
}

static struct sandbox_result receive(int reply)
{
    struct sandbox_result result;
    ssize_t got;
    do {
        got = read(reply, &result, sizeof result);
    } while (got < 0 && errno == EINTR);
    if (got == (ssize_t)sizeof result)
        return result;
    return (struct sandbox_result){.end = SANDBOX_UNUSABLE, .code = ERR_IO}; /* somebody has ended the processes */
}

struct sandbox_result sandbox_run(struct sandbox *sandbox, const struct sandbox_task *task)
{
    struct sandbox_result result = {.end = SANDBOX_UNUSABLE, .code = ERR_LIMIT};
    int reply[2];
    if (task->arg_len > SANDBOX_ARG_MAX || pipe2(reply, O_CLOEXEC) < 0)
        return result;
    bool sent = send_task(sandbox, task, reply[1]);
    close(reply[1]);
    if (sent)
        result = receive(reply[0]);
    else
        result.code = ERR_IO;
    close(reply[0]);
    return result;
}

static void explain_call(int call, char why[SANDBOX_WHY_MAX])
{
    char *name = call < 0 ? NULL : seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, call);
    snprintf(why, SANDBOX_WHY_MAX, "its reader tried a forbidden system call (%s)", name == NULL ? "unknown" : name);
    free(name);
}

int sandbox_err(const struct sandbox_result *result)
{
    switch (result->end) {
    case SANDBOX_DONE:
        return result->code;
    case SANDBOX_TIME:
    case SANDBOX_MEMORY:
    case SANDBOX_OUTPUT:
        return ERR_LIMIT;
    case SANDBOX_UNUSABLE:
        return ERR_UNSUPPORTED;
    case SANDBOX_CRASHED:
    case SANDBOX_FORBIDDEN:
    default:
        return ERR_MALFORMED;
    }
}

void sandbox_explain(const struct sandbox_result *result, const struct sandbox_limits *limits,
                     char why[SANDBOX_WHY_MAX])
{
    switch (result->end) {
    case SANDBOX_DONE:
        snprintf(why, SANDBOX_WHY_MAX, "%s", err_str(result->code));
        return;
    case SANDBOX_CRASHED:
        if (result->signal == 0)
            snprintf(why, SANDBOX_WHY_MAX, "its reader broke off");
        else if (result->signal == SIGKILL)
            snprintf(why, SANDBOX_WHY_MAX, "its reader was killed, which the system does when memory runs out");
        else
            snprintf(why, SANDBOX_WHY_MAX, "its reader crashed (%s)", strsignal(result->signal));
        return;
    case SANDBOX_FORBIDDEN:
        explain_call(result->call, why);
        return;
    case SANDBOX_TIME:
        snprintf(why, SANDBOX_WHY_MAX, "its reader took more than %" PRId64 " s", limits->time_ms / 1000);
        return;
    case SANDBOX_MEMORY:
        snprintf(why, SANDBOX_WHY_MAX, "its reader needed more than %" PRIu64 " MiB of memory",
                 limits->memory_bytes >> 20);
        return;
    case SANDBOX_OUTPUT:
        snprintf(why, SANDBOX_WHY_MAX, "its reader made more than %" PRIu64 " KiB of it", limits->output_bytes >> 10);
        return;
    case SANDBOX_UNUSABLE:
        snprintf(why, SANDBOX_WHY_MAX, "the process that reads it could not be confined: %s", err_str(result->code));
        return;
    }
}
