/* belisha why --at: what was decided then, by the log and once more. */
#include <inttypes.h>
#include <string.h>

#include "base/category.h"
#include "base/err.h"
#include "base/verdict.h"
#include "dns/rr.h"
#include "operator/log_fields.h"
#include "operator/origin.h"
#include "operator/past.h"
#include "operator/reading.h"
#include "operator/why.h"

#define SECOND_NS INT64_C(1000000000)

/* All that is said about one question of one time. */
struct then {
    const struct operator_env *env;
    const struct why_asked *asked;
    struct witnesses witnesses;
    bool has_log;
    struct past past;
    struct text rule;
    struct text doubts;
    struct origin decision; /* what the ledger says of the decision that the verdict was made by */
    struct origin version;  /* ... of the version of the policy */
    bool ledger_unread;     /* it may not be read by who asks */
};

/* ---- words ---- */

static const char *category_text(const struct verdict *v)
{
    const char *name = v->category < CATEGORY_MAX ? category_name(v->category) : NULL;
    return name == NULL ? "" : name;
}

/* "blocked (category gaming)" */
static void add_verdict(struct text *out, const struct verdict *v)
{
    const char *category = category_text(v);
    text_printf(out, "%s (%s%s%s)", verdict_action_name(v->action), verdict_reason_name(v->reason),
                category[0] == '\0' ? "" : " ", category);
}

static const char *list_text(enum past_source source)
{
    switch (source) {
    case PAST_KEPT:
        return "";
    case PAST_TODAYS:
        return "; no record says which list was in force, so today's was asked";
    case PAST_ROW:
        return "; its file is no longer kept, so the row's categories stand for it";
    case PAST_UNKNOWN:
        return "; its file is no longer kept, and no row tells what it said";
    }
    return "";
}

static const char *policy_text(enum past_source source)
{
    return source == PAST_KEPT ? "" : "; its text is not kept, so today's policy was asked";
}

/* Whether somebody's decision made the verdict: its number is the rule. */
static bool is_by_decision(const struct verdict *v)
{
    return v->rule != 0 &&
           (v->reason == REASON_EXCEPTION || v->reason == REASON_LOCAL_BLOCK || v->reason == REASON_SUSPENSION);
}

/* ---- the ledger ---- */

static void look_into_ledger(struct then *t)
{
    const struct config *config = t->env->config;
    const struct past *past = &t->past;
    const struct verdict *v = past->row != NULL ? &past->row->record.verdict : &past->verdict;
    struct caller caller;
    int err = 0;
    caller_of_self(&caller);
    if (!roles_may(&config->roles, &caller, ACT_READ_LEDGER)) {
        t->ledger_unread = true;
        return;
    }
    if (is_by_decision(v))
        err = origin_find(config->ledger.folder, "decision", v->rule, INT64_MAX, &t->decision);
    if (past->version != 0 && err == 0)
        err = origin_find(config->ledger.folder, "version", past->version, INT64_MAX, &t->version);
    t->ledger_unread = err == ERR_ACCESS;
}

/* ---- for people ---- */

static void print_witness(const struct then *t, FILE *to, size_t i)
{
    const struct witness *w = &t->witnesses.rows[i];
    char time[LOG_TIME_MAX], type[DNS_TYPE_TEXT_MAX], who[WHOM_TEXT_MAX];
    struct whom whom;
    struct text verdict = {0};
    whom_of_row(&t->past.explain, w, &whom);
    add_verdict(&verdict, &w->record.verdict);
    fprintf(to, "  %-12s %c %s  %s  group %s  %s  %s%s%s  generation %" PRIu64 ", policy %" PRIu32 "\n",
            i == 0 ? "logged" : "", i == t->witnesses.nearest ? '>' : ' ', log_time_to_text(w->record.time_ns, time),
            whom_to_text(&whom, w->group, who), w->group, dns_type_to_text(w->record.qtype, type),
            verdict.bytes == NULL ? "" : verdict.bytes, w->feed[0] == '\0' ? "" : ", feed ", w->feed,
            w->record.generation, w->record.policy_version);
    text_done(&verdict);
}

