/*
 * What becomes of a name in the part of a list that is written: all rules that concern it in one word, as the resolver
 * would judge them for somebody who is blocked from all chosen categories.
 * Threads: pure.
 */
#ifndef EXPORT_DECISION_H
#define EXPORT_DECISION_H

#include <stdbool.h>

#include "blockdb/blockdb.h"

enum decision_kind {
    DECISION_NONE,  /* not blocked */
    DECISION_BLOCK, /* blocked; how is the resolver's choice */
    DECISION_NXDOMAIN,
    DECISION_NODATA,
    DECISION_REFUSED,
    DECISION_DROP,
    DECISION_TCP,
    DECISION_RECORDS /* answered with records of the list */
};

struct decision {
    enum decision_kind kind;
    uint8_t record_count;
    uint16_t records[BLOCKDB_CLAUSES_MAX]; /* clause ids, of DECISION_RECORDS */
};

void decision_make(const struct blockdb *db, const struct blockdb_match *match, struct decision *out);
bool decision_equal(const struct decision *a, const struct decision *b);

#endif
