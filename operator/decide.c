/* belisha block, allow, suspend, resume, approve, revoke: decisions on the spot, in force within a second. */
#include <stdlib.h>
#include <string.h>

#include "operator/command.h"
#include "operator/decide_options.h"
#include "operator/explain.h"

/* ---- block and allow ---- */

/* Options and at most one word, *out_word; NULL when there is none. */
static const char *read_words(int argc, char *argv[], const struct option options[], struct decision_request *request,
                              const char **out_word)
{
    int option;
    opterr = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        const char *wrong = NULL;
        if (option == 'x')
            request->decision.below = false;
        else if (option == 'S')
            request->decision.lifts_safe_search = true;
        else
            wrong = decide_option_take(option, request);
        if (wrong != NULL)
            return wrong;
    }
    if (optind < argc - 1)
        return "one name or number is expected";
    *out_word = optind == argc ? NULL : argv[optind];
    return NULL;
}

static int decide(const struct operator_env *env, const struct operator_command *command, enum decision_kind kind,
                  int argc, char *argv[])
{
    static const struct option options[] = {DECIDE_WHY,
                                            DECIDE_SCOPE,
                                            DECIDE_TIME,
                                            DECIDE_PEOPLE,
                                            {"exact", no_argument, NULL, 'x'},
                                            {"without-safe-search", no_argument, NULL, 'S'},
                                            {0}};
    struct decision_request request = {.op = DECISION_OP_DECIDE, .decision = {.kind = kind, .below = true}};
    const char *name = NULL;
    const char *wrong = read_words(argc, argv, options, &request, &name);
    if (wrong == NULL && name == NULL)
        wrong = "one name is expected";
    if (wrong == NULL)
        wrong = decide_options_check(&request);
    if (wrong == NULL && kind == DECISION_BLOCK && request.decision.lifts_safe_search)
        wrong = "--without-safe-search is for what is allowed";
    if (wrong != NULL)
        return operator_usage(env, command, "%s", wrong);
    if (explain_host(name, request.decision.name) <= 1)
        return operator_usage(env, command, "'%s' is no domain name", name);
    return decide_ask(env, &request);
}

static int block_run(const struct operator_env *env, int argc, char *argv[])
{
    return decide(env, &command_block, DECISION_BLOCK, argc, argv);
}

static int allow_run(const struct operator_env *env, int argc, char *argv[])
{
    return decide(env, &command_allow, DECISION_ALLOW, argc, argv);
}

/* ---- suspend and resume ---- */

static int suspend_run(const struct operator_env *env, int argc, char *argv[])
{
    static const struct option options[] = {DECIDE_WHY, DECIDE_SCOPE, DECIDE_TIME, DECIDE_PEOPLE, {0}};
    struct decision_request request = {.op = DECISION_OP_DECIDE, .decision = {.kind = DECISION_SUSPEND, .below = true}};
    const char *name = NULL;
    const char *wrong = read_words(argc, argv, options, &request, &name);
    if (wrong == NULL && request.decision.scope == DECISION_EVERYONE)
        wrong = "say who is paused: --user, --device or --group";
    if (wrong == NULL)
        wrong = decide_options_check(&request);
    if (wrong == NULL && request.for_s == 0 && request.decision.until_s == 0)
        wrong = "say until when: --for SPAN or --until TIME";
    if (wrong != NULL)
        return operator_usage(env, &command_suspend, "%s", wrong);
    if (name != NULL && explain_host(name, request.decision.name) <= 1)
        return operator_usage(env, &command_suspend, "'%s' is no domain name", name);
    return decide_ask(env, &request);
}

static bool number_from_text(const char *word, uint32_t *out)
{
    char *end = NULL;
    unsigned long id = strtoul(word, &end, 10);
    if (word[0] < '1' || word[0] > '9' || *end != '\0' || id > UINT32_MAX)
        return false;
    *out = (uint32_t)id;
    return true;
}

/* By number, like any decision, or all that pauses somebody. */
static int resume_run(const struct operator_env *env, int argc, char *argv[])
{
    static const struct option options[] = {DECIDE_WHY, DECIDE_SCOPE, {0}};
    struct decision_request request = {.op = DECISION_OP_RESUME};
    const char *word = NULL;
    const char *wrong = read_words(argc, argv, options, &request, &word);
    bool somebody = request.decision.scope != DECISION_EVERYONE;
    if (wrong == NULL && (word != NULL) == somebody)
        wrong = "say who is paused no longer (--user, --device or --group), or the number of the decision";
    if (wrong == NULL && request.decision.reason[0] == '\0')
        wrong = "say why: --reason TEXT";
    if (wrong == NULL && word != NULL) {
        request.op = DECISION_OP_REVOKE;
        if (!number_from_text(word, &request.decision.id))
            wrong = "the number of a decision is expected; belisha decisions lists them";
    }
    if (wrong != NULL)
        return operator_usage(env, &command_resume, "%s", wrong);
    return decide_ask(env, &request);
}

