#include "export/outcome.h"

#include <string.h>

static enum outcome_kind kind_of(const struct blockdb_match *match, enum blockdb_clause_kind kind)
{
    switch (kind) {
    case BLOCKDB_CLAUSE_NXDOMAIN:
        return OUTCOME_NXDOMAIN;
    case BLOCKDB_CLAUSE_NODATA:
        return OUTCOME_NODATA;
    case BLOCKDB_CLAUSE_REFUSED:
        return OUTCOME_REFUSED;
    case BLOCKDB_CLAUSE_DROP:
        return OUTCOME_DROP;
    case BLOCKDB_CLAUSE_TCP:
        /* Who comes over TCP is blocked all the same where anything else lists the name. */
        return (match->categories & ~match->tcp_only) == 0 ? OUTCOME_TCP : OUTCOME_BLOCK;
    case BLOCKDB_CLAUSE_RECORD:
        return OUTCOME_RECORDS;
    case BLOCKDB_CLAUSE_BLOCK:
    case BLOCKDB_CLAUSE_ALLOW:
    case BLOCKDB_CLAUSE_NO_REWRITE:
    case BLOCKDB_CLAUSE_KIND_COUNT:
        break;
    }
    return OUTCOME_BLOCK;
}

void outcome_make(const struct blockdb *db, const struct blockdb_match *match, struct outcome *out)
{
    struct blockdb_clause clause;
    *out = (struct outcome){.kind = OUTCOME_NONE};
    if (match->categories == 0)
        return;
    out->kind = OUTCOME_BLOCK;
    if (match->clause_count == 0 || blockdb_clause(db, match->clauses[0], &clause) < 0)
        return;
    out->kind = kind_of(match, clause.kind);
    if (out->kind != OUTCOME_RECORDS)
        return;
    out->record_count = match->clause_count;
    memcpy(out->records, match->clauses, match->clause_count * sizeof out->records[0]);
}

bool outcome_equal(const struct outcome *a, const struct outcome *b)
{
    return a->kind == b->kind && a->record_count == b->record_count &&
           memcmp(a->records, b->records, a->record_count * sizeof a->records[0]) == 0;
}
