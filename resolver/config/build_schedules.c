/* Schedules: whom they concern, when, and what they change. */
#include <string.h>

#include "base/category.h"
#include "config/build.h"
#include "config/times.h"

static uint64_t mask_of(struct build *b, const struct schema_list *list)
{
    const int *items = list->items;
    uint64_t mask = 0;
    for (size_t i = 0; i < list->count; i++) {
        mask |= CATEGORY_BIT(items[i]);
        if (items[i] == CATEGORY_ILLEGAL)
            config_errors_add(b->errors, &list->places[i], "'illegal' is always blocked: no schedule changes that");
    }
    return mask;
}

/* What must stay shut at all times, unless a level itself opens it. */
static void check_allow(struct build *b, const struct schema_list *list)
{
    const int *items = list->items;
    for (size_t i = 0; i < list->count; i++)
        if (items[i] != CATEGORY_ILLEGAL && (POLICY_NEVER_OPENED & CATEGORY_BIT(items[i])) != 0)
            config_errors_add(b->errors, &list->places[i], "a schedule can't open '%s': only a level can",
                              category_name((unsigned)items[i]));
}

static int build_groups(struct build *b, const struct schema_list *list, struct policy_schedule *to)
{
    const char *const *names = list->items;
    uint16_t *groups = arena_alloc(b->arena, (list->count + 1) * sizeof *groups);
    if (groups == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < list->count; i++) {
        int group = build_group_find(b, names[i]);
        if (group < 0)
            config_errors_add(b->errors, &list->places[i], "'%s' is not among the groups", names[i]);
        groups[i] = (uint16_t)(group < 0 ? POLICY_GROUP_DEFAULT : group);
    }
    to->groups = groups;
    to->group_count = list->count;
    return 0;
}

static uint64_t levels_of(struct build *b, const struct schema_list *list)
{
    const char *const *names = list->items;
    uint64_t levels = 0;
    for (size_t i = 0; i < list->count; i++) {
        int level = build_level_find(b, names[i]);
        if (level < 0 || level >= POLICY_LEVELS_MAX)
            config_errors_add(b->errors, &list->places[i], "'%s' is not among the levels", names[i]);
        else
            levels |= UINT64_C(1) << level;
    }
    return levels;
}

static void check(struct build *b, const struct options_schedule *from, const struct policy_schedule *to)
{
    if (to->level == POLICY_NO_LEVEL && (to->allow | to->block) == 0)
        config_errors_add(b->errors, &from->at, "schedule '%s' changes nothing: it needs allow, block or level",
                          from->name);
    if ((to->allow & to->block) != 0)
        config_errors_add(b->errors, &from->at, "schedule '%s' both allows and blocks '%s'", from->name,
                          category_name(category_first(to->allow & to->block)));
    if (from->in != SCHEDULE_ALWAYS && b->config->calendar.term_count == 0)
        config_errors_add(b->errors, &from->in_at, "the calendar has no terms: `in: term` and `in: holiday` need them");
    if (to->times.dates.last < to->times.dates.first)
        config_errors_add(b->errors, &from->at, "`to` is before `from`");
}

static int build_schedule(struct build *b, const struct options_schedule *from, struct policy_schedule *to)
{
    int level = from->level == NULL ? POLICY_NO_LEVEL : build_level_find(b, from->level);
    if (level < 0)
        config_errors_add(b->errors, &from->level_at, "level '%s' is not among the levels", from->level);
    check_allow(b, &from->allow);
    *to = (struct policy_schedule){.name = from->name,
                                   .times = {.season = (enum schedule_season)from->in, .dates = SCHEDULE_ALL_DATES},
                                   .levels = levels_of(b, &from->levels),
                                   .level = (uint16_t)(level < 0 ? 0 : level),
                                   .allow = mask_of(b, &from->allow),
                                   .block = mask_of(b, &from->block)};
    if (from->from.given)
        to->times.dates.first = from->from.day;
    if (from->to.given)
        to->times.dates.last = from->to.day;
    check(b, from, to);
    int rc = build_groups(b, &from->groups, to);
    return rc < 0 ? rc : times_build(b, &from->when, &b->config->calendar, &to->times.windows, &to->times.window_count);
}

int build_schedules(struct build *b)
{
    const struct schema_list *list = &b->options->policy.schedules;
    const struct options_schedule *items = list->items;
    struct policy_schedule *schedules = arena_alloc(b->arena, (list->count + 1) * sizeof *schedules);
    if (schedules == NULL)
        return ERR_NOMEM;
    if (list->count > POLICY_SCHEDULES_MAX)
        config_errors_add(b->errors, &items[POLICY_SCHEDULES_MAX].at, "a policy has at most %d schedules",
                          POLICY_SCHEDULES_MAX);
    for (size_t i = 0; i < list->count; i++) {
        for (size_t earlier = 0; earlier < i; earlier++)
            if (strcmp(items[earlier].name, items[i].name) == 0)
                config_errors_add(b->errors, &items[i].at, "schedule '%s' is given twice", items[i].name);
        int rc = build_schedule(b, &items[i], &schedules[i]);
        if (rc < 0)
            return rc;
    }
    b->config->policy.schedules = schedules;
    b->config->policy.schedule_count = list->count;
    return 0;
}
