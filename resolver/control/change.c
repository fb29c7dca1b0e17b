#include "control/change.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "base/category.h"
#include "base/err.h"
#include "change/consent.h"
#include "change/versions.h"
#include "control/record.h"

#define STATUS_SHOWN_MAX 50 /* changes of one kind */

/* One command, as far as it was understood. */
struct step {
    struct command_env *env;
    const json_t *object;
    struct change_line *line;
    const char *text; /* behind the object */
    size_t text_len;
    struct text *out;
};

/* ---- what is said ---- */

static void add_time(int64_t at_s, struct text *out)
{
    char when[64];
    struct tm tm;
    time_t at = (time_t)at_s;
    if (localtime_r(&at, &tm) != NULL && strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S %Z", &tm) > 0)
        text_printf(out, "%s", when);
}

static void add_roles(const struct command_env *env, const struct consent_needed *roles, struct text *out)
{
    for (size_t i = 0; i < roles->count; i++)
        text_printf(out, "%s%s", i == 0 ? "" : ", ", env->roles->names[roles->roles[i]]);
}

/* ---- who has agreed ---- */

static uint64_t role_bits(const struct roles *roles, const struct change_approval *approval)
{
    uint64_t set = 0;
    for (size_t i = 0; i < roles->count; i++)
        for (size_t k = 0; k < approval->role_count; k++)
            if (strcmp(roles->names[i], approval->roles[k]) == 0)
                set |= UINT64_C(1) << i;
    return set;
}

static void find_missing(const struct command_env *env, const struct change *change, struct consent_needed *out)
{
    uint64_t approved[CHRONICLE_APPROVALS_MAX];
    struct consent_needed needed;
    for (size_t i = 0; i < change->approval_count; i++)
        approved[i] = role_bits(env->roles, &change->approvals[i]);
    consent_needed(env->rules, change->opens, &needed);
    consent_missing(&needed, approved, change->approval_count, out);
}

/* ---- steps ---- */

/* To the ledger, then to the chronicle. false: it was not done, and that was said. */
static bool take_step(const struct step *step, const char *detail)
{
    char kind[32], object[32];
    const struct command_env *env = step->env;
    snprintf(kind, sizeof kind, "policy.%s", change_op_name(step->line->op));
    snprintf(object, sizeof object, "version %" PRIu32, step->line->number);
    int err = record_entry(
        env, &(struct entry){.kind = kind, .object = object, .reason = step->line->reason, .detail = detail});
    if (err < 0) {
        text_printf(step->out, "error: not done, since the ledger can't be written: %s\n", err_str(err));
        return false;
    }
    err = chronicle_add(env->chronicle, step->line);
    if (err == 0)
        return true;
    text_printf(step->out, "error: not done: %s\n", err_str(err));
    err = record_entry(
        env, &(struct entry){.kind = "policy.failed",
                             .object = object,
                             .reason = "what the entry before says was not done: the history can't be written"});
    if (err < 0)
        text_printf(step->out, "note: the ledger says that it was done, and can't be written either\n");
    return false;
}

static bool may_be_added(const struct step *step)
{
    const char *refusal = chronicle_refusal(step->env->chronicle, step->line);
    if (refusal != NULL)
        text_printf(step->out, "error: change %" PRIu32 ": %s\n", step->line->number, refusal);
    return refusal == NULL;
}

static bool has_reason(const struct step *step)
{
    if (step->line->reason[strspn(step->line->reason, " \t\r\n")] != '\0')
        return true;
    text_printf(step->out, "error: say why (--reason)\n");
    return false;
}

static bool is_controlled(const struct step *step)
{
    if (step->env->rules->controlled)
        return true;
    text_printf(step->out,
                "error: there is no change control (change_control: none): what the files say is in force after "
                "`belisha reload`\n");
    return false;
}

static bool take_assessment(const struct step *step)
{
    const char *wrong = NULL;
    const json_t *assessment = json_object_get(step->object, "assessment");
    const struct rules *rules = step->env->rules;
    struct change_line *line = step->line;
    if (assessment == NULL) {
        if (!rules->assessment_required)
            return true;
        text_printf(step->out, "error: a risk assessment is needed (--risk-assessment FILE)\n");
        return false;
    }
    char *text = json_dumps(assessment, JSON_COMPACT);
    int err = text == NULL ? ERR_NOMEM : assessment_parse(text, strlen(text), &line->assessment, &wrong);
    free(text);
    if (err == 0)
        wrong = assessment_missing(&line->assessment, step->env->now_s, rules->review_max_s);
    else
        text_printf(step->out, "error: the risk assessment is not understood: %s\n",
                    wrong == NULL ? err_str(err) : wrong);
    if (err == 0 && wrong != NULL)
        text_printf(step->out, "error: the risk assessment is not enough: %s\n", wrong);
    line->has_assessment = true;
    return err == 0 && wrong == NULL;
}

static void add_proposal_detail(const struct change_line *line, struct text *out)
{
    const char *before = "";
    text_printf(out, "{\"base\":%" PRIu32 ",\"sha256\":\"", line->base);
    for (size_t i = 0; i < sizeof line->hash; i++)
        text_printf(out, "%02x", line->hash[i]);
    text_printf(out, "\",\"opens\":[");
    for (unsigned i = 0; i < CATEGORY_MAX - 1; i++) {
        if (!(line->opens >> i & 1) || category_name(i) == NULL)
            continue;
        text_printf(out, "%s\"%s\"", before, category_name(i));
        before = ",";
    }
    text_printf(out, "%s]",
                line->opens & CHANGE_OPENS_ANYTHING ? (before[0] == ',' ? ",\"anything\"" : "\"anything\"") : "");
    if (line->has_assessment) {
        text_printf(out, ",\"assessment\":");
        assessment_write(&line->assessment, out);
    }
    text_printf(out, "}");
}

static void say_waits(const struct command_env *env, const struct change *change, struct text *out)
{
    struct consent_needed missing;
    find_missing(env, change, &missing);
    if (missing.count == 0) {
        text_printf(out, "it may be activated: belisha policy activate %" PRIu32 "\n", change->number);
        return;
    }
    text_printf(out, "it waits for the approval of: ");
    add_roles(env, &missing, out);
    text_printf(out, "\n");
}

/* The text comes first, then the words about it: a text that no line names is not there. */
static bool put_text(const struct step *step, const struct text *text)
{
    struct change_line *line = step->line;
    line->number = chronicle_next(step->env->chronicle);
    line->base = chronicle_in_force(step->env->chronicle);
    versions_hash(text->bytes, text->len, line->hash);
    if (!may_be_added(step))
        return false;
    int err = versions_put(step->env->policy_dir, line->number, text->bytes, text->len);
    if (err < 0)
        text_printf(step->out, "error: not done, since the text can't be kept: %s\n", err_str(err));
    return err == 0;
}

static void propose(const struct step *step)
{
    struct text text = {.max = VERSIONS_MAX}, why = {0}, detail = {0}, words = {0};
    const struct command_env *env = step->env;
    if (!is_controlled(step) || !record_may(env, ACT_PROPOSE, step->out) || !has_reason(step) || !take_assessment(step))
        return;
    int err = env->policy_check(env->ctx, step->text, step->text_len, &text, &words, &step->line->opens, &why);
    if (err < 0)
        text_printf(step->out, "error: this could not be in force\n%s", why.bytes == NULL ? err_str(err) : why.bytes);
    else if (words.len == 0)
        text_printf(step->out, "error: that is what is in force\n");
    else if (put_text(step, &text)) {
        add_proposal_detail(step->line, &detail);
        if (take_step(step, text_ok(&detail) ? detail.bytes : NULL)) {
            text_printf(step->out, "ok: change %" PRIu32 " is proposed; ", step->line->number);
            say_waits(env, chronicle_find(env->chronicle, step->line->number), step->out);
            text_add(step->out, words.bytes, words.len);
        }
    }
    text_done(&text);
    text_done(&why);
    text_done(&detail);
    text_done(&words);
}

/* Some role of the caller's must be one that the change needs: who agrees to what others must agree to helps nobody. */
static bool take_roles(const struct step *step, const struct change *change)
{
    const struct command_env *env = step->env;
    struct consent_needed needed;
    uint64_t set = roles_of(env->roles, &env->caller), wanted = 0;
    consent_needed(env->rules, change->opens, &needed);
    for (size_t i = 0; i < needed.count; i++)
        wanted |= UINT64_C(1) << needed.roles[i];
    for (size_t i = 0; i < env->roles->count && step->line->role_count < CHANGE_ROLES_MAX; i++)
        if (set >> i & 1 && strlen(env->roles->names[i]) <= CHANGE_ROLE_MAX)
            strcpy(step->line->roles[step->line->role_count++], env->roles->names[i]);
    if (set & wanted)
        return true;
    text_printf(step->out, "error: %s has none of the roles that must approve change %" PRIu32 ": ", env->caller.name,
                change->number);
    add_roles(env, &needed, step->out);
    text_printf(step->out, "\n");
    return false;
}

static void approve(const struct step *step)
{
    struct text detail = {0};
    const struct command_env *env = step->env;
    if (!is_controlled(step) || !record_may(env, ACT_APPROVE, step->out) || !may_be_added(step))
        return;
    const struct change *change = chronicle_find(env->chronicle, step->line->number);
    if (!take_roles(step, change))
        return;
    text_printf(&detail, "{\"roles\":");
    roles_write_json(env->roles, roles_of(env->roles, &env->caller), &detail);
    text_printf(&detail, "}");
    if (take_step(step, text_ok(&detail) ? detail.bytes : NULL)) {
        text_printf(step->out, "ok: %s approves change %" PRIu32 "; ", env->caller.name, change->number);
        say_waits(env, chronicle_find(env->chronicle, step->line->number), step->out);
    }
    text_done(&detail);
}

static void reject(const struct step *step)
{
    if (!record_may(step->env, ACT_APPROVE, step->out) || !has_reason(step) || !may_be_added(step))
        return;
    if (take_step(step, NULL))
        text_printf(step->out, "ok: change %" PRIu32 " is rejected\n", step->line->number);
}

static void withdraw(const struct step *step)
{
    const struct change *change = chronicle_find(step->env->chronicle, step->line->number);
    if (!has_reason(step) || !may_be_added(step))
        return;
    if (change->uid != step->env->caller.uid) {
        text_printf(step->out, "error: only %s, who proposed it, can withdraw it; others reject it\n", change->by);
        return;
    }
    if (take_step(step, NULL))
        text_printf(step->out, "ok: change %" PRIu32 " is withdrawn\n", step->line->number);
}

/* The text that is about to be in force is there, whole, and a policy still. */
static bool is_usable(const struct step *step, const struct change *change)
{
    struct text form = {.max = VERSIONS_MAX}, words = {0}, why = {0};
    const struct command_env *env = step->env;
    uint64_t opens;
    char *text = NULL;
    size_t len = 0;
    int err = versions_get(env->policy_dir, change->number, change->hash, &text, &len);
    if (err < 0)
        text_printf(step->out, "error: the text of change %" PRIu32 " can't be read: %s\n", change->number,
                    err_str(err));
    else if ((err = env->policy_check(env->ctx, text, len, &form, &words, &opens, &why)) < 0)
        text_printf(step->out, "error: change %" PRIu32 " could not be in force\n%s", change->number,
                    why.bytes == NULL ? err_str(err) : why.bytes);
    free(text);
    text_done(&form);
    text_done(&words);
    text_done(&why);
    return err == 0;
}

static void put_in_force(const struct step *step)
{
    struct text why = {0};
    int err = step->env->policy_use(step->env->ctx, &why);
    if (err == 0)
        text_printf(step->out, "ok: version %" PRIu32 " is in force\n", step->line->number);
    else
        text_printf(step->out,
                    "error: version %" PRIu32 " is on record as in force, and will be after the next reload\n%s",
                    step->line->number, why.bytes == NULL ? "" : why.bytes);
    text_done(&why);
}

static bool has_consent(const struct step *step, const struct change *change)
{
    struct consent_needed missing;
    find_missing(step->env, change, &missing);
    if (missing.count == 0)
        return true;
    text_printf(step->out, "error: change %" PRIu32 " waits for the approval of: ", change->number);
    add_roles(step->env, &missing, step->out);
    text_printf(step->out, "\n");
    return false;
}

static void plan(const struct step *step)
{
    char detail[64];
    if (step->line->when_s <= step->env->now_s) {
        text_printf(step->out, "error: that time is over\n");
        return;
    }
    snprintf(detail, sizeof detail, "{\"when\":%" PRId64 "}", step->line->when_s);
    if (!take_step(step, detail))
        return;
    text_printf(step->out, "ok: change %" PRIu32 " will be in force from ", step->line->number);
    add_time(step->line->when_s, step->out);
    text_printf(step->out, "\n");
}

static void activate(const struct step *step)
{
    const struct command_env *env = step->env;
    if (!is_controlled(step) || !record_may(env, ACT_ACTIVATE, step->out) || !may_be_added(step))
        return;
    const struct change *change = chronicle_find(env->chronicle, step->line->number);
    if (!has_consent(step, change) || !is_usable(step, change))
        return;
    if (step->line->op == CHANGE_SCHEDULE)
        plan(step);
    else if (take_step(step, NULL))
        put_in_force(step);
}

static void rollback(const struct step *step)
{
    char detail[64];
    const struct command_env *env = step->env;
    if (!is_controlled(step) || !record_may(env, ACT_ROLLBACK, step->out) || !has_reason(step))
        return;
    if (step->line->number == 0)
        step->line->number = chronicle_before(env->chronicle);
    if (step->line->number == 0) {
        text_printf(step->out, "error: no other version has been in force\n");
        return;
    }
    snprintf(detail, sizeof detail, "{\"instead_of\":%" PRIu32 "}", chronicle_in_force(env->chronicle));
    if (may_be_added(step) && is_usable(step, chronicle_find(env->chronicle, step->line->number)) &&
        take_step(step, detail))
        put_in_force(step);
}

static void review(const struct step *step)
{
    char day[ASSESSMENT_DAY_MAX], detail[64];
    const struct command_env *env = step->env;
    if (!record_may(env, ACT_APPROVE, step->out) || !has_reason(step))
        return;
    if (step->line->review_s <= env->now_s || step->line->review_s - env->now_s > env->rules->review_max_s) {
        text_printf(step->out, "error: the next day of review must be to come, and not too far away "
                               "(change_control.review_max)\n");
        return;
    }
    snprintf(detail, sizeof detail, "{\"next\":\"%s\"}", assessment_day_to_text(step->line->review_s, day));
    if (may_be_added(step) && take_step(step, detail))
        text_printf(step->out, "ok: version %" PRIu32 " was reviewed; the next time is %s\n", step->line->number, day);
}

/* ---- the command ---- */

static const struct {
    const char *name;
    enum change_op op;
    void (*run)(const struct step *step);
} ops[] = {
    {"propose", CHANGE_PROPOSE, propose},    {"approve", CHANGE_APPROVE, approve},
    {"reject", CHANGE_REJECT, reject},       {"withdraw", CHANGE_WITHDRAW, withdraw},
    {"activate", CHANGE_ACTIVATE, activate}, {"rollback", CHANGE_ROLLBACK, rollback},
    {"review", CHANGE_REVIEW, review},
};

#define OP_COUNT (sizeof ops / sizeof ops[0])

static bool get_number(const json_t *object, const char *key, int64_t max, int64_t *out)
{
    const json_t *value = json_object_get(object, key);
    if (value == NULL)
        return true;
    *out = json_integer_value(value);
    return json_is_integer(value) && *out >= 1 && *out <= max;
}

/* false: it is not understood, and that was said. */
static bool fill(struct step *step, size_t op)
{
    struct change_line *line = step->line;
    const json_t *reason = json_object_get(step->object, "reason");
    const char *by = json_string_value(json_object_get(step->object, "by"));
    int64_t number = 0;
    line->op = ops[op].op;
    line->at_s = step->env->now_s;
    if (reason != NULL && json_string_length(reason) > CHANGE_REASON_MAX) {
        text_printf(step->out, "error: the reason may have %d bytes\n", CHANGE_REASON_MAX);
        return false;
    }
    if (!get_number(step->object, "number", INT32_MAX, &number) ||
        !get_number(step->object, "when", INT64_C(253402300800), &line->when_s) ||
        !get_number(step->object, "next", INT64_C(253402300800), &line->review_s)) {
        text_printf(step->out, "error: not understood\n");
        return false;
    }
    if (by != NULL && caller_act_for(&step->env->caller, by) < 0) {
        text_printf(step->out, "error: the system knows nobody of the name %.64s\n", by);
        return false;
    }
    line->number = (uint32_t)number;
    const char *replay = json_string_value(json_object_get(step->object, "replay"));
    snprintf(line->replay, sizeof line->replay, "%s", replay == NULL ? "" : replay);
    if (line->op == CHANGE_ACTIVATE && line->when_s != 0)
        line->op = CHANGE_SCHEDULE;
    if (reason != NULL)
        snprintf(line->reason, sizeof line->reason, "%s", json_string_value(reason));
    line->uid = step->env->caller.uid;
    snprintf(line->by, sizeof line->by, "%s", step->env->caller.name);
    return true;
}

static void run(struct step *step)
{
    const char *op = json_string_value(json_object_get(step->object, "op"));
    for (size_t i = 0; op != NULL && i < OP_COUNT; i++) {
        if (strcmp(ops[i].name, op) != 0)
            continue;
        if (fill(step, i))
            ops[i].run(step);
        return;
    }
    text_printf(step->out, "error: not understood\n");
}

void change_run(const char *argument, const struct command_env *env, struct text *out)
{
    struct command_env own = *env; /* root may act for somebody */
    const char *end = env->body == NULL ? NULL : memchr(env->body, '\n', env->body_len);
    (void)argument;
    if (end == NULL) {
        text_printf(out, "error: change needs a body: change +BYTES, a line with an object, a text\n");
        return;
    }
    if (env->chronicle == NULL) {
        text_printf(out, "error: no history of the policy can be kept: %s\n", err_str(env->chronicle_err));
        return;
    }
    json_t *object = json_loadb(env->body, (size_t)(end - env->body), JSON_REJECT_DUPLICATES, NULL);
    struct change_line *line = calloc(1, sizeof *line);
    struct step step = {.env = &own,
                        .object = object,
                        .line = line,
                        .text = end + 1,
                        .text_len = env->body_len - (size_t)(end + 1 - env->body),
                        .out = out};
    if (line != NULL && json_is_object(object))
        run(&step);
    else
        text_printf(out, "error: not understood\n");
    free(line);
    json_decref(object);
}

/* ---- what was planned ---- */

static const struct change *find_due(const struct command_env *env)
{
    for (size_t i = 0; i < chronicle_count(env->chronicle); i++) {
        const struct change *change = chronicle_at(env->chronicle, i);
        if (change->state == CHANGE_PROPOSED && change->when_s != 0 && change->when_s <= env->now_s)
            return change;
    }
    return NULL;
}

void change_look(const struct command_env *env, struct text *out)
{
    struct command_env own = *env;
    const struct change *change = env->chronicle == NULL ? NULL : find_due(env);
    struct change_line *line = change == NULL ? NULL : calloc(1, sizeof *line);
    if (line == NULL)
        return;
    *line = (struct change_line){.op = CHANGE_ACTIVATE,
                                 .number = change->number,
                                 .at_s = env->now_s,
                                 .uid = env->caller.uid,
                                 .reason = "as planned"};
    snprintf(line->by, sizeof line->by, "%s", env->caller.name);
    struct step step = {.env = &own, .line = line, .out = out};
    if (is_controlled(&step) && may_be_added(&step) && has_consent(&step, change) && is_usable(&step, change)) {
        if (take_step(&step, NULL))
            put_in_force(&step);
    } else {
        line->op = CHANGE_MISS;
        snprintf(line->reason, sizeof line->reason, "%.900s", out->bytes == NULL ? "?" : out->bytes);
        (void)take_step(&step, NULL);
    }
    free(line);
}

/* ---- status ---- */

static void add_waiting(const struct command_env *env, struct text *out)
{
    size_t shown = 0;
    text_printf(out, ", \"waiting\": [");
    for (size_t i = chronicle_count(env->chronicle); i > 0 && shown < STATUS_SHOWN_MAX; i--) {
        const struct change *change = chronicle_at(env->chronicle, i - 1);
        struct consent_needed missing;
        if (change->state != CHANGE_PROPOSED)
            continue;
        find_missing(env, change, &missing);
        text_printf(out, "%s{\"number\": %" PRIu32 ", \"by\": ", shown++ == 0 ? "" : ", ", change->number);
        text_add_json(out, change->by);
        text_printf(out, ", \"when_s\": %" PRId64 ", \"missing\": [", change->when_s);
        for (size_t k = 0; k < missing.count; k++) {
            text_printf(out, k == 0 ? "" : ", ");
            text_add_json(out, env->roles->names[missing.roles[k]]);
        }
        text_printf(out, "]}");
    }
    text_printf(out, "]");
}

static void add_overdue(const struct command_env *env, struct text *out)
{
    char day[ASSESSMENT_DAY_MAX];
    size_t shown = 0;
    text_printf(out, ", \"overdue\": [");
    for (size_t i = chronicle_count(env->chronicle); i > 0 && shown < STATUS_SHOWN_MAX; i--) {
        const struct change *change = chronicle_at(env->chronicle, i - 1);
        if (chronicle_is_overdue(env->chronicle, change, env->now_s))
            text_printf(out, "%s{\"number\": %" PRIu32 ", \"review\": \"%s\"}", shown++ == 0 ? "" : ", ",
                        change->number, assessment_day_to_text(change->review_s, day));
    }
    text_printf(out, "]");
}

/* Those who may see the status need not know who a line is about: it says the place and the word, and no name. */
static void add_people(const struct people_report *people, struct text *out)
{
    if (people == NULL || people->path == NULL)
        return;
    text_printf(out, ", \"people\": {\"file\": ");
    text_add_json(out, people->path);
    text_printf(out, ", \"sha256\": \"");
    for (size_t i = 0; i < sizeof people->hash; i++)
        text_printf(out, "%02x", people->hash[i]);
    text_printf(out, "\", \"count\": %zu, \"opening\": %zu, \"closing\": %zu, \"refused\": %zu, \"told\": [",
                people->count, people->opening, people->closing, people->refused);
    for (size_t i = 0; i < people->told_count; i++) {
        text_printf(out, i == 0 ? "" : ", ");
        text_add_json(out, people->told[i]);
    }
    text_printf(out, "]}");
}

void change_write_status(const struct command_env *env, struct text *out)
{
    if (env->chronicle == NULL || env->rules == NULL) {
        text_printf(out, "  \"policy\": null,\n");
        return;
    }
    size_t turns = chronicle_turn_count(env->chronicle);
    text_printf(out, "  \"policy\": {\"version\": %" PRIu32 ", \"controlled\": %s, \"files_differ\": %s",
                chronicle_in_force(env->chronicle), env->rules->controlled ? "true" : "false",
                env->files_differ ? "true" : "false");
    if (turns > 0) {
        const struct change_turn *turn = chronicle_turn(env->chronicle, turns - 1);
        text_printf(out, ", \"since_s\": %" PRId64 ", \"by\": ", turn->at_s);
        text_add_json(out, turn->by);
    }
    add_waiting(env, out);
    add_overdue(env, out);
    add_people(env->people, out);
    text_printf(out, "},\n");
}
