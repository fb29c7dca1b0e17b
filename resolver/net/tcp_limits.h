/*
 * How many TCP connections there are, in all and by client address. One table for all workers: the kernel spreads one
 * client's connections over them.
 *
 * Memory:  one table of fixed size. Threads: any; asked only when a connection comes or goes.
 */
#ifndef NET_TCP_LIMITS_H
#define NET_TCP_LIMITS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/ipaddr.h"
#include "belisha/err.h"

struct tcp_limits;

/* Both at least 1. ERR_NOMEM. */
ERR_CHECKED int tcp_limits_new(size_t total_max, size_t per_client_max, struct tcp_limits **out);
void tcp_limits_free(struct tcp_limits *limits);

/* false: one of the two bounds is reached, and nothing is counted. */
bool tcp_limits_take(struct tcp_limits *limits, const struct ipaddr *client);
/* Gives back what tcp_limits_take() granted. */
void tcp_limits_release(struct tcp_limits *limits, const struct ipaddr *client);

size_t tcp_limits_total(struct tcp_limits *limits);

#endif
