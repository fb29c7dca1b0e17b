/*
 * Reading one lease file from its beginning to its end, which grows while we read.
 *
 *     struct reading r;
 *     reading_begin(&r, READING_KEA);
 *     used = reading_take(&r, bytes, len, sink, ctx);     the rest is the beginning of a record that is not all there:
 *                                                         give it again with what follows it
 *
 * A record is a line, or in dhcpd.leases a statement up to its ';' or '}'. One that can't be read is counted, the first
 * with its line and why, and nothing else is lost. Records are at most READING_RECORD_MAX bytes: longer ones are counted
 * as unreadable and passed over.
 *
 * Memory: allocates nothing. Threads: pure.
 */
#ifndef LEASE_READING_H
#define LEASE_READING_H

#include "lease/lease.h"

#define READING_RECORD_MAX 16384 /* bytes: Kea's user contexts may be long */

enum reading_format { READING_KEA, READING_ISC, READING_DNSMASQ };

#define KEA_COLUMNS_MAX 32

/* What the head of a Kea file says: which column is what, by its name; -1: there is none. */
struct kea_columns {
    bool known;
    int8_t count, address, hwaddr, duid, lifetime, expire, kind, host, state;
};

struct reading {
    enum reading_format format;
    bool passing_over; /* a record that is too long */
    uint64_t line;     /* whole lines that were taken */
    uint64_t lease_count;
    uint64_t refused_count;
    uint64_t refused_line; /* of the first one */
    const char *refused_why;
    struct kea_columns kea;
};

void reading_begin(struct reading *r, enum reading_format format);
size_t reading_take(struct reading *r, const char *bytes, size_t len, lease_sink sink, void *ctx);

/* Whether what was taken so far is no file of this format at all: nothing in it can be read. */
bool reading_is_foreign(const struct reading *r);

/* Whether later records add to earlier ones. Otherwise the file is what holds, and changes by being written anew. */
bool reading_is_appended(enum reading_format format);

#endif
