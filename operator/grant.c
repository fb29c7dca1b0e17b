/*
 * belisha grant: opens a site for a lesson together with the names that it needs, which the query log tells; they are shown
 * before anything is opened. `--check` only shows, for all groups.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/category.h"
#include "base/err.h"
#include "base/verdict.h"
#include "dns/rr.h"
#include "operator/decide_options.h"
#include "operator/explain.h"
#include "operator/log_options.h"
#include "operator/needs.h"
#include "operator/reading.h"

#define SECOND_NS INT64_C(1000000000)
#define SINCE_S   (14 * 86400)
#define SHOWN_MAX 40

struct lesson {
    const struct operator_env *env;
    struct decision_request request;
    struct explain explain;
    struct explain_name site;
    uint16_t group;
    int64_t since_s;
    bool only, yes, check;
    struct needs *needs; /* NULL: nothing was learned */
};

/* ---- what is asked with it ---- */

/* Kept from the class for where it leads: the name itself is on no list. */
static bool was_kept(const struct lesson *l, const struct qlog_row *row)
{
    const struct verdict *v = &row->record.verdict;
    return verdict_is_block(v) && verdict_reason_is_category(v->reason) && v->match != MATCH_QNAME &&
           v->match != MATCH_CLIENT && strcmp(row->group, policy_group_name(l->explain.policy, l->group)) == 0;
}

typedef int (*needs_pass)(struct needs *needs, const struct needs_asked *asked);

static int weigh(struct needs *needs, const struct needs_asked *asked)
{
    needs_weigh(needs, asked);
    return 0;
}

static int pass(const struct lesson *l, needs_pass take, const uint8_t *name)
{
    const struct qlog_filter filter = {
        .from_ns = (l->explain.now_s - l->since_s) * SECOND_NS, .name = name, .name_below = name != NULL, .action = -1};
    struct qlog_scan *scan;
    struct qlog_row row;
    int code = qlog_scan_open(l->env->config->log.dir, &filter, &scan);
    if (code < 0)
        return code;
    while ((code = qlog_scan_next(scan, &row)) > 0) {
        if (row.lost > 0)
            continue;
        const struct needs_asked asked = {.time_ns = row.record.time_ns,
                                          .client = row.record.client,
                                          .name = row.record.qname,
                                          .kept = was_kept(l, &row),
                                          .category = row.record.verdict.category};
        code = take(l->needs, &asked);
        if (code < 0)
            break;
    }
    qlog_scan_close(scan);
    return code;
}

static int learn(struct lesson *l)
{
    int err = needs_new(l->site.wire, &l->needs);
    if (err == 0)
        err = pass(l, needs_visit, l->site.wire);
    if (err < 0)
        return err;
    needs_meet(l->needs);
    if (needs_visits(l->needs) == 0)
        return 0;
    err = pass(l, needs_look, NULL);
    return err < 0 ? err : pass(l, weigh, NULL);
}

/* What is read of the log is written down; where it may not be read, a grant is made without. */
static void learn_if_allowed(struct lesson *l)
{
    char *words[] = {l->site.text};
    const char *dir = l->env->config->log.dir;
    int err = 0;
    if (!l->env->config->log_enabled || !reading_record(l->env, "log.needs", dir, 1, words) || (err = learn(l)) < 0) {
        if (err < 0)
            fprintf(l->env->err, "belisha grant: %s: %s\n", dir, err_str(err));
        fputs("belisha grant: which names the site needs could not be learned from the query log; add them by --with\n",
              l->env->err);
        needs_free(l->needs);
        l->needs = NULL;
    }
}

/* ---- one name ---- */

static struct verdict verdict_of(struct lesson *l, const struct explain_name *name, uint16_t group)
{
    const struct judge_client client = judge_group(l->explain.policy, group);
    return explain_verdict(&l->explain, name, &client);
}

/* What nothing can open looks like the school's own decision: nobody learns here what stands on such a list. */
static const char *category_of(const struct verdict *v)
{
    unsigned category = v->category == CATEGORY_ILLEGAL ? CATEGORY_LOCAL : v->category;
    const char *name = category_name(category);
    return name == NULL ? verdict_reason_name(v->reason == REASON_STATUTORY ? REASON_LOCAL_BLOCK : v->reason) : name;
}

