/* belisha policy: how the policy is changed, by whom, and what it was. */
#include "operator/policy.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "config/assessment_file.h"
#include "control/command.h"
#include "operator/daemon.h"
#include "operator/plan.h"
#include "operator/reading.h"

#define FILE_BYTES_MAX (COMMAND_BODY_MAX / 2) /* the form that is sent is longer */
#define WEEK_NS        (INT64_C(7) * 86400 * 1000000000)

/* ---- what was typed ---- */

static int time_from_text(const char *text, int64_t *out_s)
{
    static const char *const forms[] = {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M",
                                        "%Y-%m-%d"};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct tm tm = {.tm_isdst = -1};
        const char *end = strptime(text, forms[i], &tm);
        if (end == NULL || (*end != '\0' && strcmp(end, "Z") != 0))
            continue;
        *out_s = *end == 'Z' ? timegm(&tm) : mktime(&tm);
        return 0;
    }
    return ERR_MALFORMED;
}

/* A sentence when an option was typed wrongly, else NULL. */
static const char *take_option(int option, struct policy_words *out)
{
    char *end;
    switch (option) {
    case 'r':
        out->reason = optarg;
        return strlen(optarg) <= CHANGE_REASON_MAX ? NULL : "--reason may have 1000 bytes";
    case 'a':
        out->assessment = optarg;
        return NULL;
    case 't':
        return time_from_text(optarg, &out->at_s) < 0 ? "--at must be a time such as '2026-11-22 15:00'" : NULL;
    case 'n':
        return assessment_day_from_text(optarg, &out->next_s) < 0 ? "--next must be a day such as 2027-06-01" : NULL;
    case 'w':
        out->weeks = strtoul(optarg, &end, 10);
        return *end != '\0' || out->weeks < 1 || out->weeks > 520 ? "--weeks must be a number, 1 to 520" : NULL;
    case 'o':
        out->overdue = true;
        return NULL;
    case 'j':
        out->json = true;
        return NULL;
    case 'x':
        out->no_replay = true;
        return NULL;
    case 'p':
        out->people = true;
        return NULL;
    default:
        return "this option is unknown, or lacks its value";
    }
}

static const char *read_words(int argc, char *argv[], struct policy_words *out)
{
    static const struct option options[] = {
        {"reason", required_argument, NULL, 'r'}, {"risk-assessment", required_argument, NULL, 'a'},
        {"at", required_argument, NULL, 't'},     {"next", required_argument, NULL, 'n'},
        {"weeks", required_argument, NULL, 'w'},  {"overdue", no_argument, NULL, 'o'},
        {"json", no_argument, NULL, 'j'},         {"no-replay", no_argument, NULL, 'x'},
        {"people", no_argument, NULL, 'p'},       {0}};
    int option;
    optind = 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        const char *wrong = take_option(option, out);
        if (wrong != NULL)
            return wrong;
    }
    if (optind < argc - 1)
        return "one word at most is expected beside the options";
    out->word = optind < argc ? argv[optind] : NULL;
    return NULL;
}

/* The number in word; 0: there is no word. */
static bool number_of(const struct policy_words *words, uint32_t *out)
{
    char *end = NULL;
    *out = 0;
    if (words->word == NULL)
        return true;
    unsigned long number = strtoul(words->word, &end, 10);
    *out = (uint32_t)number;
    return words->word[0] >= '1' && words->word[0] <= '9' && *end == '\0' && number <= INT32_MAX;
}

/* ---- telling belishad ---- */

/* Whoever uses sudo is named. belishad believes it of root alone. */
static void add_by(struct text *out)
{
    const char *name = getuid() == 0 ? getenv("SUDO_USER") : NULL;
    if (name == NULL)
        return;
    text_printf(out, ",\"by\":");
    text_add_json(out, name);
}

