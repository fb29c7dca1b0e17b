#include "query/engine.h"
#include "query/local.h"

const struct query_target *safe_target(const struct query_opts *opts, const struct verdict *v)
{
    uint16_t engine = policy_safe_engine(v->rule);
    if (engine >= opts->search_count)
        return NULL;
    const struct query_search *search = &opts->searches[engine];
    return policy_safe_mode(v->rule) == POLICY_SAFE_STRICT ? &search->strict : &search->moderate;
}

static bool is_of_type(const struct ipaddr *address, uint16_t type)
{
    return type == DNS_TYPE_ANY || type == (ipaddr_is_v4(address) ? DNS_TYPE_A : DNS_TYPE_AAAA);
}

static void add_address(struct answer *a, const struct ipaddr *address, uint32_t ttl_s)
{
    if (ipaddr_is_v4(address))
        answer_add(a, MSG_ANSWER, NULL, DNS_TYPE_A, ttl_s, ipaddr_v4(address), 4);
    else
        answer_add(a, MSG_ANSWER, NULL, DNS_TYPE_AAAA, ttl_s, address->bytes, 16);
}

/*
 * HTTPS and SVCB records of the host would lead round the target, and those of the target are for its own name: both have
 * no data. So has every type of which we do not know where it leads.
 */
static bool is_answered(uint16_t type)
{
    return type == DNS_TYPE_A || type == DNS_TYPE_AAAA || type == DNS_TYPE_CNAME || type == DNS_TYPE_ANY;
}

void safe_add(struct answer *a, const struct query_opts *opts, const struct client *c, uint32_t ttl_s)
{
    const struct query_target *target = safe_target(opts, &c->verdict);
    uint16_t type = c->request.question.type;
    if (target == NULL || !is_answered(type))
        return;
    for (size_t i = 0; i < target->address_count; i++)
        if (is_of_type(&target->addresses[i], type))
            add_address(a, &target->addresses[i], ttl_s);
    if (target->name == NULL)
        return;
    answer_add(a, MSG_ANSWER, NULL, DNS_TYPE_CNAME, ttl_s, target->name, name_len(target->name));
    if (type == DNS_TYPE_A || type == DNS_TYPE_AAAA)
        local_add_below(a, opts, target->name, type);
}
