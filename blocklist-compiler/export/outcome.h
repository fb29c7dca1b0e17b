/*
 * What becomes of a name in the part of a list that is written: all rules that concern it in one word, as the resolver
 * would judge them for somebody who is blocked from all chosen categories.
 * Threads: pure.
 */
#ifndef EXPORT_OUTCOME_H
#define EXPORT_OUTCOME_H

#include <stdbool.h>

#include "blockdb/blockdb.h"

enum outcome_kind {
    OUTCOME_NONE,  /* not blocked */
    OUTCOME_BLOCK, /* blocked; how is the resolver's choice */
    OUTCOME_NXDOMAIN,
    OUTCOME_NODATA,
    OUTCOME_REFUSED,
    OUTCOME_DROP,
    OUTCOME_TCP,
    OUTCOME_RECORDS /* answered with records of the list */
};

struct outcome {
    enum outcome_kind kind;
    uint8_t record_count;
    uint16_t records[BLOCKDB_CLAUSES_MAX]; /* clause ids, of OUTCOME_RECORDS */
};

void outcome_make(const struct blockdb *db, const struct blockdb_match *match, struct outcome *out);
bool outcome_equal(const struct outcome *a, const struct outcome *b);

#endif
