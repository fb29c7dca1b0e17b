/*
 * The formats, one record at a time. Internal to lease/.
 *
 * Each reader returns NULL, or why the record can't be read: static text that says what would be right.
 *
 * Threads: pure.
 */
#ifndef LEASE_FORMAT_H
#define LEASE_FORMAT_H

#include "lease/field.h"
#include "lease/reading.h"

/* A line; *out_is_lease is false for those that say nothing of a lease: the head, a prefix for a router. */
const char *kea_csv_read(struct kea_columns *columns, struct field record, struct lease *out, bool *out_is_lease);
/* ... as here for the line with the server's DUID, behind which the leases of IPv6 are. */
const char *dnsmasq_read(struct field record, struct lease *out, bool *out_is_lease);

/* A statement. One of IPv6 may hold several leases, so they go to the sink, and *out_count says how many there were. */
const char *isc_read(struct field record, lease_sink sink, void *ctx, size_t *out_count);
/* Bytes of the statement that text begins with, with the blanks and comments before it; 0: it is not all there. */
size_t isc_statement(struct field text);

#endif
