/* Who asks: the sender of the question, or the client that a trusted forwarder asks for. */
#include "identity/forwarded.h"
#include "query/engine.h"

/* The forwarder that the address is; NULL: it is none. */
static const struct query_forwarder *forwarder_at(const struct query_opts *opts, const struct ipaddr *addr)
{
    for (size_t i = 0; i < opts->forwarder_count; i++)
        if (prefix_contains(&opts->forwarders[i].network, addr))
            return &opts->forwarders[i];
    return NULL;
}

void asker_begin(struct asker *asker, const struct ipaddr *source)
{
    asker->address = *source;
    asker->believed = asker->whole = asker->has_mac = asker->has_cpe = false;
    asker->subnet_len = 0;
}

/* Of somebody who is not let in himself nothing is believed. */
void asker_read(const struct query_engine *e, const struct ipaddr *source, const uint8_t *options, size_t len,
                struct asker *asker)
{
    const struct query_forwarder *forwarder = forwarder_at(e->env.opts, source);
    struct forwarded said;
    if (forwarder == NULL || policy_group_of(e->env.policy, source) == POLICY_GROUP_DENIED)
        return;
    forwarded_read(options, len, &said);
    asker->has_mac = said.has_mac && forwarder->mac;
    if (asker->has_mac)
        memcpy(asker->mac, said.mac, sizeof asker->mac);
    asker->has_cpe = said.has_cpe && forwarder->cpe_id;
    if (asker->has_cpe)
        asker->cpe = forwarded_cpe_address(said.cpe, said.cpe_len);
    if (said.has_subnet && forwarder->subnet) {
        /* a network that only begins in a group of friendlier rules is not of that group: the forwarder's own counts */
        if (policy_group_is_one(e->env.policy, &said.subnet))
            asker->address = said.subnet.addr;
        asker->whole = said.subnet.bits == 128;
        asker->subnet_len = said.subnet_len;
        memcpy(asker->subnet, said.subnet_option, said.subnet_len);
        asker->subnet[3] = asker->subnet[2]; /* RFC 7871, 7.2.1: the answer is for this network and no larger one */
    }
    asker->believed = asker->has_mac || asker->has_cpe || asker->subnet_len > 0;
}

/* The best that the forwarder said counts; what it did not say is not made up from its own address. */
static void find_forwarded(const struct query_engine *e, const struct asker *asker, struct presence_who *out)
{
    struct presence_who who;
    *out = PRESENCE_UNKNOWN;
    if (asker->whole)
        presence_find(e->env.presence, &asker->address, e->wall_s, out);
    if (asker->has_mac && out->grade > PRESENCE_LOAN &&
        presence_find_mac(e->env.presence, asker->mac, e->wall_s, &who) && who.grade < out->grade)
        *out = who;
    if (asker->has_cpe && out->grade == PRESENCE_ADDRESS &&
        presence_find(e->env.presence, &asker->cpe, e->wall_s, &who))
        *out = who;
}

void asker_find(const struct query_engine *e, const struct asker *asker, struct presence_who *out)
{
    if (e->env.presence == NULL)
        *out = PRESENCE_UNKNOWN;
    else if (asker->believed)
        find_forwarded(e, asker, out);
    else
        presence_find(e->env.presence, &asker->address, e->wall_s, out);
}