enum fate {
    FATE_OPEN,    /* it is not blocked for them */
    FATE_SHUT,    /* no lesson opens it */
    FATE_NEEDED,  /* part of the grant */
    FATE_COMMON,  /* blocked, but asked without the site as well */
    FATE_BLOCKED, /* the site's own state */
};

struct sight {
    enum fate fate;
    const char *category; /* why it is blocked */
};

static struct sight sight_of(struct lesson *l, const struct need *need, const struct explain_name *name)
{
    struct verdict v = verdict_of(l, name, l->group);
    bool by_policy = verdict_reason_is_category(v.reason) || v.reason == REASON_DEFAULT;
    if (!verdict_is_block(&v) && need->kept) {
        const char *category = category_name(need->category);
        return (struct sight){need_is_needed(need, needs_visits(l->needs)) ? FATE_NEEDED : FATE_COMMON,
                              category == NULL ? "where it leads" : category};
    }
    if (!verdict_is_block(&v))
        return (struct sight){FATE_OPEN, ""};
    if (!by_policy || policy_is_illegal(&name->facts) || (name->facts.categories & l->env->config->decide.grant_never))
        return (struct sight){FATE_SHUT, category_of(&v)};
    return (struct sight){need_is_needed(need, needs_visits(l->needs)) ? FATE_NEEDED : FATE_COMMON, category_of(&v)};
}

static const char *fate_text(enum fate fate)
{
    switch (fate) {
    case FATE_NEEDED:
        return "needed";
    case FATE_COMMON:
        return "also asked without it, left out";
    case FATE_SHUT:
        return "no lesson opens it";
    case FATE_OPEN:
    case FATE_BLOCKED:
        break;
    }
    return "";
}

/* ---- choosing and showing ---- */

static bool is_chosen(const struct decision *d, const uint8_t *name)
{
    size_t pos = 0;
    bool below;
    for (const uint8_t *other; (other = decision_name_next(d, &pos, &below)) != NULL;)
        if (name_equal(other, name) || (below && name_is_at_or_below(name, other)))
            return true;
    return false;
}

static void show_need(struct lesson *l, const struct need *need, const struct explain_name *name, struct sight sight)
{
    fprintf(l->env->out, "  %5" PRIu32 "/%zu  %9" PRIu64 "  %-40s  blocked (%s)  %s\n", need->visits,
            needs_visits(l->needs), need->out, name->text, sight.category, fate_text(sight.fate));
}

/* What is blocked of the names asked with the site; the needed ones become part of the request. */
static void choose(struct lesson *l)
{
    struct decision *d = &l->request.decision;
    size_t count, shown = 0;
    const struct need *list = needs_list(l->needs, &count);
    fprintf(l->env->out,
            "Asked with it in %zu visits by %zu clients, and blocked for them:\n  visits   without  name\n",
            needs_visits(l->needs), needs_clients(l->needs));
    for (size_t i = 0; i < count && shown < SHOWN_MAX; i++) {
        char text[NAME_TEXT_MAX];
        struct explain_name name;
        if (explain_name_parse(&l->explain, name_to_text(list[i].name, text), DNS_TYPE_A, &name) < 0)
            continue;
        struct sight sight = sight_of(l, &list[i], &name);
        if (sight.fate == FATE_OPEN)
            continue;
        if (sight.fate == FATE_NEEDED && !is_chosen(d, list[i].name) && decision_name_add(d, list[i].name, false) < 0)
            sight.fate = FATE_COMMON; /* there are as many as may be */
        show_need(l, &list[i], &name, sight);
        shown++;
    }
    if (shown == 0)
        fputs("  none\n", l->env->out);
}

static void show_site(struct lesson *l)
{
    struct verdict v = verdict_of(l, &l->site, l->group);
    fprintf(l->env->out, "%s for group %s: %s%s%s%s\n", l->site.text, policy_group_name(l->explain.policy, l->group),
            verdict_is_block(&v) ? "blocked" : "not blocked", verdict_is_block(&v) ? " (" : "",
            verdict_is_block(&v) ? category_of(&v) : "", verdict_is_block(&v) ? ")" : "");
}

