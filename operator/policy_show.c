/* belisha policy chronicle, show: read from the files, also when belishad does not run. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/category.h"
#include "base/err.h"
#include "base/plain.h"
#include "change/consent.h"
#include "change/versions.h"
#include "ledger/recent.h"
#include "operator/policy.h"

/* ---- pieces ---- */

static void print_time(FILE *to, int64_t at_s)
{
    char when[64] = "?";
    struct tm tm;
    time_t at = (time_t)at_s;
    if (localtime_r(&at, &tm) != NULL)
        strftime(when, sizeof when, "%Y-%m-%d %H:%M", &tm);
    fputs(when, to);
}

static const char *state_of(const struct chronicle *chronicle, const struct change *change)
{
    switch (change->state) {
    case CHANGE_PROPOSED:
        return change->when_s != 0 ? "planned" : "proposed";
    case CHANGE_REJECTED:
        return "rejected";
    case CHANGE_WITHDRAWN:
        return "withdrawn";
    case CHANGE_USED:
        break;
    }
    return chronicle_in_force(chronicle) == change->number ? "in force" : "was in force";
}

static void complain(void *ctx, unsigned line, int err)
{
    const struct operator_env *env = ctx;
    fprintf(env->err, "%s/history:%u: this line does not count: %s\n", env->config->policy_dir, line, err_str(err));
}

static struct chronicle *open_history(const struct operator_env *env)
{
    char path[4096];
    struct chronicle *chronicle = NULL;
    snprintf(path, sizeof path, "%s/history", env->config->policy_dir);
    union {
        const struct operator_env *const_env;
        void *ctx;
    } u = {.const_env = env};
    int err = chronicle_read(path, complain, u.ctx, &chronicle);
    if (err < 0)
        fprintf(env->err, "belisha policy: %s: %s\n", path, err_str(err));
    return chronicle;
}

static void print_opens(FILE *to, uint64_t opens)
{
    const char *before = "";
    for (unsigned i = 0; i < CATEGORY_MAX - 1; i++) {
        if (!(opens >> i & 1) || category_name(i) == NULL)
            continue;
        fprintf(to, "%s%s", before, category_name(i));
        before = ", ";
    }
    if (opens & CHANGE_OPENS_ANYTHING)
        fprintf(to, "%snames or other things", before);
}

/* Names of the roles that still have to approve it, by the configuration of now. */
static void print_missing(const struct operator_env *env, const struct change *change)
{
    const struct roles *roles = &env->config->roles;
    uint64_t approved[CHRONICLE_APPROVALS_MAX] = {0};
    struct consent_needed needed, missing;
    for (size_t i = 0; i < change->approval_count; i++)
        for (size_t k = 0; k < change->approvals[i].role_count; k++)
            for (size_t r = 0; r < roles->count; r++)
                if (strcmp(roles->names[r], change->approvals[i].roles[k]) == 0)
                    approved[i] |= UINT64_C(1) << r;
    consent_needed(&env->config->change, change->opens, &needed);
    consent_missing(&needed, approved, change->approval_count, &missing);
    for (size_t i = 0; i < missing.count; i++)
        fprintf(env->out, "%s%s", i == 0 ? "" : ", ", roles->names[missing.roles[i]]);
    if (missing.count == 0)
        fputs("nobody: it may be activated", env->out);
}

/* ---- history ---- */

static void print_line(const struct operator_env *env, const struct chronicle *chronicle, const struct change *change,
                       int64_t now_s)
{
    char day[ASSESSMENT_DAY_MAX];
    fprintf(env->out, "%5" PRIu32 "  %-12s  ", change->number, state_of(chronicle, change));
    print_time(env->out, change->proposed_s);
    fputs("  ", env->out);
    plain_print(change->by, env->out);
    fputs(": ", env->out);
    plain_print(change->reason, env->out);
    putc('\n', env->out);
    if (change->approval_count > 0) {
        fputs("       approved by ", env->out);
        for (size_t i = 0; i < change->approval_count; i++) {
            fputs(i == 0 ? "" : ", ", env->out);
            plain_print(change->approvals[i].by, env->out);
            for (size_t k = 0; k < change->approvals[i].role_count; k++) {
                fputs(k == 0 ? " (" : ", ", env->out);
                plain_print(change->approvals[i].roles[k], env->out);
            }
            fputs(change->approvals[i].role_count > 0 ? ")" : "", env->out);
        }
        putc('\n', env->out);
    }
    if (change->state == CHANGE_PROPOSED) {
        fputs("       waits for ", env->out);
        print_missing(env, change);
        putc('\n', env->out);
    }
    if (change->review_s != 0)
        fprintf(env->out, "       review %s%s\n", assessment_day_to_text(change->review_s, day),
                chronicle_is_overdue(chronicle, change, now_s) ? "  OVERDUE" : "");
}

