#include <stdlib.h>
#include <string.h>

#include "base/category.h"
#include "config/build.h"

/* ---- levels ---- */

/* One list of categories of a level. */
struct mask {
    uint64_t bits;
    const struct config_place *all; /* where the word "all" stands, or NULL */
};

static struct mask mask_of(const struct schema_list *list)
{
    const int *items = list->items;
    struct mask mask = {0};
    for (size_t i = 0; i < list->count; i++) {
        if (items[i] == OPTIONS_CATEGORY_ALL)
            mask.all = &list->places[i];
        else
            mask.bits |= CATEGORY_BIT(items[i]);
    }
    return mask;
}

static void check_apart(struct build *b, const struct schema_list *list, uint64_t others, const char *level)
{
    const int *items = list->items;
    for (size_t i = 0; i < list->count; i++)
        if (items[i] != OPTIONS_CATEGORY_ALL && (others & CATEGORY_BIT(items[i])) != 0)
            config_errors_add(b->errors, &list->places[i], "'%s' is in another list of level '%s' already",
                              category_name((unsigned)items[i]), level);
}

static void check_illegal(struct build *b, const struct schema_list *list)
{
    const int *items = list->items;
    for (size_t i = 0; i < list->count; i++)
        if (items[i] == CATEGORY_ILLEGAL)
            config_errors_add(b->errors, &list->places[i], "'illegal' is always blocked: no level can let it through");
}

static void build_level(struct build *b, const struct options_level *from, struct policy_level *to)
{
    struct mask block = mask_of(&from->block);
    struct mask allow = mask_of(&from->allow);
    struct mask log_only = mask_of(&from->log_only);
    struct mask hold = mask_of(&from->hold);
    struct mask unless_approved = mask_of(&from->unless_approved);
    const uint64_t named = block.bits | allow.bits | log_only.bits | hold.bits | unless_approved.bits;
    check_apart(b, &from->allow, block.bits, from->name);
    check_apart(b, &from->log_only, block.bits | allow.bits, from->name);
    check_apart(b, &from->hold, block.bits | allow.bits | log_only.bits, from->name);
    check_apart(b, &from->unless_approved, block.bits | allow.bits | log_only.bits | hold.bits, from->name);
    check_illegal(b, &from->allow);
    check_illegal(b, &from->log_only);
    check_illegal(b, &from->hold);
    check_illegal(b, &from->unless_approved);
    if ((block.all != NULL) + (allow.all != NULL) + (log_only.all != NULL) + (hold.all != NULL) +
            (unless_approved.all != NULL) >
        1)
        config_errors_add(b->errors, &from->at, "'all' can stand in one list of a level only");
    *to = (struct policy_level){.name = from->name,
                                .block = block.bits | (block.all != NULL ? ~named : 0),
                                .allow = allow.bits | (allow.all != NULL ? ~named : 0),
                                .hold = hold.bits | (hold.all != NULL ? ~named : 0),
                                .unless_approved = unless_approved.bits | (unless_approved.all != NULL ? ~named : 0),
                                .log_only = log_only.bits | (log_only.all != NULL ? ~named : 0),
                                .default_block = from->fallback == 1,
                                .keep_ech = from->ech == 1,
                                .wording = (enum policy_wording)from->wording};
    build_level_searches(b, from, to);
}

int build_level_find(const struct build *b, const char *name)
{
    for (size_t i = 0; i < b->config->policy.level_count; i++)
        if (strcmp(b->config->policy.levels[i].name, name) == 0)
            return (int)i;
    return -1;
}

static int build_levels(struct build *b)
{
    const struct schema_list *list = &b->options->policy.levels;
    const struct options_level *items = list->items;
    struct policy_opts *policy = &b->config->policy;
    struct policy_level *levels = arena_alloc(b->arena, list->count * sizeof *levels);
    if (levels == NULL)
        return ERR_NOMEM;
    policy->levels = levels;
    for (size_t i = 0; i < list->count; i++) {
        if (build_level_find(b, items[i].name) >= 0)
            config_errors_add(b->errors, &items[i].at, "level '%s' is given twice", items[i].name);
        build_level(b, &items[i], &levels[i]);
        policy->level_count++;
    }
    if (list->count == 0)
        config_errors_add(b->errors, &b->options->policy.at, "a policy needs at least one level");
    if (list->count > POLICY_LEVELS_MAX)
        config_errors_add(b->errors, &items[POLICY_LEVELS_MAX].at, "a policy has at most %d levels", POLICY_LEVELS_MAX);
    return 0;
}

/* The level that an option names; without one, `fallback`. */
static uint16_t named_level(struct build *b, const char *key, const char *name, const struct config_place *at,
                            uint16_t fallback)
{
    int level = name == NULL ? fallback : build_level_find(b, name);
    if (level < 0)
        config_errors_add(b->errors, at, "%s '%s' is not among the levels", key, name);
    return (uint16_t)(level < 0 ? 0 : level);
}

static void build_default_levels(struct build *b)
{
    const struct options_policy *from = &b->options->policy;
    struct policy_opts *policy = &b->config->policy;
    policy->default_level = named_level(b, "default_level", from->default_level, &from->default_level_at, 0);
    policy->restricted_level =
        named_level(b, "restricted_level", from->restricted_level, &from->restricted_level_at, policy->default_level);
}

