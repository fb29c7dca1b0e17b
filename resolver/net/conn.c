#include "net/conn.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static struct conn *conn_of(uv_handle_t *handle)
{
    return handle->data;
}

int conn_init(struct conn *conn, uv_loop_t *loop, struct conn_buffer *buffer, size_t out_max,
              const struct conn_ops *ops)
{
    *conn = (struct conn){.ops = ops, .buffer = buffer, .out_max = out_max};
    int err = uv_tcp_init(loop, &conn->tcp);
    conn->tcp.data = conn;
    conn->write.data = conn;
    return err;
}

int conn_init_local(struct conn *conn, uv_loop_t *loop, struct conn_buffer *buffer, size_t out_max,
                    const struct conn_ops *ops)
{
    *conn = (struct conn){.ops = ops, .buffer = buffer, .out_max = out_max};
    int err = uv_pipe_init(loop, &conn->pipe, 0);
    conn->pipe.data = conn;
    conn->write.data = conn;
    return err;
}

static void out_free(struct conn_out *out)
{
    free(out->bytes);
    *out = (struct conn_out){0};
}

static void on_closed(uv_handle_t *handle)
{
    struct conn *conn = conn_of(handle);
    stream_done(&conn->in);
    tls_session_free(conn->tls);
    out_free(&conn->flying);
    out_free(&conn->waiting);
    out_free(&conn->early);
    conn->ops->closed(conn);
}

static void say_goodbye(struct conn *conn);

void conn_close(struct conn *conn)
{
    if (conn->closing)
        return;
    if (conn->tls != NULL)
        say_goodbye(conn);
    conn->closing = true;
    uv_close((uv_handle_t *)&conn->tcp, on_closed);
}

void conn_set_tls(struct conn *conn, struct tls_session *session)
{
    conn->tls = session;
}

/* ---- in ---- */

static int send_tls(struct conn *conn);
static int send_early(struct conn *conn);

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    (void)suggested;
    *out = uv_buf_init(conn_of(handle)->buffer->bytes, CONN_READ_BYTES);
}

static void receive(struct conn *conn, const uint8_t *bytes, size_t len)
{
    if (conn->ops->received != NULL) {
        conn->ops->received(conn, bytes, len);
        return;
    }
    stream_feed(&conn->in, bytes, len);
    conn->ops->readable(conn);
    /* The buffer is the next connection's now; what the owner left for later needs a place of its own. */
    if (!conn->closing && stream_hold(&conn->in) < 0)
        conn->ops->ended(conn, ERR_NOMEM);
}

static void receive_tls(struct conn *conn, const uint8_t *bytes, size_t len)
{
    uint8_t *plain = conn->buffer->plain;
    size_t plain_len = 0;
    int err = tls_session_read(conn->tls, bytes, len, plain, &plain_len);
    int sent = send_tls(conn);
    if (sent == 0 && err == 0)
        sent = send_early(conn);
    if (sent < 0) {
        conn->ops->ended(conn, sent);
        return;
    }
    if (plain_len > 0)
        receive(conn, plain, plain_len);
    if (err == 0 || conn->closing)
        return;
    uv_read_stop((uv_stream_t *)&conn->tcp);
    conn->ops->ended(conn, err == ERR_END ? UV_EOF : err);
}

static void on_read(uv_stream_t *tcp, ssize_t len, const uv_buf_t *buf)
{
    struct conn *conn = tcp->data;
    if (conn->closing || len == 0)
        return;
    if (len < 0) {
        uv_read_stop(tcp);
        conn->ops->ended(conn, (int)len);
    } else if (conn->tls != NULL) {
        receive_tls(conn, (const uint8_t *)buf->base, (size_t)len);
    } else {
        receive(conn, (const uint8_t *)buf->base, (size_t)len);
    }
}

int conn_resume(struct conn *conn)
{
    if (conn->closing)
        return 0;
    int err = uv_read_start((uv_stream_t *)&conn->tcp, on_alloc, on_read);
    return err == UV_EALREADY ? 0 : err;
}

void conn_pause(struct conn *conn)
{
    if (!conn->closing)
        uv_read_stop((uv_stream_t *)&conn->tcp);
}

int conn_next(struct conn *conn, const uint8_t **out, size_t *out_len)
{
    return stream_next(&conn->in, out, out_len);
}

/* ---- out ---- */

static int out_append(struct conn_out *out, const char *bytes, size_t len)
{
    if (out->len + len > out->cap) {
        size_t cap = out->cap == 0 ? 1024 : out->cap;
        while (cap < out->len + len)
            cap *= 2;
        char *grown = realloc(out->bytes, cap);
        if (grown == NULL)
            return ERR_NOMEM;
        out->bytes = grown;
        out->cap = cap;
    }
    memcpy(out->bytes + out->len, bytes, len);
    out->len += len;
    return 0;
}

static void on_written(uv_write_t *write, int status);

