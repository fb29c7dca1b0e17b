/*
 * How many questions of each client address are waiting: an exact count in an open hash table.
 *
 * Memory: one allocation at load_init(). Threads: one.
 */
#ifndef QUERY_LOAD_H
#define QUERY_LOAD_H

#include <stddef.h>
#include <stdint.h>

#include "base/ipaddr.h"
#include "belisha/err.h"

struct load_row {
    struct ipaddr client;
    uint32_t count; /* 0: empty row */
};

struct load {
    struct load_row *rows;
    size_t mask;
    uint64_t seed;
};

/* For at most clients_max different clients at once. seed: random, since clients choose their addresses. */
ERR_CHECKED int load_init(struct load *load, size_t clients_max, uint64_t seed);
void load_done(struct load *load);

uint32_t load_of(const struct load *load, const struct ipaddr *client);
void load_add(struct load *load, const struct ipaddr *client);
/* Undoes one load_add(). */
void load_sub(struct load *load, const struct ipaddr *client);

#endif
