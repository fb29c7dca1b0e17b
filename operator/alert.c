/* belisha alert: somebody is told at once of what can't wait for the weekly sheet. */
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "operator/alert_kit.h"

#define PROBE_EVERY_S 15

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
    (void)number;
    stop = 1;
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a write that can't be is an error like any other */
}

static int watch(struct alert_kit *kit, int argc)
{
    const struct config *config = kit->env->config;
    const struct config_alerts *alerts = &config->alerts;
    if (argc > 1)
        return operator_usage(kit->env, &command_alert, "watch takes no options");
    if (config->delivery.recipient_count == 0) {
        fputs("belisha alert: there are no recipients, so nobody is to be told: see `recipients` in belisha.yaml(5)\n",
              kit->env->err);
        return OPERATOR_OK; /* nothing that a service manager should try again */
    }
    const struct watch_opts opts = {
        .log_dir = config->log.dir,
        .folder = alerts->dir,
        .rules = alerts->rules,
        .rule_count = alerts->rule_count,
        .dispatch = {.gather_s = alerts->gather_s,
                     .max_per_hour = alerts->max_per_hour,
                     .quiet = alerts->quiet,
                     .quiet_count = alerts->quiet_count,
                     .calendar = config->policy.calendar},
        .letter = kit->letter,
        .routes = &kit->routes.routes,
        .service_roles = alerts->service_roles,
        .service_role_count = alerts->service_role_count,
        .service_after_s = alerts->service_after_s,
        .probe = alert_probe,
        .probe_every_s = PROBE_EVERY_S,
        .site = alert_kit_site,
        .targets = alert_kit_targets,
        .group = alert_kit_group,
        .ctx = kit,
    };
    log_init("belisha-alerts");
    catch_signals();
    int err = watch_run(&opts, &stop);
    if (err < 0)
        log_error("alerts can't be watched for: %s%s", err_str(err),
                  err == ERR_BUSY ? ": another one does it already" : "");
    return err < 0 ? OPERATOR_FAILED : OPERATOR_OK;
}

static int run(const struct operator_env *env, int argc, char *argv[])
{
    struct alert_kit kit;
    const char *word = argc > 1 ? argv[1] : "";
    if (strcmp(word, "list") == 0)
        return alert_list_run(env, argc - 1, argv + 1);
    if (strcmp(word, "show") == 0)
        return alert_show_run(env, argc - 1, argv + 1);
    bool watches = strcmp(word, "watch") == 0;
    if (!watches && strcmp(word, "test") != 0)
        return operator_usage(env, &command_alert, "watch, test, list or show is expected");
    int code = OPERATOR_FAILED;
    if (alert_kit_init(&kit, env))
        code = watches ? watch(&kit, argc - 1) : alert_test_run(&kit, argc - 1, argv + 1);
    alert_kit_done(&kit);
    return code;
}

static const char details[] =
    "  watch              follows the query log and tells, until it is ended: what belisha-alerts.service runs\n"
    "  test               sends a message that says it is a test, by every route of every rule, and tells what came of "
    "it\n"
    "  list               the newest alerts, and what was sent to whom\n"
    "  show NUMBER        one of them, and who it was, as far as the query log says; that this was read is written "
    "down\n"
    "\n"
    "  --rule RULE        test: of this rule only; `service`: of what goes wrong with Belisha itself\n"
    "  --since SPAN       list: of the last 2h, 7d...\n"
    "  --all              list: all of them\n";

const struct operator_command command_alert = {.name = "alert",
                                               .synopsis = "alert watch\n"
                                                           "alert test [--rule RULE]\n"
                                                           "alert list [--since SPAN | --all]\n"
                                                           "alert show NUMBER",
                                               .help =
                                                   "tell people at once of what can't wait, and look at what was told",
                                               .details = details,
                                               .needs_config = true,
                                               .run = run};
