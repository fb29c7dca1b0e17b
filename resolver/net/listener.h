/*
 * A socket that takes TCP connections for one worker: the kernel spreads them over all workers' listeners of an address
 * (SO_REUSEPORT).
 *
 * Threads: one, the loop's.
 */
#ifndef NET_LISTENER_H
#define NET_LISTENER_H

#include <uv.h>

#include "base/ipaddr.h"
#include "belisha/err.h"

struct listener {
    uv_tcp_t tcp; /* data is the owner's */
    struct endpoint bound;
    bool opened; /* the loop knows tcp */
};

/* Calls back with &listener->tcp and its data set to owner. Negative errno; listener_close() is right all the same. */
ERR_CHECKED int listener_open(struct listener *listener, uv_loop_t *loop, const struct endpoint *at,
                              uv_connection_cb on_connection, void *owner);
/* Whether the address can be had by us alone: listeners of another program of ours would share it without a word. */
ERR_CHECKED int listener_probe(const struct endpoint *at);

void listener_close(struct listener *listener);

/* The two ends of a connection that was taken. Negative errno. */
ERR_CHECKED int listener_ends(const uv_tcp_t *connection, struct endpoint *out_peer, struct endpoint *out_local);

#endif
