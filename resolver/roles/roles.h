/*
 * Roles: which UNIX users and groups stand for which roles in the school, and what each role may do.
 *
 * Names of roles are the school's own; some have rights without being configured (roles_usual_acts()). Where no operator is
 * configured, whoever may reach the control socket may do everything: a first try needs no roles.
 *
 * Memory:  all of it is the configuration's.
 * Threads: any; names of groups are looked up in the system's user database.
 */
#ifndef ROLES_ROLES_H
#define ROLES_ROLES_H

#include "base/text.h"
#include "roles/caller.h"

#define ROLES_MAX 64 /* a set of roles is a bit mask */

/* What may be allowed or not. The names are those of the configuration (roles_act_name()). */
enum act {
    ACT_PROPOSE,     /* a change of the policy */
    ACT_APPROVE,     /* ... or refuse one */
    ACT_ACTIVATE,    /* put an approved one in force */
    ACT_ROLLBACK,    /* put an earlier version in force again */
    ACT_READ_LOG,    /* see what was asked, and by whom */
    ACT_READ_LEDGER, /* see who did what */
    ACT_OPERATE,     /* reload, flush, stop */
    ACT_PACK,        /* make or approve a sealed pack, which tells names of the statutory list */
    ACT_COUNT
};

#define ACT_BIT(act) (1u << (act))

struct roles_member {
    const char *user;  /* name, or digits of a uid; NULL: see group */
    const char *group; /* name, or digits of a gid; NULL: see user */
    uint64_t roles;
};

struct roles {
    const struct roles_member *members; /* the operators */
    size_t member_count;                /* 0: everyone may do everything */
    const char *const *names;           /* of each role */
    const uint32_t *acts;               /* of each role: a bit for each act that it may do */
    size_t count;
};

/* NULL: there is no such act. */
const char *roles_act_name(enum act act);

/* What a role of this name may do when the configuration does not say. */
uint32_t roles_usual_acts(const char *name);

/* All roles of somebody, as bits by their index in names. */
uint64_t roles_of(const struct roles *roles, const struct caller *caller);
/* false also for a role that the configuration does not know. */
bool roles_has(const struct roles *roles, const struct caller *caller, const char *name);

static inline bool roles_configured(const struct roles *roles)
{
    return roles->member_count > 0;
}

/*
 * Whether somebody may do this. To operate, root and the user that this process runs as always may: the machine's own service
 * manager is one of them.
 */
bool roles_may(const struct roles *roles, const struct caller *caller, enum act act);

/* Adds "anna may not approve: that is for the roles educational, senior-leader (rights)". */
void roles_refuse(const struct roles *roles, const struct caller *caller, enum act act, struct text *out);

/* Adds the names of a set of roles as a JSON list. */
void roles_write_json(const struct roles *roles, uint64_t set, struct text *out);

#endif
