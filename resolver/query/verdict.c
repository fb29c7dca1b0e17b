#include <string.h>

#include "base/verdict.h"
#include "dns/svcb.h"
#include "query/engine.h"

void facts_of(const struct query_engine *e, const uint8_t *name, uint16_t type, struct policy_facts *out)
{
    struct name_key key;
    name_key_make(name, &key);
    policy_facts(e->env.policy, e->env.blockdb, name, &key, type, out);
    facts_add_statutory(e, &key, out);
    facts_add_decisions(e, name, out);
}

void facts_add_decisions(const struct query_engine *e, const uint8_t *name, struct policy_facts *facts)
{
    facts->decided = e->env.decisions != NULL && table_concerns(e->env.decisions, name);
}

void facts_add_statutory(const struct query_engine *e, const struct name_key *key, struct policy_facts *facts)
{
    facts->generation = e->basis;
    facts->closed = e->env.statutory_missing;
    if (e->env.statutory != NULL)
        facts->statutory = statutory_find(e->env.statutory, key) > 0;
}

uint64_t facts_chain_listed(const struct policy_facts *facts)
{
    return facts->listed | (facts_are_special(facts) ? CATEGORY_BIT(CATEGORY_LOCAL) : 0) |
           (facts->statutory ? CATEGORY_BIT(CATEGORY_ILLEGAL) : 0);
}

/* It came over TCP, which is all that such a rule asks for: what else is said of the name decides. */
static void satisfy_tcp(const struct query_engine *e, const struct client *c, const struct policy_facts *facts,
                        const struct blockdb_match *match, struct verdict *v)
{
    struct policy_facts left = *facts;
    if (v->action != VERDICT_TRUNCATED || !c->source.stream)
        return;
    left.categories &= ~match->tcp_only;
    struct verdict other = policy_decide(e->env.policy, e->moment, c->profile, &left);
    if (verdict_is_block(&other))
        *v = other;
    else
        v->action = VERDICT_RESOLVE;
    v->categories = facts->categories;
}

/* Rare: names whose block a clause answers are looked up once more, so that facts stay small. */
__attribute__((noinline)) static void refine(const struct query_engine *e, const struct client *c, const uint8_t *name,
                                             const struct policy_facts *facts, struct verdict *v)
{
    struct name_key key;
    struct blockdb_match match;
    if (v->action != VERDICT_NOTICE || e->env.blockdb == NULL)
        return;
    name_key_make(name, &key);
    blockdb_lookup_type(e->env.blockdb, &key, c->request.question.type, &match);
    policy_refine(e->env.policy, e->env.blockdb, &match, v);
    satisfy_tcp(e, c, facts, &match, v);
}

/* The answer must not outlive what a schedule makes of it. */
static void bound_by_schedule(const struct query_engine *e, struct client *c, const struct policy_facts *facts)
{
    if (__builtin_expect(e->moment != NULL && e->moment->until_s != INT64_MAX, 0) &&
        c->profile != POLICY_PROFILE_DENIED)
        client_bound_ttl(e, c, policy_moment_bound(e->moment, c->profile, facts));
}

static struct verdict decide(const struct query_engine *e, struct client *c, const uint8_t *name,
                             const struct policy_facts *facts)
{
    struct verdict v = policy_decide(e->env.policy, e->moment, c->profile, facts);
    bound_by_schedule(e, c, facts);
    if (facts->clause)
        refine(e, c, name, facts, &v);
    if (facts->decided)
        overrule_target(e, c, name, facts, &v);
    return v;
}

/* What a list says of an address, as a verdict for this client. */
static struct verdict decide_address(const struct query_engine *e, struct client *c, enum blockdb_address_use use,
                                     const struct ipaddr *addr, struct policy_facts *out_facts)
{
    struct blockdb_match match;
    policy_facts_of_address(e->env.blockdb, use, addr->bytes, out_facts, &match);
    struct verdict v = policy_decide(e->env.policy, e->moment, c->profile, out_facts);
    bound_by_schedule(e, c, out_facts);
    if (!verdict_reason_is_category(v.reason))
        return v;
    v.feed = blockdb_match_feed(e->env.blockdb, &match, v.category, &v.match_labels);
    v.match_labels = 0;
    policy_refine(e->env.policy, e->env.blockdb, &match, &v);
    satisfy_tcp(e, c, out_facts, &match, &v);
    return v;
}

