/*
 * A sealed pack that a second person must have approved: both words are in the ledger, and nowhere else.
 *
 *     pack.request   what shall be in the pack, why, by whom; its number is that of the entry
 *     pack.approve   "request 57", by another person
 *     log.packed     "request 57" is made: that can't be done twice
 *
 * Threads: one.
 */
#ifndef OPERATOR_PACK_REQUEST_H
#define OPERATOR_PACK_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "belisha/err.h"
#include "roles/caller.h"

#define PACK_REQUEST_DAYS 7 /* an approval holds for so long */
#define PACK_WANTED_MAX   4096

enum pack_state {
    PACK_UNKNOWN,  /* there is no such request */
    PACK_WAITS,    /* nobody has approved of it */
    PACK_APPROVED, /* it may be made */
    PACK_OLD,      /* it was approved, too long ago */
    PACK_MADE,     /* once already */
};

struct pack_request {
    enum pack_state state;
    char wanted[PACK_WANTED_MAX]; /* what shall be in it, as pack_wanted() said */
    char by[CALLER_NAME_MAX + 1]; /* who asked */
    uint32_t uid;
    struct caller approved_by; /* name and uid */
};

/* folder: of the ledger. ERR_NOENT: there is none; ERR_ACCESS, ERR_NOMEM, ERR_IO; ERR_DAMAGED: the ledger is not whole, so
 * no word in it can be relied on. */
ERR_CHECKED int pack_request_find(const char *folder, uint64_t number, int64_t now_s, struct pack_request *out);

/* The number of the newest request for this by this person; 0: there is none. */
ERR_CHECKED int pack_request_newest(const char *folder, const char *wanted, const struct caller *by, uint64_t *out);

#endif
