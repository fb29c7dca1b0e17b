/*
 * Asks Kea for its leases over its control socket, page by page, every few seconds. What comes back is read in a thread of
 * libuv's pool.
 *
 * Both families are asked for, since one daemon knows one of them and the socket does not say which.
 *
 * Bounds: KEA_ANSWER_MAX bytes an answer, LEASE_SOCKET_ANSWER_MS for each, BOOK_LEASES_MAX leases.
 * Threads: the manager's.
 */
#ifndef SERVICE_LEASE_SOCKET_H
#define SERVICE_LEASE_SOCKET_H

#include <uv.h>

#include "lease/book.h"
#include "lease/kea_json.h"

#define LEASE_SOCKET_EVERY_MS  5000
#define LEASE_SOCKET_AGAIN_MS  1000 /* ... after trouble */
#define LEASE_SOCKET_ANSWER_MS 5000

struct lease_socket;

/* What asking came to. */
struct lease_answers {
    int err; /* 0; as kea_page_read() says; ERR_NOENT, ERR_ACCESS and others of the socket; ERR_TIMEOUT; ERR_LIMIT */
    const char *text; /* what Kea says of a refusal, or "" */
    size_t refused;   /* leases that could not be read */
};

/* The book may be used until this returns, and as lease_socket_is_busy() says. */
typedef void (*lease_socket_asked)(void *ctx, const struct lease_answers *answers);

/* path is copied; book must stay until closed() of lease_socket_close(). ERR_NOMEM. */
ERR_CHECKED int lease_socket_new(uv_loop_t *loop, const char *path, struct book *book, lease_socket_asked asked,
                                 void *ctx, struct lease_socket **out);
void lease_socket_start(struct lease_socket *socket);

/* Whether a reading of the book is under way. */
bool lease_socket_is_busy(const struct lease_socket *socket);

/* The loop must run on; closed is called when nothing of it is left. */
void lease_socket_close(struct lease_socket *socket, void (*closed)(void *ctx));

#endif
