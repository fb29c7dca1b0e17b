/* belisha alert test: does an alert of each rule reach whom it should? */
#include <getopt.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "alert/register.h"
#include "base/category.h"
#include "base/err.h"
#include "operator/alert_kit.h"

#define TEST_FOLDER_MAX 4096

struct test {
    struct alert_kit *kit;
    struct alert_register reg;
    char folder[TEST_FOLDER_MAX];
    unsigned sent, failed;
    bool unregistered; /* and that was said */
};

static void enter(struct test *t, const char *rule, const char *target, enum outcome outcome, const char *why)
{
    int err = register_test(&t->reg, rule, target, outcome, why, time(NULL));
    if (err == 0 || t->unregistered)
        return;
    t->unregistered = true;
    fprintf(t->kit->env->err, "belisha alert: the test could not be written down in %s: %s\n", t->folder, err_str(err));
}

static void send_to(struct test *t, const char *rule, const char *role, const char *target,
                    const struct message *message)
{
    char why[DELIVER_WHY_MAX];
    enum outcome outcome = deliver(&t->kit->routes.routes, target, message, why);
    fprintf(t->kit->env->out, "%-14s %-14s %s: %s%s%s\n", rule, role, target,
            outcome == OUTCOME_SENT ? "sent" : "NOT SENT", why[0] == '\0' ? "" : ", ", why);
    fflush(t->kit->env->out);
    t->sent += outcome == OUTCOME_SENT;
    t->failed += outcome != OUTCOME_SENT;
    enter(t, rule, target, outcome, why);
}

static void send_letter(struct test *t, const char *rule, const char *role, const struct message *message)
{
    const char *targets[WATCH_TARGETS_MAX];
    size_t count = routes_targets(t->kit->env->config, role, targets, WATCH_TARGETS_MAX);
    if (count == 0) {
        fprintf(t->kit->env->out, "%-14s %-14s NOBODY is told: no entry of recipients has this role\n", rule, role);
        t->failed++;
    }
    for (size_t i = 0; i < count; i++)
        send_to(t, rule, role, targets[i], message);
}

/* Nothing that happened: a name that can't be, and nobody. */
static void fill(struct alert *alert, const char *rule, unsigned category, bool urgent)
{
    *alert = (struct alert){.category = (uint8_t)category,
                            .urgent = urgent,
                            .blocked = true,
                            .time_ns = (int64_t)time(NULL) * 1000000000,
                            .raised_s = time(NULL),
                            .questions = 1,
                            .person = {.grade = QLOG_GRADE_DEVICE}};
    snprintf(alert->rule, sizeof alert->rule, "%s", rule);
    snprintf(alert->name, sizeof alert->name, "test.invalid");
    snprintf(alert->site, sizeof alert->site, "test.invalid");
    snprintf(alert->text, sizeof alert->text, "nothing is wrong");
}

static int send_rule(struct test *t, const char *rule, unsigned category, bool urgent, const char *role)
{
    struct book book = {.alert_count = 1};
    struct alert alert;
    uint64_t number = 0;
    struct book_batch batch = {.numbers = &number, .count = 1};
    struct letter letter;
    fill(&alert, rule, category, urgent);
    book.alerts = &alert;
    snprintf(batch.id, sizeof batch.id, "alert-test-%lld-%.40s", (long long)time(NULL), rule);
    snprintf(batch.role, sizeof batch.role, "%s", role);
    int err = letter_write(&t->kit->letter, &book, &batch, true, time(NULL), &letter);
    if (err < 0)
        return err;
    send_letter(t, rule, role, &letter.message);
    letter_done(&letter);
    return 0;
}

static int send_rules(struct test *t, const char *only)
{
    const struct config_alerts *alerts = &t->kit->env->config->alerts;
    int err = 0;
    for (size_t i = 0; i < alerts->rule_count; i++) {
        const struct config_alert_rule *rule = &alerts->rules[i];
        for (size_t k = 0; k < rule->role_count && err == 0; k++)
            if (only == NULL || strcmp(only, rule->name) == 0)
                err = send_rule(t, rule->name, category_first(rule->categories), rule->urgent, rule->roles[k]);
    }
    for (size_t k = 0; k < alerts->service_role_count && err == 0; k++)
        if (only == NULL || strcmp(only, ALERT_RULE_SERVICE) == 0)
            err = send_rule(t, ALERT_RULE_SERVICE, CATEGORY_NONE, false, alerts->service_roles[k]);
    return err;
}

static int read_options(const struct operator_env *env, int argc, char *argv[], const char **out_rule)
{
    static const struct option options[] = {{"rule", required_argument, NULL, 'r'}, {0}};
    int option;
    optind = 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option != 'r')
            return operator_usage(env, &command_alert, "test takes --rule RULE");
        *out_rule = optarg;
    }
    return optind < argc ? operator_usage(env, &command_alert, "test takes --rule RULE") : 0;
}

/* What root makes belongs to whom the folder above it does, or the watcher could not write there. */
static void make_folder(const char *above, const char *path)
{
    struct stat owner;
    if (mkdir(path, 0750) < 0 || geteuid() != 0 || stat(above, &owner) < 0)
        return;
    if (chown(path, owner.st_uid, owner.st_gid) < 0)
        rmdir(path);
}

/* The test comes before the watcher was ever started. What fails shows when the first one is to be written down. */
static void make_register(const struct config *config, const char *folder)
{
    make_folder(config->state_dir, config->alerts.dir);
    make_folder(config->alerts.dir, folder);
}

int alert_test_run(struct alert_kit *kit, int argc, char *argv[])
{
    const char *rule = NULL;
    struct test test = {.kit = kit};
    int code = read_options(kit->env, argc, argv, &rule);
    if (code != 0)
        return code;
    snprintf(test.folder, sizeof test.folder, "%s/" ALERT_REGISTER, kit->env->config->alerts.dir);
    make_register(kit->env->config, test.folder);
    register_init(&test.reg, test.folder);
    int err = send_rules(&test, rule);
    register_done(&test.reg);
    if (err < 0)
        fprintf(kit->env->err, "belisha alert: %s\n", err_str(err));
    else if (test.sent + test.failed == 0)
        fprintf(kit->env->err, "belisha alert: there is no rule '%s'\n", rule == NULL ? "" : rule);
    return err == 0 && test.failed == 0 && test.sent > 0 ? OPERATOR_OK : OPERATOR_FAILED;
}
