#include "net/control_socket.h"

#include <stdlib.h>
#include <string.h>

#include "net/socket_file.h"

#define MODE 0660 /* owner and group */

struct visitor {
    uv_pipe_t pipe;
    uv_timer_t idle;
    uv_write_t write;
    uv_work_t work;
    struct control_socket *control;
    struct visitor *next;
    int handles; /* not yet closed */
    bool closing;
    bool working;
    size_t line_len;
    char line[COMMAND_LINE_MAX + 2];
    char *body; /* NULL: the command has none */
    size_t body_len, body_got;
    struct command_env env;
    struct text answer;
};

struct control_socket {
    uv_pipe_t pipe;
    uv_loop_t *loop;
    char *path;
    control_env env;
    void *ctx;
    struct visitor *visitors;
    size_t visitor_count;
    bool closing;
    bool closed;
};

/* ---- visitors ---- */

static void free_if_done(struct control_socket *control)
{
    if (!control->closed || control->visitor_count > 0)
        return;
    free(control->path);
    free(control);
}

static void on_visitor_closed(uv_handle_t *handle)
{
    struct visitor *visitor = handle->data;
    struct control_socket *control = visitor->control;
    if (--visitor->handles > 0)
        return;
    struct visitor **at = &control->visitors;
    while (*at != visitor)
        at = &(*at)->next;
    *at = visitor->next;
    control->visitor_count--;
    text_done(&visitor->answer);
    free(visitor->body);
    free(visitor);
    free_if_done(control);
}

static void visitor_close(struct visitor *visitor)
{
    if (visitor->closing)
        return;
    visitor->closing = true;
    uv_timer_stop(&visitor->idle);
    if (visitor->working)
        return; /* on_worked() goes on: the thread still writes to the struct */
    uv_close((uv_handle_t *)&visitor->pipe, on_visitor_closed);
    uv_close((uv_handle_t *)&visitor->idle, on_visitor_closed);
}

static void on_idle(uv_timer_t *timer)
{
    visitor_close(timer->data);
}

static void on_answered(uv_write_t *write, int status)
{
    struct visitor *visitor = write->data;
    (void)status;
    visitor_close(visitor);
}

static void send_answer(struct visitor *visitor)
{
    uv_buf_t buf = uv_buf_init(visitor->answer.bytes, (unsigned)visitor->answer.len);
    if (visitor->answer.len == 0 || uv_write(&visitor->write, (uv_stream_t *)&visitor->pipe, &buf, 1, on_answered) < 0)
        visitor_close(visitor);
}

static void on_work(uv_work_t *work)
{
    struct visitor *visitor = work->data;
    command_run_checked(visitor->line, &visitor->env, &visitor->answer);
}

static void on_worked(uv_work_t *work, int status)
{
    struct visitor *visitor = work->data;
    (void)status;
    visitor->working = false;
    if (visitor->closing) {
        visitor->closing = false;
        visitor_close(visitor);
        return;
    }
    uv_timer_start(&visitor->idle, on_idle, CONTROL_IDLE_MS, 0);
    send_answer(visitor);
}

/* Nobody, when the kernel does not say. */
static void set_caller(struct visitor *visitor)
{
    uv_os_fd_t fd = -1;
    (void)uv_fileno((const uv_handle_t *)&visitor->pipe, &fd);
    caller_of_socket(fd, &visitor->env.caller);
    visitor->env.uid = visitor->env.caller.uid;
}

static void run_line(struct visitor *visitor)
{
    uv_read_stop((uv_stream_t *)&visitor->pipe);
    visitor->control->env(visitor->control->ctx, &visitor->env);
    set_caller(visitor);
    visitor->env.body = visitor->body;
    visitor->env.body_len = visitor->body_len;
    if (!command_check(visitor->line, &visitor->env, &visitor->answer)) {
        send_answer(visitor);
        return;
    }
    if (command_is_slow(visitor->line)) {
        uv_timer_stop(&visitor->idle);
        visitor->working = uv_queue_work(visitor->control->loop, &visitor->work, on_work, on_worked) == 0;
        if (visitor->working)
            return;
    }
    command_run_checked(visitor->line, &visitor->env, &visitor->answer);
    send_answer(visitor);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    struct visitor *visitor = handle->data;
    (void)suggested;
    if (visitor->body != NULL)
        *out = uv_buf_init(visitor->body + visitor->body_got, (unsigned)(visitor->body_len - visitor->body_got));
    else
        *out = uv_buf_init(visitor->line + visitor->line_len, (unsigned)(sizeof visitor->line - 1 - visitor->line_len));
}

