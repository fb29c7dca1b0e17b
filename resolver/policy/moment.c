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

/* ---- one place ---- */

static struct policy_level level_with(const struct policy *policy, const struct timetable_effect *effect)
{
    struct policy_level level = policy->levels[effect->level];
    level.block = (level.block & ~effect->allow) | effect->block;
    level.hold &= ~effect->allow & ~effect->block;
    level.unless_approved &= ~effect->allow & ~effect->block;
    level.log_only &= ~effect->block;
    level.allow = (level.allow | (effect->allow & ~level.log_only)) & ~effect->block;
    return level;
}

/* Another level, even with the same categories, may differ in anything. */
static uint64_t difference(const struct policy *policy, const struct timetable_effect *a,
                           const struct timetable_effect *b)
{
    if (a->level != b->level || a->level_taken != b->level_taken)
        return UINT64_MAX;
    const struct policy_level x = level_with(policy, a);
    const struct policy_level y = level_with(policy, b);
    return (x.block ^ y.block) | (x.hold ^ y.hold) | (x.unless_approved ^ y.unless_approved) |
           (x.log_only ^ y.log_only) | (x.allow ^ y.allow) | (a->block ^ b->block);
}

static void place_begin(const struct policy *policy, size_t index, const struct timetable_set *active,
                        struct policy_place *out)
{
    const struct timetable *table = policy->timetable;
    uint16_t level = (uint16_t)(index % policy->level_count);
    size_t class = index / policy->level_count;
    struct timetable_effect effect;
    bool any_level;
    timetable_effect(table, class, level, active, &effect);
    uint64_t reach = timetable_reach(table, class, level, &any_level);
    *out = (struct policy_place){.level = level_with(policy, &effect),
                                 .kept = effect.level_taken ? UINT64_MAX : POLICY_NEVER_OPENED | effect.block,
                                 .reach = any_level ? UINT64_MAX : reach,
                                 .next_s = INT64_MAX};
}

/* What else applies to it from at_s on, when other schedules are active. */
static void place_look_ahead(const struct policy *policy, size_t index, const struct timetable_set *now,
                             const struct timetable_set *then, int64_t at_s, struct policy_place *place)
{
    uint16_t level = (uint16_t)(index % policy->level_count);
    size_t class = index / policy->level_count;
    struct timetable_effect before, after;
    if (timetable_same(policy->timetable, class, now, then))
        return;
    timetable_effect(policy->timetable, class, level, now, &before);
    timetable_effect(policy->timetable, class, level, then, &after);
    uint64_t changes = difference(policy, &before, &after);
    if (changes != 0 && place->next_s == INT64_MAX)
        place->next_s = at_s;
    place->changes |= changes;
}

/* ---- all of them ---- */

static void renew_without_schedules(struct policy_moment *moment)
{
    const struct policy *policy = moment->policy;
    moment->until_s = moment->ahead_s = INT64_MAX;
    for (size_t i = 0; i < moment->count; i++)
        moment->places[i] = (struct policy_place){
            .level = policy->levels[i % policy->level_count], .kept = POLICY_NEVER_OPENED, .next_s = INT64_MAX};
}

void policy_moment_renew(struct policy_moment *moment, int64_t now_s)
{
    const struct policy *policy = moment->policy;
    struct timetable_set now, then;
    moment->from_s = now_s;
    if (policy->timetable == NULL) {
        renew_without_schedules(moment);
        return;
    }
    timetable_active(policy->timetable, now_s, &now);
    for (size_t i = 0; i < moment->count; i++)
        place_begin(policy, i, &now, &moment->places[i]);
    moment->ahead_s = now_s + POLICY_MOMENT_AHEAD_S;
    moment->until_s = moment->ahead_s;
    int64_t at_s = now_s;
    while ((at_s = timetable_next_s(policy->timetable, at_s, moment->ahead_s)) != INT64_MAX) {
        if (at_s < moment->until_s)
            moment->until_s = at_s;
        timetable_active(policy->timetable, at_s, &then);
        for (size_t i = 0; i < moment->count; i++)
            place_look_ahead(policy, i, &now, &then, at_s, &moment->places[i]);
    }
}

const struct policy_level *policy_level_at(const struct policy_moment *moment, uint32_t profile)
{
    return moment == NULL || profile == POLICY_PROFILE_DENIED ? &strictest : &moment->places[profile >> 16].level;
}