/* A rule about the client goes before those about names, but not before what the network owes everyone. */
__attribute__((noinline)) static void client_decides(const struct query_engine *e, struct client *c)
{
    struct policy_facts facts;
    enum verdict_reason reason = (enum verdict_reason)c->verdict.reason;
    if (reason != REASON_DEFAULT && !verdict_reason_is_category(reason) && reason != REASON_CATEGORY_ALLOWED &&
        reason != REASON_LOG_ONLY && reason != REASON_SAFE_SEARCH)
        return;
    struct verdict v = decide_address(e, c, BLOCKDB_ADDRESS_CLIENT, client_address(c), &facts);
    if (!verdict_is_block(&v) || !verdict_reason_is_category(v.reason))
        return;
    v.match = MATCH_CLIENT;
    c->verdict = v;
}

void verdict_decide(const struct query_engine *e, struct client *c)
{
    /* Every question passes here: the verdict is made where it stays. */
    c->verdict = policy_decide(e->env.policy, e->moment, c->profile, &c->facts);
    c->ttl_max_s = UINT32_MAX;
    client_bound_ttl(e, c, c->until_s);
    bound_by_schedule(e, c, &c->facts);
    c->barred = 0;
    if (__builtin_expect(c->facts.clause, 0))
        refine(e, c, c->request.question.name, &c->facts, &c->verdict);
    if (__builtin_expect(c->facts.decided || e->pauses, 0))
        overrule_question(e, c);
    if (__builtin_expect(e->lists_clients, 0))
        client_decides(e, c);
}

/* Only a rule that names the target counts against it: a walled garden's default is about the name that was asked. */
static bool keeps_target(const struct verdict *v)
{
    return verdict_is_block(v) && (verdict_reason_is_category(v->reason) || v->reason == REASON_LOCAL_BLOCK ||
                                   v->reason == REASON_SUSPENSION || v->reason == REASON_STATUTORY);
}

/* Names that are answered whatever they lead to. */
static bool chain_is_exempt(const struct verdict *v)
{
    return v->action != VERDICT_RESOLVE || v->reason == REASON_PROTECTED_HELP;
}

/* An exception, or a zone without filter, lets the name lead anywhere but to what nothing can open. */
static bool exception_covers(const struct client *c, const struct policy_facts *target)
{
    const struct verdict *v = &c->verdict;
    return (v->reason == REASON_EXCEPTION || v->reason == REASON_CONDITIONAL_ZONE) && !policy_is_illegal(target) &&
           (c->barred & target->categories) == 0;
}

/* A pause goes before exceptions, also when another name leads to what is paused. */
static bool pause_covers(const struct verdict *v, const struct verdict *target)
{
    return target->reason == REASON_SUSPENSION && v->reason != REASON_CONDITIONAL_ZONE;
}

bool verdict_target_decides(const struct query_engine *e, struct client *c, const uint8_t *target)
{
    struct policy_facts facts;
    facts_of(e, target, c->request.question.type, &facts);
    struct verdict v = decide(e, c, target, &facts);
    bool kept = keeps_target(&v) && (pause_covers(&c->verdict, &v) || !exception_covers(c, &facts));
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
        if (verdict_target_decides(e, c, chain[i]))
            return;
}

/* Behind the labels that name port and protocol; 0: the question has none. */
static size_t service_host(const struct stored *stored)
{
    const uint8_t *msg = stored->msg;
    size_t at = MSG_HEADER_LEN;
    if (!svcb_is_type(msg_u16(msg + stored->question_end - 4)))
        return 0;
    while (msg[at] > 0 && msg[at + 1] == '_')
        at += msg[at] + 1u;
    return at == MSG_HEADER_LEN || msg[at] == 0 ? 0 : at;
}

