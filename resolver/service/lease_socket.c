#include "service/lease_socket.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define FIRST_CAP 65536
#define FAMILIES  2

static const int families[FAMILIES] = {AF_INET, AF_INET6};

struct lease_socket {
    uv_timer_t timer; /* until the next round, or for the answer */
    uv_pipe_t pipe;
    uv_connect_t connect;
    uv_write_t write;
    uv_work_t work;
    uv_loop_t *loop;
    char *path;
    struct book *book;
    lease_socket_asked asked;
    void *ctx;
    void (*closed)(void *ctx);
    bool had[FAMILIES]; /* leases of it, ever */
    bool in_round;      /* a reading of the book is under way */
    bool pipe_open, working, timer_open, closing;
    /* of the round */
    size_t family; /* index in families */
    bool has_last;
    struct ipaddr last;
    int errs[FAMILIES];
    char why[FAMILIES][200];
    size_t refused;
    size_t lease_count;
    /* of the answer */
    char command[KEA_COMMAND_MAX];
    char *bytes;
    size_t len, cap;
    int err;
    struct kea_page page;
};

static void ask(struct lease_socket *s);
static void begin_round(struct lease_socket *s);

int lease_socket_new(uv_loop_t *loop, const char *path, struct book *book, lease_socket_asked asked, void *ctx,
                     struct lease_socket **out)
{
    struct lease_socket *s = calloc(1, sizeof *s);
    if (s == NULL)
        return ERR_NOMEM;
    s->path = strdup(path);
    if (s->path == NULL) {
        free(s);
        return ERR_NOMEM;
    }
    s->loop = loop;
    s->book = book;
    s->asked = asked;
    s->ctx = ctx;
    uv_timer_init(loop, &s->timer);
    s->timer_open = true;
    s->timer.data = s;
    s->pipe.data = s;
    s->connect.data = s;
    s->work.data = s;
    *out = s;
    return 0;
}

bool lease_socket_is_busy(const struct lease_socket *s)
{
    return s->in_round;
}

/* ---- the end ---- */

static void free_if_done(struct lease_socket *s)
{
    if (!s->closing || s->pipe_open || s->working || s->timer_open)
        return;
    void (*closed)(void *) = s->closed;
    void *ctx = s->ctx;
    free(s->bytes);
    free(s->path);
    free(s);
    closed(ctx);
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct lease_socket *s = handle->data;
    s->timer_open = false;
    free_if_done(s);
}

/* ---- a round ---- */

static void on_round(uv_timer_t *timer)
{
    begin_round(timer->data);
}

/* A daemon knows nothing of the other family, and refuses it or says that there is none of it. */
static bool is_failure(const struct lease_socket *s, size_t family)
{
    int err = s->errs[family];
    return err < 0 && (s->had[family] || (err != ERR_UNSUPPORTED && err != ERR_INVAL));
}

static void end_round(struct lease_socket *s)
{
    size_t worst = is_failure(s, 0) || s->errs[1] == ERR_UNSUPPORTED ? 0 : 1;
    bool failed = is_failure(s, 0) || is_failure(s, 1) || (s->errs[0] < 0 && s->errs[1] < 0);
    struct lease_answers answers = {.text = "", .refused = s->refused};
    if (failed) {
        answers.err = s->errs[worst];
        answers.text = s->why[worst];
        book_give_up(s->book);
    }
    int err = book_end(s->book, time(NULL));
    if (!failed)
        answers.err = err;
    s->in_round = false;
    s->asked(s->ctx, &answers);
    if (!s->closing)
        uv_timer_start(&s->timer, on_round, answers.err < 0 ? LEASE_SOCKET_AGAIN_MS : LEASE_SOCKET_EVERY_MS, 0);
}

static void next_family(struct lease_socket *s)
{
    s->family++;
    s->has_last = false;
    if (s->family < FAMILIES)
        ask(s);
    else
        end_round(s);
}

static void begin_round(struct lease_socket *s)
{
    s->in_round = true;
    s->family = 0;
    s->has_last = false;
    s->refused = 0;
    s->lease_count = 0;
    memset(s->errs, 0, sizeof s->errs);
    memset(s->why, 0, sizeof s->why);
    book_begin(s->book, true);
    ask(s);
}