/* object: without its closing brace. */
static int tell(const struct operator_env *env, struct text *object, const char *text, size_t text_len)
{
    struct text message = {.max = FILE_BYTES_MAX + (1 << 20)};
    int code = OPERATOR_FAILED;
    add_by(object);
    text_printf(object, "}\n");
    text_printf(&message, "change +%zu\n", object->len + text_len);
    text_add(&message, object->bytes == NULL ? "" : object->bytes, object->len);
    if (text_len > 0)
        text_add(&message, text, text_len);
    if (text_ok(&message) && text_ok(object) && object->len + text_len <= COMMAND_BODY_MAX)
        code = operator_tell(env, message.bytes);
    else
        fprintf(env->err, "belisha policy: %s\n", err_str(ERR_LIMIT));
    text_done(&message);
    text_done(object);
    return code;
}

static void add_reason(const struct policy_words *words, struct text *out)
{
    if (words->reason == NULL)
        return;
    text_printf(out, ",\"reason\":");
    text_add_json(out, words->reason);
}

/* Steps that are about a number and nothing else. */
static int tell_step(const struct operator_env *env, const char *op, const struct policy_words *words)
{
    struct text object = {0};
    uint32_t number;
    (void)number_of(words, &number);
    text_printf(&object, "{\"op\":\"%s\"", op);
    if (number != 0)
        text_printf(&object, ",\"number\":%" PRIu32, number);
    if (words->at_s != 0)
        text_printf(&object, ",\"when\":%" PRId64, words->at_s);
    if (words->next_s != 0)
        text_printf(&object, ",\"next\":%" PRId64, words->next_s);
    add_reason(words, &object);
    return tell(env, &object, "", 0);
}

/* ---- the text that is proposed ---- */

static int read_file(const char *path, char **out, size_t *out_len)
{
    FILE *file = fopen(path, "re");
    char *bytes = file == NULL ? NULL : malloc(FILE_BYTES_MAX + 1);
    if (bytes == NULL)
        return file == NULL ? -errno : (fclose(file), ERR_NOMEM);
    size_t len = fread(bytes, 1, FILE_BYTES_MAX + 1, file);
    int err = ferror(file) ? ERR_IO : len > FILE_BYTES_MAX ? ERR_LIMIT : 0;
    fclose(file);
    if (err < 0) {
        free(bytes);
        return err;
    }
    *out = bytes;
    *out_len = len;
    return 0;
}

/* The configuration with the policy of a file (NULL: of the configured files); mistakes are told with file and line. */
static int load_proposed(const struct operator_env *env, const char *path, struct config **out)
{
    struct config_policy policy = {.kind = CONFIG_POLICY_FILES, .name = path};
    struct config_errors errors = {0};
    char *text = NULL;
    int err = path == NULL ? 0 : read_file(path, &text, &policy.text_len);
    if (err < 0) {
        fprintf(env->err, "belisha policy: %s: %s\n", path, err_str(err));
        return err;
    }
    policy.text = text;
    policy.kind = path == NULL ? CONFIG_POLICY_FILES : CONFIG_POLICY_TEXT;
    err = config_load_policy(env->files, env->file_count, &policy, out, &errors);
    config_errors_print(&errors, env->err);
    config_errors_done(&errors);
    free(text);
    return err;
}

static int replay(const struct operator_env *env, const struct config *proposed, const struct policy_words *words,
                  struct plan **out, struct text *why)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t to_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
    const struct plan_opts opts = {.now = env->config,
                                   .proposed = proposed,
                                   .from_ns = to_ns - (int64_t)words->weeks * WEEK_NS,
                                   .to_ns = to_ns,
                                   .names_max = PLAN_NAMES_DEFAULT,
                                   .people = words->people};
    return plan_new(&opts, out, why);
}

/* ---- plan ---- */

static void print_difference(const struct operator_env *env, const struct config *proposed)
{
    struct text words = {0};
    struct difference difference;
    difference_write(&env->config->policy, &proposed->policy, &words, &difference);
    if (difference.line_count == 0 && strcmp(env->config->policy_text, proposed->policy_text) != 0)
        text_printf(&words, "other parts of the policy than levels, groups and names\n");
    fputs(words.bytes == NULL ? "Nothing would change.\n" : words.bytes, env->out);
    text_done(&words);
}

