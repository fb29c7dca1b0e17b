/*
 * What the people file may do at most. It is data that nobody approves, so under change control it opens nothing beyond what
 * the version of the policy in force names; see docs/decisions/0035.
 */
#include "base/category.h"
#include "config/build.h"
#include "config/people.h"
#include "config/version.h"

/* ---- the limits ---- */

static uint64_t open_mask(struct build *b)
{
    const struct schema_list *list = &b->options->policy.people.may_open;
    const int *items = list->items;
    uint64_t mask = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (items[i] < 0 || (POLICY_NEVER_OPENED & CATEGORY_BIT(items[i])) != 0)
            config_errors_add(b->errors, &list->places[i], "an entry of a person can't open '%s': only a level can",
                              category_name((unsigned)items[i]));
        else
            mask |= CATEGORY_BIT(items[i]);
    }
    return mask;
}

static uint64_t level_bit(uint16_t level)
{
    return level < POLICY_LEVELS_MAX ? UINT64_C(1) << level : 0;
}

static uint64_t level_mask(struct build *b)
{
    const struct options_policy *from = &b->options->policy;
    const struct options_level *levels = from->levels.items;
    const char *const *names = from->people.may_use.items;
    uint64_t mask = level_bit(b->config->policy.default_level) | level_bit(b->config->policy.restricted_level);
    for (size_t i = 0; i < from->levels.count && i < POLICY_LEVELS_MAX; i++)
        if (levels[i].years.count > 0)
            mask |= UINT64_C(1) << i;
    for (size_t i = 0; i < from->people.may_use.count; i++) {
        int level = build_level_find(b, names[i]);
        if (level < 0 || level >= POLICY_LEVELS_MAX)
            config_errors_add(b->errors, &from->people.may_use.places[i], "'%s' is not among the levels", names[i]);
        else
            mask |= UINT64_C(1) << level;
    }
    return mask;
}

void build_people_limits(struct build *b)
{
    const struct options_people *from = &b->options->policy.people;
    struct policy_opts *policy = &b->config->policy;
    policy->people_open = open_mask(b);
    policy->people_levels = level_mask(b);
    policy->people_limited =
        version_is_controlled(b->config->tree) || from->may_open.count > 0 || from->may_use.count > 0;
}

/* ---- one person ---- */

static int refuse(struct build *b, const struct people_row *row, enum people_column column, const char *word,
                  const char *why)
{
    struct people_report *report = &b->config->people_report;
    const struct config_place *at = &row->at[column];
    report->refused++;
    if (report->told_count == PEOPLE_TOLD_MAX)
        return 0;
    const char *line = arena_printf(b->arena, "%s:%u:%u: '%s' does not count: %s", b->config->people_path, at->line,
                                    at->column, word, why);
    if (line == NULL)
        return ERR_NOMEM;
    report->told[report->told_count++] = line;
    return 0;
}

static int limit_open(struct build *b, const struct people_row *row, struct policy_person *person)
{
    for (uint64_t left = person->allow & ~b->config->policy.people_open; left != 0; left &= left - 1) {
        int rc = refuse(b, row, PEOPLE_ALLOW, category_name(category_first(left)),
                        "policy.people.may_open does not name it");
        if (rc < 0)
            return rc;
    }
    person->allow &= b->config->policy.people_open;
    return 0;
}

static bool may_have(const struct policy_opts *policy, uint16_t level)
{
    return level >= policy->level_count || (policy->people_levels & level_bit(level)) != 0;
}

/*
 * What was meant is not known then, so neither what the rest of the line gives nor what the network gives is safe to have: it
 * is the level of those who may have little.
 */
static int limit_level(struct build *b, const struct people_row *row, struct policy_person *person)
{
    const struct policy_opts *policy = &b->config->policy;
    int rc = 0;
    if (!may_have(policy, person->level)) {
        rc = refuse(b, row, PEOPLE_LEVEL, policy->levels[person->level].name,
                    "policy.people.may_use does not name the level; the person has restricted_level");
        person->level = policy->restricted_level;
    }
    if (rc == 0 && person->group < policy->group_count && !may_have(policy, policy->groups[person->group].level)) {
        rc = refuse(b, row, PEOPLE_GROUP, policy->groups[person->group].name,
                    "policy.people.may_use does not name the group's level; the person has restricted_level");
        person->group = POLICY_GROUP_DEFAULT;
        person->level = policy->restricted_level;
    }
    return rc;
}

int build_people_limit(struct build *b, const struct people_row *row, struct policy_person *person)
{
    struct people_report *report = &b->config->people_report;
    int rc = 0;
    if (b->config->policy.people_limited) {
        rc = limit_open(b, row, person);
        if (rc == 0)
            rc = limit_level(b, row, person);
    }
    report->count++;
    report->opening += person->allow != 0;
    report->closing += person->block != 0;
    return rc;
}
