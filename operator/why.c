/* belisha why: may this client ask this name, and why (not). */
#include <getopt.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/category.h"
#include "base/err.h"
#include "base/plain.h"
#include "base/verdict.h"
#include "dns/rr.h"
#include "identity/bulletin.h"
#include "operator/command.h"
#include "operator/circumstances.h"
#include "operator/explain.h"
#include "operator/log_options.h"
#include "operator/sources.h"
#include "operator/why.h"

#define SECOND_NS INT64_C(1000000000)
#define WITHIN_S  900 /* a quarter of an hour before and after */

static const char details[] =
    "With --at, what was decided at a time that is over: the rows of the log that are closest to it, and the same\n"
    "decision made again from what was in force then: the policy's version, the list, the schedules, what somebody\n"
    "had decided. A time is written 2026-11-21T10:30 (UTC), or -2h, -30m, -7d before now; --within says how far from\n"
    "it rows are looked for (15m). Looking into the log is written down in the ledger.\n";

/* All that is said about one question. */
struct findings {
    struct explain *explain;
    const struct why_asked *asked;
    struct explain_name name;
    struct whom whom;
    struct verdict verdict;
    char matched[NAME_TEXT_MAX];
    const char *feed; /* "" when none */
    struct text rule;
    struct text answer;
    struct sources *sources; /* NULL: not asked for */
};

/* ---- what was typed ---- */

static int64_t wall_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * SECOND_NS + now.tv_nsec;
}

/* A day, a minute or a second are meant from their beginning to their end. */
static int64_t span_meant_ns(const char *text)
{
    const char *colon = strchr(text, ':');
    if (text[0] == '-' || strcmp(text, "now") == 0 || (colon != NULL && strchr(colon + 1, ':') != NULL))
        return SECOND_NS;
    return colon != NULL ? 60 * SECOND_NS : 86400 * SECOND_NS;
}

static const char *take_time(const char *text, struct why_asked *q)
{
    q->then = true;
    if (log_time_from_text(text, wall_ns(), &q->at_ns) < 0)
        return "a time is written 2026-11-21T10:30 (UTC), or -2h, -30m, -7d before now";
    q->at_end_ns = q->at_ns + span_meant_ns(text);
    return NULL;
}

/* Takes one option. A sentence on failure, else NULL. */
static const char *take_option(int option, struct why_asked *q)
{
    int type;
    switch (option) {
    case 'c':
        q->whom.has_client = true;
        return ipaddr_from_text(optarg, &q->whom.client) < 0 ? "--client must be an address such as 10.20.0.7" : NULL;
    case 'u':
        q->whom.user = optarg;
        return NULL;
    case 'd':
        q->whom.device = optarg;
        return NULL;
    case 'g':
        q->whom.group = optarg;
        return NULL;
    case 'a':
        return take_time(optarg, q);
    case 'w':
        return log_span_from_text(optarg, &q->within_s) < 0 ? "--within must be a span such as 15m or 2h" : NULL;
    case 't':
        type = dns_type_from_text(optarg);
        q->type = (uint16_t)type;
        q->has_type = true;
        return type < 0 ? "--type must be a record type such as A, AAAA or HTTPS" : NULL;
    case 'j':
        q->json = true;
        return NULL;
    case 'p':
        q->provenance = true;
        return NULL;
    case 'r':
        q->recipe = optarg;
        return NULL;
    default:
        return "this option is unknown, or lacks its value";
    }
}

static const char *read_options(int argc, char *argv[], struct why_asked *q)
{
    static const struct option options[] = {{"client", required_argument, NULL, 'c'},
                                            {"user", required_argument, NULL, 'u'},
                                            {"device", required_argument, NULL, 'd'},
                                            {"group", required_argument, NULL, 'g'},
                                            {"type", required_argument, NULL, 't'},
                                            {"at", required_argument, NULL, 'a'},
                                            {"within", required_argument, NULL, 'w'},
                                            {"json", no_argument, NULL, 'j'},
                                            {"provenance", no_argument, NULL, 'p'},
                                            {"recipe", required_argument, NULL, 'r'},
                                            {0}};
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        const char *wrong = take_option(option, q);
        if (wrong != NULL)
            return wrong;
    }
    if (q->recipe != NULL && !q->provenance)
        return "--recipe belongs to --provenance";
    if (q->then && q->provenance)
        return "--provenance is about the list of today, and not about --at";
    if (q->whom.group != NULL && (q->whom.has_client || q->whom.user != NULL))
        return "--group stands alone: a client or user has one already";
    if (optind != argc - 1)
        return "one name is expected";
    q->name = argv[optind];
    return NULL;
}

