#include "export/decision.h"

#include <string.h>

static enum decision_kind kind_of(const struct blockdb_match *match, enum blockdb_clause_kind kind)
{
    switch (kind) {
    case BLOCKDB_CLAUSE_NXDOMAIN:
        return DECISION_NXDOMAIN;
    case BLOCKDB_CLAUSE_NODATA:
        return DECISION_NODATA;
    case BLOCKDB_CLAUSE_REFUSED:
        return DECISION_REFUSED;
    case BLOCKDB_CLAUSE_DROP:
        return DECISION_DROP;
    case BLOCKDB_CLAUSE_TCP:
        /* Who comes over TCP is blocked all the same where anything else lists the name. */
        return (match->categories & ~match->tcp_only) == 0 ? DECISION_TCP : DECISION_BLOCK;
    case BLOCKDB_CLAUSE_RECORD:
        return DECISION_RECORDS;
    case BLOCKDB_CLAUSE_BLOCK:
    case BLOCKDB_CLAUSE_ALLOW:
    case BLOCKDB_CLAUSE_NO_REWRITE:
    case BLOCKDB_CLAUSE_KIND_COUNT:
        break;
    }
    return DECISION_BLOCK;
}

void decision_make(const struct blockdb *db, const struct blockdb_match *match, struct decision *out)
{
    struct blockdb_clause clause;
    *out = (struct decision){.kind = DECISION_NONE};
    if (match->categories == 0)
        return;
    out->kind = DECISION_BLOCK;
    if (match->clause_count == 0 || blockdb_clause(db, match->clauses[0], &clause) < 0)
        return;
    out->kind = kind_of(match, clause.kind);
    if (out->kind != DECISION_RECORDS)
        return;
    out->record_count = match->clause_count;
    memcpy(out->records, match->clauses, match->clause_count * sizeof out->records[0]);
}

bool decision_equal(const struct decision *a, const struct decision *b)
{
    return a->kind == b->kind && a->record_count == b->record_count &&
           memcmp(a->records, b->records, a->record_count * sizeof a->records[0]) == 0;
}
