/*
 * One TCP connection that carries DNS messages, either way: to a client (net/tcp) or to an upstream server
 * (net/forward); or bytes of another protocol (net/doh, net/api), also over a UNIX socket. TLS, where it is asked for, is a
 * filter on both ways.
 *
 *     bytes in ── (TLS) ── stream ──▶ ops.readable(): the owner takes messages with conn_next()
 *                    └───────────▶ ops.received(), where there is one, instead
 *     conn_send(), conn_write() ── (TLS) ──▶ the kernel at once, and what it does not take ──▶ queue, bounded by out_max
 *
 * The struct stands first in the owner's. It is closed by conn_close(); ops.closed() then says when libuv has let go of
 * it, and only there may the owner free it. No other callback comes after conn_close().
 *
 * Memory:  a quiet connection has no buffers: bytes arrive in one buffer that all connections of a loop share.
 * Threads: one, the loop's.
 */
#ifndef NET_CONN_H
#define NET_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "belisha/err.h"
#include "net/stream.h"
#include "tls/session.h"

#define CONN_READ_BYTES 65536
#define CONN_SEND_MAX   16 /* messages in one conn_send() */

struct conn;

struct conn_ops {
    void (*readable)(struct conn *conn); /* bytes came; take messages until conn_next() says 0, or pause */
    void (*received)(struct conn *conn, const uint8_t *bytes, size_t len); /* valid during the call; NULL: messages */
    void (*drained)(struct conn *conn);                                    /* the queue has become empty */
    void (*ended)(struct conn *conn, int why); /* UV_EOF: nothing more will come in; else an error: close it */
    void (*closed)(struct conn *conn);
};

/* Where the bytes of every connection of one loop arrive. */
struct conn_buffer {
    char bytes[CONN_READ_BYTES];
    uint8_t plain[CONN_READ_BYTES + TLS_RECORD_MAX]; /* what TLS makes of them */
};

struct conn_out {
    char *bytes;
    size_t len;
    size_t cap;
};

struct conn {
    union {
        uv_tcp_t tcp;
        uv_pipe_t pipe; /* conn_init_local() */
    };
    uv_write_t write;
    const struct conn_ops *ops;
    struct conn_buffer *buffer;
    struct tls_session *tls; /* NULL: none */
    struct stream in;
    struct conn_out flying;  /* being written by libuv */
    struct conn_out waiting; /* to be written next */
    struct conn_out early;   /* in the clear, until TLS is open */
    size_t out_max;          /* bound of the three together, bytes */
    bool writing;
    bool closing;
};

struct conn_msg {
    const uint8_t *bytes;
    uint16_t len;
};

/* Negative errno. On success the loop knows conn, and it must end by conn_close(). */
ERR_CHECKED int conn_init(struct conn *conn, uv_loop_t *loop, struct conn_buffer *buffer, size_t out_max,
                          const struct conn_ops *ops);
/* The same for a UNIX socket. */
ERR_CHECKED int conn_init_local(struct conn *conn, uv_loop_t *loop, struct conn_buffer *buffer, size_t out_max,
                                const struct conn_ops *ops);
void conn_close(struct conn *conn);

/*
 * From here on all bytes go through session, which becomes the connection's. Before the first conn_resume(). What is sent
 * before the session is open waits until it is.
 */
void conn_set_tls(struct conn *conn, struct tls_session *session);
/* Sends what the session has to say by itself: a client's hello, when the connection is there. As conn_send(). */
ERR_CHECKED int conn_start_tls(struct conn *conn);

/* Both may be called twice. */
ERR_CHECKED int conn_resume(struct conn *conn);
void conn_pause(struct conn *conn);

/* As stream_next(). */
ERR_CHECKED int conn_next(struct conn *conn, const uint8_t **out, size_t *out_len);

/*
 * Sends count messages (at most CONN_SEND_MAX) together. ERR_LIMIT: the queue is full; ERR_NOMEM; ERR_MALFORMED: TLS is
 * broken; negative errno.
 */
ERR_CHECKED int conn_send(struct conn *conn, const struct conn_msg messages[], size_t count);
/* The same with bytes as they are. */
ERR_CHECKED int conn_write(struct conn *conn, const void *bytes, size_t len);

/* Bytes not yet taken by the kernel. */
size_t conn_unsent(const struct conn *conn);

#endif
