#include "policy/outlook.h"

#include "policy/inside.h"

/* What is looked at: one level of one class of groups. */
struct view {
    const struct policy *policy;
    size_t class;
    uint16_t level;
};

static void state_at(const struct view *view, const struct timetable_set *active, struct outlook_state *out)
{
    const struct timetable *table = view->policy->timetable;
    struct timetable_effect effect;
    timetable_effect(table, view->class, view->level, active, &effect);
    *out = (struct outlook_state){.level = view->policy->levels[effect.level].name};
    for (size_t i = 0; i < timetable_count(table); i++) {
        if (!timetable_takes_part(table, view->class, view->level, active, i))
            continue;
        if (out->schedule_count < OUTLOOK_NAMES_MAX)
            out->schedules[out->schedule_count] = timetable_schedule(table, i)->name;
        out->schedule_count++;
    }
}

/* Whether another set of schedules has a part in what applies. */
static bool differs(const struct view *view, const struct timetable_set *a, const struct timetable_set *b)
{
    const struct timetable *table = view->policy->timetable;
    for (size_t i = 0; i < timetable_count(table); i++)
        if (timetable_takes_part(table, view->class, view->level, a, i) !=
            timetable_takes_part(table, view->class, view->level, b, i))
            return true;
    return false;
}

static void look_ahead(const struct view *view, int64_t now_s, const struct timetable_set *now, struct outlook *out)
{
    const struct timetable *table = view->policy->timetable;
    const int64_t until_s = now_s + OUTLOOK_AHEAD_S;
    struct timetable_set then;
    int64_t at_s = now_s;
    while ((at_s = timetable_next_s(table, at_s, until_s)) != INT64_MAX) {
        timetable_active(table, at_s, &then);
        if (!differs(view, now, &then))
            continue;
        out->next_s = at_s;
        state_at(view, &then, &out->next);
        return;
    }
}

void policy_outlook(const struct policy *policy, uint16_t group, int64_t now_s, struct outlook *out)
{
    const uint32_t place = policy_group_profile(policy, group) >> 16;
    *out = (struct outlook){.next_s = INT64_MAX};
    if (group == POLICY_GROUP_DENIED)
        return;
    const struct view view = {
        .policy = policy, .class = place / policy->level_count, .level = (uint16_t)(place % policy->level_count)};
    out->now.level = policy->levels[view.level].name;
    if (policy->timetable == NULL)
        return;
    struct timetable_set now;
    bool level_too;
    out->is_scheduled = timetable_reach(policy->timetable, view.class, view.level, &level_too) != 0 || level_too;
    timetable_active(policy->timetable, now_s, &now);
    state_at(&view, &now, &out->now);
    if (out->is_scheduled)
        look_ahead(&view, now_s, &now, out);
}

const struct calendar *policy_calendar(const struct policy *policy)
{
    return policy->timetable == NULL ? NULL : timetable_calendar(policy->timetable);
}
