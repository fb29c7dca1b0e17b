/* Which rules a client stands under. */
#include "identity/sightings.h"
#include "query/engine.h"

static bool is_limited(const struct query_opts *opts, const struct ipaddr *addr)
{
    for (size_t i = 0; i < opts->unlimited_count; i++)
        if (prefix_contains(&opts->unlimited[i], addr))
            return false;
    return opts->client_rate > 0;
}

static bool last_holds(const struct query_engine *e, const struct asker *asker)
{
    return e->last_known && !e->last_forwarded && !asker->believed && e->wall_s >= e->last_standing_s &&
           e->wall_s < e->last_standing.until_s && e->wall_s < e->last_who.until_s &&
           ipaddr_equal(&e->last_client, &asker->address);
}

/* A card that nobody knows yet gets a number, but not for asking for help. */
static void sight(const struct query_engine *e, const struct client *c)
{
    const struct request *r = &c->request;
    struct presence_who who;
    if (e->env.sightings == NULL || e->env.presence == NULL || !c->asker.has_mac)
        return;
    presence_find_mac(e->env.presence, c->asker.mac, e->wall_s, &who);
    if (who.device != 0)
        return;
    if (r->has_question && policy_is_help(e->env.policy, r->question.name))
        return;
    sightings_add(e->env.sightings, c->asker.mac);
}

/* A client of a forwarder that is in none of our networks has the forwarder's. */
static void stand(struct query_engine *e, const struct client *c)
{
    struct policy_standing *out = &e->last_standing;
    asker_find(e, &c->asker, &e->last_who);
    sight(e, c);
    policy_standing(e->env.policy, &c->asker.address, e->last_who.person, e->wall_s, out);
    if (out->group == POLICY_GROUP_DENIED && c->asker.believed)
        policy_standing(e->env.policy, &c->source.client.addr, e->last_who.person, e->wall_s, out);
}

/* Whoever has the device next must not find there what only its user may see. */
static int64_t until_of(const struct query_engine *e)
{
    const struct presence_who *who = &e->last_who;
    bool personal = who->user != 0 || who->person != PRESENCE_NOBODY;
    return personal && who->until_s < e->last_standing.until_s ? who->until_s : e->last_standing.until_s;
}

void client_stand(struct query_engine *e, struct client *c)
{
    if (!last_holds(e, &c->asker)) {
        const struct ipaddr *addr = client_address(c);
        e->last_client = c->asker.address;
        e->last_forwarded = c->asker.believed;
        e->last_standing_s = e->wall_s;
        stand(e, c);
        e->last_limited = is_limited(e->env.opts, addr) && is_limited(e->env.opts, &c->source.client.addr);
        if (e->last_limited)
            e->last_share = fair_hash(addr, e->share_seed);
        e->last_known = true;
    }
    c->group = e->last_standing.group;
    c->profile = e->last_standing.profile;
    c->until_s = until_of(e);
    c->user = e->last_who.user;
    c->device = e->last_who.device;
    c->grade = e->last_who.grade;
}