static void page_done(struct lease_socket *s)
{
    s->refused += s->page.refused;
    s->lease_count += s->page.count;
    if (s->err == 0 && s->lease_count > BOOK_LEASES_MAX)
        s->err = ERR_LIMIT;
    s->had[s->family] |= s->page.count > 0;
    if (s->err == 0 && s->page.count >= KEA_PAGE_LEASES) {
        s->has_last = true;
        s->last = s->page.last;
        ask(s);
        return;
    }
    s->errs[s->family] = s->err;
    memcpy(s->why[s->family], s->page.text, sizeof s->page.text);
    next_family(s);
}

/* ---- an answer ---- */

static void on_work(uv_work_t *work)
{
    struct lease_socket *s = work->data;
    struct book_taking taking = {s->book, time(NULL)};
    s->err = kea_page_read(s->bytes, s->len, book_take, &taking, &s->page);
}

static void on_worked(uv_work_t *work, int status)
{
    struct lease_socket *s = work->data;
    (void)status;
    s->working = false;
    if (s->closing)
        free_if_done(s);
    else
        page_done(s);
}

static void on_pipe_closed(uv_handle_t *handle)
{
    struct lease_socket *s = handle->data;
    s->pipe_open = false;
    if (s->closing) {
        free_if_done(s);
        return;
    }
    s->page = (struct kea_page){0};
    if (s->err == 0) {
        s->working = true;
        if (uv_queue_work(s->loop, &s->work, on_work, on_worked) == 0)
            return; /* err and page are that thread's now */
        s->working = false;
        s->err = ERR_NOMEM;
    }
    page_done(s);
}

/* The answer is all there, or will not come. */
static void finish(struct lease_socket *s, int err)
{
    if (!s->pipe_open || uv_is_closing((uv_handle_t *)&s->pipe))
        return;
    s->err = err;
    uv_timer_stop(&s->timer);
    uv_close((uv_handle_t *)&s->pipe, on_pipe_closed);
}

static void on_alloc(uv_handle_t *handle, size_t wanted, uv_buf_t *out)
{
    struct lease_socket *s = handle->data;
    (void)wanted;
    *out = uv_buf_init(NULL, 0);
    if (s->len == s->cap) {
        size_t cap = s->cap == 0 ? FIRST_CAP : 2 * s->cap;
        char *bytes = cap > KEA_ANSWER_MAX ? NULL : realloc(s->bytes, cap);
        if (bytes == NULL)
            return;
        s->bytes = bytes;
        s->cap = cap;
    }
    *out = uv_buf_init(s->bytes + s->len, (unsigned)(s->cap - s->len));
}

static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buf)
{
    struct lease_socket *s = stream->data;
    (void)buf;
    if (got > 0)
        s->len += (size_t)got;
    else if (got == UV_EOF)
        finish(s, 0);
    else if (got == UV_ENOBUFS)
        finish(s, ERR_LIMIT);
    else if (got < 0)
        finish(s, (int)got);
}

static void on_written(uv_write_t *write, int status)
{
    if (status < 0 && status != UV_ECANCELED)
        finish(write->data, status);
}

static void on_connected(uv_connect_t *connect, int status)
{
    struct lease_socket *s = connect->data;
    uv_buf_t buf = uv_buf_init(s->command, (unsigned)strlen(s->command));
    if (status == UV_ECANCELED)
        return;
    if (status == 0)
        status = uv_read_start((uv_stream_t *)&s->pipe, on_alloc, on_read);
    if (status == 0) {
        s->write.data = s;
        status = uv_write(&s->write, (uv_stream_t *)&s->pipe, &buf, 1, on_written);
    }
    if (status < 0)
        finish(s, status);
}

static void on_late(uv_timer_t *timer)
{
    finish(timer->data, ERR_TIMEOUT);
}

static void ask(struct lease_socket *s)
{
    kea_page_command(families[s->family], s->has_last ? &s->last : NULL, s->command);
    s->len = 0;
    uv_pipe_init(s->loop, &s->pipe, 0);
    s->pipe_open = true;
    uv_timer_start(&s->timer, on_late, LEASE_SOCKET_ANSWER_MS, 0);
    uv_pipe_connect(&s->connect, &s->pipe, s->path, on_connected);
}

void lease_socket_start(struct lease_socket *s)
{
    begin_round(s);
}

void lease_socket_close(struct lease_socket *s, void (*closed)(void *ctx))
{
    s->closing = true;
    s->closed = closed;
    uv_close((uv_handle_t *)&s->timer, on_timer_closed);
    if (s->pipe_open && !uv_is_closing((uv_handle_t *)&s->pipe))
        uv_close((uv_handle_t *)&s->pipe, on_pipe_closed);
}
