/* belisha decisions: what was decided on the spot, for whom, by whom, until when, why. */
#include <getopt.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "base/plain.h"
#include "decision/docket.h"
#include "operator/command.h"

#define SOON_S (7 * 86400)

struct listing {
    const struct operator_env *env;
    bool all, due, json;
    int64_t now_s;
};

static const char *time_text(int64_t seconds, char out[32])
{
    struct tm tm;
    time_t at = (time_t)seconds;
    if (localtime_r(&at, &tm) == NULL || strftime(out, 32, "%Y-%m-%d %H:%M:%S", &tm) == 0)
        out[0] = '\0';
    return out;
}

/* A group that the policy has no longer has no clients. */
static bool has_group(const struct listing *l, const struct decision *d)
{
    const struct policy_opts *policy = &l->env->config->policy;
    bool found = d->scope != DECISION_GROUP || strcmp(d->whom, "default") == 0;
    for (size_t i = 0; i < policy->group_count && !found; i++)
        found = strcmp(policy->groups[i].name, d->whom) == 0;
    return found;
}

static const char *state_of(const struct listing *l, const struct decision *d)
{
    if (d->revoked_s != 0)
        return d->pending ? "refused" : "revoked";
    if (decision_is_over(d, l->now_s))
        return d->pending ? "never approved" : "over";
    if (!has_group(l, d))
        return "without effect: no such group";
    if (d->pending)
        return "waits for approval";
    return decision_in_force(d, l->now_s) ? "in force" : "begins later";
}

/* The day on which somebody should look at it again. */
static int64_t review_s(const struct listing *l, const struct decision *d)
{
    return d->review_s != 0 ? d->review_s : d->made_s + l->env->config->decide.review_after_s;
}

/* What somebody has to do something about: it is due, ends within a week, waits, or is about nobody. */
static bool is_due(const struct listing *l, const struct decision *d)
{
    if (decision_is_over(d, l->now_s))
        return false;
    bool ends_soon = d->until_s != 0 && d->until_s - l->now_s <= SOON_S && d->until_s - d->made_s > SOON_S;
    return d->pending || ends_soon || review_s(l, d) <= l->now_s || !has_group(l, d);
}

static bool is_wanted(const struct listing *l, const struct decision *d)
{
    if (l->due)
        return is_due(l, d);
    return l->all || !decision_is_over(d, l->now_s);
}

static void print_names(const struct listing *l, const struct decision *d)
{
    char text[NAME_TEXT_MAX];
    size_t pos = 0;
    bool below;
    for (const uint8_t *name; (name = decision_name_next(d, &pos, &below)) != NULL;)
        fprintf(l->env->out, "    with     %s%s\n", name_to_text(name, text), below ? " with all below it" : "");
}

static void print_line(const struct listing *l, const char *label, const char *words)
{
    if (words[0] == '\0')
        return;
    fprintf(l->env->out, "    %-9s", label);
    plain_print(words, l->env->out);
    fputc('\n', l->env->out);
}

static void print_head(const struct listing *l, const struct decision *d)
{
    char name[NAME_TEXT_MAX];
    FILE *to = l->env->out;
    fprintf(to, "%" PRIu32 "  %s ", d->id, decision_kind_name(d->kind));
    if (decision_is_whole(d))
        fputs("all access", to);
    else
        fprintf(to, "%s%s", name_to_text(d->name, name), d->below ? " with all below it" : " alone");
    if (d->lifts_safe_search)
        fputs(", without SafeSearch", to);
    if (d->scope != DECISION_EVERYONE) {
        fprintf(to, ", for %s ", decision_scope_name(d->scope));
        plain_print(d->whom, to);
    }
    fprintf(to, "  (%s)\n", state_of(l, d));
}

static void print_one(const struct listing *l, const struct decision *d)
{
    char when[32];
    FILE *to = l->env->out;
    print_head(l, d);
    print_names(l, d);
    fprintf(to, "    since    %s, by %s (uid %" PRIu32 ")\n", time_text(d->made_s, when), d->by, d->uid);
    if (d->from_s != 0)
        fprintf(to, "    from     %s\n", time_text(d->from_s, when));
    fprintf(to, "    until    %s\n", d->until_s == 0 ? "it is revoked" : time_text(d->until_s, when));
    if (d->review_s != 0 || review_s(l, d) <= l->now_s)
        fprintf(to, "    review   %.10s%s\n", time_text(review_s(l, d), when),
                review_s(l, d) <= l->now_s && !decision_is_over(d, l->now_s) ? " (due)" : "");
    if (d->revoked_s != 0)
        fprintf(to, "    revoked  %s, by %s\n", time_text(d->revoked_s, when), d->revoked_by);
    print_line(l, "asked", d->asked);
    print_line(l, "approved", d->approved);
    print_line(l, "reason", d->reason);
}

static void add_member(struct text *out, const char *key, const char *value)
{
    text_printf(out, ", \"%s\": ", key);
    if (value[0] == '\0')
        text_printf(out, "null");
    else
        text_add_json(out, value);
}

