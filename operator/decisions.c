/* belisha decisions: what was blocked and allowed on the spot, by whom, until when, why. */
#include <getopt.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "decision/docket.h"
#include "operator/command.h"

struct listing {
    const struct operator_env *env;
    bool all, json;
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
    bool found = d->group[0] == '\0';
    for (size_t i = 0; i < policy->group_count && !found; i++)
        found = strcmp(policy->groups[i].name, d->group) == 0;
    return found;
}

static const char *state_of(const struct listing *l, const struct decision *d)
{
    if (d->revoked_s != 0)
        return "revoked";
    if (!decision_in_force(d, l->now_s))
        return "over";
    return has_group(l, d) ? "in force" : "without effect: no such group";
}

/* Reasons are other people's words: nothing in them reaches the terminal but letters. */
static void print_words(FILE *to, const char *words)
{
    for (; *words != '\0'; words++)
        putc((unsigned char)*words < ' ' || *words == 0x7f ? ' ' : *words, to);
}

static void print_one(const struct listing *l, const struct decision *d)
{
    char name[NAME_TEXT_MAX], when[32];
    FILE *to = l->env->out;
    fprintf(to, "%" PRIu32 "  %s %s%s%s%s", d->id, d->kind == DECISION_BLOCK ? "block" : "allow",
            name_to_text(d->name, name), d->below ? " with all below it" : " alone",
            d->group[0] == '\0' ? "" : ", for group ", d->group);
    fprintf(to, "  (%s)\n    since    %s, by %s (uid %" PRIu32 ")\n", state_of(l, d), time_text(d->made_s, when), d->by,
            d->uid);
    fprintf(to, "    until    %s\n", d->until_s == 0 ? "it is revoked" : time_text(d->until_s, when));
    if (d->revoked_s != 0)
        fprintf(to, "    revoked  %s, by %s\n", time_text(d->revoked_s, when), d->revoked_by);
    fputs("    reason   ", to);
    print_words(to, d->reason);
    fputc('\n', to);
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

/* One object a line. */
static void print_json(const struct listing *l, const struct decision *d)
{
    char name[NAME_TEXT_MAX];
    struct text out = {0};
    text_printf(&out, "{\"id\": %" PRIu32 ", \"decision\": \"%s\"", d->id,
                d->kind == DECISION_BLOCK ? "block" : "allow");
    add_member(&out, "name", name_to_text(d->name, name));
    text_printf(&out, ", \"below\": %s", d->below ? "true" : "false");
    add_member(&out, "group", d->group);
    add_member(&out, "state", state_of(l, d));
    add_time(&out, "made_s", d->made_s);
    add_time(&out, "until_s", d->until_s);
    add_time(&out, "revoked_s", d->revoked_s);
    add_member(&out, "by", d->by);
    text_printf(&out, ", \"uid\": %" PRIu32, d->uid);
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
        if (!l->all && !decision_in_force(d, l->now_s))
            continue;
        (l->json ? print_json : print_one)(l, d);
        told++;
    }
    if (told == 0 && !l->json)
        fputs(l->all ? "Nothing was decided.\n" : "Nothing is in force.\n", l->env->out);
    bool damaged = docket != NULL && docket_damaged(docket) > 0;
    docket_close(docket);
    return damaged ? OPERATOR_FAILED : OPERATOR_OK;
}

static int run(const struct operator_env *env, int argc, char *argv[])
{
    static const struct option options[] = {{"all", no_argument, NULL, 'a'}, {"json", no_argument, NULL, 'j'}, {0}};
    struct listing listing = {.env = env, .now_s = time(NULL)};
    int option;
    opterr = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'a')
            listing.all = true;
        else if (option == 'j')
            listing.json = true;
        else
            return operator_usage(env, &command_decisions, "unknown option '%s'", argv[optind - 1]);
    }
    if (optind != argc)
        return operator_usage(env, &command_decisions, "'%s' is not expected here", argv[optind]);
    return list(&listing);
}

const struct operator_command command_decisions = {.name = "decisions",
                                                   .synopsis = "decisions [--all] [--json]",
                                                   .help =
                                                       "what was blocked and allowed on the spot, by whom, until when",
                                                   .needs_config = true,
                                                   .run = run};