static void print_witnesses(const struct then *t, FILE *to)
{
    if (!t->has_log)
        why_print_row(to, "logged", "there is no query log");
    else if (t->witnesses.count == 0)
        why_print_row(to, "logged", "nothing like it near that time; what follows is what would have been answered");
    for (size_t i = 0; i < t->witnesses.count; i++)
        print_witness(t, to, i);
    if (t->witnesses.more > 0)
        fprintf(to, "  %-12s   and %" PRIu64 " farther from that time\n", "", t->witnesses.more);
    if (t->witnesses.closed > 0)
        fprintf(to, "  %-12s   who asked is sealed, and the key of that day is gone, or not yours to read\n", "");
    if (t->witnesses.lost > 0)
        fprintf(to, "  %-12s   %" PRIu64 " records of that time were lost\n", "", t->witnesses.lost);
}

static void print_made_again(const struct then *t, FILE *to)
{
    const struct past *past = &t->past;
    struct text verdict = {0};
    if (!past->judged) {
        why_print_row(to, "made again", "it can't be: nobody knows any longer what the list said");
        return;
    }
    add_verdict(&verdict, &past->verdict);
    if (past->row != NULL)
        text_printf(&verdict, past_agrees(past) ? ": the same as was logged" : ": NOT what was logged");
    if (text_ok(&verdict))
        why_print_row(to, "made again", verdict.bytes);
    text_done(&verdict);
    why_print_row(to, "because", t->rule.bytes == NULL ? "" : t->rule.bytes);
    if (!past_agrees(past) && t->doubts.bytes != NULL)
        why_print_row(to, "it may be", t->doubts.bytes);
}

static void print_origin(FILE *to, const char *label, const struct origin *origin)
{
    for (size_t i = 0; i < origin->count; i++) {
        const struct origin_entry *e = &origin->entries[i];
        char time[LOG_TIME_MAX], line[ORIGIN_TEXT + 256];
        snprintf(line, sizeof line, "entry %" PRIu64 "  %s  %s by %s%s%s", e->number,
                 log_time_to_text(e->time_s * SECOND_NS, time), e->kind, e->by, e->reason[0] == '\0' ? "" : ": ",
                 e->reason);
        why_print_row(to, i == 0 ? label : "", line);
    }
}

static void add_approvals(const struct change *change, struct text *out)
{
    for (size_t i = 0; i < change->approval_count; i++) {
        const struct change_approval *a = &change->approvals[i];
        text_printf(out, "%s%s", i == 0 ? "" : "; ", a->by);
        for (size_t r = 0; r < a->role_count; r++)
            text_printf(out, "%s%s%s", r == 0 ? " (" : ", ", a->roles[r], r + 1 == a->role_count ? ")" : "");
        if (a->comment != NULL && a->comment[0] != '\0')
            text_printf(out, ": %s", a->comment);
    }
}

static void add_assessment(const struct assessment *a, struct text *out)
{
    char day[ASSESSMENT_DAY_MAX];
    if (a->age_minimum == ASSESSMENT_AGE_NONE)
        text_printf(out, "no minimum age");
    else
        text_printf(out, "minimum age %d", a->age_minimum);
    text_printf(out, "; terms %s", a->terms_checked ? "checked" : "not checked");
    if (a->educational_assessor[0] != '\0')
        text_printf(out, "; educational assessor %s", a->educational_assessor);
    if (a->technical_assessor[0] != '\0')
        text_printf(out, "; technical assessor %s", a->technical_assessor);
    if (a->review_s != 0)
        text_printf(out, "; to be reviewed %s", assessment_day_to_text(a->review_s, day));
}

static void print_words(FILE *to, const char *label, struct text *words)
{
    if (words->bytes != NULL && text_ok(words))
        why_print_row(to, label, words->bytes);
    text_done(words);
}

