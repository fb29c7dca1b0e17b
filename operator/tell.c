/* Commands that only pass a line on to belishad: reload, flush. */
#include <string.h>

#include "base/err.h"
#include "operator/command.h"
#include "operator/daemon.h"

int operator_tell(const struct operator_env *env, const char *line)
{
    struct text answer = {0};
    int code = OPERATOR_FAILED;
    int rc = daemon_ask(env->config->control_socket, line, &answer);
    if (rc < 0) {
        fprintf(env->err, "belisha: belishad does not answer at %s: %s\n", env->config->control_socket, err_str(rc));
    } else {
        bool failed = answer.len == 0 || strncmp(answer.bytes, "error", 5) == 0;
        fputs(answer.len == 0 ? "belisha: belishad gave no answer\n" : answer.bytes, failed ? env->err : env->out);
        code = failed ? OPERATOR_FAILED : OPERATOR_OK;
    }
    text_done(&answer);
    return code;
}

static int reload_run(const struct operator_env *env, int argc, char *argv[])
{
    if (argc != 1)
        return operator_usage(env, &command_reload, "'%s' is not expected here", argv[1]);
    return operator_tell(env, "reload");
}

static int flush_run(const struct operator_env *env, int argc, char *argv[])
{
    char line[1100];
    if (argc != 2)
        return operator_usage(env, &command_flush, "one name is expected");
    if (snprintf(line, sizeof line, "flush %s", argv[1]) >= (int)sizeof line || strpbrk(argv[1], "\r\n") != NULL)
        return operator_usage(env, &command_flush, "this is no domain name");
    return operator_tell(env, line);
}

const struct operator_command command_reload = {
    .name = "reload",
    .synopsis = "reload",
    .help = "make belishad read its configuration anew; a bad one is refused and the running one stays",
    .needs_config = true,
    .run = reload_run};

const struct operator_command command_flush = {.name = "flush",
                                               .synopsis = "flush NAME",
                                               .help =
                                                   "forget cached answers for NAME and all names below it (. for all)",
                                               .needs_config = true,
                                               .run = flush_run};
