#include "query/engine.h"

static struct table_who who_of(const struct client *c)
{
    return (struct table_who){.group = c->group, .user = c->user, .device = c->device};
}

static void apply(const struct query_engine *e, struct client *c, const struct policy_facts *facts,
                  const struct table_found *found, struct verdict *v)
{
    const struct table_decision opening = table_opening(found, facts->categories);
    const struct policy_decided decided = {.pause = found->pause.id,
                                           .pause_labels = found->pause.labels,
                                           .block = found->block.id,
                                           .block_labels = found->block.labels,
                                           .allow = opening.id,
                                           .allow_labels = opening.labels,
                                           .allow_lifts_safe_search = opening.lifts_safe_search};
    if (policy_is_above_decisions(v))
        return;
    client_bound_ttl(e, c, found->change_s); /* clients follow when something begins or ends */
    policy_overrule(e->env.policy, e->moment, c->profile, facts, &decided, v);
}

void overrule_question(const struct query_engine *e, struct client *c)
{
    struct table_found found;
    const struct table_who who = who_of(c);
    if (e->env.decisions == NULL)
        return;
    table_find(e->env.decisions, c->request.question.name, &who, e->wall_s, &found);
    apply(e, c, &c->facts, &found, &c->verdict);
    if (c->verdict.reason == REASON_EXCEPTION && c->verdict.rule == found.grant.id)
        c->barred = found.grant_never;
}

void overrule_target(const struct query_engine *e, struct client *c, const uint8_t *name,
                     const struct policy_facts *facts, struct verdict *v)
{
    struct table_found found;
    const struct table_who who = who_of(c);
    if (e->env.decisions == NULL)
        return;
    table_find_target(e->env.decisions, name, &who, e->wall_s, &found);
    apply(e, c, facts, &found, v);
}
