#include <string.h>

#include "base/verdict.h"
#include "query/engine.h"

static bool is_garden(const uint8_t *name)
{
    return name[0] == 1 && name[1] == '*';
}

bool alias_target(const uint8_t *rdata, size_t rdata_len, const uint8_t *asked, uint8_t out[NAME_MAX_LEN])
{
    uint8_t made[NAME_MAX_LEN];
    if (name_check(rdata, rdata_len) != (int)rdata_len)
        return false;
    if (!is_garden(rdata)) {
        memcpy(out, rdata, rdata_len);
        return true;
    }
    size_t asked_len = name_len(asked) - 1, garden_len = rdata_len - 2;
    if (asked_len + garden_len > sizeof made)
        return false;
    memcpy(made, asked, asked_len);
    memcpy(made + asked_len, rdata + 2, garden_len);
    memcpy(out, made, asked_len + garden_len);
    return true;
}

bool alias_find(const struct query_engine *e, const struct client *c, uint8_t target[NAME_MAX_LEN], uint32_t *out_ttl_s)
{
    struct blockdb_clause records[BLOCKDB_CLAUSES_MAX];
    const struct blockdb_clause *alias = NULL;
    size_t count = verdict_records(e, c, records);
    for (size_t i = 0; i < count; i++) {
        if (records[i].type == c->request.question.type)
            return false;
        if (records[i].type == DNS_TYPE_CNAME)
            alias = &records[i];
    }
    if (alias == NULL || !alias_target(alias->rdata, alias->rdata_len, c->request.question.name, target))
        return false;
    name_lower(target, target, name_len(target));
    *out_ttl_s = alias->ttl_s;
    return true;
}

/* The client with the name that it asked for, and today's verdict on that. */
static struct client asked_anew(const struct query_engine *e, const struct client *c)
{
    struct client asked = *c;
    client_end_alias(&asked);
    facts_of(e, asked.request.question.name, asked.request.question.type, &asked.facts);
    verdict_decide(e, &asked);
    return asked;
}

static bool is_still_listed(const struct query_engine *e, const struct client *c)
{
    const struct client asked = asked_anew(e, c);
    uint8_t target[NAME_MAX_LEN];
    uint32_t ttl_s;
    return asked.verdict.action == VERDICT_REWRITE && alias_find(e, &asked, target, &ttl_s) &&
           name_equal(target, c->request.question.name);
}

/* A walled garden's default is about the name that was asked; here that name's rule decided. */
static bool keeps(const struct verdict *v)
{
    return verdict_is_block(v) && v->reason != REASON_DEFAULT;
}

static bool leads_to(const struct query_engine *e, const struct verdict *v, const uint8_t *target)
{
    const struct query_target *to = verdict_is_safe_search(v) ? safe_target(e->env.opts, v) : NULL;
    return to != NULL && to->name != NULL && name_equal(to->name, target);
}

enum alias_fate alias_check_safe(const struct query_engine *e, struct client *c, const struct stored *stored)
{
    if (verdict_follow_target(e, c, stored) < 0)
        return ALIAS_GONE;
    if (verdict_is_safe_search(&c->verdict))
        return ALIAS_STANDS;
    client_end_alias(c);
    return ALIAS_KEPT;
}

/* The level may have changed while the question was out, or somebody blocked the name. */
static enum alias_fate judge_safe(const struct query_engine *e, struct client *c, const struct stored *stored)
{
    const struct client asked = asked_anew(e, c);
    c->ttl_max_s = asked.ttl_max_s;
    if (leads_to(e, &asked.verdict, c->request.question.name)) {
        c->verdict = asked.verdict;
        return alias_check_safe(e, c, stored);
    }
    if (!verdict_is_block(&asked.verdict))
        return ALIAS_GONE;
    c->verdict = asked.verdict;
    c->facts = asked.facts;
    client_end_alias(c);
    return ALIAS_KEPT;
}

enum alias_fate alias_judge(const struct query_engine *e, struct client *c, const struct stored *stored)
{
    struct verdict alias = c->verdict;
    uint8_t target[NAME_MAX_LEN];
    if (c->alias_kind == ALIAS_SAFE)
        return judge_safe(e, c, stored);
    if (!is_still_listed(e, c))
        return ALIAS_GONE;
    memcpy(target, c->request.question.name, c->request.question.name_len);
    verdict_decide(e, c);
    if (verdict_follow_stored(e, c, stored) < 0)
        return ALIAS_GONE;
    if (!keeps(&c->verdict)) {
        c->verdict = alias;
        return ALIAS_STANDS;
    }
    if (c->verdict.match != MATCH_CNAME && c->verdict.match != MATCH_ADDRESS) {
        c->verdict.match = MATCH_CNAME;
        memcpy(c->matched, target, c->request.question.name_len);
    }
    client_end_alias(c);
    return ALIAS_KEPT;
}