static void show_names(const struct lesson *l)
{
    const struct decision *d = &l->request.decision;
    char text[NAME_TEXT_MAX];
    size_t pos = 0;
    bool below;
    fprintf(l->env->out, "To be opened: %s%s\n", name_to_text(d->name, text), d->below ? " with all below it" : "");
    for (const uint8_t *name; (name = decision_name_next(d, &pos, &below)) != NULL;)
        fprintf(l->env->out, "              %s%s\n", name_to_text(name, text), below ? " with all below it" : "");
}

static bool confirm(const struct lesson *l)
{
    char answer[16] = "";
    if (l->yes)
        return true;
    fputs("Go on? [y/N] ", l->env->out);
    fflush(l->env->out);
    bool yes = fgets(answer, sizeof answer, stdin) != NULL && (answer[0] == 'y' || answer[0] == 'Y');
    if (!yes)
        fputs("Nothing was opened.\n", l->env->out);
    return yes;
}

/* ---- --check ---- */

static void check_name(struct lesson *l, const struct explain_name *name)
{
    const struct policy_opts *policy = &l->env->config->policy;
    fprintf(l->env->out, "  %s\n", name->text);
    for (size_t i = 0; i <= policy->group_count; i++) {
        uint16_t group = i == policy->group_count ? POLICY_GROUP_DEFAULT : (uint16_t)i;
        const struct judge_client client = judge_group(l->explain.policy, group);
        struct verdict v = verdict_of(l, name, group);
        fprintf(l->env->out, "    %-20s %-20s %s%s%s%s\n", policy_group_name(l->explain.policy, group),
                explain_level(&l->explain, &client)->name, verdict_is_block(&v) ? "blocked" : "allowed",
                verdict_is_block(&v) ? " (" : "", verdict_is_block(&v) ? category_of(&v) : "",
                verdict_is_block(&v) ? ")" : "");
    }
}

/* What each group would see: of the site, and of what most visits asked with it. */
static int check(struct lesson *l)
{
    size_t count = 0, shown = 0;
    const struct need *list = l->needs == NULL ? NULL : needs_list(l->needs, &count);
    fputs("The site:\n", l->env->out);
    check_name(l, &l->site);
    if (list != NULL)
        fprintf(l->env->out, "Asked with it, in most of %zu visits by %zu clients:\n", needs_visits(l->needs),
                needs_clients(l->needs));
    for (size_t i = 0; i < count && shown < SHOWN_MAX; i++) {
        char text[NAME_TEXT_MAX];
        struct explain_name name;
        if (!need_is_needed(&list[i], needs_visits(l->needs)) ||
            explain_name_parse(&l->explain, name_to_text(list[i].name, text), DNS_TYPE_A, &name) < 0)
            continue;
        check_name(l, &name);
        shown++;
    }
    return OPERATOR_OK;
}

/* ---- the command ---- */

static const char *take_with(struct lesson *l)
{
    uint8_t name[NAME_MAX_LEN];
    if (explain_host(optarg, name) <= 1)
        return "--with must be a domain name";
    return decision_name_add(&l->request.decision, name, true) < 0 ? "--with: there are too many names" : NULL;
}

static const char *take(struct lesson *l, int option)
{
    switch (option) {
    case 'w':
        return take_with(l);
    case 'o':
        l->only = true;
        return NULL;
    case 'y':
        l->yes = true;
        return NULL;
    case 'c':
        l->check = true;
        return NULL;
    case 's':
        return log_span_from_text(optarg, &l->since_s) < 0 || l->since_s == 0 ? "--since must be a span such as 7d"
                                                                              : NULL;
    case 'x':
        l->request.decision.below = false;
        return NULL;
    case 'S':
        l->request.decision.lifts_safe_search = true;
        return NULL;
    default:
        return decide_option_take(option, &l->request);
    }
}