static int write_waiting(struct conn *conn)
{
    uv_buf_t buf = uv_buf_init(conn->waiting.bytes, (unsigned)conn->waiting.len);
    int err = uv_write(&conn->write, (uv_stream_t *)&conn->tcp, &buf, 1, on_written);
    if (err < 0)
        return err;
    conn->flying = conn->waiting;
    conn->waiting = (struct conn_out){0};
    conn->writing = true;
    return 0;
}

static void on_written(uv_write_t *write, int status)
{
    struct conn *conn = write->data;
    conn->writing = false;
    out_free(&conn->flying);
    if (conn->closing)
        return;
    if (status == 0 && conn->waiting.len > 0)
        status = write_waiting(conn);
    if (status < 0)
        conn->ops->ended(conn, status);
    else if (!conn->writing)
        conn->ops->drained(conn);
}

/* Queues what lies behind the first `skip` bytes of bufs. */
static int queue_rest(struct conn *conn, const uv_buf_t bufs[], size_t count, size_t skip)
{
    for (size_t i = 0; i < count; i++) {
        size_t len = bufs[i].len;
        size_t from = skip < len ? skip : len;
        skip -= from;
        if (from < len && out_append(&conn->waiting, bufs[i].base + from, len - from) < 0)
            return ERR_NOMEM;
    }
    return 0;
}

/* Gives the kernel what it takes of bufs and queues the rest. */
static int write_bufs(struct conn *conn, const uv_buf_t bufs[], size_t count, size_t total)
{
    size_t sent = 0;
    if (!conn->writing) {
        int wrote = uv_try_write((uv_stream_t *)&conn->tcp, bufs, (unsigned)count);
        if (wrote < 0 && wrote != UV_EAGAIN)
            return wrote;
        sent = wrote < 0 ? 0 : (size_t)wrote;
    }
    if (sent == total)
        return 0;
    if (conn_unsent(conn) + total - sent > conn->out_max)
        return ERR_LIMIT;
    int err = queue_rest(conn, bufs, count, sent);
    return err < 0 || conn->writing ? err : write_waiting(conn);
}

/* Sends what the TLS session has to say. */
static int send_tls(struct conn *conn)
{
    size_t len;
    const void *bytes = tls_session_output(conn->tls, &len);
    if (bytes == NULL)
        return 0;
    uv_buf_t buf = {.base = (char *)(uintptr_t)bytes, .len = len};
    int err = write_bufs(conn, &buf, 1, len);
    tls_session_taken(conn->tls);
    return err;
}

static void say_goodbye(struct conn *conn)
{
    tls_session_close(conn->tls);
    /* A client that reads nothing, or has gone, does not hear it. */
    (void)!send_tls(conn);
}

int conn_start_tls(struct conn *conn)
{
    return send_tls(conn);
}

/* What was sent before the other side had proved who it is. */
static int send_early(struct conn *conn)
{
    if (conn->early.len == 0 || !tls_session_is_open(conn->tls))
        return 0;
    int err = tls_session_write(conn->tls, conn->early.bytes, conn->early.len);
    out_free(&conn->early);
    return err < 0 ? err : send_tls(conn);
}

/* One buffer for TLS, which makes a record of its own of each that it gets. */
static int send_joined(struct conn *conn, const uv_buf_t bufs[], size_t count, size_t total)
{
    if (conn_unsent(conn) + total > conn->out_max)
        return ERR_LIMIT;
    uint8_t *joined = malloc(total);
    if (joined == NULL)
        return ERR_NOMEM;
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        memcpy(joined + at, bufs[i].base, bufs[i].len);
        at += bufs[i].len;
    }
    int err = tls_session_is_open(conn->tls) ? tls_session_write(conn->tls, joined, total)
                                             : out_append(&conn->early, (char *)joined, total);
    free(joined);
    return err < 0 ? err : send_tls(conn);
}

int conn_send(struct conn *conn, const struct conn_msg messages[], size_t count)
{
    uint8_t prefixes[CONN_SEND_MAX][STREAM_PREFIX_LEN];
    uv_buf_t bufs[2 * CONN_SEND_MAX];
    size_t total = 0;
    assert(count <= CONN_SEND_MAX);
    if (conn->closing || count == 0)
        return 0;
    for (size_t i = 0; i < count; i++) {
        stream_prefix(messages[i].len, prefixes[i]);
        bufs[2 * i] = uv_buf_init((char *)prefixes[i], STREAM_PREFIX_LEN);
        bufs[2 * i + 1] = (uv_buf_t){.base = (char *)(uintptr_t)messages[i].bytes, .len = messages[i].len};
        total += STREAM_PREFIX_LEN + (size_t)messages[i].len;
    }
    return conn->tls == NULL ? write_bufs(conn, bufs, 2 * count, total) : send_joined(conn, bufs, 2 * count, total);
}

int conn_write(struct conn *conn, const void *bytes, size_t len)
{
    uv_buf_t buf = {.base = (char *)(uintptr_t)bytes, .len = len};
    if (conn->closing || len == 0)
        return 0;
    return conn->tls == NULL ? write_bufs(conn, &buf, 1, len) : send_joined(conn, &buf, 1, len);
}

size_t conn_unsent(const struct conn *conn)
{
    return conn->flying.len + conn->waiting.len + conn->early.len;
}