/* Who changed the policy into what it was then. */
static void print_change(const struct past *past, FILE *to)
{
    const struct change *change = past->change;
    struct text who = {0}, approvals = {0}, assessment = {0}, since = {0};
    char time[LOG_TIME_MAX];
    if (change == NULL)
        return;
    text_printf(&who, "proposed by %s %s%s%s", change->by == NULL ? "?" : change->by,
                log_time_to_text(change->proposed_s * SECOND_NS, time), change->reason == NULL ? "" : ": ",
                change->reason == NULL ? "" : change->reason);
    add_approvals(change, &approvals);
    if (past->turn != NULL)
        text_printf(&since, "%s by %s", log_time_to_text(past->turn->at_s * SECOND_NS, time), past->turn->by);
    if (change->assessment != NULL)
        add_assessment(change->assessment, &assessment);
    print_words(to, "change", &who);
    print_words(to, "approved by", &approvals);
    print_words(to, "in force", &since);
    print_words(to, "assessment", &assessment);
    if (change->replay != NULL)
        why_print_row(to, "measured", change->replay);
}

static void print_text(const struct then *t, FILE *to)
{
    const struct past *past = &t->past;
    char time[LOG_TIME_MAX], who[WHOM_TEXT_MAX], matched[NAME_TEXT_MAX];
    fprintf(to, "%s at %s\n", past->name.text, log_time_to_text(t->asked->at_ns, time));
    print_witnesses(t, to);
    print_made_again(t, to);
    if (past->judged)
        why_print_row(to, "matched", explain_matched(&past->name, &past->verdict, matched));
    why_print_row(to, "client", whom_to_text(&past->whom, t->asked->whom.group, who));
    why_print_row(to, "group", policy_group_name(past->explain.policy, past->whom.client.group));
    why_print_row(to, "level", explain_level(&past->explain, &past->whom.client)->name);
    why_print_circumstances(to, &past->explain, &past->whom);
    if (past->generation > 0 || past->list != PAST_KEPT)
        fprintf(to, "  %-12s %" PRIu64 "%s\n", "generation", past->generation, list_text(past->list));
    fprintf(to, "  %-12s %" PRIu32 "%s\n", "policy", past->version, policy_text(past->policy));
    print_change(past, to);
    print_origin(to, "decision", &t->decision);
    print_origin(to, "ledger", &t->version);
    if (t->ledger_unread)
        why_print_row(to, "ledger", "who decided is in the ledger, which you may not read");
}

/* ---- JSON ---- */

static void add_member(struct text *out, const char *key, const char *value)
{
    text_printf(out, ", \"%s\": ", key);
    if (value == NULL || value[0] == '\0')
        text_printf(out, "null");
    else
        text_add_json(out, value);
}

static void add_verdict_json(struct text *out, const struct verdict *v)
{
    add_member(out, "verdict", verdict_action_name(v->action));
    add_member(out, "reason", verdict_reason_name(v->reason));
    add_member(out, "category", category_text(v));
    text_printf(out, ", \"rule\": %" PRIu32, v->rule);
}

static void add_whom_json(struct text *out, const struct whom *whom)
{
    char address[IPADDR_TEXT_MAX];
    add_member(out, "client", whom->has_address ? ipaddr_to_text(&whom->address, address) : "");
    add_member(out, "user", whom->user);
    add_member(out, "device", whom->device);
}

static void add_witness_json(const struct then *t, const struct witness *w, struct text *out)
{
    char time[LOG_TIME_MAX], type[DNS_TYPE_TEXT_MAX];
    struct whom whom;
    whom_of_row(&t->past.explain, w, &whom);
    text_printf(out, "{\"time\": \"%s\"", log_time_to_text(w->record.time_ns, time));
    add_whom_json(out, &whom);
    add_member(out, "group", w->group);
    add_member(out, "type", dns_type_to_text(w->record.qtype, type));
    add_verdict_json(out, &w->record.verdict);
    add_member(out, "feed", w->feed);
    text_printf(out, ", \"generation\": %" PRIu64 ", \"policy_version\": %" PRIu32 "}", w->record.generation,
                w->record.policy_version);
}

