/* belisha block, allow, revoke: decisions on the spot, in force within a second. */
#include <getopt.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "decision/decision.h"
#include "operator/command.h"
#include "operator/explain.h"
#include "operator/log_options.h"

/* ---- what was typed ---- */

static bool set_text(char *to, size_t cap, const char *text)
{
    return (size_t)snprintf(to, cap, "%s", text) < cap;
}

/* "15:00" is the next time that it is so. All without a Z are local times. */
static int until_from_text(const char *text, int64_t now_s, int64_t *out_s)
{
    static const char *const forms[] = {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"};
    time_t now = (time_t)now_s;
    struct tm tm;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        tm = (struct tm){.tm_isdst = -1};
        const char *end = strptime(text, forms[i], &tm);
        if (end == NULL || (*end != '\0' && strcmp(end, "Z") != 0))
            continue;
        *out_s = *end == 'Z' ? timegm(&tm) : mktime(&tm);
        return 0;
    }
    if (localtime_r(&now, &tm) == NULL)
        return ERR_MALFORMED;
    tm.tm_sec = 0;
    tm.tm_isdst = -1;
    const char *end = strptime(text, "%H:%M", &tm);
    if (end == NULL || *end != '\0')
        return ERR_MALFORMED;
    time_t at = mktime(&tm);
    if (at <= now) {
        tm.tm_mday++;
        tm.tm_isdst = -1;
        at = mktime(&tm);
    }
    *out_s = at;
    return 0;
}

/* Takes one option. A sentence on failure, else NULL. */
static const char *take_option(int option, struct decision_request *request)
{
    struct decision *d = &request->decision;
    switch (option) {
    case 'r':
        return set_text(d->reason, sizeof d->reason, optarg) ? NULL : "--reason may have 500 bytes";
    case 'g':
        return set_text(d->group, sizeof d->group, optarg) ? NULL : "--group must be the name of a group";
    case 'x':
        d->below = false;
        return NULL;
    case 'f':
        return log_span_from_text(optarg, &request->for_s) < 0 || request->for_s == 0
                   ? "--for must be a duration such as 45m, 2h or 7d"
                   : NULL;
    case 'u':
        return until_from_text(optarg, time(NULL), &d->until_s) < 0
                   ? "--until must be a time such as 15:00 or '2026-11-22 15:00'"
                   : NULL;
    default:
        return "this option is unknown, or lacks its value";
    }
}

/* Options and one word, *out_word; missing is said when there is none. */
static const char *read_words(int argc, char *argv[], struct decision_request *request, const char *missing,
                              const char **out_word)
{
    static const struct option options[] = {
        {"reason", required_argument, NULL, 'r'}, {"for", required_argument, NULL, 'f'},
        {"until", required_argument, NULL, 'u'},  {"exact", no_argument, NULL, 'x'},
        {"group", required_argument, NULL, 'g'},  {0}};
    int option;
    opterr = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        const char *wrong = take_option(option, request);
        if (wrong != NULL)
            return wrong;
    }
    if (optind != argc - 1)
        return missing;
    *out_word = argv[optind];
    return NULL;
}

/* ---- asking belishad ---- */

/* Whoever uses sudo is named, not root. belishad believes it of root alone. */
static void set_by(struct decision *decision)
{
    const char *sudo = getuid() == 0 ? getenv("SUDO_USER") : NULL;
    const struct passwd *entry = sudo == NULL ? getpwuid(getuid()) : NULL;
    const char *name = sudo != NULL ? sudo : entry == NULL ? "" : entry->pw_name;
    snprintf(decision->by, sizeof decision->by, "%.*s", DECISION_BY_MAX, name);
}

static int ask(const struct operator_env *env, struct decision_request *request)
{
    struct text line = {0};
    int code = OPERATOR_FAILED;
    set_by(&request->decision);
    text_printf(&line, "decide ");
    decision_request_write(request, &line);
    if (text_ok(&line))
        code = operator_tell(env, line.bytes);
    text_done(&line);
    return code;
}

static int decide(const struct operator_env *env, const struct operator_command *command, enum decision_kind kind,
                  int argc, char *argv[])
{
    struct decision_request request = {.op = DECISION_OP_DECIDE, .decision = {.kind = kind, .below = true}};
    const char *name = NULL;
    const char *wrong = read_words(argc, argv, &request, "one name is expected", &name);
    if (wrong == NULL && request.decision.reason[0] == '\0')
        wrong = "say why: --reason TEXT";
    if (wrong == NULL && request.for_s != 0 && request.decision.until_s != 0)
        wrong = "--for and --until exclude each other";
    if (wrong != NULL)
        return operator_usage(env, command, "%s", wrong);
    if (explain_host(name, request.decision.name) <= 1)
        return operator_usage(env, command, "'%s' is no domain name", name);
    return ask(env, &request);
}

static int block_run(const struct operator_env *env, int argc, char *argv[])
{
    return decide(env, &command_block, DECISION_BLOCK, argc, argv);
}

static int allow_run(const struct operator_env *env, int argc, char *argv[])
{
    return decide(env, &command_allow, DECISION_ALLOW, argc, argv);
}

static int revoke_run(const struct operator_env *env, int argc, char *argv[])
{
    struct decision_request request = {.op = DECISION_OP_REVOKE};
    static const char missing[] = "the number of a decision is expected; belisha decisions lists them";
    const char *word = NULL;
    char *end = NULL;
    const char *wrong = read_words(argc, argv, &request, missing, &word);
    unsigned long id = wrong == NULL ? strtoul(word, &end, 10) : 0;
    if (wrong == NULL && (word[0] < '1' || word[0] > '9' || *end != '\0' || id > UINT32_MAX))
        wrong = missing;
    if (wrong != NULL)
        return operator_usage(env, &command_revoke, "%s", wrong);
    request.decision.id = (uint32_t)id;
    return ask(env, &request);
}

const struct operator_command command_block = {
    .name = "block",
    .synopsis = "block NAME --reason TEXT [--for SPAN | --until TIME] [--exact] [--group GROUP]",
    .help = "block a name and all below it at once, without a new list; for good unless a time is given",
    .needs_config = true,
    .run = block_run};

const struct operator_command command_allow = {
    .name = "allow",
    .synopsis = "allow NAME --reason TEXT [--for SPAN | --until TIME] [--exact] [--group GROUP]",
    .help = "allow a name and all below it at once, whatever the lists say; always for a time (decisions.allow_for)",
    .needs_config = true,
    .run = allow_run};

const struct operator_command command_revoke = {.name = "revoke",
                                                .synopsis = "revoke NUMBER [--reason TEXT]",
                                                .help = "end a block or an allow before its time",
                                                .needs_config = true,
                                                .run = revoke_run};
