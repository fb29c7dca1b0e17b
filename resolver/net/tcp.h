/*
 * The TCP front end of one worker (RFC 7766), and the same inside TLS (RFC 7858): pipelined questions, answers in any
 * order, bounded patience.
 *
 * A connection is closed when it is idle for idle_ms, when its client reads so slowly that answers pile up, when it
 * sends what cannot be DNS, or when the client has ended its side and has got all its answers (RFC 7766, 6.2.4: a
 * half-closed connection still gets them). A client with too many questions waiting is not read from until answers leave.
 *
 * Threads: one, the worker's, from tcp_listen() or the loop's start on; limits is shared by all workers.
 */
#ifndef NET_TCP_H
#define NET_TCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/ipaddr.h"
#include "belisha/err.h"
#include "metrics/metrics.h"
#include "net/conn.h"
#include "net/tcp_limits.h"
#include "query/query.h"

#define TCP_WAITING_MAX      100       /* questions of one connection waiting for upstreams */
#define TCP_UNSENT_PAUSE     65536     /* with so many bytes unsent a client is not read from */
#define TCP_UNSENT_MAX       (1 << 20) /* with so many it is cut off */
#define TCP_WAITING_GRACE_MS 10000     /* added to idle_ms while answers are being waited for */

struct tcp;
struct tls_identity;

struct tcp_opts {
    const struct endpoint *listen;
    size_t listen_count;
    const struct endpoint *listen_tls;
    size_t listen_tls_count;
    struct tls_identity *tls; /* shown by the latter; must live until tcp_set_tls() names another */
    size_t clients_max;       /* connections of this worker; the slots are allocated at once */
    int64_t idle_ms;
    struct tcp_limits *limits; /* of all workers */
    struct conn_buffer *buffer;
    struct query_engine *const *engine; /* *engine may be set later, before the loop runs */
    struct metrics *metrics;
};

/* Negative errno; *out is set even then unless it is NULL, and wants tcp_close() and tcp_free(). */
ERR_CHECKED int tcp_listen(uv_loop_t *loop, const struct tcp_opts *opts, struct tcp **out);

/* Those of listen first, then those of listen_tls. */
struct endpoint tcp_bound(const struct tcp *tcp, size_t index);

/* A delayed answer. The connection is found by to->token; when it is gone the answer is thrown away. */
void tcp_answer(struct tcp *tcp, const struct query_source *to, const uint8_t *msg, size_t len);

/* Goes on with clients that tcp_answer() made ready for more; call it before the loop sleeps. false: there were none. */
bool tcp_flush(struct tcp *tcp);

/* For connections from here on; those that are open keep what they began with. */
void tcp_set_tls(struct tcp *tcp, struct tls_identity *tls);
void tcp_set_idle_ms(struct tcp *tcp, int64_t idle_ms);

/* Connections open now. */
size_t tcp_client_count(const struct tcp *tcp);

/* Closes the handles; the loop must run on until they are gone, then tcp_free(). */
void tcp_close(struct tcp *tcp);
void tcp_free(struct tcp *tcp);

#endif
