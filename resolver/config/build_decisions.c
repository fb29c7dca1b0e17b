/* What may be decided on the spot, and by whom. */
#include <string.h>

#include "base/arena.h"
#include "belisha/category.h"
#include "config/build.h"

static uint64_t mask_of(const struct schema_list *categories)
{
    const int *ids = categories->items;
    uint64_t mask = 0;
    for (size_t i = 0; i < categories->count; i++)
        mask |= CATEGORY_BIT(ids[i]);
    return mask;
}

static unsigned deeds_of(const struct schema_list *may)
{
    const int *deeds = may->items;
    unsigned mask = 0;
    for (size_t i = 0; i < may->count; i++)
        mask |= 1u << deeds[i];
    return mask;
}

/* A right for a group that nobody is in would be no right, and nobody would know why. */
static void check_groups(struct build *b, const struct options_decision_right *right)
{
    const struct policy_opts *policy = &b->config->policy;
    const char *const *names = right->groups.items;
    for (size_t i = 0; i < right->groups.count; i++) {
        bool found = strcmp(names[i], "default") == 0;
        for (size_t j = 0; j < policy->group_count && !found; j++)
            found = strcmp(policy->groups[j].name, names[i]) == 0;
        if (!found)
            config_errors_add(b->errors, &right->groups.places[i], "there is no group '%s'", names[i]);
    }
}

/* Nor one of a role that nobody has. */
static void check_role(struct build *b, const struct options_decision_right *right)
{
    const struct roles *roles = &b->config->roles;
    for (size_t i = 0; i < roles->count; i++)
        if (strcmp(roles->names[i], right->role) == 0)
            return;
    config_errors_add(b->errors, &right->at, "no operator has the role '%s' (operators)", right->role);
}

int build_decisions(struct build *b)
{
    const struct options_decisions *o = &b->options->decisions;
    const struct options_decision_right *from = o->rights.items;
    struct right *rights = arena_alloc(b->arena, (o->rights.count + 1) * sizeof *rights);
    if (rights == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < o->rights.count; i++) {
        check_groups(b, &from[i]);
        check_role(b, &from[i]);
        rights[i] =
            (struct right){.role = from[i].role,
                           .may = deeds_of(&from[i].may),
                           .longest_s = from[i].longest_ms / 1000,
                           .groups = from[i].groups.items,
                           .group_count = from[i].groups.count,
                           .categories = from[i].categories.count == 0 ? ~UINT64_C(0) : mask_of(&from[i].categories),
                           .approval = from[i].approval};
    }
    b->config->decide = (struct decide_opts){.allow_s = o->allow_for_ms / 1000,
                                             .allow_max_s = o->allow_max_ms / 1000,
                                             .grant_max_s = o->grant_max_ms / 1000,
                                             .suspend_max_s = o->suspend_max_ms / 1000,
                                             .review_after_s = o->review_after_ms / 1000,
                                             .grant_never = mask_of(&o->grant_never),
                                             .rights = rights,
                                             .right_count = o->rights.count};
    b->config->learning_platform = b->options->learning_platform.items;
    b->config->learning_platform_count = b->options->learning_platform.count;
    return 0;
}
