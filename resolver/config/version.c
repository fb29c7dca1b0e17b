#include "config/version.h"

#include <assert.h>
#include <string.h>

#include "config/options.h"

/* Members of the configuration, in the order in which they are written. */
static const char *const members[] = {"policy", "block", "allow", "protected_help", "canaries", "safe_search"};

#define MEMBER_COUNT (sizeof members / sizeof members[0])

static bool is_member(const char *key)
{
    for (size_t i = 0; i < MEMBER_COUNT; i++)
        if (strcmp(members[i], key) == 0)
            return true;
    return false;
}

static bool is_none(const struct yaml_node *node)
{
    return yaml_is_empty(node) || (node->kind == YAML_SCALAR && strcmp(node->text, "none") == 0) ||
           (node->kind == YAML_LIST && node->first != NULL && node->first->next == NULL && is_none(node->first));
}

bool version_is_controlled(const struct yaml_node *tree)
{
    const struct yaml_node *control = yaml_find(tree, "change_control");
    const struct yaml_node *approvals = yaml_find(control, "approvals");
    if (yaml_is_empty(control))
        return false;
    return control->kind == YAML_MAP ? approvals != NULL && !is_none(approvals) : !is_none(control);
}

static void unlink_member(struct yaml_node *tree, const char *key)
{
    for (struct yaml_node **at = &tree->first; *at != NULL;) {
        if (strcmp((*at)->key, key) == 0)
            *at = (*at)->next;
        else
            at = &(*at)->next;
    }
}

static void append(struct yaml_node *tree, struct yaml_node *member)
{
    struct yaml_node **at = &tree->first;
    while (*at != NULL)
        at = &(*at)->next;
    member->next = NULL;
    *at = member;
}

/* A version changes what is under change control and nothing else. */
static int check_members(const struct yaml_node *policy, struct config_errors *errors)
{
    int rc = 0;
    for (const struct yaml_node *member = policy->first; member != NULL; member = member->next) {
        if (is_member(member->key))
            continue;
        config_errors_add(errors, &member->key_at, "'%s' is not part of the policy", member->key);
        rc = ERR_CONFIG;
    }
    return rc;
}

int version_lay(struct arena *arena, struct yaml_node **tree, struct yaml_node *policy, struct config_errors *errors)
{
    if (*tree == NULL) {
        *tree = arena_alloc(arena, sizeof **tree);
        if (*tree == NULL)
            return ERR_NOMEM;
        (*tree)->kind = YAML_MAP;
        (*tree)->at = policy->at;
    }
    if (yaml_find(policy, "policy") == NULL) {
        unlink_member(*tree, "policy");
        policy->key = "policy";
        policy->key_at = policy->at;
        append(*tree, policy);
        return 0;
    }
    if (check_members(policy, errors) < 0)
        return ERR_CONFIG;
    for (size_t i = 0; i < MEMBER_COUNT; i++)
        unlink_member(*tree, members[i]);
    for (struct yaml_node *member = policy->first, *next; member != NULL; member = next) {
        next = member->next;
        append(*tree, member);
    }
    return 0;
}

#define WRITTEN_MAX 8

static void write_members(const struct yaml_node *tree, const char *const names[], size_t count, FILE *to)
{
    struct schema_option table[WRITTEN_MAX + 1] = {{0}};
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        for (const struct schema_option *option = options_table; option->key != NULL; option++)
            if (strcmp(option->key, names[i]) == 0)
                table[found++] = *option;
    schema_write(table, tree, to);
}

static_assert(MEMBER_COUNT <= WRITTEN_MAX, "all members are written");

void version_write(const struct yaml_node *tree, FILE *to)
{
    write_members(tree, members, MEMBER_COUNT, to);
}

void version_write_rights(const struct yaml_node *tree, FILE *to)
{
    static const char *const rights[] = {"operators", "rights", "change_control"};
    write_members(tree, rights, sizeof rights / sizeof rights[0], to);
}
