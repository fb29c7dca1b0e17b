#include <string.h>

#include "query/local.h"
#include "query/passage.h"

static void question_set(struct question *q, const uint8_t *name)
{
    q->name_len = (uint8_t)name_len(name);
    q->labels = (uint8_t)name_label_count(name);
    name_lower(q->name, name, q->name_len);
}

void client_end_alias(struct client *c)
{
    if (!c->aliased)
        return;
    c->aliased = false;
    question_set(&c->request.question, c->head + MSG_HEADER_LEN);
}

/* Types whose data holds no name: their records can be given under another question as they are. */
static bool alias_is_followed(uint16_t type)
{
    return type == DNS_TYPE_A || type == DNS_TYPE_AAAA || type == DNS_TYPE_HTTPS || type == DNS_TYPE_SVCB ||
           type == DNS_TYPE_TXT;
}

/* stored is not looked at when the verdict keeps it from the client. */
static void give_alias(struct query_engine *e, struct query_item *item, struct client *c, const struct stored *stored,
                       struct query_time now)
{
    bool open = c->verdict.action == VERDICT_LOCAL;
    passage_give(e, item, c,
                 open ? compose_alias(e, c, stored, item->out, item->out_cap)
                      : compose_verdict(e, c, item->out, item->out_cap),
                 now);
}

static void ask_for_target(const struct query_engine *e, struct client *c, const uint8_t *target,
                           const struct policy_facts *facts, struct cache_key *key)
{
    c->aliased = true;
    c->facts = *facts;
    question_set(&c->request.question, target);
    c->zone = zone_of(e->env.opts, c->request.question.name);
    client_cache_key(e, c, key);
}

/* A stub resolver does not ask for the target of a CNAME itself, so a local alias to an outside name is followed here. */
bool follow_local(struct query_engine *e, struct query_item *item, struct passage *p, struct query_time now)
{
    struct client *c = &p->client;
    const struct query_opts *opts = e->env.opts;
    uint16_t first = c->facts.special_index;
    struct policy_facts facts;
    if (c->verdict.action != VERDICT_LOCAL || c->facts.special != POLICY_SPECIAL_RECORD ||
        first >= opts->record_count || !alias_is_followed(c->request.question.type) || !(c->request.flags & MSG_RD))
        return false;
    const uint8_t *target = local_leads_outside(opts, first, c->request.question.type);
    if (target == NULL)
        return false;
    facts_of(e, target, c->request.question.type, &facts);
    if (facts.special == POLICY_SPECIAL_NXDOMAIN || facts.special == POLICY_SPECIAL_NODATA)
        return false; /* names that never leave the site */
    c->alias = first;
    ask_for_target(e, c, target, &facts, &p->key);
    if (cache_get(e->env.cache, &p->key, now.mono_ms, 0, e->clean, STORED_MSG_CAP, &p->hit)) {
        p->msg = e->clean;
        struct stored stored = passage_stored(p, now.mono_ms);
        if (verdict_follow_alias(e, c, &stored) == 0) {
            c->cache_state = QLOG_CACHE_HIT;
            give_alias(e, item, c, &stored, now);
            return true;
        }
    }
    if (verdict_follow_alias(e, c, NULL) == 0 && c->verdict.action == VERDICT_LOCAL)
        passage_forward(e, item, p, now);
    else
        give_alias(e, item, c, NULL, now);
    return true;
}

/* stored is the answer for the target; not looked at unless the alias stands. */
static void give_judged(struct query_engine *e, struct query_item *item, struct client *c, enum alias_fate fate,
                        const struct stored *stored, struct query_time now)
{
    size_t len = 0;
    switch (fate) {
    case ALIAS_STANDS:
        c->cache_state = QLOG_CACHE_HIT;
        len = compose_alias(e, c, stored, item->out, item->out_cap);
        break;
    case ALIAS_KEPT:
        len = compose_verdict(e, c, item->out, item->out_cap);
        break;
    case ALIAS_GONE:
        len = compose_error(e, c, DNS_RCODE_SERVFAIL, (struct ede){.code = EDE_OTHER, .text = ALIAS_GONE_TEXT},
                            item->out, item->out_cap);
        break;
    }
    passage_give(e, item, c, len, now);
}

