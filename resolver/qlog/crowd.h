/*
 * The crowds of a block: entries of its who table that have policy, group and grade in common. They are numbered in the
 * order in which they first occur; within a crowd, entries have ranks in the order of the table.
 *
 * A sealed block says of each row its crowd in the clear and its rank in the crowd under the key: who has no key knows the
 * crowd, and neither number repeats what the other says.
 *
 * Memory: heap, owned by the struct, which begins as {0}. Threads: one.
 */
#ifndef QLOG_CROWD_H
#define QLOG_CROWD_H

#include <stdint.h>

#include "belisha/err.h"
#include "qlog/block.h"

struct crowds {
    uint16_t *crowd;   /* by entry */
    uint16_t *rank;    /* by entry */
    uint32_t *first;   /* by crowd: where its entries begin in the next; one more at the end */
    uint16_t *entries; /* crowd by crowd, in order of rank */
    uint32_t count;
};

/* ERR_NOMEM. */
ERR_CHECKED int crowds_init(struct crowds *crowds, const struct block_who *table, uint32_t entry_count);
void crowds_done(struct crowds *crowds);

/* The entry of the table; -1: there is none of that crowd and rank. */
static inline int32_t crowds_entry(const struct crowds *crowds, uint16_t crowd, uint16_t rank)
{
    if (crowd >= crowds->count || rank >= crowds->first[crowd + 1] - crowds->first[crowd])
        return -1;
    return crowds->entries[crowds->first[crowd] + rank];
}

#endif