/* ---- finding ---- */

static int find(struct findings *f)
{
    struct explain *explain = f->explain;
    uint8_t labels;
    int rc = explain_name_parse(explain, f->asked->name, f->asked->type, &f->name);
    if (rc < 0)
        return rc;
    f->verdict = explain_verdict(explain, &f->name, &f->whom.client);
    f->feed = f->verdict.category < CATEGORY_MAX && f->verdict.reason != REASON_LOCAL_BLOCK
                  ? explain_feed(explain, &f->name, f->verdict.category, &labels)
                  : "";
    explain_matched(&f->name, &f->verdict, f->matched);
    explain_rule(explain, &f->name, &f->whom.client, &f->verdict, &f->rule);
    explain_answer(explain, &f->name, &f->verdict, &f->answer);
    return 0;
}

static void findings_done(struct findings *f)
{
    text_done(&f->rule);
    text_done(&f->answer);
    sources_free(f->sources);
}

static const char *category_text(const struct verdict *v)
{
    const char *name = v->category < CATEGORY_MAX ? category_name(v->category) : NULL;
    return name == NULL ? "" : name;
}

static const char *level_text(const struct findings *f)
{
    return f->whom.client.group == POLICY_GROUP_DENIED ? "-" : explain_level(f->explain, &f->whom.client)->name;
}

/* ---- text ---- */

void why_print_row(FILE *to, const char *label, const char *value)
{
    if (value[0] == '\0')
        return;
    fprintf(to, "  %-12s ", label);
    plain_print(value, to);
    putc('\n', to);
}

void why_print_circumstances(FILE *to, const struct explain *explain, const struct whom *whom)
{
    struct text schedules = {0}, own = {0}, reason = {0};
    circumstances_schedules(explain, whom, &schedules);
    circumstances_person(explain, whom, &own);
    why_print_row(to, "schedule", schedules.bytes == NULL ? "" : schedules.bytes);
    why_print_row(to, "own rules", own.bytes == NULL ? "" : own.bytes);
    int err = own.len == 0 ? ERR_NOENT : circumstances_reason(explain, whom, &reason);
    if (err == ERR_ACCESS)
        text_printf(&reason, "not yours to read");
    else if (err < 0 && err != ERR_NOENT)
        text_printf(&reason, "can't be read: %s", err_str(err));
    why_print_row(to, "  reason", reason.bytes == NULL ? "" : reason.bytes);
    text_done(&schedules);
    text_done(&own);
    text_done(&reason);
}

static void print_listed(FILE *to, const struct findings *f)
{
    for (unsigned id = 0; id < CATEGORY_MAX; id++) {
        uint8_t labels;
        const char *name = category_name(id);
        if ((f->name.facts.categories & CATEGORY_BIT(id)) == 0)
            continue;
        const char *feed = explain_feed(f->explain, &f->name, id, &labels);
        const struct verdict listed = {.match_labels = labels};
        char matched[NAME_TEXT_MAX];
        fprintf(to, "  %-12s %s: '%s' in feed '%s'\n", "listed", name == NULL ? "?" : name,
                explain_matched(&f->name, &listed, matched), feed);
    }
}

static bool is_about_anybody(const struct why_asked *q)
{
    return !q->whom.has_client && q->whom.user == NULL && q->whom.group == NULL;
}

