/*
 * What the ledger says of something: of a version of the policy, of a recorded decision.
 *
 * Memory: the caller's. Threads: one.
 */
#ifndef OPERATOR_ORIGIN_H
#define OPERATOR_ORIGIN_H

#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"

#define ORIGIN_MAX  16
#define ORIGIN_WORD 64
#define ORIGIN_TEXT 240 /* bytes of a reason; longer ones are cut */

struct origin_entry {
    uint64_t number;
    int64_t time_s;
    char kind[ORIGIN_WORD];
    char by[ORIGIN_WORD];
    char reason[ORIGIN_TEXT];
};

struct origin {
    struct origin_entry entries[ORIGIN_MAX]; /* the newest, oldest first */
    size_t count;
    uint64_t left_out; /* older ones */
};

/*
 * The entries about `what` and `number`, e.g. "version" and 12, up to a time. Entries that fit into no chain are told all the
 * same: whether the ledger is whole says `belisha ledger verify`. ERR_NOENT: there is no ledger; ERR_ACCESS, ERR_NOMEM,
 * ERR_IO.
 */
ERR_CHECKED int origin_find(const char *folder, const char *what, uint32_t number, int64_t until_s, struct origin *out);

#endif
