#include <string.h>

#include "base/verdict.h"
#include "query/engine.h"

void facts_of(const struct query_engine *e, const uint8_t *name, struct policy_facts *out)
{
    struct name_key key;
    name_key_make(name, &key);
    policy_facts(e->env.policy, e->env.blockdb, name, &key, out);
}

bool facts_current(const struct query_engine *e, const struct policy_facts *facts, uint32_t version)
{
    uint64_t generation = e->env.blockdb == NULL ? 0 : blockdb_generation(e->env.blockdb);
    return facts->generation == generation && version == policy_version(e->env.policy);
}

void verdict_decide(const struct query_engine *e, struct client *c)
{
    c->verdict = policy_decide(e->env.policy, c->group, &c->facts, c->asked.wall_ns / 1000000000);
}

/* Only a rule that names the target counts against it: a walled garden's default is about the name that was asked. */
static bool keeps_target(const struct verdict *v)
{
    return verdict_is_block(v) &&
           (v->reason == REASON_CATEGORY || v->reason == REASON_LOCAL_BLOCK || v->reason == REASON_STATUTORY);
}

/* Names that are answered whatever they lead to. */
static bool chain_is_exempt(const struct verdict *v)
{
    return v->action != VERDICT_RESOLVE || v->reason == REASON_PROTECTED_HELP || v->reason == REASON_CONDITIONAL_ZONE;
}

/* An exception lets the name lead anywhere, but for what no exception reaches. */
static bool exception_covers(const struct verdict *v, const struct policy_facts *target)
{
    return v->reason == REASON_EXCEPTION && !(target->categories & CATEGORY_BIT(CATEGORY_ILLEGAL));
}

static bool target_decides(const struct query_engine *e, struct client *c, const uint8_t *target)
{
    struct policy_facts facts;
    facts_of(e, target, &facts);
    struct verdict v = policy_decide(e->env.policy, c->group, &facts, c->asked.wall_ns / 1000000000);
    bool kept = keeps_target(&v) && !exception_covers(&c->verdict, &facts);
    bool noted = v.reason == REASON_LOG_ONLY && c->verdict.reason == REASON_DEFAULT;
    if (!kept && !noted)
        return false;
    c->verdict = v;
    c->verdict.match = MATCH_CNAME;
    memcpy(c->matched, target, name_len(target));
    return kept;
}

void verdict_follow_chain(const struct query_engine *e, struct client *c, const uint8_t chain[][NAME_MAX_LEN],
                          size_t count)
{
    if (chain_is_exempt(&c->verdict))
        return;
    for (size_t i = 0; i < count; i++)
        if (target_decides(e, c, chain[i]))
            return;
}

void verdict_follow_stored(const struct query_engine *e, struct client *c, const struct stored *stored)
{
    struct msg_walk walk;
    struct msg_rr rr;
    if (chain_is_exempt(&c->verdict) || msg_walk_begin(&walk, stored->msg, stored->len) < 0)
        return;
    while (msg_walk_next(&walk, &rr) > 0 && rr.section == MSG_ANSWER) {
        uint8_t target[NAME_MAX_LEN];
        if (rr.type != DNS_TYPE_CNAME || msg_name_unpack(stored->msg, stored->len, rr.rdata_pos, target) < 0)
            continue;
        name_lower(target, target, name_len(target));
        if (target_decides(e, c, target))
            return;
    }
}

/* Addresses that only exist inside: a public name that leads there turns a browser against the school's own network. */
#define V4(a, b, bits)                                                                                                 \
    {                                                                                                                  \
        {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b}}, 96 + (bits)                                                \
    }
static const struct prefix inside[] = {
    V4(0, 0, 8),      V4(10, 0, 8),         V4(100, 64, 10),  V4(127, 0, 8),
    V4(169, 254, 16), V4(172, 16, 12),      V4(192, 168, 16), {{{0}}, 127}, /* :: and ::1 */
    {{{0xfc}}, 7},    {{{0xfe, 0x80}}, 10},
};

static bool is_inside(const uint8_t *rdata, size_t len)
{
    struct ipaddr a = len == 4 ? ipaddr_from_v4(rdata) : ipaddr_from_v6(rdata);
    for (size_t i = 0; i < sizeof inside / sizeof inside[0]; i++)
        if (prefix_contains(&inside[i], &a))
            return true;
    return false;
}

bool answer_is_rebinding(const struct stored *stored)
{
    unsigned answers = msg_u16(stored->msg + 6);
    for (size_t i = 0; i < stored->ttl_count && i < answers; i++) {
        const uint8_t *fixed = stored->msg + stored->ttl_at[i] - 4;
        uint16_t type = msg_u16(fixed);
        uint16_t len = msg_u16(fixed + 8);
        if ((type == DNS_TYPE_A && len == 4) || (type == DNS_TYPE_AAAA && len == 16))
            if (is_inside(fixed + 10, len))
                return true;
    }
    return false;
}