int chain_begin(struct chain_walk *chain, const struct stored *stored)
{
    chain->stored = stored;
    chain->host_at = service_host(stored);
    return msg_walk_begin(&chain->walk, stored->msg, stored->len);
}

/* 1 and the record's target, not in lower case yet; 0: it has none. */
static int target_of(const struct stored *stored, const struct msg_rr *rr, uint8_t target[NAME_MAX_LEN])
{
    struct svcb service;
    int code;
    if (rr->type == DNS_TYPE_CNAME) {
        code = msg_name_unpack(stored->msg, stored->len, rr->rdata_pos, target);
        return code < 0 ? code : 1;
    }
    if (!svcb_is_type(rr->type))
        return 0;
    if ((code = svcb_parse(stored->msg + rr->rdata_pos, rr->rdata_len, &service)) < 0)
        return code;
    memcpy(target, service.target, service.target_len);
    return service.target_len > 1;
}

int chain_next(struct chain_walk *chain, uint8_t target[NAME_MAX_LEN])
{
    struct msg_rr rr;
    int code;
    if (chain->host_at > 0) {
        const uint8_t *host = chain->stored->msg + chain->host_at;
        name_lower(target, host, name_len(host));
        chain->host_at = 0;
        return 1;
    }
    while ((code = msg_walk_next(&chain->walk, &rr)) > 0 && rr.section == MSG_ANSWER) {
        code = target_of(chain->stored, &rr, target);
        if (code == 0)
            continue;
        if (code > 0)
            name_lower(target, target, name_len(target));
        return code;
    }
    return code < 0 ? code : 0;
}

int verdict_follow_stored(const struct query_engine *e, struct client *c, const struct stored *stored)
{
    struct chain_walk chain;
    uint8_t target[NAME_MAX_LEN];
    int code;
    if (chain_is_exempt(&c->verdict))
        return 0;
    if ((code = chain_begin(&chain, stored)) < 0)
        return code;
    while ((code = chain_next(&chain, target)) > 0)
        if (verdict_target_decides(e, c, target))
            return 0;
    if (code == 0)
        verdict_check_addresses(e, c, stored);
    return code;
}

/* ---- addresses ---- */

static bool lists_addresses(const struct query_engine *e)
{
    return e->env.blockdb != NULL && blockdb_lists_addresses(e->env.blockdb, BLOCKDB_ADDRESS_ANSWER);
}

uint64_t addresses_listed(const struct query_engine *e, const struct stored *stored)
{
    struct address_walk walk = address_begin(stored);
    struct ipaddr addr;
    uint64_t listed = 0;
    while (lists_addresses(e) && address_next(&walk, &addr)) {
        struct policy_facts facts;
        struct blockdb_match match;
        policy_facts_of_address(e->env.blockdb, BLOCKDB_ADDRESS_ANSWER, addr.bytes, &facts, &match);
        listed |= facts.listed;
    }
    return listed;
}

uint64_t answer_listed(const struct query_engine *e, const struct stored *stored, uint16_t type)
{
    struct chain_walk chain;
    uint8_t target[NAME_MAX_LEN];
    uint64_t listed = addresses_listed(e, stored);
    int code = chain_begin(&chain, stored);
    while (code >= 0 && (code = chain_next(&chain, target)) > 0) {
        struct policy_facts facts;
        facts_of(e, target, type, &facts);
        listed |= facts_chain_listed(&facts);
    }
    return code < 0 ? UINT64_MAX : listed;
}

static bool address_decides(const struct query_engine *e, struct client *c, const struct ipaddr *addr)
{
    struct policy_facts facts;
    struct verdict v = decide_address(e, c, BLOCKDB_ADDRESS_ANSWER, addr, &facts);
    if (!verdict_is_block(&v) || !verdict_reason_is_category(v.reason) || exception_covers(c, &facts))
        return false;
    v.match = MATCH_ADDRESS;
    c->verdict = v;
    c->matched_address = *addr;
    return true;
}

