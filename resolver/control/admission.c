#include "control/admission.h"

#include <inttypes.h>
#include <string.h>

#include "base/category.h"
#include "dns/key.h"
#include "dns/rr.h"

#define ROOT_UID 0

/* ---- names ---- */

/* db NULL: of the configuration alone. */
static struct policy_facts facts_of(const struct command_env *env, const struct blockdb *db, const uint8_t *name)
{
    struct name_key key;
    struct policy_facts facts;
    name_key_make(name, &key);
    policy_facts(env->policy, db, name, &key, DNS_TYPE_A, &facts);
    return facts;
}

enum policy_special admission_special(const struct command_env *env, const uint8_t *name)
{
    return (enum policy_special)facts_of(env, NULL, name).special;
}

/* What nothing can open is no reason to refuse: the answer would tell what stands on which list. */
static uint64_t categories_of(const struct command_env *env, const uint8_t *name)
{
    return facts_of(env, env->blockdb, name).categories & ~CATEGORY_BIT(CATEGORY_ILLEGAL);
}

/* "*.a.example": as a question, this is about one strange name, and not about those that were meant. */
static bool has_wildcard(const uint8_t *name)
{
    for (; name[0] != 0; name += name[0] + 1)
        if (name[0] == 1 && name[1] == '*')
            return true;
    return false;
}

/* No name ends with a label of digits alone: it is an address, about which no question is asked. */
static bool is_address(const uint8_t *name)
{
    const uint8_t *last = name;
    while (last[last[0] + 1] != 0)
        last += last[0] + 1;
    for (uint8_t i = 1; i <= last[0]; i++)
        if (last[i] < '0' || last[i] > '9')
            return false;
    return true;
}

static bool check_name(const struct command_env *env, const struct decision *d, const uint8_t *name, struct text *out)
{
    char text[NAME_TEXT_MAX];
    uint64_t never = d->kind == DECISION_GRANT ? categories_of(env, name) & env->decide->grant_never : 0;
    if (has_wildcard(name)) {
        text_printf(out, "error: name it without wildcards: a decision holds for all below the name\n");
    } else if (is_address(name)) {
        text_printf(out, "error: this is an address; names are decided about\n");
    } else if (!decision_opens(d) && admission_special(env, name) == POLICY_SPECIAL_HELP) {
        text_printf(out, "error: this is a protected help service, which is never blocked\n");
    } else if (never != 0) {
        const char *category = category_name(category_first(never));
        text_printf(out, "error: %s is in category '%s', which no lesson grant reaches (decisions.grant_never)\n",
                    name_to_text(name, text), category == NULL ? "?" : category);
    } else {
        return true;
    }
    return false;
}

static bool check_names(const struct command_env *env, const struct decision *d, struct text *out)
{
    size_t pos = 0;
    bool below;
    bool good = decision_is_whole(d) || check_name(env, d, d->name, out);
    for (const uint8_t *name; good && (name = decision_name_next(d, &pos, &below)) != NULL;)
        good = check_name(env, d, name, out);
    return good;
}

/* ---- whom, and why ---- */

static bool check(const struct command_env *env, const struct decision *d, struct text *out)
{
    if (d->reason[0] == '\0')
        text_printf(out,
                    d->kind == DECISION_GRANT ? "error: say what it is for (--aim)\n" : "error: say why (--reason)\n");
    else if (d->scope == DECISION_GROUP && policy_group_find(env->policy, d->whom) < 0)
        text_printf(out, "error: there is no group '%s'\n", d->whom);
    else if ((d->scope == DECISION_USER || d->scope == DECISION_DEVICE) && !env->knows_people)
        text_printf(out, "error: users and devices can't be told here, so this would hold for nobody\n");
    else if (d->kind == DECISION_SUSPEND && d->scope == DECISION_EVERYONE)
        text_printf(out, "error: say who is paused (--user, --device or --group)\n");
    else if (d->kind == DECISION_GRANT && d->scope == DECISION_EVERYONE)
        text_printf(out, "error: a lesson grant is for somebody (--group, --user or --device)\n");
    else
        return check_names(env, d, out);
    return false;
}

/* ---- how long ---- */