static int plan_run(const struct operator_env *env, const struct policy_words *words, int argc, char *argv[])
{
    struct config *proposed = NULL;
    struct plan *plan = NULL;
    struct text why = {0}, json = {0};
    if (load_proposed(env, words->word, &proposed) < 0)
        return OPERATOR_FAILED;
    if (!words->json)
        print_difference(env, proposed);
    int err = 0;
    if (!words->no_replay && !reading_record(env, "log.replay", env->config->log.dir, argc, argv))
        err = ERR_ACCESS;
    if (err == 0 && !words->no_replay)
        err = replay(env, proposed, words, &plan, &why);
    if (plan != NULL && words->json) {
        plan_write_json(plan, &json);
        fprintf(env->out, "%s\n", json.bytes == NULL ? "{}" : json.bytes);
    } else if (plan != NULL) {
        putc('\n', env->out);
        plan_print(plan, env->out);
    } else if (why.bytes != NULL) {
        fprintf(env->err, "belisha policy: the log tells nothing of it: %s\n", why.bytes);
    }
    plan_free(plan);
    config_free(proposed);
    text_done(&why);
    text_done(&json);
    return err < 0 ? OPERATOR_FAILED : OPERATOR_OK;
}

/* ---- propose ---- */

static int add_assessment(const struct operator_env *env, const struct policy_words *words, struct text *object)
{
    struct config_errors errors = {0};
    struct assessment *assessment = words->assessment == NULL ? NULL : malloc(sizeof *assessment);
    if (words->assessment == NULL)
        return 0;
    int err = assessment == NULL ? ERR_NOMEM : assessment_file_read(words->assessment, assessment, &errors);
    config_errors_print(&errors, env->err);
    config_errors_done(&errors);
    if (err == 0) {
        text_printf(object, ",\"assessment\":");
        assessment_write(assessment, object);
    }
    free(assessment);
    return err;
}

/* One line for those who approve. A log that can't be read keeps nobody from proposing. */
static void add_replay(const struct operator_env *env, const struct policy_words *words, const struct config *proposed,
                       struct text *object, int argc, char *argv[])
{
    struct plan *plan = NULL;
    struct text why = {0}, summary = {.max = CHANGE_REASON_MAX};
    if (words->no_replay || !env->config->log_enabled ||
        !reading_record(env, "log.replay", env->config->log.dir, argc, argv))
        return;
    if (replay(env, proposed, words, &plan, &why) < 0) {
        fprintf(env->err, "note: proposed without what the log says of it: %s\n", why.bytes == NULL ? "?" : why.bytes);
    } else {
        plan_summary(plan, &summary);
        fprintf(env->out, "%s\n", summary.bytes == NULL ? "" : summary.bytes);
        text_printf(object, ",\"replay\":");
        text_add_json(object, summary.bytes == NULL ? "" : summary.bytes);
    }
    plan_free(plan);
    text_done(&why);
    text_done(&summary);
}

static int propose_run(const struct operator_env *env, const struct policy_words *words, int argc, char *argv[])
{
    struct config *proposed = NULL;
    struct text object = {0};
    if (load_proposed(env, words->word, &proposed) < 0)
        return OPERATOR_FAILED;
    text_printf(&object, "{\"op\":\"propose\"");
    add_reason(words, &object);
    int code = OPERATOR_FAILED;
    if (add_assessment(env, words, &object) == 0) {
        add_replay(env, words, proposed, &object, argc, argv);
        code = tell(env, &object, proposed->policy_text, proposed->policy_text_len);
    }
    text_done(&object);
    config_free(proposed);
    return code;
}

/* ---- the command ---- */

enum wants { WANTS_FILE, WANTS_NUMBER, MAY_HAVE_NUMBER, WANTS_NOTHING };

static const struct {
    const char *name;
    enum wants wants;
    bool reason; /* it needs one */
} subcommands[] = {
    {"plan", WANTS_FILE, false},         {"propose", WANTS_FILE, true},    {"approve", WANTS_NUMBER, false},
    {"reject", WANTS_NUMBER, true},      {"withdraw", WANTS_NUMBER, true}, {"activate", WANTS_NUMBER, false},
    {"rollback", MAY_HAVE_NUMBER, true}, {"review", WANTS_NUMBER, true},   {"history", WANTS_NOTHING, false},
    {"show", MAY_HAVE_NUMBER, false},
};