void verdict_check_addresses(const struct query_engine *e, struct client *c, const struct stored *stored)
{
    struct address_walk walk = address_begin(stored);
    struct ipaddr addr;
    if (chain_is_exempt(&c->verdict) || !lists_addresses(e))
        return;
    while (address_next(&walk, &addr))
        if (address_decides(e, c, &addr))
            return;
}

/* ---- local aliases ---- */

/*
 * Whether nothing can open the name; for SafeSearch, also whether somebody in the school blocked it, or paused a service that
 * it belongs to. Then the verdict says so.
 */
static bool alias_decides(const struct query_engine *e, struct client *c, const uint8_t *name)
{
    struct policy_facts facts;
    facts_of(e, name, c->request.question.type, &facts);
    struct verdict v = decide(e, c, name, &facts);
    bool blocked_here =
        c->alias_kind == ALIAS_SAFE && (v.reason == REASON_LOCAL_BLOCK || v.reason == REASON_SUSPENSION);
    if (!policy_is_illegal(&facts) && !facts.closed && !blocked_here)
        return false;
    c->verdict = v;
    c->verdict.match = MATCH_CNAME;
    memcpy(c->matched, name, name_len(name));
    return true;
}

/* The same of the addresses. */
static void alias_check_addresses(const struct query_engine *e, struct client *c, const struct stored *stored)
{
    struct address_walk walk = address_begin(stored);
    struct ipaddr addr;
    while (lists_addresses(e) && address_next(&walk, &addr)) {
        struct policy_facts facts;
        struct blockdb_match match;
        policy_facts_of_address(e->env.blockdb, BLOCKDB_ADDRESS_ANSWER, addr.bytes, &facts, &match);
        if (policy_is_illegal(&facts) && address_decides(e, c, &addr))
            return;
    }
}

int verdict_follow_target(const struct query_engine *e, struct client *c, const struct stored *stored)
{
    struct chain_walk chain;
    uint8_t target[NAME_MAX_LEN];
    int code;
    if (alias_decides(e, c, c->request.question.name) || stored == NULL)
        return 0;
    if ((code = chain_begin(&chain, stored)) < 0)
        return code;
    while ((code = chain_next(&chain, target)) > 0)
        if (alias_decides(e, c, target))
            return 0;
    if (code == 0)
        alias_check_addresses(e, c, stored);
    return code;
}

int verdict_follow_alias(const struct query_engine *e, struct client *c, const struct stored *stored)
{
    return c->alias_kind == ALIAS_LOCAL ? verdict_follow_target(e, c, stored) : 0;
}

/* ---- records ---- */

size_t verdict_records(const struct query_engine *e, const struct client *c,
                       struct blockdb_clause out[BLOCKDB_CLAUSES_MAX])
{
    struct blockdb_match match;
    struct name_key key;
    size_t count = 0;
    if (e->env.blockdb == NULL)
        return 0;
    if (c->verdict.match == MATCH_CLIENT) {
        blockdb_lookup_address(e->env.blockdb, BLOCKDB_ADDRESS_CLIENT, client_address(c)->bytes, &match);
    } else if (c->verdict.match == MATCH_ADDRESS) {
        blockdb_lookup_address(e->env.blockdb, BLOCKDB_ADDRESS_ANSWER, c->matched_address.bytes, &match);
    } else {
        name_key_make(c->verdict.match == MATCH_CNAME ? c->matched : c->request.question.name, &key);
        blockdb_lookup_type(e->env.blockdb, &key, c->request.question.type, &match);
    }
    for (size_t i = 0; i < match.clause_count; i++)
        if (blockdb_clause(e->env.blockdb, match.clauses[i], &out[count]) == 0 &&
            out[count].kind == BLOCKDB_CLAUSE_RECORD)
            count++;
    return count;
}