static bool check_length(const struct command_env *env, const struct decision *d, int64_t lasts_s, struct text *out)
{
    int64_t longest_s = INT64_MAX;
    const char *what = "", *option = "";
    switch (d->kind) {
    case DECISION_BLOCK:
        return true;
    case DECISION_ALLOW:
        what = "an exception", option = "allow_max", longest_s = env->decide->allow_max_s;
        break;
    case DECISION_GRANT:
        what = "a lesson grant", option = "grant_max", longest_s = env->decide->grant_max_s;
        break;
    case DECISION_SUSPEND:
        what = "a pause", option = "suspend_max", longest_s = env->decide->suspend_max_s;
        break;
    }
    if (lasts_s > longest_s)
        text_printf(out, "error: %s lasts %" PRId64 " hours at most (decisions.%s)\n", what, longest_s / 3600, option);
    return lasts_s <= longest_s;
}

static bool set_end(const struct command_env *env, int64_t for_s, struct decision *d, struct text *out)
{
    if (d->from_s <= env->now_s)
        d->from_s = 0;
    int64_t begin_s = d->from_s == 0 ? env->now_s : d->from_s;
    if (for_s > 0)
        d->until_s = begin_s + for_s;
    else if (d->until_s == 0 && decision_opens(d))
        d->until_s = begin_s + env->decide->allow_s;
    if (d->until_s == 0 && d->kind == DECISION_SUSPEND)
        text_printf(out, "error: say until when (--for or --until)\n");
    else if (d->until_s != 0 && d->until_s <= env->now_s)
        text_printf(out, "error: that time is over\n");
    else if (d->until_s != 0 && d->until_s <= begin_s)
        text_printf(out, "error: it would end before it begins\n");
    else if (d->until_s > DECISION_TIME_MAX_S)
        text_printf(out, "error: that time is too far away; a block without one lasts until it is revoked\n");
    else
        return check_length(env, d, d->until_s - begin_s, out);
    return false;
}

/* ---- whose right ---- */

static uint64_t opened_categories(const struct command_env *env, const struct decision *d)
{
    size_t pos = 0;
    bool below;
    uint64_t categories = decision_opens(d) ? categories_of(env, d->name) : 0;
    for (const uint8_t *name; (name = decision_name_next(d, &pos, &below)) != NULL;)
        categories |= categories_of(env, name);
    return categories;
}

static bool has_role(const void *ctx, const char *role)
{
    const struct command_env *env = ctx;
    return env->roles != NULL && roles_has(env->roles, &env->caller, role);
}

static enum rights_answer ask_right(const struct command_env *env, enum rights_deed deed, const struct decision *d,
                                    struct text *out)
{
    struct text why = {0};
    const struct rights_asked asked = {
        .deed = deed,
        .scope = d->scope,
        .whom = d->whom,
        .lasts_s = d->until_s == 0 ? INT64_MAX : d->until_s - (d->from_s == 0 ? d->made_s : d->from_s),
        .opens = opened_categories(env, d)};
    enum rights_answer answer = rights_check(env->decide, has_role, env, &asked, &why);
    if (answer == RIGHTS_NO)
        text_printf(out, "error: not your decision: %s\n", why.bytes == NULL ? "" : why.bytes);
    text_done(&why);
    return answer;
}

/* Whoever acts for others through sudo is told from them by name. */
static bool is_same_person(const struct decision *a, const struct decision *b)
{
    return strcmp(a->by, b->by) == 0 || (a->uid == b->uid && a->uid != ROOT_UID);
}

bool admission_decide(const struct command_env *env, int64_t for_s, struct decision *d, struct text *out)
{
    if (!check(env, d, out) || !set_end(env, for_s, d, out))
        return false;
    enum rights_answer answer = ask_right(env, rights_deed_of(d->kind), d, out);
    d->pending = answer == RIGHTS_WITH_APPROVAL;
    return answer != RIGHTS_NO;
}

bool admission_approve(const struct command_env *env, const struct decision *proposed, const struct decision *approval,
                       struct text *out)
{
    if (is_same_person(proposed, approval)) {
        text_printf(out, "error: somebody else has to approve of it than who proposed it\n");
        return false;
    }
    return ask_right(env, RIGHTS_APPROVE, proposed, out) != RIGHTS_NO;
}

bool admission_revoke(const struct command_env *env, const struct decision *d, const struct decision *revocation,
                      struct text *out)
{
    bool pause = d->kind == DECISION_SUSPEND && !d->pending;
    if (!pause && is_same_person(d, revocation))
        return true;
    return ask_right(env, pause ? RIGHTS_RESUME : rights_deed_of(d->kind), d, out) != RIGHTS_NO;
}
