#include "net/control_socket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct caller {
    uv_pipe_t pipe;
    uv_timer_t idle;
    uv_write_t write;
    uv_work_t work;
    struct control_socket *control;
    struct caller *next;
    int handles; /* not yet closed */
    bool closing;
    bool working;
    size_t line_len;
    char line[COMMAND_LINE_MAX + 2];
    struct command_env env;
    struct text answer;
};

struct control_socket {
    uv_pipe_t pipe;
    uv_loop_t *loop;
    char *path;
    control_env env;
    void *ctx;
    struct caller *callers;
    size_t caller_count;
    bool closing;
    bool closed;
};

/* ---- callers ---- */

static void free_if_done(struct control_socket *control)
{
    if (!control->closed || control->caller_count > 0)
        return;
    free(control->path);
    free(control);
}

static void on_caller_closed(uv_handle_t *handle)
{
    struct caller *caller = handle->data;
    struct control_socket *control = caller->control;
    if (--caller->handles > 0)
        return;
    struct caller **at = &control->callers;
    while (*at != caller)
        at = &(*at)->next;
    *at = caller->next;
    control->caller_count--;
    text_done(&caller->answer);
    free(caller);
    free_if_done(control);
}

static void caller_close(struct caller *caller)
{
    if (caller->closing)
        return;
    caller->closing = true;
    uv_timer_stop(&caller->idle);
    if (caller->working)
        return; /* on_worked() goes on: the thread still writes to the struct */
    uv_close((uv_handle_t *)&caller->pipe, on_caller_closed);
    uv_close((uv_handle_t *)&caller->idle, on_caller_closed);
}

static void on_idle(uv_timer_t *timer)
{
    caller_close(timer->data);
}

static void on_answered(uv_write_t *write, int status)
{
    struct caller *caller = write->data;
    (void)status;
    caller_close(caller);
}

static void send_answer(struct caller *caller)
{
    uv_buf_t buf = uv_buf_init(caller->answer.bytes, (unsigned)caller->answer.len);
    if (caller->answer.len == 0 || uv_write(&caller->write, (uv_stream_t *)&caller->pipe, &buf, 1, on_answered) < 0)
        caller_close(caller);
}

static void on_work(uv_work_t *work)
{
    struct caller *caller = work->data;
    command_run(caller->line, &caller->env, &caller->answer);
}

static void on_worked(uv_work_t *work, int status)
{
    struct caller *caller = work->data;
    (void)status;
    caller->working = false;
    if (caller->closing) {
        caller->closing = false;
        caller_close(caller);
        return;
    }
    uv_timer_start(&caller->idle, on_idle, CONTROL_IDLE_MS, 0);
    send_answer(caller);
}

/* Nobody, when the kernel does not say. */
static uint32_t uid_of(const struct caller *caller)
{
    struct ucred peer;
    socklen_t len = sizeof peer;
    uv_os_fd_t fd;
    if (uv_fileno((const uv_handle_t *)&caller->pipe, &fd) < 0 ||
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
        return UINT32_MAX;
    return peer.uid;
}

static void run_line(struct caller *caller)
{
    uv_read_stop((uv_stream_t *)&caller->pipe);
    caller->control->env(caller->control->ctx, &caller->env);
    caller->env.uid = uid_of(caller);
    if (command_is_slow(caller->line)) {
        uv_timer_stop(&caller->idle);
        caller->working = uv_queue_work(caller->control->loop, &caller->work, on_work, on_worked) == 0;
        if (caller->working)
            return;
    }
    command_run(caller->line, &caller->env, &caller->answer);
    send_answer(caller);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    struct caller *caller = handle->data;
    (void)suggested;
    *out = uv_buf_init(caller->line + caller->line_len, (unsigned)(sizeof caller->line - 1 - caller->line_len));
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
    struct caller *caller = stream->data;
    (void)buf;
    if (len < 0) {
        caller_close(caller);
        return;
    }
    caller->line_len += (size_t)len;
    char *end = memchr(caller->line, '\n', caller->line_len);
    if (end != NULL) {
        *end = '\0';
        if (end > caller->line && end[-1] == '\r')
            end[-1] = '\0';
        run_line(caller);
    } else if (caller->line_len == sizeof caller->line - 1) {
        uv_read_stop(stream);
        text_printf(&caller->answer, "error: the line is too long\n");
        send_answer(caller);
    }
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct control_socket *control = listener->data;
    struct caller *caller = status < 0 ? NULL : calloc(1, sizeof *caller);
    if (caller == NULL)
        return;
    uv_pipe_init(control->loop, &caller->pipe, 0);
    uv_timer_init(control->loop, &caller->idle);
    caller->pipe.data = caller;
    caller->idle.data = caller;
    caller->write.data = caller;
    caller->work.data = caller;
    caller->handles = 2;
    caller->control = control;
    caller->next = control->callers;
    control->callers = caller;
    control->caller_count++;
    if (uv_accept(listener, (uv_stream_t *)&caller->pipe) < 0 || control->caller_count > CONTROL_CALLERS_MAX ||
        uv_read_start((uv_stream_t *)&caller->pipe, on_alloc, on_read) < 0) {
        caller_close(caller);
        return;
    }
    uv_timer_start(&caller->idle, on_idle, CONTROL_IDLE_MS, 0);
}

/* ---- listening ---- */

/* 0 when path is free or was a socket file that nobody listens on. */
static int clear_path(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat st;
    if (lstat(path, &st) < 0)
        return errno == ENOENT ? 0 : -errno;
    if (!S_ISSOCK(st.st_mode))
        return -EADDRINUSE;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    memcpy(address.sun_path, path, strlen(path) + 1);
    bool alive = connect(fd, (struct sockaddr *)&address, sizeof address) == 0 || errno == EAGAIN;
    close(fd);
    if (alive)
        return -EADDRINUSE;
    return unlink(path) < 0 ? -errno : 0;
}

static void on_closed(uv_handle_t *handle)
{
    struct control_socket *control = handle->data;
    control->closed = true;
    free_if_done(control);
}

/* The file is made without any right and opened to owner and group when it is ready. */
static int bind_and_listen(struct control_socket *control)
{
    mode_t before = umask(0177);
    int err = uv_pipe_bind(&control->pipe, control->path);
    umask(before);
    if (err == 0)
        err = uv_listen((uv_stream_t *)&control->pipe, CONTROL_CALLERS_MAX, on_connection);
    if (err == 0 && chmod(control->path, 0660) < 0)
        err = -errno;
    return err;
}

int control_socket_listen(uv_loop_t *loop, const char *path, control_env env, void *ctx, struct control_socket **out)
{
    struct sockaddr_un address;
    if (strlen(path) >= sizeof address.sun_path)
        return ERR_LIMIT; /* libuv would cut it short without a word */
    int err = clear_path(path);
    if (err < 0)
        return err;
    struct control_socket *control = calloc(1, sizeof *control);
    if (control == NULL)
        return ERR_NOMEM;
    *control = (struct control_socket){.loop = loop, .path = strdup(path), .env = env, .ctx = ctx};
    uv_pipe_init(loop, &control->pipe, 0);
    control->pipe.data = control;
    err = control->path == NULL ? ERR_NOMEM : bind_and_listen(control);
    if (err < 0) {
        control_socket_close(control);
        return err;
    }
    *out = control;
    return 0;
}

void control_socket_close(struct control_socket *control)
{
    if (control == NULL || control->closing)
        return;
    control->closing = true;
    uv_close((uv_handle_t *)&control->pipe, on_closed);
    for (struct caller *caller = control->callers; caller != NULL; caller = caller->next)
        caller_close(caller);
}
