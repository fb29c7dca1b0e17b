/*
 * What leaves of a block: its tables, written once in the form that the receiver reads, with what may not leave left out.
 *
 * Whoever may not be known to the destination is a pseudonym or nobody (enum destination_identities). Names of the statutory list
 * leave as statutory.invalid, without the id by which the log tells them apart. Of protected help nobody knows here who
 * asked: the log itself does not.
 *
 * Memory:  heap, owned by the struct, used again from block to block; begins as {0}.
 * Threads: one.
 */
#ifndef SHIP_SHAPE_H
#define SHIP_SHAPE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "config/shipping.h"
#include "identity/roster.h"
#include "qlog/block.h"
#include "ship/columns.h"
#include "ship/pseudonym.h"

struct shape_opts {
    enum pen_form form;
    enum destination_identities identities;
    const struct pseudonym_key *key; /* for IDENTITIES_PSEUDONYM */
    const char *site;                /* what an address has a meaning in */
    const struct roster *roster;     /* NULL: users and devices are numbers */
    bool blocked_only;
};

/* The entries of one table: entry i is bytes[at[i]] to bytes[at[i + 1]]. */
struct shape_part {
    struct text bytes;
    uint32_t *at;
    size_t cap;
};

struct shape {
    struct shape_part who, what, path;
    uint8_t *wanted; /* by number in the what table */
    size_t wanted_cap;
};

/* block: after block_read() of BLOCK_ALL. ERR_NOMEM. */
ERR_CHECKED int shape_block(struct shape *shape, const struct shape_opts *opts, const struct block *block);
/* Writes entry i. */
static inline void shape_put(const struct shape_part *part, size_t i, struct text *out)
{
    text_add(out, part->bytes.bytes + part->at[i], part->at[i + 1] - part->at[i]);
}
void shape_done(struct shape *shape);

#endif
