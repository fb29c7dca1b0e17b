/*
 * A moment: what applies to each profile now, once the schedules have had their say.
 *
 * One engine, one moment: it holds until the next boundary of any schedule, and is renewed when the time is outside of
 * [from, until), also when the clock was set back. A boundary changes verdicts and not facts, so nothing that is cached
 * has to be forgotten.
 *
 * Memory:  made once; renewing allocates nothing. The policy must outlive it.
 * Threads: its owner's.
 */
#ifndef POLICY_MOMENT_H
#define POLICY_MOMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "belisha/err.h"
#include "policy/policy.h"

/* What applies to one level of one class of groups. */
struct policy_place {
    struct policy_level level; /* the one in force, with what schedules change in it */
    uint64_t kept;             /* categories that no person's own rule opens now */
    uint64_t changes;          /* categories decided otherwise some time within POLICY_MOMENT_AHEAD_S */
    uint64_t reach;            /* categories that may be so later */
    int64_t next_s;            /* when the first of the changes comes */
};

/* So far ahead changes are known: what is further away bounds no answer that lives shorter, and the rest. */
#define POLICY_MOMENT_AHEAD_S 86400

struct policy_moment {
    const struct policy *policy;
    int64_t from_s, until_s; /* wall; INT64_MAX: nothing will change */
    int64_t ahead_s;         /* what comes until then is known; INT64_MAX */
    size_t count;
    struct policy_place places[]; /* policy.c numbers them */
};

/* ERR_NOMEM. */
ERR_CHECKED int policy_moment_new(const struct policy *policy, int64_t now_s, struct policy_moment **out);
void policy_moment_free(struct policy_moment *moment);

static inline bool policy_moment_holds(const struct policy_moment *moment, int64_t now_s)
{
    return now_s >= moment->from_s && now_s < moment->until_s;
}
void policy_moment_renew(struct policy_moment *moment, int64_t now_s);

/*
 * When the verdict about a name with these facts may be another one for the profile, wall s; INT64_MAX: not as long as the
 * policy is in force. A level's default, and what else it says but for categories, changes with all of them.
 */
static inline int64_t policy_moment_bound(const struct policy_moment *moment, uint32_t profile,
                                          const struct policy_facts *facts)
{
    const struct policy_place *place = &moment->places[profile >> 16];
    if (place->changes == UINT64_MAX || (facts->categories & place->changes) != 0)
        return place->next_s;
    return place->reach == UINT64_MAX || (facts->categories & place->reach) != 0 ? moment->ahead_s : INT64_MAX;
}

#endif
