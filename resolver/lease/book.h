/*
 * What holds of one source: its leases by address, and what a reading has changed.
 *
 *     book_begin(book, whole)      a reading: whole: what it does not name holds no longer
 *     book_take(book, lease, now)  ... each lease that it found, in order: the last of an address holds
 *     book_end(book, now)          ... is over
 *     book_change(book, i)         what it changed, until the next book_begin()
 *
 * An entry also knows when its device was first seen at its address, and when it was last heard of: by the lease's own word,
 * or where the source does not say, by the reading that found the lease extended.
 *
 * Bounds: BOOK_LEASES_MAX leases; more are counted and left out.
 * Memory: about 150 bytes a lease. Threads: one at a time.
 */
#ifndef LEASE_BOOK_H
#define LEASE_BOOK_H

#include "belisha/err.h"
#include "lease/lease.h"

#define BOOK_LEASES_MAX 200000 /* 50,000 devices with IPv4 and IPv6, and as much again */

struct book_entry {
    struct lease lease;
    int64_t first_s;  /* when a reading first found this device there; the lease's own word if that is earlier */
    uint32_t reading; /* the last one that named it */
    bool changed;     /* ... and said something new of it */
};

struct book;

/* max: how many leases; seed: a number that nobody outside knows. ERR_NOMEM. */
ERR_CHECKED int book_new(size_t max, uint64_t seed, struct book **out);
void book_free(struct book *book);

void book_begin(struct book *book, bool whole);
/* lease_sink with a struct book_taking: what can't be kept for lack of memory or place is counted. */
struct book_taking {
    struct book *book;
    int64_t now_s;
};
void book_take(void *taking, const struct lease *lease);
/* What was not named was not looked for: it holds. */
void book_give_up(struct book *book);
/* Also takes away what has ended by now. ERR_NOMEM: not all changes are told; begin anew with a whole reading. */
ERR_CHECKED int book_end(struct book *book, int64_t now_s);

size_t book_change_count(const struct book *book);
/* active: it holds, as it says; else it holds no longer, and only its address counts. */
const struct lease *book_change(const struct book *book, size_t index);

size_t book_count(const struct book *book);
const struct book_entry *book_entry(const struct book *book, size_t index);
const struct book_entry *book_find(const struct book *book, const struct ipaddr *address);
/* Leases that could not be kept, ever. */
uint64_t book_refused(const struct book *book);

#endif
