/*
 * The UDP front end of one worker: requests in by the batch, through the engine, answers out by the batch.
 *
 * libuv only wakes us. While an epoll entry sits on a socket's wait queue the kernel calls it for every packet that
 * arrives, so a busy socket leaves epoll and is read from an idle callback, once a turn of the loop; after some empty
 * reads it goes back.
 *
 *     calm:  epoll wakes us → one batch → epoll
 *     busy:  each turn of the loop: one batch, without waiting     (from 4 batches of 16 packets or more in a row)
 *
 * Threads: one, the worker's, from udp_listen() or the loop's start on.
 */
#ifndef NET_UDP_H
#define NET_UDP_H

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/ipaddr.h"
#include "belisha/err.h"
#include "metrics/metrics.h"
#include "query/query.h"

struct udp;

/* Opens a socket on each address. *engine may be set later, before the loop runs. Negative errno; *out is set even then
 * (unless it is ERR_NOMEM for udp itself, when it is NULL), and wants udp_close() and udp_free(). */
ERR_CHECKED int udp_listen(uv_loop_t *loop, const struct endpoint *listen, size_t listen_count,
                           struct query_engine *const *engine, struct metrics *metrics, struct udp **out);

/* The address that socket `index` really has (port 0 was given). */
struct endpoint udp_bound(const struct udp *udp, size_t index);

/* A delayed answer; sent by udp_flush() at the latest. */
void udp_answer(struct udp *udp, const struct query_source *to, const uint8_t *msg, size_t len);

/* Sends what udp_answer() has gathered; call it before the loop sleeps. */
void udp_flush(struct udp *udp);

/* Closes the handles; the loop must run on until they are gone, then udp_free(). */
void udp_close(struct udp *udp);
void udp_free(struct udp *udp);

#endif
