/*
 * The HTTP side of belishad, for programs that watch it:
 *
 *     GET /metrics   the figures, as Prometheus reads them
 *     GET /health    200 and one line of JSON when all is well, 503 and the reasons when it is not (control/health.h)
 *     GET /live      200 as long as every worker's loop turns
 *
 * Reads only, and nothing that tells what was asked. libmicrohttpd reads requests and writes replies in the manager's
 * loop, where it delays no answer. Everything a client sends is bounded: connections, bytes of headers (431), and the
 * time from first to last byte, which is cut off by the clock however busily the client drips. One request makes one
 * connection. The figures are gathered ten times a second at most, whoever asks.
 *
 * Threads: the manager's.
 */
#ifndef MONITOR_MONITOR_H
#define MONITOR_MONITOR_H

#include <stddef.h>
#include <uv.h>

#include "base/ipaddr.h"
#include "belisha/err.h"
#include "control/command.h"

#define MONITOR_LISTEN_MAX      16
#define MONITOR_CONNECTIONS_MAX 32   /* of one address that is listened on; more wait their turn */
#define MONITOR_HEADERS_MAX     8192 /* bytes of memory of a connection, headers and all */
#define MONITOR_LIFE_MS         5000 /* from accepting a connection to its end */
#define MONITOR_FRESH_MS        100  /* how long gathered figures are given out again */

struct monitor;

/* Fills out with what is to be told, as for the control socket. */
typedef void (*monitor_env)(void *ctx, struct command_env *out);

struct monitor_opts {
    const struct endpoint *listen;
    size_t listen_count; /* 0: nothing listens. At most MONITOR_LISTEN_MAX */
    const struct prefix
        *access; /* must live until monitor_set_access() names another; others' connections are closed */
    size_t access_count;
    int64_t life_ms;  /* MONITOR_LIFE_MS */
    int64_t fresh_ms; /* MONITOR_FRESH_MS */
    monitor_env env;
    void *ctx;
};

/* ERR_NOMEM, negative errno of socket(2) and bind(2): then *out_failed is the address. */
ERR_CHECKED int monitor_listen(uv_loop_t *loop, const struct monitor_opts *opts, struct monitor **out,
                               struct endpoint *out_failed);
/* For connections from here on. */
void monitor_set_access(struct monitor *monitor, const struct prefix *access, size_t access_count);

struct endpoint monitor_bound(const struct monitor *monitor, size_t index);

/* Cuts all connections off. The loop must run on until the handles are gone; the struct goes with the last of them. */
void monitor_close(struct monitor *monitor);

#endif