static void add_json(const struct chronicle *chronicle, const struct change *change, int64_t now_s, struct text *out)
{
    char day[ASSESSMENT_DAY_MAX];
    text_printf(out, "{\"number\":%" PRIu32 ",\"state\":\"%s\",\"base\":%" PRIu32 ",\"proposed_s\":%" PRId64,
                change->number, state_of(chronicle, change), change->base, change->proposed_s);
    text_add_json_member(out, "by", change->by);
    text_printf(out, ",\"uid\":%" PRIu32, change->uid);
    text_add_json_member(out, "reason", change->reason);
    text_add_json_member(out, "replay", change->replay);
    text_printf(out, ",\"approvals\":[");
    for (size_t i = 0; i < change->approval_count; i++) {
        const struct change_approval *a = &change->approvals[i];
        text_printf(out, "%s{\"at_s\":%" PRId64 ",\"uid\":%" PRIu32, i == 0 ? "" : ",", a->at_s, a->uid);
        text_add_json_member(out, "by", a->by);
        text_add_json_member(out, "comment", a->comment);
        text_printf(out, ",\"roles\":[");
        for (size_t k = 0; k < a->role_count; k++) {
            text_printf(out, k == 0 ? "" : ",");
            text_add_json(out, a->roles[k]);
        }
        text_printf(out, "]}");
    }
    text_printf(out, "]");
    if (change->when_s != 0)
        text_printf(out, ",\"when_s\":%" PRId64, change->when_s);
    if (change->closed_by != NULL) {
        text_add_json_member(out, "closed_by", change->closed_by);
        text_add_json_member(out, "closed_reason", change->closed_reason);
    }
    if (change->review_s != 0)
        text_printf(out, ",\"review\":\"%s\",\"overdue\":%s", assessment_day_to_text(change->review_s, day),
                    chronicle_is_overdue(chronicle, change, now_s) ? "true" : "false");
    if (change->assessment != NULL) {
        text_printf(out, ",\"assessment\":");
        assessment_write(change->assessment, out);
    }
    text_printf(out, ",\"in_force\":[");
    const char *before = "";
    for (size_t i = 0; i < chronicle_turn_count(chronicle); i++) {
        const struct change_turn *turn = chronicle_turn(chronicle, i);
        if (turn->version != change->number)
            continue;
        text_printf(out, "%s{\"from_s\":%" PRId64, before, turn->at_s);
        if (i + 1 < chronicle_turn_count(chronicle))
            text_printf(out, ",\"to_s\":%" PRId64, chronicle_turn(chronicle, i + 1)->at_s);
        text_add_json_member(out, "by", turn->by);
        text_add_json_member(out, "how", change_op_name(turn->op));
        text_add_json_member(out, "reason", turn->reason);
        text_printf(out, "}");
        before = ",";
    }
    text_printf(out, "]}\n");
}

/* Which people file came into force last, in the words of the ledger. Who may not read the ledger is told nothing of it. */
static void print_people(const struct operator_env *env)
{
    struct entry_read read;
    if (env->config->people_path == NULL || recent_find(&env->config->ledger, "people.", &read) < 0)
        return;
    fputs("people file of ", env->out);
    print_time(env->out, read.entry.time_s);
    fprintf(env->out, " by ");
    plain_print(read.entry.by, env->out);
    fputs(": ", env->out);
    plain_print(read.entry.detail == NULL ? "" : read.entry.detail, env->out);
    putc('\n', env->out);
    entry_read_done(&read);
}

int policy_history(const struct operator_env *env, const struct policy_words *words)
{
    struct chronicle *chronicle = open_history(env);
    struct text json = {.max = (size_t)256 << 20};
    int64_t now_s = time(NULL);
    size_t shown = 0;
    if (chronicle == NULL)
        return OPERATOR_FAILED;
    for (size_t i = chronicle_count(chronicle); i > 0; i--) {
        const struct change *change = chronicle_at(chronicle, i - 1);
        if (words->overdue && !chronicle_is_overdue(chronicle, change, now_s))
            continue;
        shown++;
        if (words->json)
            add_json(chronicle, change, now_s, &json);
        else
            print_line(env, chronicle, change, now_s);
    }
    if (words->json)
        fputs(json.bytes == NULL ? "" : json.bytes, env->out);
    else if (shown == 0)
        fputs(words->overdue ? "No review is overdue.\n" : "There is no version yet.\n", env->out);
    if (!words->json && !words->overdue)
        print_people(env);
    unsigned damaged = chronicle_damaged(chronicle);
    text_done(&json);
    chronicle_close(chronicle);
    return damaged == 0 ? OPERATOR_OK : OPERATOR_FAILED;
}

/* ---- show ---- */

static void print_field(FILE *to, const char *name, const char *value)
{
    if (value == NULL || value[0] == '\0')
        return;
    fprintf(to, "#   %-22s ", name);
    plain_print(value, to);
    putc('\n', to);
}