/* ---- groups ---- */

static bool covers(const struct prefix *outer, const struct prefix *inner)
{
    return outer->bits <= inner->bits && prefix_contains(outer, &inner->addr);
}

/* A group whose clients would all be refused is a mistake that nobody finds. */
static void check_access(struct build *b, const struct prefix *network, const struct config_place *at)
{
    const struct prefix *access = b->options->access.items;
    for (size_t i = 0; i < b->options->access.count; i++)
        if (covers(&access[i], network) || covers(network, &access[i]))
            return;
    config_errors_add(b->errors, at, "this network is outside `access`: nobody in it may ask");
}

struct claimed_network {
    const struct prefix *network;
    const struct config_place *at;
};

static int compare_claims(const void *a, const void *b)
{
    const struct claimed_network *left = a;
    const struct claimed_network *right = b;
    int order = memcmp(left->network->addr.bytes, right->network->addr.bytes, sizeof left->network->addr.bytes);
    if (order == 0)
        order = (int)left->network->bits - (int)right->network->bits;
    if (order == 0)
        order = left->at->line < right->at->line ? -1 : left->at->line > right->at->line;
    return order;
}

/* Each network belongs to one group. */
static int check_claims(struct build *b)
{
    const struct options_group *groups = b->options->policy.groups.items;
    const size_t group_count = b->options->policy.groups.count;
    size_t count = 0;
    for (size_t g = 0; g < group_count; g++)
        count += groups[g].networks.count;
    struct claimed_network *claims = arena_alloc(b->arena, count * sizeof *claims);
    if (claims == NULL)
        return ERR_NOMEM;
    count = 0;
    for (size_t g = 0; g < group_count; g++)
        for (size_t i = 0; i < groups[g].networks.count; i++)
            claims[count++] = (struct claimed_network){.network = (const struct prefix *)groups[g].networks.items + i,
                                                       .at = &groups[g].networks.places[i]};
    qsort(claims, count, sizeof *claims, compare_claims);
    for (size_t i = 1; i < count; i++)
        if (memcmp(claims[i - 1].network, claims[i].network, sizeof *claims[i].network) == 0)
            config_errors_add(b->errors, claims[i].at, "this network is given twice, first in line %u",
                              claims[i - 1].at->line);
    return 0;
}

static void build_group(struct build *b, const struct options_group *from, struct policy_group *to)
{
    int level = build_level_find(b, from->level);
    if (level < 0)
        config_errors_add(b->errors, &from->level_at, "group '%s' has level '%s', which is not among the levels",
                          from->name, from->level);
    if (strcmp(from->name, "default") == 0 || strcmp(from->name, "-") == 0)
        config_errors_add(b->errors, &from->at, "'%s' means clients in no group: give this group another name",
                          from->name);
    for (size_t i = 0; i < from->networks.count; i++)
        check_access(b, (const struct prefix *)from->networks.items + i, &from->networks.places[i]);
    *to = (struct policy_group){.name = from->name,
                                .level = (uint16_t)(level < 0 ? 0 : level),
                                .acceptance = from->must_accept,
                                .networks = from->networks.items,
                                .network_count = from->networks.count};
}

int build_group_find(const struct build *b, const char *name)
{
    const struct policy_opts *policy = &b->config->policy;
    for (size_t i = 0; i < policy->group_count; i++)
        if (strcmp(policy->groups[i].name, name) == 0)
            return (int)i;
    return strcmp(name, "default") == 0 ? POLICY_GROUP_DEFAULT : -1;
}

static int build_groups(struct build *b)
{
    const struct schema_list *list = &b->options->policy.groups;
    const struct options_group *items = list->items;
    struct policy_group *groups = arena_alloc(b->arena, list->count * sizeof *groups);
    if (groups == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < list->count; i++) {
        for (size_t earlier = 0; earlier < i; earlier++)
            if (strcmp(items[earlier].name, items[i].name) == 0)
                config_errors_add(b->errors, &items[i].at, "group '%s' is given twice", items[i].name);
        build_group(b, &items[i], &groups[i]);
    }
    b->config->policy.groups = groups;
    b->config->policy.group_count = list->count;
    return check_claims(b);
}

int build_policy(struct build *b)
{
    const struct options *o = b->options;
    struct policy_opts *policy = &b->config->policy;
    struct mask nxdomain = mask_of(&o->policy.nxdomain);
    policy->nxdomain = nxdomain.all != NULL ? UINT64_MAX : nxdomain.bits;
    policy->zones_lead_to_notice = o->policy.zone_answers == 1;
    policy->access = o->access.items;
    policy->access_count = o->access.count;
    int rc = build_searches(b);
    if (rc == 0)
        rc = build_levels(b);
    if (rc < 0)
        return rc;
    build_default_levels(b);
    rc = build_groups(b);
    if (rc == 0)
        rc = build_calendar(b);
    if (rc == 0)
        rc = build_schedules(b);
    return rc < 0 ? rc : build_people(b);
}
