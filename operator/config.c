/* belisha config: is the configuration valid, and what is in force. */
#include <string.h>

#include "base/err.h"
#include "operator/command.h"
#include "operator/routes.h"
#include "tls/identity.h"

static void print_files(const struct operator_env *env)
{
    if (env->file_count == 0)
        fputs("built-in defaults", env->out);
    for (size_t i = 0; i < env->file_count; i++)
        fprintf(env->out, "%s%s", i == 0 ? "" : ", ", env->files[i]);
}

/* A rule that reaches nobody is told as soon as there is anybody who could be reached. */
static void print_unreached(const struct operator_env *env, const struct config *config)
{
    const char *target;
    for (size_t i = 0; config->delivery.recipient_count > 0 && i < config->alerts.rule_count; i++) {
        const struct config_alert_rule *rule = &config->alerts.rules[i];
        for (size_t k = 0; k < rule->role_count; k++)
            if (routes_targets(config, rule->roles[k], &target, 1) == 0)
                fprintf(env->out, "note: alerts of the rule '%s' reach nobody of the role '%s': recipients has none\n",
                        rule->name, rule->roles[k]);
    }
}

static void print_summary(const struct operator_env *env, const struct config *config)
{
    print_files(env);
    fprintf(env->out, ": ok (%zu levels, %zu groups, %zu upstreams, %zu zones, %zu special names)\n",
            config->policy.level_count, config->policy.group_count, config->query.server_count,
            config->query.zone_count - 1, config->policy.name_count);
    for (size_t i = 0; i < config->people_report.told_count; i++)
        fprintf(env->out, "note: %s\n", config->people_report.told[i]);
    if (config->people_report.refused > config->people_report.told_count)
        fprintf(env->out, "note: %zu cells of the people file do not count\n", config->people_report.refused);
    if (config->query.server_count == 0)
        fputs("note: no upstream server is known: only local names can be answered\n", env->out);
    if (!config->query.has_sinkhole_v4 && !config->query.has_sinkhole_v6)
        fputs("note: notice has no address: blocked names lead nowhere instead of to the notice page\n", env->out);
    print_unreached(env, config);
}

/* The whole way that belishad goes: the files, then the policy made from them. */
static int load(const struct operator_env *env, struct config **out)
{
    struct config_errors errors = {0};
    struct policy *policy = NULL;
    int rc = config_load(env->files, env->file_count, out, &errors);
    config_errors_print(&errors, env->err);
    if (rc == ERR_CONFIG)
        fprintf(env->err, "%zu %s\n", errors.count, errors.count == 1 ? "mistake" : "mistakes");
    config_errors_done(&errors);
    if (rc == 0) {
        rc = policy_new(&(*out)->policy, &policy);
        policy_free(policy);
        if (rc < 0)
            config_free(*out);
    }
    if (rc < 0 && rc != ERR_CONFIG)
        fprintf(env->err, "belisha config: %s\n", err_str(rc));
    return rc;
}

/* Whether belishad could start with the certificates it names. A key is seldom for everyone's eyes. */
static int check_certificates(const struct operator_env *env, const struct config *config)
{
    char why[TLS_WHY_MAX] = "";
    int err = config_check_certificates(config, why);
    if (err == ERR_ACCESS)
        fprintf(env->out, "note: %s; whether belishad can, this user can't see\n", why);
    else if (err < 0)
        fprintf(env->err, "belisha config: %s\n", why[0] == '\0' ? err_str(err) : why);
    return err == ERR_ACCESS ? 0 : err;
}

/* The same for the secrets that NAS and scripts share with it. */
static int check_secrets(const struct operator_env *env, const struct config *config)
{
    char why[SECRET_WHY_MAX] = "";
    int err = config_check_secrets(config, why);
    if (err == ERR_ACCESS)
        fprintf(env->out, "note: %s; whether belishad can, this user can't see\n", why);
    else if (err < 0)
        fprintf(env->err, "belisha config: %s\n", why[0] == '\0' ? err_str(err) : why);
    return err == ERR_ACCESS ? 0 : err;
}

static int config_run(const struct operator_env *env, int argc, char *argv[])
{
    struct config *config;
    if (argc != 2)
        return operator_usage(env, &command_config, "say check or show");
    const bool show = strcmp(argv[1], "show") == 0;
    if (!show && strcmp(argv[1], "check") != 0)
        return operator_usage(env, &command_config, "there is no '%s'", argv[1]);
    if (load(env, &config) < 0)
        return OPERATOR_FAILED;
    int err = show ? 0 : check_certificates(env, config);
    if (!show && err == 0)
        err = check_secrets(env, config);
    if (show)
        config_write(config, env->out);
    else if (err == 0)
        print_summary(env, config);
    config_free(config);
    return err < 0 ? OPERATOR_FAILED : OPERATOR_OK;
}

const struct operator_command command_config = {.name = "config",
                                                .synopsis = "config check\nconfig show",
                                                .help =
                                                    "report every mistake in the configuration; print all values in "
                                                    "force",
                                                .run = config_run};