static void add_time(struct text *out, const char *key, int64_t seconds)
{
    if (seconds == 0)
        text_printf(out, ", \"%s\": null", key);
    else
        text_printf(out, ", \"%s\": %" PRId64, key, seconds);
}

static void add_names(struct text *out, const struct decision *d)
{
    char text[NAME_TEXT_MAX];
    size_t pos = 0;
    bool below;
    text_printf(out, ", \"with\": [");
    for (const uint8_t *name; (name = decision_name_next(d, &pos, &below)) != NULL;) {
        text_printf(out, "%s{\"name\": ", out->bytes[out->len - 1] == '[' ? "" : ", ");
        text_add_json(out, name_to_text(name, text));
        text_printf(out, ", \"below\": %s}", below ? "true" : "false");
    }
    text_printf(out, "]");
}

/* One object a line. */
static void print_json(const struct listing *l, const struct decision *d)
{
    char name[NAME_TEXT_MAX];
    struct text out = {0};
    text_printf(&out, "{\"id\": %" PRIu32 ", \"decision\": \"%s\"", d->id, decision_kind_name(d->kind));
    add_member(&out, "name", decision_is_whole(d) ? "" : name_to_text(d->name, name));
    text_printf(&out, ", \"below\": %s", d->below ? "true" : "false");
    add_names(&out, d);
    text_printf(&out, ", \"lifts_safe_search\": %s", d->lifts_safe_search ? "true" : "false");
    for (enum decision_scope scope = DECISION_GROUP; scope <= DECISION_DEVICE; scope++)
        add_member(&out, decision_scope_name(scope), d->scope == scope ? d->whom : "");
    add_member(&out, "state", state_of(l, d));
    add_time(&out, "made_s", d->made_s);
    add_time(&out, "from_s", d->from_s);
    add_time(&out, "until_s", d->until_s);
    add_time(&out, "review_s", review_s(l, d));
    add_time(&out, "approved_s", d->approved_s);
    add_time(&out, "revoked_s", d->revoked_s);
    add_member(&out, "by", d->by);
    text_printf(&out, ", \"uid\": %" PRIu32, d->uid);
    add_member(&out, "asked", d->asked);
    add_member(&out, "approved", d->approved);
    add_member(&out, "revoked_by", d->revoked_by);
    add_member(&out, "reason", d->reason);
    text_printf(&out, "}\n");
    if (text_ok(&out))
        fputs(out.bytes, l->env->out);
    text_done(&out);
}

static void complain(void *ctx, unsigned line, int err)
{
    const struct operator_env *env = ctx;
    fprintf(env->err, "belisha decisions: %s:%u: this line does not count: %s\n", env->config->decisions_path, line,
            err_str(err));
}

static int list(const struct listing *l)
{
    struct docket *docket = NULL;
    size_t told = 0;
    const char *path = l->env->config->decisions_path;
    int err = docket_read(path, complain, (void *)(uintptr_t)l->env, &docket);
    if (err < 0 && err != ERR_NOENT) {
        fprintf(l->env->err, "belisha decisions: %s: %s\n", path, err_str(err));
        return OPERATOR_FAILED;
    }
    for (size_t i = 0; docket != NULL && i < docket_count(docket); i++) {
        const struct decision *d = docket_all(docket)[i];
        if (!is_wanted(l, d))
            continue;
        (l->json ? print_json : print_one)(l, d);
        told++;
    }
    if (told == 0 && !l->json)
        fputs(l->due ? "Nothing is due.\n" : l->all ? "Nothing was decided.\n" : "Nothing is in force.\n", l->env->out);
    bool damaged = docket != NULL && docket_damaged(docket) > 0;
    docket_close(docket);
    return damaged ? OPERATOR_FAILED : OPERATOR_OK;
}

static int run(const struct operator_env *env, int argc, char *argv[])
{
    static const struct option options[] = {
        {"all", no_argument, NULL, 'a'}, {"due", no_argument, NULL, 'd'}, {"json", no_argument, NULL, 'j'}, {0}};
    struct listing listing = {.env = env, .now_s = time(NULL)};
    int option;
    opterr = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'a')
            listing.all = true;
        else if (option == 'd')
            listing.due = true;
        else if (option == 'j')
            listing.json = true;
        else
            return operator_usage(env, &command_decisions, "unknown option '%s'", argv[optind - 1]);
    }
    if (optind != argc)
        return operator_usage(env, &command_decisions, "'%s' is not expected here", argv[optind]);
    return list(&listing);
}

static const char details[] =
    "  --all   also what is over\n"
    "  --due   what wants somebody's attention: waits for approval, ends within a week, is to be\n"
    "          reviewed, or is for a group that is no more\n";

const struct operator_command command_decisions = {
    .name = "decisions",
    .synopsis = "decisions [--all | --due] [--json]",
    .help = "what was blocked, allowed, granted and paused on the spot: for whom, until when, by whom",
    .details = details,
    .needs_config = true,
    .run = run};