/* Part of the body may have come with the line. */
static void begin_body(struct visitor *visitor, const char *rest, size_t rest_len)
{
    visitor->body = malloc(visitor->body_len + 1);
    if (visitor->body == NULL) {
        visitor_close(visitor);
        return;
    }
    visitor->body_got = rest_len > visitor->body_len ? visitor->body_len : rest_len;
    memcpy(visitor->body, rest, visitor->body_got);
    visitor->body[visitor->body_len] = '\0';
    if (visitor->body_got == visitor->body_len)
        run_line(visitor);
}

/* end: of the line. */
static void take_line(struct visitor *visitor, char *end)
{
    *end = '\0';
    if (end > visitor->line && end[-1] == '\r')
        end[-1] = '\0';
    visitor->body_len = command_body_len(visitor->line);
    if (visitor->body_len == 0)
        run_line(visitor);
    else
        begin_body(visitor, end + 1, (size_t)(visitor->line + visitor->line_len - (end + 1)));
}

static void take_body(struct visitor *visitor, size_t len)
{
    visitor->body_got += len;
    if (visitor->body_got == visitor->body_len)
        run_line(visitor);
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
    struct visitor *visitor = stream->data;
    (void)buf;
    if (len < 0) {
        visitor_close(visitor);
        return;
    }
    if (visitor->body != NULL) {
        take_body(visitor, (size_t)len);
        return;
    }
    visitor->line_len += (size_t)len;
    char *end = memchr(visitor->line, '\n', visitor->line_len);
    if (end != NULL) {
        take_line(visitor, end);
    } else if (visitor->line_len == sizeof visitor->line - 1) {
        uv_read_stop(stream);
        text_printf(&visitor->answer, "error: the line is too long\n");
        send_answer(visitor);
    }
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct control_socket *control = listener->data;
    struct visitor *visitor = status < 0 ? NULL : calloc(1, sizeof *visitor);
    if (visitor == NULL)
        return;
    uv_pipe_init(control->loop, &visitor->pipe, 0);
    uv_timer_init(control->loop, &visitor->idle);
    visitor->pipe.data = visitor;
    visitor->idle.data = visitor;
    visitor->write.data = visitor;
    visitor->work.data = visitor;
    visitor->handles = 2;
    visitor->control = control;
    visitor->next = control->visitors;
    control->visitors = visitor;
    control->visitor_count++;
    if (uv_accept(listener, (uv_stream_t *)&visitor->pipe) < 0 || control->visitor_count > CONTROL_CALLERS_MAX ||
        uv_read_start((uv_stream_t *)&visitor->pipe, on_alloc, on_read) < 0) {
        visitor_close(visitor);
        return;
    }
    uv_timer_start(&visitor->idle, on_idle, CONTROL_IDLE_MS, 0);
}

/* ---- listening ---- */

static void on_closed(uv_handle_t *handle)
{
    struct control_socket *control = handle->data;
    control->closed = true;
    free_if_done(control);
}

int control_socket_listen(uv_loop_t *loop, const char *path, control_env env, void *ctx, struct control_socket **out)
{
    struct control_socket *control = calloc(1, sizeof *control);
    if (control == NULL)
        return ERR_NOMEM;
    *control = (struct control_socket){.loop = loop, .path = strdup(path), .env = env, .ctx = ctx};
    uv_pipe_init(loop, &control->pipe, 0);
    control->pipe.data = control;
    int err = control->path == NULL
                  ? ERR_NOMEM
                  : socket_file_listen(&control->pipe, path, MODE, CONTROL_CALLERS_MAX, on_connection);
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
    for (struct visitor *visitor = control->visitors; visitor != NULL; visitor = visitor->next)
        visitor_close(visitor);
}
