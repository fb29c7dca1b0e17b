/* Operators, their rights, what a change needs, the ledger. */
#include <string.h>

#include "config/build.h"

#define RULES_MAX 64

/* ---- roles ---- */

struct naming {
    struct build *b;
    const char *names[ROLES_MAX];
    size_t count;
};

/* The index of a role, which is made where it is new; negative: there are too many, and that was said. */
static int role_of(struct naming *n, const char *name, const struct config_place *at)
{
    for (size_t i = 0; i < n->count; i++)
        if (strcmp(n->names[i], name) == 0)
            return (int)i;
    if (n->count == ROLES_MAX) {
        config_errors_add(n->b->errors, at, "more than %d roles", ROLES_MAX);
        return -1;
    }
    n->names[n->count] = name;
    return (int)n->count++;
}

static uint64_t roles_mask(struct naming *n, const struct schema_list *list)
{
    const char *const *names = list->items;
    uint64_t mask = 0;
    for (size_t i = 0; i < list->count; i++) {
        int role = role_of(n, names[i], &list->places[i]);
        mask |= role < 0 ? 0 : UINT64_C(1) << role;
    }
    return mask;
}

static int build_members(struct naming *n)
{
    struct build *b = n->b;
    const struct options_operator *items = b->options->operators.items;
    size_t count = b->options->operators.count;
    struct roles_member *members = arena_alloc(b->arena, (count + 1) * sizeof *members);
    if (members == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < count; i++) {
        if ((items[i].user == NULL) == (items[i].group == NULL))
            config_errors_add(b->errors, &items[i].at, "an operator is a user or a group: name one of them");
        members[i] = (struct roles_member){items[i].user, items[i].group, roles_mask(n, &items[i].roles)};
    }
    b->config->roles.members = members;
    b->config->roles.member_count = count;
    return 0;
}

/* A role that `rights` names has what it says there and nothing else. */
static void build_rights(struct naming *n, uint32_t acts[ROLES_MAX], bool given[ROLES_MAX])
{
    const struct schema_list *rights = &n->b->options->rights;
    const struct options_right *items = rights->items;
    for (size_t i = 0; i < rights->count; i++) {
        int role = role_of(n, items[i].role, &items[i].at);
        const int *may = items[i].may.items;
        if (role < 0)
            return;
        if (given[role])
            config_errors_add(n->b->errors, &items[i].at, "the rights of '%s' are given twice", items[i].role);
        given[role] = true;
        for (size_t k = 0; k < items[i].may.count; k++)
            acts[role] |= ACT_BIT(may[k]);
    }
}

/* ---- what a change needs ---- */

static uint64_t roles_had(const struct roles *roles)
{
    uint64_t had = 0;
    for (size_t i = 0; i < roles->member_count; i++)
        had |= roles->members[i].roles;
    return had;
}

static void build_approvals(struct naming *n, const struct schema_list *list, struct rules_approvals *out)
{
    const char *const *names = list->items;
    for (size_t i = 0; i < list->count; i++) {
        int role = role_of(n, names[i], &list->places[i]);
        if (role < 0)
            return;
        if (!(roles_had(&n->b->config->roles) >> role & 1))
            config_errors_add(n->b->errors, &list->places[i],
                              "nobody could approve as '%s': operators gives nobody that role", names[i]);
        if (out->count == RULES_APPROVALS_MAX)
            config_errors_add(n->b->errors, &list->places[i], "more than %d approvals", RULES_APPROVALS_MAX);
        else
            out->roles[out->count++] = (uint8_t)role;
    }
}

static uint64_t categories_of(const struct schema_list *list)
{
    const int *items = list->items;
    uint64_t mask = 0;
    for (size_t i = 0; i < list->count; i++)
        mask |= items[i] == OPTIONS_CATEGORY_ALL ? UINT64_MAX : UINT64_C(1) << items[i];
    return mask;
}

static bool is_none(const struct schema_list *approvals)
{
    const char *const *names = approvals->items;
    return approvals->count == 1 && strcmp(names[0], "none") == 0;
}

static int build_rules(struct naming *n)
{
    const struct options_change *from = &n->b->options->change_control;
    const struct options_rule *items = from->rules.items;
    struct rules *rules = &n->b->config->change;
    struct rules_rule *made = arena_alloc(n->b->arena, (from->rules.count + 1) * sizeof *made);
    if (made == NULL)
        return ERR_NOMEM;
    *rules = (struct rules){.controlled = !is_none(&from->approvals),
                            .rules = made,
                            .rule_count = from->rules.count,
                            .assessment_required = from->assessment == 0,
                            .review_max_s = from->review_max_ms / 1000};
    if (rules->controlled)
        build_approvals(n, &from->approvals, &rules->approvals);
    else if (from->rules.count > 0)
        config_errors_add(n->b->errors, &items[0].at, "rules of change_control mean nothing while approvals is `none`");
    if (from->rules.count > RULES_MAX) {
        config_errors_add(n->b->errors, &items[RULES_MAX].at, "more than %d rules", RULES_MAX);
        rules->rule_count = RULES_MAX;
    }
    for (size_t i = 0; i < rules->rule_count && rules->controlled; i++) {
        made[i].opens = categories_of(&items[i].opens);
        build_approvals(n, &items[i].approvals, &made[i].approvals);
    }
    return 0;
}

/* ---- the whole ---- */

static int build_roles(struct naming *n)
{
    bool given[ROLES_MAX] = {false};
    uint32_t *acts = arena_alloc(n->b->arena, ROLES_MAX * sizeof *acts);
    const char **names = arena_alloc(n->b->arena, ROLES_MAX * sizeof *names);
    struct roles *roles = &n->b->config->roles;
    if (acts == NULL || names == NULL)
        return ERR_NOMEM;
    build_rights(n, acts, given);
    for (size_t i = 0; i < n->count; i++) {
        names[i] = n->names[i];
        acts[i] = given[i] ? acts[i] : roles_usual_acts(names[i]);
    }
    roles->names = names;
    roles->acts = acts;
    roles->count = n->count;
    return 0;
}

int build_change(struct build *b)
{
    struct naming n = {.b = b};
    struct config *config = b->config;
    int rc = build_members(&n);
    if (rc == 0)
        rc = build_rules(&n);
    if (rc == 0)
        rc = build_roles(&n);
    config->ledger = (struct ledger){.folder = arena_printf(b->arena, "%s/state", b->options->state_dir),
                                     .key = arena_printf(b->arena, "%s/keys/ledger.key", b->options->state_dir),
                                     .file_bytes = (uint64_t)b->options->ledger.file_bytes,
                                     .file_max = (unsigned)b->options->ledger.file_max};
    return rc < 0 || config->ledger.folder == NULL || config->ledger.key == NULL ? ERR_NOMEM : 0;
}
