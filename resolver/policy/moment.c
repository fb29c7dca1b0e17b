#include "policy/moment.h"

#include <stdlib.h>

#include "policy/inside.h"

/* Where nobody knows which level is in force. */
static const struct policy_level strictest = {.name = "-",
                                              .block = UINT64_MAX,
                                              .default_block = true,
                                              .safe_strict = UINT64_MAX,
                                              .wording = POLICY_WORDING_SECONDARY};

int policy_moment_new(const struct policy *policy, int64_t now_s, struct policy_moment **out)
{
    size_t count = policy->class_count * policy->level_count;
    struct policy_moment *moment = calloc(1, sizeof *moment + count * sizeof moment->places[0]);
    if (moment == NULL)
        return ERR_NOMEM;
    moment->policy = policy;
    moment->count = count;
    policy_moment_renew(moment, now_s);
    *out = moment;
    return 0;
}

void policy_moment_free(struct policy_moment *moment)
{
    free(moment);
}

void policy_moment_renew(struct policy_moment *moment, int64_t now_s)
{
    const struct policy *policy = moment->policy;
    moment->from_s = now_s;
    moment->until_s = INT64_MAX;
    for (size_t i = 0; i < moment->count; i++)
        moment->places[i] =
            (struct policy_place){.level = policy->levels[i % policy->level_count], .kept = POLICY_NEVER_OPENED};
}

const struct policy_level *policy_level_at(const struct policy_moment *moment, uint32_t profile)
{
    return moment == NULL || profile == POLICY_PROFILE_DENIED ? &strictest : &moment->places[profile >> 16].level;
}