static void add_origin_json(struct text *out, const char *key, const struct origin *origin)
{
    char time[LOG_TIME_MAX];
    text_printf(out, ", \"%s\": [", key);
    for (size_t i = 0; i < origin->count; i++) {
        const struct origin_entry *e = &origin->entries[i];
        text_printf(out, "%s{\"entry\": %" PRIu64, i == 0 ? "" : ", ", e->number);
        add_member(out, "time", log_time_to_text(e->time_s * SECOND_NS, time));
        add_member(out, "kind", e->kind);
        add_member(out, "by", e->by);
        add_member(out, "reason", e->reason);
        text_printf(out, "}");
    }
    text_printf(out, "]");
}

static void add_change_json(const struct past *past, struct text *out)
{
    const struct change *change = past->change;
    char time[LOG_TIME_MAX];
    text_printf(out, ", \"change\": ");
    if (change == NULL) {
        text_printf(out, "null");
        return;
    }
    text_printf(out, "{\"number\": %" PRIu32, change->number);
    add_member(out, "by", change->by);
    add_member(out, "reason", change->reason);
    add_member(out, "proposed", log_time_to_text(change->proposed_s * SECOND_NS, time));
    add_member(out, "in_force", past->turn == NULL ? "" : log_time_to_text(past->turn->at_s * SECOND_NS, time));
    add_member(out, "measured", change->replay);
    text_printf(out, ", \"approvals\": [");
    for (size_t i = 0; i < change->approval_count; i++) {
        const struct change_approval *a = &change->approvals[i];
        text_printf(out, "%s{\"at\": \"%s\"", i == 0 ? "" : ", ", log_time_to_text(a->at_s * SECOND_NS, time));
        add_member(out, "by", a->by);
        add_member(out, "comment", a->comment);
        text_printf(out, ", \"roles\": [");
        for (size_t r = 0; r < a->role_count; r++) {
            text_printf(out, r == 0 ? "" : ", ");
            text_add_json(out, a->roles[r]);
        }
        text_printf(out, "]}");
    }
    text_printf(out, "], \"assessment\": ");
    if (change->assessment == NULL)
        text_printf(out, "null");
    else
        assessment_write(change->assessment, out);
    text_printf(out, "}");
}

static const char *source_key(enum past_source source)
{
    static const char *const keys[] = {
        [PAST_KEPT] = "kept", [PAST_TODAYS] = "todays", [PAST_ROW] = "row", [PAST_UNKNOWN] = "unknown"};
    return keys[source];
}

static void add_made_again_json(const struct then *t, struct text *out)
{
    const struct past *past = &t->past;
    char matched[NAME_TEXT_MAX];
    text_printf(out, ", \"made_again\": ");
    if (!past->judged) {
        text_printf(out, "null");
        return;
    }
    text_printf(out, "{\"agrees\": %s", past_agrees(past) ? "true" : "false");
    add_verdict_json(out, &past->verdict);
    add_member(out, "because", t->rule.bytes);
    add_member(out, "matched", explain_matched(&past->name, &past->verdict, matched));
    add_member(out, "doubts", past_agrees(past) ? "" : t->doubts.bytes);
    text_printf(out, "}");
}

static void print_json(const struct then *t, FILE *to)
{
    const struct past *past = &t->past;
    char time[LOG_TIME_MAX];
    struct text out = {0};
    text_printf(&out, "{\"name\": ");
    text_add_json(&out, past->name.text);
    text_printf(&out, ", \"at\": \"%s\", \"logged\": [", log_time_to_text(t->asked->at_ns, time));
    for (size_t i = 0; i < t->witnesses.count; i++) {
        text_printf(&out, i == 0 ? "" : ", ");
        add_witness_json(t, &t->witnesses.rows[i], &out);
    }
    text_printf(&out, "], \"nearest\": ");
    if (t->witnesses.count == 0)
        text_printf(&out, "null");
    else
        text_printf(&out, "%zu", t->witnesses.nearest);
    text_printf(&out, ", \"more\": %" PRIu64 ", \"lost\": %" PRIu64 ", \"closed\": %" PRIu64, t->witnesses.more,
                t->witnesses.lost, t->witnesses.closed);
    add_made_again_json(t, &out);
    add_whom_json(&out, &past->whom);
    add_member(&out, "group", policy_group_name(past->explain.policy, past->whom.client.group));
    add_member(&out, "level", explain_level(&past->explain, &past->whom.client)->name);
    why_add_circumstances(&past->explain, &past->whom, &out);
    text_printf(&out, ", \"generation\": %" PRIu64 ", \"generation_source\": \"%s\"", past->generation,
                source_key(past->list));
    text_printf(&out, ", \"policy_version\": %" PRIu32 ", \"policy_source\": \"%s\"", past->version,
                source_key(past->policy));
    add_change_json(past, &out);
    add_origin_json(&out, "decision_ledger", &t->decision);
    add_origin_json(&out, "policy_ledger", &t->version);
    text_printf(&out, "}\n");
    if (text_ok(&out))
        fputs(out.bytes, to);
    text_done(&out);
}

