/*
 * A connection over TCP to a primary: messages with their length in front (RFC 1035, 4.2.2), within bounds of time and
 * bytes. Nothing blocks longer than its deadline says.
 *
 * Memory: the caller's struct; primary_close() in any case. Threads: one.
 */
#ifndef XFR_PRIMARY_H
#define XFR_PRIMARY_H

#include <stddef.h>
#include <stdint.h>

#include "base/ipaddr.h"
#include "belisha/err.h"

struct primary_limits {
    int64_t connect_ms; /* at most, until the connection stands */
    int64_t idle_ms;    /* at most, between two pieces of an answer */
    int64_t total_ms;   /* at most, for all */
    uint64_t bytes_max; /* received */
};

struct primary {
    int fd;                       /* -1: none */
    int64_t idle_ms, deadline_ms; /* the second on the monotonic clock */
    uint64_t bytes_left;
    uint8_t bytes[65535];
};

/* ERR_NETWORK (refused, unreachable), ERR_TIMEOUT, ERR_LIMIT (descriptors). */
ERR_CHECKED int primary_open(struct primary *primary, const struct endpoint *at, const struct primary_limits *limits);
void primary_close(struct primary *primary);

/* len < 65536. ERR_NETWORK, ERR_TIMEOUT. */
ERR_CHECKED int primary_send(struct primary *primary, const uint8_t *msg, size_t len);

/*
 * The next message is primary.bytes then. ERR_TRUNCATED: the connection ends, or breaks; ERR_TIMEOUT; ERR_LIMIT: more
 * than bytes_max.
 */
ERR_CHECKED int primary_receive(struct primary *primary, size_t *out_len);

#endif
