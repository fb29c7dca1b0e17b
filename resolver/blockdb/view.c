#include "belisha/verdict.h"
#include "blockdb/clause.h"

static bool is_conditional(const struct blockdb_clause *clause)
{
    return clause->type_count + clause->pattern_len + clause->names_len > 0;
}

bool blockdb_view_has(const struct blockdb_view *view, const struct blockdb_clause *clause)
{
    return (clause->categories & view->categories) != 0 &&
           (view->feed == VERDICT_NO_FEED || view->feed == clause->feed);
}

static bool counts(const struct blockdb *db, const struct blockdb_view *view, uint16_t id)
{
    struct blockdb_clause clause;
    return blockdb_clause(db, id, &clause) == 0 && blockdb_view_has(view, &clause) && !is_conditional(&clause);
}

/* The categories of which this view sees the masks of a value. */
static uint64_t mask_of(const struct blockdb *db, const struct blockdb_view *view, const struct blockdb_value *value)
{
    if (view->feed == VERDICT_NO_FEED)
        return view->categories;
    for (size_t i = 0; i < value->feed_count; i++)
        if (value->feeds[i] == view->feed)
            return view->categories & blockdb_feed(db, view->feed)->categories;
    return 0;
}

static void hit_add(const struct blockdb *db, const struct blockdb_view *view, const struct blockdb_hit *hit,
                    struct clause_hits *clauses, struct blockdb_rules *sum)
{
    struct blockdb_value value;
    if (blockdb_value(db, hit->value, &value) < 0)
        return;
    const struct blockdb_rules *rules = hit->exact ? &value.self : &value.below;
    uint64_t mask = mask_of(db, view, &value);
    sum->block |= rules->block & mask;
    sum->allow |= rules->allow & mask;
    sum->important_block |= rules->important_block & mask;
    sum->important_allow |= rules->important_allow & mask;
    for (size_t i = 0; i < value.clause_count && clauses->count < CLAUSE_HITS_MAX; i++)
        if (counts(db, view, value.clauses[i]))
            clauses->at[clauses->count++] = (struct clause_hit){value.clauses[i], hit->labels, hit->exact};
}

static void judge(const struct blockdb *db, const struct blockdb_view *view, struct clause_hits *clauses,
                  struct blockdb_rules *sum, struct blockdb_match *out)
{
    *out = (struct blockdb_match){0};
    if (clauses->count > 0)
        clause_judge(db->clauses, 0, clauses, sum, out);
    blockdb_match_sum(sum, out);
    out->categories &= view->categories;
    out->listed &= view->categories;
    out->tcp_only &= view->categories;
    if (clauses->count > 0)
        clause_choose(db->clauses, clauses, out);
}

void blockdb_view_name(const struct blockdb *db, const struct blockdb_view *view, const struct blockdb_hit hits[],
                       size_t count, struct blockdb_match *out)
{
    struct clause_hits clauses;
    struct blockdb_rules sum = {0};
    clause_hits_init(&clauses, NULL);
    for (size_t i = 0; i < count; i++)
        hit_add(db, view, &hits[i], &clauses, &sum);
    judge(db, view, &clauses, &sum, out);
}

void blockdb_view_address(const struct blockdb *db, const struct blockdb_view *view,
                          const struct blockdb_address *address, struct blockdb_match *out)
{
    struct clause_hits clauses;
    struct blockdb_rules sum = {0};
    uint32_t kept = 0;
    clause_hits_init(&clauses, NULL);
    clause_hits_address(db, address->use, address->addr, address->bits, &clauses);
    for (uint32_t i = 0; i < clauses.count; i++)
        if (counts(db, view, clauses.at[i].id))
            clauses.at[kept++] = clauses.at[i];
    clauses.count = kept;
    judge(db, view, &clauses, &sum, out);
}
