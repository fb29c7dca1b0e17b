/*
 * What a policy says of a question at a time, as belishad would: the policy, its schedules, the lists, the decisions.
 *
 * Where the question's name leads (aliases, addresses) is not looked up: a target is judged when it is given.
 *
 * Memory:  all it points to but the moment is the caller's.
 * Threads: one.
 */
#ifndef OPERATOR_JUDGE_H
#define OPERATOR_JUDGE_H

#include "blockdb/blockdb.h"
#include "decision/table.h"
#include "policy/moment.h"
#include "policy/policy.h"
#include "statutory/statutory.h"

struct judge {
    const struct policy *policy;
    const struct blockdb *db;          /* NULL: there is none */
    const struct statutory *statutory; /* NULL: there is none, or it can't be read */
    const struct table *decisions;     /* NULL: there are none */
    struct policy_moment *moment;      /* of the question before: questions mostly come in order of time */
};

/* Begins with the first four set. ERR_NOMEM. */
ERR_CHECKED int judge_init(struct judge *judge, int64_t now_s);
void judge_done(struct judge *judge);

/* name: wire, lower case. */
void judge_facts(const struct judge *judge, const uint8_t *name, uint16_t type, struct policy_facts *out);

/* The same when the list has been asked already, of the same type. match NULL: there is none. */
void judge_facts_from_match(const struct judge *judge, const uint8_t *name, const struct name_key *key,
                            const struct blockdb_match *match, uint16_t type, struct policy_facts *out);

/* Who asks. */
struct judge_client {
    uint32_t profile;
    uint16_t group;
    uint32_t user, device; /* numbers of the register; 0: not known */
};

/* A client of whom the group alone is known. */
struct judge_client judge_group(const struct policy *policy, uint16_t group);

/* The verdict about a question of the type with these facts. Feed and matched labels as policy_decide() has them. */
struct verdict judge_name(struct judge *judge, const uint8_t *name, uint16_t type, const struct policy_facts *facts,
                          const struct judge_client *client, int64_t now_s);

/*
 * Whether a name that the asked one leads to is kept from the client although the verdict about that lets it through; then
 * *verdict becomes the one about the target, with MATCH_CNAME.
 */
bool judge_target(struct judge *judge, const uint8_t *target, uint16_t type, const struct policy_facts *facts,
                  const struct judge_client *client, int64_t now_s, struct verdict *verdict);

#endif