static void print_assessment(FILE *to, const struct assessment *a)
{
    char text[ASSESSMENT_DAY_MAX];
    fputs("# risk assessment:\n", to);
    print_field(to, "purpose", a->purpose);
    print_field(to, "benefit", a->benefit);
    print_field(to, "risks", a->risks);
    print_field(to, "measures", a->measures);
    snprintf(text, sizeof text, "%d", a->age_minimum);
    print_field(to, "age minimum", a->age_minimum == ASSESSMENT_AGE_NONE ? "none" : text);
    print_field(to, "terms checked", a->terms_checked ? "yes" : "no");
    print_field(to, "data protection", a->data_protection);
    print_field(to, "educational assessor", a->educational_assessor);
    print_field(to, "technical assessor", a->technical_assessor);
    if (a->review_s != 0)
        print_field(to, "review", assessment_day_to_text(a->review_s, text));
}

static void print_turns(FILE *to, const struct chronicle *chronicle, uint32_t number)
{
    for (size_t i = 0; i < chronicle_turn_count(chronicle); i++) {
        const struct change_turn *turn = chronicle_turn(chronicle, i);
        if (turn->version != number)
            continue;
        fputs("# in force from ", to);
        print_time(to, turn->at_s);
        if (i + 1 < chronicle_turn_count(chronicle)) {
            fputs(" to ", to);
            print_time(to, chronicle_turn(chronicle, i + 1)->at_s);
        }
        fprintf(to, ", by %s of ", change_op_name(turn->op));
        plain_print(turn->by, to);
        if (turn->reason[0] != '\0') {
            fputs(": ", to);
            plain_print(turn->reason, to);
        }
        putc('\n', to);
    }
}

/* As comments, so that what is printed is the text of the policy. */
static void print_change(const struct operator_env *env, const struct chronicle *chronicle, const struct change *change)
{
    FILE *to = env->out;
    fprintf(to, "# version %" PRIu32 ", %s\n# proposed ", change->number, state_of(chronicle, change));
    print_time(to, change->proposed_s);
    fputs(" by ", to);
    plain_print(change->by, to);
    fputs(": ", to);
    plain_print(change->reason, to);
    fprintf(to, "\n# made from version %" PRIu32 "\n", change->base);
    if (change->opens != 0) {
        fputs("# opens ", to);
        print_opens(to, change->opens);
        putc('\n', to);
    }
    if (change->replay[0] != '\0') {
        fputs("# by the log: ", to);
        plain_print(change->replay, to);
        putc('\n', to);
    }
    if (change->assessment != NULL)
        print_assessment(to, change->assessment);
    for (size_t i = 0; i < change->approval_count; i++) {
        const struct change_approval *a = &change->approvals[i];
        fputs("# approved ", to);
        print_time(to, a->at_s);
        fputs(" by ", to);
        plain_print(a->by, to);
        for (size_t k = 0; k < a->role_count; k++)
            fprintf(to, "%s%s", k == 0 ? " as " : ", ", a->roles[k]);
        if (a->comment[0] != '\0') {
            fputs(": ", to);
            plain_print(a->comment, to);
        }
        putc('\n', to);
    }
    if (change->closed_by != NULL) {
        fprintf(to, "# %s by ", state_of(chronicle, change));
        plain_print(change->closed_by, to);
        fputs(": ", to);
        plain_print(change->closed_reason, to);
        putc('\n', to);
    }
    print_turns(to, chronicle, change->number);
}

static int show(const struct operator_env *env, const struct policy_words *words, const struct chronicle *chronicle,
                const struct change *change)
{
    struct text json = {0};
    char *text = NULL;
    size_t len = 0;
    if (words->json) {
        add_json(chronicle, change, time(NULL), &json);
        fputs(json.bytes == NULL ? "" : json.bytes, env->out);
        text_done(&json);
        return OPERATOR_OK;
    }
    print_change(env, chronicle, change);
    int err = versions_get(env->config->policy_dir, change->number, change->hash, &text, &len);
    if (err < 0)
        fprintf(env->err, "belisha policy: the text of version %" PRIu32 " can't be read: %s\n", change->number,
                err_str(err));
    else
        fwrite(text, 1, len, env->out);
    free(text);
    return err < 0 ? OPERATOR_FAILED : OPERATOR_OK;
}

int policy_show(const struct operator_env *env, const struct policy_words *words, uint32_t number)
{
    struct chronicle *chronicle = open_history(env);
    if (chronicle == NULL)
        return OPERATOR_FAILED;
    const struct change *change = chronicle_find(chronicle, number == 0 ? chronicle_in_force(chronicle) : number);
    int code = OPERATOR_FAILED;
    if (change == NULL)
        fprintf(env->err, number == 0 ? "belisha policy: there is no version yet\n"
                                      : "belisha policy: there is no change of this number\n");
    else
        code = show(env, words, chronicle, change);
    chronicle_close(chronicle);
    return code;
}
