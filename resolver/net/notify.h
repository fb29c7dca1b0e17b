/*
 * Tells the service manager how we are (sd_notify(3), implemented here: the protocol is one datagram).
 *
 * Threads: any.
 */
#ifndef NET_NOTIFY_H
#define NET_NOTIFY_H

#include <stdint.h>

/* state: "READY=1", "RELOADING=1", "STOPPING=1", "WATCHDOG=1"... Does nothing when nobody asked to be told. */
void notify_send(const char *state);

/* How often WATCHDOG=1 must be sent so that we are not taken for hung, ms; 0: not at all. */
uint64_t notify_watchdog_ms(void);

#endif
