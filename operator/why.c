/* belisha why: may this client ask this name, and why (not). */
#include <getopt.h>
#include <inttypes.h>
#include <string.h>

#include "base/category.h"
#include "base/err.h"
#include "base/verdict.h"
#include "dns/rr.h"
#include "operator/command.h"
#include "operator/explain.h"
#include "operator/sources.h"

struct asked {
    const char *name;
    bool has_client;
    struct ipaddr client;
    uint16_t type;
    bool json;
    bool provenance;
    const char *recipe; /* NULL: the one in use */
};

/* All that is said about one question. */
struct findings {
    struct explain *explain;
    const struct asked *asked;
    struct explain_name name;
    struct judge_client client;
    struct verdict verdict;
    char matched[NAME_TEXT_MAX];
    const char *feed; /* "" when none */
    struct text rule;
    struct text answer;
    struct sources *sources; /* NULL: not asked for */
};

/* ---- what was typed ---- */

/* Takes one option. A sentence on failure, else NULL. */
static const char *take_option(int option, struct asked *q)
{
    int type;
    switch (option) {
    case 'c':
        q->has_client = true;
        return ipaddr_from_text(optarg, &q->client) < 0 ? "--client must be an address such as 10.20.0.7" : NULL;
    case 't':
        type = dns_type_from_text(optarg);
        q->type = (uint16_t)type;
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

static const char *read_options(int argc, char *argv[], struct asked *q)
{
    static const struct option options[] = {
        {"client", required_argument, NULL, 'c'}, {"type", required_argument, NULL, 't'},
        {"json", no_argument, NULL, 'j'},         {"provenance", no_argument, NULL, 'p'},
        {"recipe", required_argument, NULL, 'r'}, {0}};
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        const char *wrong = take_option(option, q);
        if (wrong != NULL)
            return wrong;
    }
    if (q->recipe != NULL && !q->provenance)
        return "--recipe belongs to --provenance";
    if (optind != argc - 1)
        return "one name is expected";
    q->name = argv[optind];
    return NULL;
}

/* ---- finding ---- */

static struct judge_client client_of(const struct explain *explain, const struct asked *q)
{
    struct policy_standing standing;
    if (!q->has_client)
        return judge_group(explain->policy, POLICY_GROUP_DEFAULT);
    policy_standing(explain->policy, &q->client, POLICY_NOBODY, explain->now_s, &standing);
    return (struct judge_client){.profile = standing.profile, .group = standing.group};
}

static int find(struct findings *f)
{
    struct explain *explain = f->explain;
    uint8_t labels;
    int rc = explain_name_parse(explain, f->asked->name, f->asked->type, &f->name);
    if (rc < 0)
        return rc;
    f->client = client_of(explain, f->asked);
    f->verdict = explain_verdict(explain, &f->name, &f->client);
    f->feed = f->verdict.category < CATEGORY_MAX && f->verdict.reason != REASON_LOCAL_BLOCK
                  ? explain_feed(explain, &f->name, f->verdict.category, &labels)
                  : "";
    explain_matched(&f->name, &f->verdict, f->matched);
    explain_rule(explain, &f->name, &f->client, &f->verdict, &f->rule);
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
    return f->client.group == POLICY_GROUP_DENIED ? "-" : explain_level(f->explain, &f->client)->name;
}

/* ---- text ---- */

static void print_row(FILE *to, const char *label, const char *value)
{
    if (value[0] != '\0')
        fprintf(to, "  %-12s %s\n", label, value);
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

/* Without a client, what the other groups would get. */
static void print_groups(FILE *to, const struct findings *f)
{
    const struct policy_opts *policy = &f->explain->config->policy;
    for (uint16_t group = 0; !f->asked->has_client && group < policy->group_count; group++) {
        const struct judge_client any = judge_group(f->explain->policy, group);
        struct verdict v = explain_verdict(f->explain, &f->name, &any);
        const char *category = category_text(&v);
        fprintf(to, "  %-12s %s (level %s): %s, %s%s%s\n", group == 0 ? "groups" : "",
                policy_group_name(f->explain->policy, group), explain_level(f->explain, &any)->name,
                verdict_action_name(v.action), verdict_reason_name(v.reason), category[0] == '\0' ? "" : " ", category);
    }
}

static void print_text(FILE *to, const struct findings *f)
{
    char type[DNS_TYPE_TEXT_MAX];
    char client[IPADDR_TEXT_MAX] = "any in no group";
    if (f->asked->has_client)
        ipaddr_to_text(&f->asked->client, client);
    fprintf(to, "%s: %s (%s)\n", f->name.text, verdict_action_name(f->verdict.action),
            verdict_reason_name(f->verdict.reason));
    print_row(to, "because", f->rule.bytes);
    print_row(to, "category", category_text(&f->verdict));
    print_row(to, "matched", f->matched);
    print_row(to, "feed", f->feed);
    print_listed(to, f);
    print_row(to, "client", client);
    print_row(to, "group", policy_group_name(f->explain->policy, f->client.group));
    print_row(to, "level", level_text(f));
    print_row(to, "type", dns_type_to_text(f->asked->type, type));
    print_row(to, "answer", f->answer.bytes);
    if (f->explain->db != NULL)
        fprintf(to, "  %-12s %" PRIu64 "\n", "generation", blockdb_generation(f->explain->db));
    else
        fprintf(to, "  %-12s none: %s (%s)\n", "generation", f->explain->db_trouble,
                f->explain->config->generation_path);
    if (f->explain->statutory_unread)
        print_row(to, "note", "the statutory list can't be read from here: what it has is blocked, whatever this says");
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
    add_member(&out, "client", f->asked->has_client ? ipaddr_to_text(&f->asked->client, buffer) : "");
    add_member(&out, "type", dns_type_to_text(f->asked->type, type));
    add_member(&out, "group", policy_group_name(f->explain->policy, f->client.group));
    add_member(&out, "level", level_text(f));
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

static int answer_question(const struct operator_env *env, struct explain *explain, const struct asked *q)
{
    struct findings f = {.explain = explain, .asked = q};
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
    struct asked q = {.type = DNS_TYPE_A};
    struct explain explain;
    const char *wrong = read_options(argc, argv, &q);
    if (wrong != NULL)
        return operator_usage(env, &command_why, "%s", wrong);
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
    .synopsis = "why NAME [--client ADDRESS] [--type TYPE] [--provenance [--recipe FILE]] [--json]",
    .help = "may this client ask this name, and which rule decides",
    .needs_config = true,
    .run = why_run};
