#include "operator/judge.h"

#include "base/verdict.h"

int judge_init(struct judge *judge, int64_t now_s)
{
    return policy_moment_new(judge->policy, now_s, &judge->moment);
}

void judge_done(struct judge *judge)
{
    policy_moment_free(judge->moment);
    judge->moment = NULL;
}

void judge_facts_from_match(const struct judge *judge, const uint8_t *name, const struct name_key *key,
                            const struct blockdb_match *match, uint16_t type, struct policy_facts *out)
{
    uint64_t generation = judge->db == NULL ? 0 : blockdb_generation(judge->db);
    policy_facts_from_match(judge->policy, name, match, type, generation, out);
    if (judge->statutory != NULL)
        out->statutory = statutory_find(judge->statutory, key) > 0;
    out->decided = judge->decisions != NULL && table_concerns(judge->decisions, name);
}

void judge_facts(const struct judge *judge, const uint8_t *name, uint16_t type, struct policy_facts *out)
{
    struct blockdb_match match;
    struct name_key key;
    name_key_make(name, &key);
    if (judge->db != NULL)
        blockdb_lookup_type(judge->db, &key, type, &match);
    judge_facts_from_match(judge, name, &key, judge->db == NULL ? NULL : &match, type, out);
}

/* A pause of everything is about what is asked, and not about what that leads to. */
static void overrule(const struct judge *judge, const uint8_t *name, bool target, const struct policy_facts *facts,
                     const struct judge_client *client, int64_t now_s, struct verdict *verdict)
{
    struct table_found found;
    const struct table_who who = {.group = client->group, .user = client->user, .device = client->device};
    (target ? table_find_target : table_find)(judge->decisions, name, &who, now_s, &found);
    const struct table_decision opening = table_opening(&found, facts->categories);
    const struct policy_decided decided = {.pause = found.pause.id,
                                           .pause_labels = found.pause.labels,
                                           .block = found.block.id,
                                           .block_labels = found.block.labels,
                                           .allow = opening.id,
                                           .allow_labels = opening.labels,
                                           .allow_lifts_safe_search = opening.lifts_safe_search};
    policy_overrule(judge->policy, judge->moment, client->profile, facts, &decided, verdict);
}

struct judge_client judge_group(const struct policy *policy, uint16_t group)
{
    return (struct judge_client){.profile = policy_group_profile(policy, group), .group = group};
}

/* What a clause of the list says of how the block is answered. */
static void refine(const struct judge *judge, const uint8_t *name, uint16_t type, struct verdict *verdict)
{
    struct blockdb_match match;
    struct name_key key;
    if (verdict->action != VERDICT_NOTICE || judge->db == NULL)
        return;
    name_key_make(name, &key);
    blockdb_lookup_type(judge->db, &key, type, &match);
    policy_refine(judge->policy, judge->db, &match, verdict);
}

static struct verdict decide(struct judge *judge, const uint8_t *name, bool target, uint16_t type,
                             const struct policy_facts *facts, const struct judge_client *client, int64_t now_s)
{
    if (!policy_moment_holds(judge->moment, now_s))
        policy_moment_renew(judge->moment, now_s);
    struct verdict v = policy_decide(judge->policy, judge->moment, client->profile, facts);
    if (facts->clause)
        refine(judge, name, type, &v);
    if (facts->decided || (judge->decisions != NULL && table_pauses(judge->decisions)))
        overrule(judge, name, target, facts, client, now_s, &v);
    return v;
}

struct verdict judge_name(struct judge *judge, const uint8_t *name, uint16_t type, const struct policy_facts *facts,
                          const struct judge_client *client, int64_t now_s)
{
    return decide(judge, name, false, type, facts, client, now_s);
}

/* As query/verdict.c has it: only a rule that names the target counts against it. */
static bool keeps_target(const struct verdict *v)
{
    return verdict_is_block(v) && (verdict_reason_is_category(v->reason) || v->reason == REASON_LOCAL_BLOCK ||
                                   v->reason == REASON_SUSPENSION || v->reason == REASON_STATUTORY);
}

static bool exception_covers(const struct verdict *v, const struct policy_facts *target)
{
    return (v->reason == REASON_EXCEPTION || v->reason == REASON_CONDITIONAL_ZONE) && !policy_is_illegal(target);
}

bool judge_target(struct judge *judge, const uint8_t *target, uint16_t type, const struct policy_facts *facts,
                  const struct judge_client *client, int64_t now_s, struct verdict *verdict)
{
    if (verdict->action != VERDICT_RESOLVE || verdict->reason == REASON_PROTECTED_HELP)
        return false;
    struct verdict v = decide(judge, target, true, type, facts, client, now_s);
    bool paused = v.reason == REASON_SUSPENSION && verdict->reason != REASON_CONDITIONAL_ZONE;
    if (!keeps_target(&v) || (!paused && exception_covers(verdict, facts)))
        return false;
    *verdict = v;
    verdict->match = MATCH_CNAME;
    return true;
}
