/* A loop that a test drives by hand, with clients on the same thread. */
#ifndef LOOP_H
#define LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/ipaddr.h"

/* Runs turns of the loop, before each of them `flush` (may be NULL), until done() is true; false after 5 s. */
bool loop_until(uv_loop_t *loop, void (*flush)(void), bool (*done)(void));

/* Runs the loop until it has nothing to wait for, and closes it. */
void loop_end(uv_loop_t *loop);

/* "127.0.0.1:0" and the like. Ends the test when it is none. */
struct endpoint loop_endpoint(const char *text, uint16_t port);

/* A non-blocking socket connected to `to`, or bound to it and listening. Ends the test when it can't be had. */
int loop_connect(int type, const struct endpoint *to);
int loop_listen(int type, const struct endpoint *at, struct endpoint *out_bound);
/* A UDP and a TCP socket on one port of the address that is free for both. */
void loop_listen_both(const char *address, struct endpoint *out_bound, int *out_udp, int *out_tcp);

#endif