/* ---- approve and revoke ---- */

static int by_number(const struct operator_env *env, const struct operator_command *command, enum decision_op op,
                     int argc, char *argv[])
{
    static const struct option options[] = {DECIDE_WHY, {0}};
    struct decision_request request = {.op = op};
    const char *word = NULL;
    const char *wrong = read_words(argc, argv, options, &request, &word);
    if (wrong == NULL && (word == NULL || !number_from_text(word, &request.decision.id)))
        wrong = "the number of a decision is expected; belisha decisions lists them";
    if (wrong != NULL)
        return operator_usage(env, command, "%s", wrong);
    return decide_ask(env, &request);
}

static int approve_run(const struct operator_env *env, int argc, char *argv[])
{
    return by_number(env, &command_approve, DECISION_OP_APPROVE, argc, argv);
}

static int revoke_run(const struct operator_env *env, int argc, char *argv[])
{
    return by_number(env, &command_revoke, DECISION_OP_REVOKE, argc, argv);
}

#define DETAILS_NAME                                                                                                   \
    "  --reason TEXT        why\n"                                                                                     \
    "  --exact              the name alone, and nothing below it\n"
#define DETAILS_WHOM "  --group GROUP, --user USER, --device DEVICE\n"
#define DETAILS_WHEN                                                                                                   \
    "\nWhen (WHEN), by the clocks of the school (policy: calendar: time_zone):\n"                                      \
    "  --for 45m|2h|7d      for so long\n"                                                                             \
    "  --until TIME         15:00, or '2026-11-22 15:00'\n"                                                            \
    "  --from TIME          later than now\n"                                                                          \
    "\nFor the record (NOTE):\n"                                                                                       \
    "  --asked WHO          who asked for it\n"                                                                        \
    "  --approved WHO       who approved of it\n"                                                                      \
    "  --review DAY         2026-11-22: somebody should look at it again then\n"

const struct operator_command command_block = {
    .name = "block",
    .synopsis = "block NAME --reason TEXT [--exact] [WHOM] [WHEN] [NOTE]...",
    .help = "block a name and all below it at once, without a new list; for good unless a time is given",
    .details = DETAILS_NAME "\nFor whom (WHOM); without one, for everyone:\n" DETAILS_WHOM DETAILS_WHEN,
    .needs_config = true,
    .run = block_run};

const struct operator_command command_allow = {
    .name = "allow",
    .synopsis = "allow NAME --reason TEXT [--exact] [--without-safe-search] [WHOM] [WHEN] [NOTE]...",
    .help = "allow a name and all below it at once, whatever the lists say; always for a time (decisions.allow_for)",
    .details = DETAILS_NAME "  --without-safe-search  SafeSearch is off there too\n"
                            "\nFor whom (WHOM); without one, for everyone:\n" DETAILS_WHOM DETAILS_WHEN,
    .needs_config = true,
    .run = allow_run};

const struct operator_command command_suspend = {
    .name = "suspend",
    .synopsis = "suspend [NAME] WHOM --reason TEXT WHEN [NOTE]...",
    .help = "pause all access of somebody, but for help and learning_platform; with NAME, that service alone",
    .details = DETAILS_NAME "\nWho is paused (WHOM):\n" DETAILS_WHOM DETAILS_WHEN,
    .needs_config = true,
    .run = suspend_run};

const struct operator_command command_resume = {.name = "resume",
                                                .synopsis = "resume NUMBER|WHOM --reason TEXT",
                                                .help = "end a pause before its time",
                                                .details =
                                                    "  --reason TEXT        why\n"
                                                    "\nThe pause of this number, or all of (WHOM):\n" DETAILS_WHOM,
                                                .needs_config = true,
                                                .run = resume_run};

const struct operator_command command_approve = {.name = "approve",
                                                 .synopsis = "approve NUMBER [--reason TEXT]",
                                                 .help = "let hold what somebody else proposed (decisions.rights)",
                                                 .needs_config = true,
                                                 .run = approve_run};

const struct operator_command command_revoke = {.name = "revoke",
                                                .synopsis = "revoke NUMBER [--reason TEXT]",
                                                .help = "end a decision before its time, or refuse a proposed one",
                                                .needs_config = true,
                                                .run = revoke_run};