static const char *read_words(struct lesson *l, int argc, char *argv[])
{
    static const struct option options[] = {{"aim", required_argument, NULL, 'r'},
                                            DECIDE_SCOPE,
                                            DECIDE_TIME,
                                            DECIDE_PEOPLE,
                                            {"with", required_argument, NULL, 'w'},
                                            {"only", no_argument, NULL, 'o'},
                                            {"yes", no_argument, NULL, 'y'},
                                            {"check", no_argument, NULL, 'c'},
                                            {"since", required_argument, NULL, 's'},
                                            {"exact", no_argument, NULL, 'x'},
                                            {"without-safe-search", no_argument, NULL, 'S'},
                                            {0}};
    int option;
    opterr = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        const char *wrong = take(l, option);
        if (wrong != NULL)
            return wrong;
    }
    if (optind != argc - 1)
        return "one site is expected";
    if (l->check)
        return NULL;
    if (l->request.decision.scope == DECISION_EVERYONE)
        return "say for whom: --group, --user or --device";
    return decide_options_check(&l->request);
}

static int grant(struct lesson *l)
{
    show_site(l);
    if (l->needs != NULL)
        choose(l);
    show_names(l);
    return confirm(l) ? decide_ask(l->env, &l->request) : OPERATOR_FAILED;
}

static int look(struct lesson *l, const char *site)
{
    const struct decision *d = &l->request.decision;
    int found = d->scope == DECISION_GROUP ? policy_group_find(l->explain.policy, d->whom) : POLICY_GROUP_DEFAULT;
    if (found < 0) {
        fprintf(l->env->err, "belisha grant: there is no group '%s'\n", d->whom);
        return OPERATOR_FAILED;
    }
    l->group = (uint16_t)found;
    if (explain_host(site, l->request.decision.name) <= 1 ||
        explain_name_parse(&l->explain, site, DNS_TYPE_A, &l->site) < 0)
        return operator_usage(l->env, &command_grant, "'%s' is no domain name", site);
    if (!l->only)
        learn_if_allowed(l);
    return l->check ? check(l) : grant(l);
}

static int run(const struct operator_env *env, int argc, char *argv[])
{
    struct lesson *l = calloc(1, sizeof *l);
    if (l == NULL)
        return OPERATOR_FAILED;
    l->env = env;
    l->since_s = SINCE_S;
    l->request =
        (struct decision_request){.op = DECISION_OP_DECIDE, .decision = {.kind = DECISION_GRANT, .below = true}};
    const char *wrong = read_words(l, argc, argv);
    int code = wrong != NULL ? operator_usage(env, &command_grant, "%s", wrong) : OPERATOR_OK;
    int err = code != OPERATOR_OK ? 0 : explain_init(&l->explain, env->config);
    if (err < 0) {
        fprintf(env->err, "belisha grant: %s\n", err_str(err));
        code = OPERATOR_FAILED;
    } else if (code == OPERATOR_OK) {
        code = look(l, argv[optind]);
        explain_done(&l->explain);
    }
    needs_free(l->needs);
    free(l);
    return code;
}

static const char details[] =
    "  --aim TEXT           what the lesson is for\n"
    "  --group GROUP, --user USER, --device DEVICE    for whom (WHOM)\n"
    "  --until TIME         11:05, or '2026-11-22 11:05' (WHEN); --for SPAN; --from TIME: later than now\n"
    "  --with NAME          also this name and all below it; may be given several times\n"
    "  --only               the site alone and what --with names: nothing is learned from the query log\n"
    "  --since SPAN         learn from so long a time (14d)\n"
    "  --yes                without asking\n"
    "  --exact, --without-safe-search, --asked WHO, --approved WHO, --review DAY    as of belisha allow\n"
    "\nThe names that a site needs are those asked with it, in at least a quarter of the visits to it, and not more "
    "often\n"
    "without it. Open the site on a device of the staff first, where it is not blocked. --check shows what each group "
    "would\n"
    "see of the site and of these names, and opens nothing.\n";

const struct operator_command command_grant = {
    .name = "grant",
    .synopsis = "grant SITE WHOM --aim TEXT [WHEN] [--with NAME]... [--only] [--since SPAN] [--yes]\n"
                "grant --check SITE [--since SPAN]",
    .help = "open a site for a lesson, together with the names that it needs",
    .details = details,
    .needs_config = true,
    .run = run};
