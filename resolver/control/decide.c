#include "control/decide.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/err.h"
#include "control/admission.h"
#include "control/record.h"

#define ROOT_UID 0

/* ---- who ---- */

/* Root may say for whom it acts (sudo); of all others the kernel says who they are. */
static void set_caller(struct command_env *env, const char *by)
{
    struct caller *caller = &env->caller;
    if (by[0] != '\0' && caller_act_for(caller, by) < 0 && caller->process_uid == ROOT_UID)
        snprintf(caller->name, sizeof caller->name, "%s",
                 by); /* the system knows no such user, so root's roles count */
}

static void set_by(const struct command_env *env, struct decision *decision)
{
    decision->uid = env->caller.process_uid;
    snprintf(decision->by, sizeof decision->by, "%s", env->caller.name);
}

/* ---- what is said ---- */

static void add_time(int64_t time_s, struct text *out)
{
    char when[64];
    struct tm tm;
    time_t at = (time_t)time_s;
    if (localtime_r(&at, &tm) != NULL && strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S %Z", &tm) > 0)
        text_printf(out, "%s", when);
}

static void add_times(const struct decision *d, struct text *out)
{
    if (d->from_s != 0) {
        text_printf(out, " from ");
        add_time(d->from_s, out);
    }
    text_printf(out, " until ");
    if (d->until_s == 0)
        text_printf(out, "it is revoked");
    else
        add_time(d->until_s, out);
}

static size_t count_names(const struct decision *d)
{
    size_t pos = 0, count = 0;
    bool below;
    while (decision_name_next(d, &pos, &below) != NULL)
        count++;
    return count;
}

static void add_what(const struct decision *d, struct text *out)
{
    static const char *const deeds[] = {[DECISION_BLOCK] = "blocked",
                                        [DECISION_ALLOW] = "allowed",
                                        [DECISION_GRANT] = "granted",
                                        [DECISION_SUSPEND] = "paused"};
    char name[NAME_TEXT_MAX];
    if (decision_is_whole(d))
        text_printf(out, "all access is paused");
    else
        text_printf(out, "%s%s is %s", name_to_text(d->name, name), d->below ? " with all below it" : " alone",
                    deeds[d->kind]);
    if (d->names_len > 0)
        text_printf(out, " together with %zu other name%s", count_names(d), count_names(d) == 1 ? "" : "s");
    if (d->scope != DECISION_EVERYONE)
        text_printf(out, " for %s %s", decision_scope_name(d->scope), d->whom);
}

/* Rules of the configuration that go first. Nothing is said of lists: what stands on which is not told here. */
static void add_note(const struct command_env *env, const struct decision *d, struct text *out)
{
    if (decision_is_whole(d))
        return;
    switch (admission_special(env, d->name)) {
    case POLICY_SPECIAL_NXDOMAIN:
    case POLICY_SPECIAL_NODATA:
    case POLICY_SPECIAL_RECORD:
    case POLICY_SPECIAL_ZONE:
        text_printf(out, "note: without effect, since the network answers this name by itself\n");
        break;
    case POLICY_SPECIAL_BLOCK:
        if (decision_opens(d))
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

/* ---- the ledger ---- */

#define CHECKSUM_LEN 17 /* of a line of the docket, with the blank behind it */

/* kind: "decision.block". What was decided goes along as the docket has it. false: out says why not. */
static bool note(const struct command_env *env, const char *deed, const struct decision *d, const char *reason,
                 struct text *out)
{
    const struct decision_line line = {.op = DECISION_OP_DECIDE, .decision = *d};
    struct text kind = {0}, detail = {0}, object = {0};
    char name[NAME_TEXT_MAX];
    text_printf(&kind, "decision.%s", deed);
    text_printf(&object, "decision %" PRIu32 ": %s", d->id,
                decision_is_whole(d) ? "all access" : name_to_text(d->name, name));
    decision_line_write(&line, &detail);
    int err = ERR_NOMEM;
    if (text_ok(&kind) && text_ok(&object) && text_ok(&detail)) {
        detail.bytes[detail.len - 1] = '\0';
        err = record_entry(env, &(struct entry){.kind = kind.bytes,
                                                .object = object.bytes,
                                                .reason = reason,
                                                .detail = detail.bytes + CHECKSUM_LEN});
    }
    text_done(&kind);
    text_done(&object);
    text_done(&detail);
    if (err < 0)
        text_printf(out, "error: the ledger can't be written, so this is not done: %s\n", err_str(err));
    return err == 0;
}

/* What the ledger does not know must not hold. */
static bool note_or_end(const struct command_env *env, struct decision *d, struct text *out)
{
    struct decision end = {.id = d->id, .revoked_s = env->now_s, .reason = "the ledger could not be written"};
    if (note(env, decision_kind_name(d->kind), d, d->reason, out))
        return true;
    set_by(env, &end);
    if (docket_revoke(env->docket, &end) < 0)
        text_printf(out, "error: decision %" PRIu32 " stands all the same, and holds from the next reload on\n", d->id);
    return false;
}

/* ---- the command ---- */

static void record(const struct command_env *env, const struct decision_request *request, struct text *out)
{
    uint32_t id;
    struct decision d = request->decision;
    d.made_s = env->now_s;
    set_by(env, &d);
    if (!admission_decide(env, request->for_s, &d, out))
        return;
    int err = docket_add(env->docket, &d, env->now_s, &id);
    if (err < 0) {
        text_printf(out, "error: not recorded: %s\n", err_str(err));
        return;
    }
    d.id = id;
    if (!note_or_end(env, &d, out) || (!d.pending && !put_in_force(env, id, out)))
        return;
    text_printf(out, "ok: decision %" PRIu32 ": ", id);
    add_what(&d, out);
    add_times(&d, out);
    if (d.pending)
        text_printf(out, ", once somebody else has approved of it (belisha approve %" PRIu32 ")", id);
    text_printf(out, "\n");
    add_note(env, &d, out);
}

static void approve(const struct command_env *env, const struct decision_request *request, struct text *out)
{
    struct decision approval = request->decision;
    const struct decision *proposed = docket_find(env->docket, approval.id);
    approval.approved_s = env->now_s;
    set_by(env, &approval);
    if (proposed == NULL || !proposed->pending || decision_is_over(proposed, env->now_s)) {
        text_printf(out, "error: no decision of this number waits for an approval\n");
        return;
    }
    if (!admission_approve(env, proposed, &approval, out) || !note(env, "approve", proposed, approval.reason, out))
        return;
    int err = docket_approve(env->docket, &approval);
    if (err < 0) {
        text_printf(out, "error: not recorded: %s\n", err_str(err));
        return;
    }
    if (!put_in_force(env, approval.id, out))
        return;
    text_printf(out, "ok: decision %" PRIu32 ": ", approval.id);
    add_what(proposed, out);
    add_times(proposed, out);
    text_printf(out, "\n");
}

/* Ends one. false: out says why not. */
static bool end_one(const struct command_env *env, const struct decision *d, const struct decision *revocation,
                    struct text *out)
{
    const char *deed = d->kind == DECISION_SUSPEND && !d->pending ? "resume" : "revoke";
    if (!admission_revoke(env, d, revocation, out) || !note(env, deed, d, revocation->reason, out))
        return false;
    int err = docket_revoke(env->docket, revocation);
    if (err < 0)
        text_printf(out, "error: %s\n", err_str(err));
    return err == 0;
}

static void revoke_one(const struct command_env *env, const struct decision_request *request, struct text *out)
{
    struct decision revocation = request->decision;
    const struct decision *d = docket_find(env->docket, revocation.id);
    revocation.revoked_s = env->now_s;
    set_by(env, &revocation);
    if (d == NULL || decision_is_over(d, env->now_s)) {
        text_printf(out, "error: no decision of this number is in force\n");
        return;
    }
    bool pending = d->pending;
    if (end_one(env, d, &revocation, out) && (pending || put_in_force(env, revocation.id, out)))
        text_printf(out, "ok: decision %" PRIu32 " holds no longer\n", revocation.id);
}

/* Names of users and devices are compared without case, as systems do that know them. */
static bool pauses(const struct decision *d, const struct decision *whom, int64_t now_s)
{
    return d->kind == DECISION_SUSPEND && d->scope == whom->scope && !decision_is_over(d, now_s) &&
           (d->scope == DECISION_GROUP ? strcmp(d->whom, whom->whom) : strcasecmp(d->whom, whom->whom)) == 0;
}

/* All that pauses this user, device or group. */
static void resume(const struct command_env *env, const struct decision_request *request, struct text *out)
{
    struct decision revocation = request->decision;
    size_t ended = 0;
    revocation.revoked_s = env->now_s;
    set_by(env, &revocation);
    for (size_t i = 0; i < docket_count(env->docket); i++) {
        const struct decision *d = docket_all(env->docket)[i];
        if (!pauses(d, &request->decision, env->now_s))
            continue;
        revocation.id = d->id;
        if (!end_one(env, d, &revocation, out))
            break;
        ended++;
    }
    if (out->len > 0 && ended == 0)
        return;
    if (ended == 0)
        text_printf(out, "error: %s %s is not paused\n", decision_scope_name(revocation.scope), revocation.whom);
    else if (put_in_force(env, revocation.id, out))
        text_printf(out, "ok: %s %s is not paused any longer\n", decision_scope_name(revocation.scope),
                    revocation.whom);
}

void decide_run(const char *argument, const struct command_env *caller_env, struct text *out)
{
    struct command_env own = *caller_env;
    const struct command_env *env = &own;
    struct decision_request request;
    int err = decision_request_parse(argument, strlen(argument), &request);
    if (err < 0) {
        text_printf(out, "error: this is no decision: %s\n", err_str(err));
        return;
    }
    if (env->docket == NULL) {
        text_printf(out, "error: decisions can't be recorded: %s\n", err_str(env->docket_err));
        return;
    }
    set_caller(&own, request.decision.by);
    switch (request.op) {
    case DECISION_OP_DECIDE:
        record(env, &request, out);
        break;
    case DECISION_OP_APPROVE:
        approve(env, &request, out);
        break;
    case DECISION_OP_REVOKE:
        revoke_one(env, &request, out);
        break;
    case DECISION_OP_RESUME:
        resume(env, &request, out);
        break;
    case DECISION_OP_BEGIN:
        break;
    }
}
