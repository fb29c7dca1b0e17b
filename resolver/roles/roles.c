#include "roles/roles.h"

#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROOT_UID 0
#define ROOM     16384 /* of a group in the user database */

static const char *const act_names[ACT_COUNT] = {"propose",  "approve",     "activate", "rollback",
                                                 "read-log", "read-ledger", "operate",  "pack"};

#define CHANGE (ACT_BIT(ACT_PROPOSE) | ACT_BIT(ACT_APPROVE))

/* docs/reference/config.md has the same table. */
static const struct {
    const char *name;
    uint32_t acts;
} usual[] = {
    {"technical", CHANGE | ACT_BIT(ACT_ACTIVATE) | ACT_BIT(ACT_ROLLBACK) | ACT_BIT(ACT_READ_LOG) |
                      ACT_BIT(ACT_READ_LEDGER) | ACT_BIT(ACT_OPERATE)},
    {"senior-leader", CHANGE | ACT_BIT(ACT_ACTIVATE) | ACT_BIT(ACT_ROLLBACK) | ACT_BIT(ACT_READ_LOG) |
                          ACT_BIT(ACT_READ_LEDGER) | ACT_BIT(ACT_PACK)},
    {"safeguarding", CHANGE | ACT_BIT(ACT_READ_LOG) | ACT_BIT(ACT_READ_LEDGER) | ACT_BIT(ACT_PACK)},
    {"educational", CHANGE | ACT_BIT(ACT_READ_LEDGER)},
    {"auditor", ACT_BIT(ACT_READ_LEDGER)},
};

const char *roles_act_name(enum act act)
{
    return (unsigned)act < ACT_COUNT ? act_names[act] : NULL;
}

uint32_t roles_usual_acts(const char *name)
{
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++)
        if (strcmp(usual[i].name, name) == 0)
            return usual[i].acts;
    return 0;
}

/* ---- who has which ---- */

static bool is_number(const char *text, uint32_t *out)
{
    size_t len = strlen(text);
    if (len == 0 || len > 10 || strspn(text, "0123456789") != len || strtoull(text, NULL, 10) >= UINT32_MAX)
        return false;
    *out = (uint32_t)strtoull(text, NULL, 10);
    return true;
}

static bool is_user(const char *user, const struct caller *caller)
{
    uint32_t uid;
    return is_number(user, &uid) ? uid == caller->uid : strcmp(user, caller->name) == 0;
}

static bool group_number(const char *group, uint32_t *out)
{
    char room[ROOM];
    struct group entry, *found = NULL;
    if (is_number(group, out))
        return true;
    if (getgrnam_r(group, &entry, room, sizeof room, &found) != 0 || found == NULL)
        return false;
    *out = found->gr_gid;
    return true;
}

static bool is_in_group(const char *group, const struct caller *caller)
{
    uint32_t gid;
    if (!group_number(group, &gid))
        return false;
    for (size_t i = 0; i < caller->gid_count; i++)
        if (caller->gids[i] == gid)
            return true;
    return false;
}

uint64_t roles_of(const struct roles *roles, const struct caller *caller)
{
    uint64_t set = 0;
    if (caller->uid == CALLER_NOBODY)
        return 0;
    for (size_t i = 0; i < roles->member_count; i++) {
        const struct roles_member *member = &roles->members[i];
        if (member->user != NULL ? is_user(member->user, caller) : is_in_group(member->group, caller))
            set |= member->roles;
    }
    return set;
}

bool roles_has(const struct roles *roles, const struct caller *caller, const char *name)
{
    uint64_t set = roles_of(roles, caller);
    for (size_t i = 0; i < roles->count; i++)
        if (set >> i & 1 && strcmp(roles->names[i], name) == 0)
            return true;
    return false;
}

/* ---- what they may ---- */

bool roles_may(const struct roles *roles, const struct caller *caller, enum act act)
{
    if (!roles_configured(roles))
        return true;
    if (act == ACT_OPERATE && (caller->process_uid == ROOT_UID || caller->process_uid == (uint32_t)geteuid()))
        return true;
    uint64_t set = roles_of(roles, caller);
    for (size_t i = 0; i < roles->count; i++)
        if (set >> i & 1 && roles->acts[i] & ACT_BIT(act))
            return true;
    return false;
}

void roles_refuse(const struct roles *roles, const struct caller *caller, enum act act, struct text *out)
{
    const char *before = ": that is for the roles ";
    text_printf(out, "%s may not %s", caller->name, roles_act_name(act));
    for (size_t i = 0; i < roles->count; i++) {
        if (!(roles->acts[i] & ACT_BIT(act)))
            continue;
        text_printf(out, "%s%s", before, roles->names[i]);
        before = ", ";
    }
    text_printf(out, before[0] == ':' ? ": no role is allowed it (rights)" : " (rights)");
}

void roles_write_json(const struct roles *roles, uint64_t set, struct text *out)
{
    const char *before = "";
    text_printf(out, "[");
    for (size_t i = 0; i < roles->count; i++) {
        if (!(set >> i & 1))
            continue;
        text_printf(out, "%s", before);
        text_add_json(out, roles->names[i]);
        before = ",";
    }
    text_printf(out, "]");
}
