/*
 * The extended errors (RFC 8914) of upstream servers: which of them are told to clients.
 *
 * Only the INFO-CODE is taken over, and only one that says something about the question: nothing proves who wrote it
 * (RFC 8914, 6), and a text or a contact of strangers must not come out of the school's own server.
 *
 * Threads: pure; any thread.
 */
#ifndef UPSTREAM_CAUSE_H
#define UPSTREAM_CAUSE_H

#include <stddef.h>
#include <stdint.h>

/*
 * The first error in an OPT record's rdata that is worth telling with this rcode (12 bits); EDE_NONE: none is.
 * With NOERROR and NXDOMAIN: stale, forged, blocked, filtered, not validated. With a failure: DNSSEC, filters, network.
 */
int16_t cause_find(const uint8_t *rdata, size_t rdata_len, unsigned rcode);

/* Of two servers' causes the one that explains more: what validation found, or else the earlier one. */
int16_t cause_better(int16_t earlier, int16_t later);

#endif