/* The answer for the target of a list's alias is in e->clean. */
static void give_listed(struct query_engine *e, struct query_item *item, struct passage *p, struct query_time now)
{
    p->msg = e->clean;
    struct stored stored = passage_stored(p, now.mono_ms);
    give_judged(e, item, &p->client, alias_judge(e, &p->client, &stored), &stored, now);
}

/*
 * The same for an alias that a list gives instead of an answer. Whether its target is listed is looked at before anybody
 * is asked for it; then c->verdict says what becomes of the name, and nothing is followed.
 */
bool follow_listed(struct query_engine *e, struct query_item *item, struct passage *p, struct query_time now)
{
    struct client *c = &p->client;
    struct policy_facts facts;
    uint8_t target[NAME_MAX_LEN];
    if (c->verdict.action != VERDICT_REWRITE || !alias_is_followed(c->request.question.type) ||
        !(c->request.flags & MSG_RD) || !alias_find(e, c, target, &c->alias_ttl_s))
        return false;
    facts_of(e, target, c->request.question.type, &facts);
    if (facts.special == POLICY_SPECIAL_NXDOMAIN || facts.special == POLICY_SPECIAL_NODATA ||
        facts.special == POLICY_SPECIAL_RECORD || verdict_target_decides(e, c, target))
        return false;
    c->alias_kind = ALIAS_LISTED;
    ask_for_target(e, c, target, &facts, &p->key);
    if (cache_get(e->env.cache, &p->key, now.mono_ms, 0, e->clean, STORED_MSG_CAP, &p->hit))
        give_listed(e, item, p, now);
    else
        passage_forward(e, item, p, now);
    return true;
}

/* Nothing to be said against the target, by the facts that its entry in the cache has. */
static bool is_harmless(const struct query_engine *e, const struct mark *mark)
{
    return facts_current(e, &mark->facts) && !policy_is_illegal(&mark->facts) && !mark->facts.closed &&
           !facts_are_special(&mark->facts) && mark->chain_listed == 0;
}

/* The answer for the target of SafeSearch is in e->clean. */
static void give_safe(struct query_engine *e, struct query_item *item, struct passage *p, struct query_time now)
{
    struct client *c = &p->client;
    struct mark mark;
    memcpy(&mark, p->hit.mark, sizeof mark);
    p->msg = e->clean;
    struct stored stored = passage_stored(p, now.mono_ms);
    if (p->hit.want_prefetch)
        flight_refresh(e, c, &p->key, now);
    give_judged(e, item, c, is_harmless(e, &mark) ? ALIAS_STANDS : alias_check_safe(e, c, &stored), &stored, now);
}

/* What the target has is known, and nothing stands above that. */
static bool is_answered_here(const struct policy_facts *facts)
{
    return !policy_is_illegal(facts) && !facts->closed &&
           (facts->special == POLICY_SPECIAL_NXDOMAIN || facts->special == POLICY_SPECIAL_NODATA ||
            facts->special == POLICY_SPECIAL_RECORD);
}

bool follow_safe(struct query_engine *e, struct query_item *item, struct passage *p, struct query_time now)
{
    struct client *c = &p->client;
    struct policy_facts facts;
    const struct query_target *target =
        verdict_is_safe_search(&c->verdict) ? safe_target(e->env.opts, &c->verdict) : NULL;
    uint16_t type = c->request.question.type;
    if (target == NULL || target->name == NULL || (type != DNS_TYPE_A && type != DNS_TYPE_AAAA) ||
        !(c->request.flags & MSG_RD))
        return false;
    facts_of(e, target->name, type, &facts);
    if (is_answered_here(&facts))
        return false;
    c->alias_kind = ALIAS_SAFE;
    c->alias_ttl_s = SAFE_TTL_S;
    ask_for_target(e, c, target->name, &facts, &p->key);
    if (cache_get(e->env.cache, &p->key, now.mono_ms, 0, e->clean, STORED_MSG_CAP, &p->hit))
        give_safe(e, item, p, now);
    else if (alias_check_safe(e, c, NULL) == ALIAS_STANDS)
        passage_forward(e, item, p, now);
    else
        give_judged(e, item, c, ALIAS_KEPT, NULL, now);
    return true;
}
