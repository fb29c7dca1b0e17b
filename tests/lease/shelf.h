/* The leases that a reading found, for tests. */
#ifndef TESTS_LEASE_SHELF_H
#define TESTS_LEASE_SHELF_H

#include <stddef.h>

#include "lease/reading.h"

#define SHELF_MAX 64

struct shelf {
    struct lease leases[SHELF_MAX];
    size_t count;
};

static inline void shelf_put(void *ctx, const struct lease *lease)
{
    struct shelf *shelf = ctx;
    if (shelf->count < SHELF_MAX)
        shelf->leases[shelf->count] = *lease;
    shelf->count++;
}

/* Reads a text in pieces of `piece` bytes at most, as a file that grows. Returns the bytes that were left over. */
size_t shelf_read(struct shelf *shelf, struct reading *r, enum reading_format format, const char *text, size_t len,
                  size_t piece);

/* "10.0.0.1 06:d8:d4:3a:6b:fa laptop-7 100..200": address, card or -, name or -, renewed..until; "10.0.0.1 free". */
const char *shelf_line(const struct lease *lease);

#endif
