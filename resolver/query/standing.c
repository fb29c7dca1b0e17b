/* Which rules a client stands under. */
#include "query/engine.h"

static bool is_limited(const struct query_opts *opts, const struct ipaddr *addr)
{
    for (size_t i = 0; i < opts->unlimited_count; i++)
        if (prefix_contains(&opts->unlimited[i], addr))
            return false;
    return opts->client_rate > 0;
}

static bool last_holds(const struct query_engine *e, const struct ipaddr *addr)
{
    return e->last_known && e->wall_s >= e->last_standing_s && e->wall_s < e->last_standing.until_s &&
           ipaddr_equal(&e->last_client, addr);
}

void client_stand(struct query_engine *e, struct client *c)
{
    const struct ipaddr *addr = &c->source.client.addr;
    if (!last_holds(e, addr)) {
        e->last_client = *addr;
        e->last_standing_s = e->wall_s;
        policy_standing(e->env.policy, addr, POLICY_NOBODY, e->wall_s, &e->last_standing);
        e->last_limited = is_limited(e->env.opts, addr);
        if (e->last_limited)
            e->last_share = fair_hash(addr, e->share_seed);
        e->last_known = true;
    }
    c->group = e->last_standing.group;
    c->profile = e->last_standing.profile;
    c->until_s = e->last_standing.until_s;
}