#define SUBCOMMAND_COUNT (sizeof subcommands / sizeof subcommands[0])

static const char *check_words(size_t which, const struct policy_words *words)
{
    uint32_t number;
    enum wants wants = subcommands[which].wants;
    if (subcommands[which].reason && (words->reason == NULL || words->reason[0] == '\0'))
        return "say why: --reason TEXT";
    if (wants == WANTS_NOTHING && words->word != NULL)
        return "no other word is expected";
    if (wants == WANTS_NUMBER && words->word == NULL)
        return "the number of a change is expected; belisha policy history lists them";
    if ((wants == WANTS_NUMBER || wants == MAY_HAVE_NUMBER) && !number_of(words, &number))
        return "the number of a change is expected; belisha policy history lists them";
    if (strcmp(subcommands[which].name, "review") == 0 && words->next_s == 0)
        return "say when it is looked at again: --next DAY";
    return NULL;
}

static int policy_run(const struct operator_env *env, int argc, char *argv[])
{
    struct policy_words words = {.weeks = PLAN_WEEKS_DEFAULT};
    size_t which = 0;
    uint32_t number;
    while (argc > 1 && which < SUBCOMMAND_COUNT && strcmp(subcommands[which].name, argv[1]) != 0)
        which++;
    if (argc < 2 || which == SUBCOMMAND_COUNT)
        return operator_usage(env, &command_policy, "plan, propose, approve, activate, history or show... is expected");
    const char *name = subcommands[which].name;
    const char *wrong = read_words(argc - 1, argv + 1, &words);
    if (wrong == NULL)
        wrong = check_words(which, &words);
    if (wrong != NULL)
        return operator_usage(env, &command_policy, "%s", wrong);
    if (strcmp(name, "plan") == 0)
        return plan_run(env, &words, argc - 1, argv + 1);
    if (strcmp(name, "propose") == 0)
        return propose_run(env, &words, argc - 1, argv + 1);
    if (strcmp(name, "history") == 0)
        return policy_history(env, &words);
    (void)number_of(&words, &number);
    return strcmp(name, "show") == 0 ? policy_show(env, &words, number) : tell_step(env, name, &words);
}

static const char details[] =
    "  plan      what a text would change: in words, and by the query log of the last weeks\n"
    "  propose   hands a text in, to be approved; without FILE, what the configuration's files say\n"
    "  approve   agrees to a change, in one's own role\n"
    "  reject    refuses it; who proposed it may withdraw it\n"
    "  activate  puts an approved change in force, now or at a time\n"
    "  rollback  puts an earlier version in force again; without a number, the one before\n"
    "  review    was looked at again\n"
    "  history   all changes, newest first; with --overdue, those whose day of review is over\n"
    "  show      one change: who, why, risk assessment, and its text; without a number, what is in force\n"
    "\n"
    "  --reason TEXT             why\n"
    "  --risk-assessment FILE    propose: the form that is filled in (risk-assessment.yaml)\n"
    "  --weeks NUMBER            plan, propose: of the log (4)\n"
    "  --no-replay               plan, propose: don't look into the log\n"
    "  --people                  plan: tell who asked\n"
    "  --at TIME                 activate: '2026-11-22 15:00'\n"
    "  --next DAY                review: when it is looked at again\n";

const struct operator_command command_policy = {
    .name = "policy",
    .synopsis = "policy plan [FILE] [--weeks NUMBER] [--people] [--no-replay] [--json]\n"
                "policy propose [FILE] --reason TEXT [--risk-assessment FILE] [--weeks NUMBER] [--no-replay]\n"
                "policy approve NUMBER [--reason TEXT]\n"
                "policy reject|withdraw NUMBER --reason TEXT\n"
                "policy activate NUMBER [--at TIME]\n"
                "policy rollback [NUMBER] --reason TEXT\n"
                "policy review NUMBER --next DAY --reason TEXT\n"
                "policy history [--overdue] [--json]\n"
                "policy show [NUMBER] [--json]",
    .help = "change who may see what: by proposal, approval and activation; what was in force, and why",
    .details = details,
    .needs_config = true,
    .run = policy_run};