/* Without a client, what the other groups would get. */
static void print_groups(FILE *to, const struct findings *f)
{
    const struct policy_opts *policy = &f->explain->config->policy;
    for (uint16_t group = 0; is_about_anybody(f->asked) && group < policy->group_count; group++) {
        const struct judge_client any = judge_group(f->explain->policy, group);
        struct verdict v = explain_verdict(f->explain, &f->name, &any);
        const char *category = category_text(&v);
        fprintf(to, "  %-12s %s (level %s): %s, %s%s%s\n", group == 0 ? "groups" : "",
                policy_group_name(f->explain->policy, group), explain_level(f->explain, &any)->name,
                verdict_action_name(v.action), verdict_reason_name(v.reason), category[0] == '\0' ? "" : " ", category);
    }
}

/* Who it is we don't tell: that is `belisha who`, which goes to the ledger. */
static bool is_somebody_left_out(const struct findings *f)
{
    struct bulletin *bulletin = NULL;
    struct presence_who who;
    bool asked = f->asked->whom.has_client && f->asked->whom.user == NULL && f->asked->whom.device == NULL;
    if (!asked || bulletin_open(f->explain->config->identity.presence_public, &bulletin) < 0)
        return false;
    bool found = bulletin_find(bulletin, &f->asked->whom.client, 0, f->explain->now_s, &who);
    bulletin_close(bulletin);
    return found && (who.user != 0 || who.device != 0);
}

static void print_text(FILE *to, const struct findings *f)
{
    char type[DNS_TYPE_TEXT_MAX];
    char client[WHOM_TEXT_MAX];
    fprintf(to, "%s: %s (%s)\n", f->name.text, verdict_action_name(f->verdict.action),
            verdict_reason_name(f->verdict.reason));
    why_print_row(to, "because", f->rule.bytes);
    why_print_row(to, "category", category_text(&f->verdict));
    why_print_row(to, "matched", f->matched);
    why_print_row(to, "feed", f->feed);
    print_listed(to, f);
    why_print_row(to, "client", whom_to_text(&f->whom, f->asked->whom.group, client));
    if (is_somebody_left_out(f))
        why_print_row(to, "but",
                      "somebody is known there, whose own rules and pauses are not in this: belisha who "
                      "tells who; then add --user or --device");
    why_print_row(to, "group", policy_group_name(f->explain->policy, f->whom.client.group));
    why_print_row(to, "level", level_text(f));
    why_print_circumstances(to, f->explain, &f->whom);
    why_print_row(to, "type", dns_type_to_text(f->asked->type, type));
    why_print_row(to, "answer", f->answer.bytes);
    if (f->explain->db != NULL)
        fprintf(to, "  %-12s %" PRIu64 "\n", "generation", blockdb_generation(f->explain->db));
    else
        fprintf(to, "  %-12s none: %s (%s)\n", "generation", f->explain->db_trouble,
                f->explain->config->generation_path);
    if (f->explain->statutory_unread)
        why_print_row(to, "note",
                      "the statutory list can't be read from here: what it has is blocked, whatever this says");
    print_groups(to, f);
    if (f->sources != NULL)
        sources_print(f->sources, to);
}

/* ---- JSON ---- */

static void add_member(struct text *out, const char *key, const char *value)
{
    text_printf(out, ",\n  \"%s\": ", key);
    if (value[0] == '\0')
        text_printf(out, "null");
    else
        text_add_json(out, value);
}

/* The reason is for people alone: what is written to files spreads. */
void why_add_circumstances(const struct explain *explain, const struct whom *whom, struct text *out)
{
    struct text schedules = {0}, own = {0};
    circumstances_schedules(explain, whom, &schedules);
    circumstances_person(explain, whom, &own);
    add_member(out, "schedules", schedules.bytes == NULL ? "" : schedules.bytes);
    add_member(out, "own_rules", own.bytes == NULL ? "" : own.bytes);
    text_done(&schedules);
    text_done(&own);
}

static void add_categories(struct text *out, uint64_t categories)
{
    bool first = true;
    text_printf(out, ",\n  \"categories\": [");
    for (unsigned id = 0; id < CATEGORY_MAX; id++) {
        if ((categories & CATEGORY_BIT(id)) == 0 || category_name(id) == NULL)
            continue;
        text_printf(out, first ? "" : ", ");
        text_add_json(out, category_name(id));
        first = false;
    }
    text_printf(out, "]");
}

