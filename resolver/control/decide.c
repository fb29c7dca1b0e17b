#include "control/decide.h"

#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "dns/key.h"
#include "dns/rr.h"

#define ROOT_UID 0

/* ---- who ---- */

/* Root may say for whom it acts (sudo); of all others the kernel says who they are. */
static void set_by(const struct command_env *env, struct decision *decision)
{
    char room[1024];
    struct passwd entry;
    struct passwd *found = NULL;
    decision->uid = env->uid;
    if (env->uid == ROOT_UID && decision->by[0] != '\0')
        return;
    if (getpwuid_r(env->uid, &entry, room, sizeof room, &found) == 0 && found != NULL)
        snprintf(decision->by, sizeof decision->by, "%.*s", DECISION_BY_MAX, found->pw_name);
    else
        snprintf(decision->by, sizeof decision->by, "uid %" PRIu32, env->uid);
}

/* ---- what may not be ---- */

static bool set_end(const struct command_env *env, const struct decision_request *request, struct decision *decision,
                    struct text *out)
{
    bool allow = decision->kind == DECISION_ALLOW;
    if (request->for_s > 0)
        decision->until_s = env->now_s + request->for_s;
    else if (decision->until_s == 0 && allow)
        decision->until_s = env->now_s + env->allow_s;
    if (decision->until_s != 0 && decision->until_s <= env->now_s) {
        text_printf(out, "error: that time is over\n");
        return false;
    }
    if (decision->until_s > DECISION_TIME_MAX_S) {
        text_printf(out, "error: that time is too far away; a block without one lasts until it is revoked\n");
        return false;
    }
    if (allow && decision->until_s - env->now_s > env->allow_max_s) {
        text_printf(out, "error: an exception lasts %" PRId64 " hours at most (decisions.allow_max)\n",
                    env->allow_max_s / 3600);
        return false;
    }
    return true;
}

static enum policy_special special_of(const struct command_env *env, const struct decision *decision)
{
    struct name_key key;
    struct policy_facts facts;
    name_key_make(decision->name, &key);
    policy_facts(env->policy, NULL, decision->name, &key, DNS_TYPE_A, &facts);
    return (enum policy_special)facts.special;
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

static bool check(const struct command_env *env, const struct decision *decision, struct text *out)
{
    if (decision->reason[0] == '\0')
        text_printf(out, "error: say why (--reason)\n");
    else if (has_wildcard(decision->name))
        text_printf(out, "error: name it without wildcards: a decision holds for all below the name\n");
    else if (is_address(decision->name))
        text_printf(out, "error: this is an address; names are decided about\n");
    else if (decision->group[0] != '\0' && policy_group_find(env->policy, decision->group) < 0)
        text_printf(out, "error: there is no group '%s'\n", decision->group);
    else if (decision->kind == DECISION_BLOCK && special_of(env, decision) == POLICY_SPECIAL_HELP)
        text_printf(out, "error: this is a protected help service, which is never blocked\n");
    else
        return true;
    return false;
}

/* ---- what is said ---- */

static void add_end(const struct decision *decision, struct text *out)
{
    char when[64];
    struct tm tm;
    time_t until = (time_t)decision->until_s;
    if (decision->until_s == 0)
        text_printf(out, " until it is revoked");
    else if (localtime_r(&until, &tm) != NULL && strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S %Z", &tm) > 0)
        text_printf(out, " until %s", when);
}

/* Rules of the configuration that go first. Nothing is said of lists: what stands on which is not told here. */
static void add_note(const struct command_env *env, const struct decision *decision, struct text *out)
{
    switch (special_of(env, decision)) {
    case POLICY_SPECIAL_NXDOMAIN:
    case POLICY_SPECIAL_NODATA:
    case POLICY_SPECIAL_RECORD:
    case POLICY_SPECIAL_ZONE:
        text_printf(out, "note: without effect, since the network answers this name by itself\n");
        break;
    case POLICY_SPECIAL_BLOCK:
        if (decision->kind == DECISION_ALLOW)
            text_printf(out, "note: without effect, since the configuration blocks this name (block)\n");
        break;
    case POLICY_SPECIAL_NONE:
    case POLICY_SPECIAL_HELP:
    case POLICY_SPECIAL_ALLOW:
    case POLICY_SPECIAL_SAFE_SEARCH:
        break;
    }
}

static bool put_in_force(const struct command_env *env, uint32_t id, struct text *out)
{
    int err = env->decided(env->ctx);
    if (err < 0)
        text_printf(out, "error: recorded as %" PRIu32 ", but not in force before the next reload: %s\n", id,
                    err_str(err));
    return err == 0;
}

/* ---- the command ---- */

static void record(const struct command_env *env, const struct decision_request *request, struct text *out)
{
    char name[NAME_TEXT_MAX];
    uint32_t id;
    struct decision decision = request->decision;
    decision.made_s = env->now_s;
    set_by(env, &decision);
    if (!check(env, &decision, out) || !set_end(env, request, &decision, out))
        return;
    int err = docket_add(env->docket, &decision, env->now_s, &id);
    if (err < 0) {
        text_printf(out, "error: not recorded: %s\n", err_str(err));
        return;
    }
    if (!put_in_force(env, id, out))
        return;
    text_printf(out, "ok: decision %" PRIu32 ": %s%s is %s%s%s", id, name_to_text(decision.name, name),
                decision.below ? " with all below it" : " alone",
                decision.kind == DECISION_BLOCK ? "blocked" : "allowed", decision.group[0] == '\0' ? "" : " for group ",
                decision.group);
    add_end(&decision, out);
    text_printf(out, "\n");
    add_note(env, &decision, out);
}

static void revoke_one(const struct command_env *env, const struct decision_request *request, struct text *out)
{
    struct decision revocation = request->decision;
    revocation.revoked_s = env->now_s;
    set_by(env, &revocation);
    int err = docket_revoke(env->docket, &revocation);
    if (err < 0) {
        text_printf(out, "error: %s\n", err == ERR_NOENT ? "no decision of this number is in force" : err_str(err));
        return;
    }
    if (put_in_force(env, revocation.id, out))
        text_printf(out, "ok: decision %" PRIu32 " holds no longer\n", revocation.id);
}

void decide_run(const char *argument, const struct command_env *env, struct text *out)
{
    struct decision_request request;
    int err = decision_request_parse(argument, strlen(argument), &request);
    if (err < 0)
        text_printf(out, "error: this is no decision: %s\n", err_str(err));
    else if (env->docket == NULL)
        text_printf(out, "error: decisions can't be recorded: %s\n", err_str(env->docket_err));
    else if (request.op == DECISION_OP_REVOKE)
        revoke_one(env, &request, out);
    else
        record(env, &request, out);
}
