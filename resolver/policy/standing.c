/* Which profile a client has. */
#include <stdlib.h>
#include <string.h>

#include "policy/inside.h"

/* ---- people ---- */

static int compare_overlays(const void *a, const void *b)
{
    const struct overlay *x = a;
    const struct overlay *y = b;
    if (x->block != y->block)
        return x->block < y->block ? -1 : 1;
    return (x->allow > y->allow) - (x->allow < y->allow);
}

static struct overlay overlay_of(const struct policy_person *person)
{
    return (struct overlay){.block = person->block, .allow = person->allow & ~POLICY_NEVER_OPENED & ~person->block};
}

/* What of it stays for a person with the restricted level. */
static struct overlay stricter_of(const struct policy_person *person)
{
    return (struct overlay){.block = person->block};
}

/* All different ones, sorted; "none" is the least of them and comes first. */
static int take_overlays(struct policy *policy, const struct policy_opts *opts)
{
    size_t count = 1 + 2 * opts->person_count;
    policy->overlays = calloc(count, sizeof *policy->overlays);
    if (policy->overlays == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < opts->person_count; i++) {
        policy->overlays[2 * i + 1] = overlay_of(&opts->people[i]);
        policy->overlays[2 * i + 2] = stricter_of(&opts->people[i]);
    }
    qsort(policy->overlays, count, sizeof *policy->overlays, compare_overlays);
    size_t kept = 1;
    for (size_t i = 1; i < count; i++)
        if (compare_overlays(&policy->overlays[i], &policy->overlays[kept - 1]) != 0)
            policy->overlays[kept++] = policy->overlays[i];
    policy->overlay_count = kept;
    return kept > UINT16_MAX ? ERR_LIMIT : 0;
}

static uint16_t overlay_find(const struct policy *policy, struct overlay overlay)
{
    const struct overlay *found =
        bsearch(&overlay, policy->overlays, policy->overlay_count, sizeof overlay, compare_overlays);
    return (uint16_t)(found - policy->overlays);
}

int standing_take_people(struct policy *policy, const struct policy_opts *opts)
{
    int rc = take_overlays(policy, opts);
    policy->people = calloc(opts->person_count + 1, sizeof *policy->people);
    if (policy->people == NULL)
        return ERR_NOMEM;
    if (opts->person_count >= POLICY_NOBODY)
        return ERR_LIMIT;
    policy->person_count = opts->person_count;
    for (size_t i = 0; i < opts->person_count && rc == 0; i++) {
        const struct policy_person *from = &opts->people[i];
        if ((from->group != POLICY_GROUP_DEFAULT && from->group >= opts->group_count) ||
            (from->level != POLICY_NO_LEVEL && from->level >= opts->level_count))
            return ERR_INVAL;
        policy->people[i] = (struct person){.until_s = from->until_s,
                                            .group = from->group,
                                            .level = from->level,
                                            .accepted = from->accepted,
                                            .overlay = overlay_find(policy, overlay_of(from)),
                                            .stricter = overlay_find(policy, stricter_of(from))};
    }
    return rc < 0 ? rc : person_table_new(opts->people, opts->person_count, opts->users, &policy->users);
}

uint32_t policy_person_find(const struct policy *policy, const char *user)
{
    return person_table_find(policy->users, user);
}

/* ---- clients ---- */

static const struct group *group_at(const struct policy *policy, uint16_t group)
{
    return &policy->groups[group < policy->group_count ? group : policy->group_count];
}

static uint32_t profile_of(const struct policy *policy, const struct group *group, uint16_t level, uint16_t overlay)
{
    return (uint32_t)(group->class * policy->level_count + level) << 16 | overlay;
}

uint32_t policy_group_profile(const struct policy *policy, uint16_t group)
{
    const struct group *g = group_at(policy, group);
    if (group == POLICY_GROUP_DENIED)
        return POLICY_PROFILE_DENIED;
    return profile_of(policy, g, g->acceptance ? policy->restricted_level : g->level, 0);
}

/* Whose time is over is in the group of the network again. What blocks more for a person outlives both. */
static void stand_as(const struct policy *policy, const struct person *person, int64_t now_s,
                     struct policy_standing *out)
{
    bool lapsed = person->until_s != 0 && now_s >= person->until_s;
    if (person->group != POLICY_GROUP_DEFAULT && !lapsed)
        out->group = person->group;
    const struct group *group = group_at(policy, out->group);
    uint16_t level = person->level != POLICY_NO_LEVEL ? person->level : group->level;
    bool restricted = lapsed || (group->acceptance && !person->accepted);
    uint16_t overlay = restricted ? person->stricter : person->overlay;
    out->profile = profile_of(policy, group, restricted ? policy->restricted_level : level, overlay);
    if (person->until_s != 0 && !lapsed)
        out->until_s = person->until_s;
}

void policy_standing(const struct policy *policy, const struct ipaddr *client, uint32_t person, int64_t now_s,
                     struct policy_standing *out)
{
    out->group = policy_group_of(policy, client);
    out->until_s = INT64_MAX;
    out->profile = policy_group_profile(policy, out->group);
    if (person < policy->person_count && out->group != POLICY_GROUP_DENIED)
        stand_as(policy, &policy->people[person], now_s, out);
}