/* ---- the command ---- */

/* What is looked for: as it was asked, and the name as the log has it, which calls hosts of the statutory list by an id. */
static int prepare(const struct why_asked *q, const struct config *config, uint8_t name[NAME_MAX_LEN],
                   struct witness_opts *out)
{
    struct explain explain;
    struct explain_name parsed;
    int err = explain_init(&explain, config);
    if (err < 0)
        return err;
    err = explain_name_parse(&explain, q->name, DNS_TYPE_A, &parsed);
    if (err >= 0)
        memcpy(name, parsed.wire, sizeof parsed.wire);
    *out = (struct witness_opts){.log_dir = config->log.dir,
                                 .from_ns = q->at_ns,
                                 .to_ns = q->at_end_ns,
                                 .within_ns = q->within_s * SECOND_NS,
                                 .name = name,
                                 .has_type = q->has_type,
                                 .type = q->type,
                                 .has_client = q->whom.has_client,
                                 .client = q->whom.client,
                                 .has_user = q->whom.user != NULL,
                                 .user = whom_user(&explain, q->whom.user),
                                 .has_device = q->whom.device != NULL,
                                 .device = whom_device(&explain, q->whom.device),
                                 .group = q->whom.group};
    explain_done(&explain);
    return err;
}

/* Negative: complained. */
static int look_into_log(struct then *t, const struct witness_opts *opts)
{
    int err = witness_find(opts, &t->witnesses);
    t->has_log = err == 0;
    if (err == 0 || err == ERR_NOENT)
        return 0;
    fprintf(t->env->err, "belisha why: %s: %s\n", opts->log_dir, err_str(err));
    return err;
}

static int answer(struct then *t)
{
    const struct why_asked *q = t->asked;
    const struct witness *row = t->witnesses.count == 0 ? NULL : &t->witnesses.rows[t->witnesses.nearest];
    uint16_t type = row != NULL ? row->record.qtype : q->type;
    struct text why = {0};
    int err = past_open(t->env, q->name, type, &q->whom, row, q->at_ns / SECOND_NS, &t->past, &why);
    if (err < 0) {
        fprintf(t->env->err, "belisha why: %s\n", why.bytes == NULL ? err_str(err) : why.bytes);
        text_done(&why);
        return OPERATOR_FAILED;
    }
    explain_rule(&t->past.explain, &t->past.name, &t->past.whom.client, &t->past.verdict, &t->rule);
    if (row != NULL)
        past_doubts(&t->past, &t->doubts);
    look_into_ledger(t);
    (q->json ? print_json : print_text)(t, t->env->out);
    past_close(&t->past);
    text_done(&t->rule);
    text_done(&t->doubts);
    return OPERATOR_OK;
}

int why_then(const struct operator_env *env, const struct why_asked *q)
{
    struct then t = {.env = env, .asked = q};
    struct witness_opts opts;
    uint8_t name[NAME_MAX_LEN];
    if (prepare(q, env->config, name, &opts) < 0)
        return operator_usage(env, &command_why, "'%s' is no domain name", q->name);
    char *const words[] = {(char *)(uintptr_t)q->name};
    if (!reading_record(env, "log.why", opts.log_dir, 1, words))
        return OPERATOR_FAILED;
    return look_into_log(&t, &opts) < 0 ? OPERATOR_FAILED : answer(&t);
}