static void print_json(FILE *to, const struct findings *f)
{
    struct text out = {0};
    char buffer[IPADDR_TEXT_MAX] = "";
    char type[DNS_TYPE_TEXT_MAX];
    text_printf(&out, "{\n  \"name\": ");
    text_add_json(&out, f->name.text);
    add_member(&out, "client", f->whom.has_address ? ipaddr_to_text(&f->whom.address, buffer) : "");
    add_member(&out, "user", f->whom.user == NULL ? "" : f->whom.user);
    add_member(&out, "device", f->whom.device == NULL ? "" : f->whom.device);
    add_member(&out, "type", dns_type_to_text(f->asked->type, type));
    add_member(&out, "group", policy_group_name(f->explain->policy, f->whom.client.group));
    add_member(&out, "level", level_text(f));
    why_add_circumstances(f->explain, &f->whom, &out);
    add_member(&out, "verdict", verdict_action_name(f->verdict.action));
    add_member(&out, "reason", verdict_reason_name(f->verdict.reason));
    add_member(&out, "category", category_text(&f->verdict));
    add_categories(&out, f->name.facts.categories);
    add_member(&out, "matched", f->matched);
    add_member(&out, "feed", f->feed);
    add_member(&out, "rule", f->rule.bytes);
    add_member(&out, "answer", f->answer.bytes);
    text_printf(&out, ",\n  \"policy_version\": %" PRIu32 ",\n  \"generation\": ", policy_version(f->explain->policy));
    if (f->explain->db != NULL)
        text_printf(&out, "%" PRIu64, blockdb_generation(f->explain->db));
    else
        text_printf(&out, "null");
    if (f->explain->statutory_unread)
        text_printf(&out, ",\n  \"statutory_unread\": true");
    if (f->sources != NULL) {
        text_printf(&out, ",\n  \"provenance\": ");
        sources_write_json(f->sources, &out);
    }
    text_printf(&out, "\n}\n");
    if (text_ok(&out))
        fputs(out.bytes, to);
    text_done(&out);
}

/* ---- the command ---- */

static int answer_question(const struct operator_env *env, struct explain *explain, const struct why_asked *q)
{
    struct findings f = {.explain = explain, .asked = q};
    struct text why = {0};
    if (whom_find(explain, &q->whom, &f.whom, &why) < 0) {
        fprintf(env->err, "belisha why: %s\n", why.bytes == NULL ? err_str(ERR_NOMEM) : why.bytes);
        text_done(&why);
        return OPERATOR_FAILED;
    }
    if (find(&f) < 0)
        return operator_usage(env, &command_why, "'%s' is no domain name", q->name);
    int rc = q->provenance ? sources_new(explain, &f.name, q->recipe, env->err, &f.sources) : 0;
    if (text_ok(&f.rule) && text_ok(&f.answer))
        (q->json ? print_json : print_text)(env->out, &f);
    findings_done(&f);
    return rc < 0 ? OPERATOR_FAILED : OPERATOR_OK;
}

static int why_run(const struct operator_env *env, int argc, char *argv[])
{
    struct why_asked q = {.type = DNS_TYPE_A, .within_s = WITHIN_S};
    struct explain explain;
    const char *wrong = read_options(argc, argv, &q);
    if (wrong != NULL)
        return operator_usage(env, &command_why, "%s", wrong);
    if (q.then)
        return why_then(env, &q);
    int rc = explain_init(&explain, env->config);
    if (rc < 0) {
        fprintf(env->err, "belisha why: %s\n", err_str(rc));
        return OPERATOR_FAILED;
    }
    int code = answer_question(env, &explain, &q);
    explain_done(&explain);
    return code;
}

const struct operator_command command_why = {
    .name = "why",
    .synopsis =
        "why NAME [--client ADDRESS] [--user NAME] [--device NAME] [--type TYPE] [--json]\n"
        "why NAME --group NAME [--type TYPE] [--json]\n"
        "why NAME [--client ADDRESS | --user NAME | --device NAME | --group NAME] --at TIME [--within SPAN] [--json]\n"
        "why NAME --provenance [--recipe FILE]",
    .help = "may this client ask this name, and which rule decides; or decided then",
    .details = details,
    .needs_config = true,
    .run = why_run};
