#include "control/command.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/ipaddr.h"
#include "control/change.h"
#include "control/decide.h"
#include "control/lease_report.h"
#include "control/record.h"
#include "control/scrape.h"
#include "control/status.h"
#include "control/who.h"
#include "dns/name.h"

struct command {
    const char *name;
    const char *argument; /* NULL: takes none */
    bool slow;
    bool operate; /* it needs that right; others ask for theirs themselves */
    void (*run)(const char *argument, const struct command_env *env, struct text *out);
    const char *help;
};

static const struct command commands[];

static void run_status(const char *argument, const struct command_env *env, struct text *out)
{
    (void)argument;
    status_write(env, out);
}

static void run_metrics(const char *argument, const struct command_env *env, struct text *out)
{
    (void)argument;
    scrape_write(env, out);
}

static void run_reload(const char *argument, const struct command_env *env, struct text *out)
{
    struct text why = {0};
    (void)argument;
    if (env->reload(env->ctx, &env->caller, &why) == 0)
        text_printf(out, "ok\n");
    else
        text_printf(out, "error: the running configuration stays in force\n%s", why.bytes == NULL ? "" : why.bytes);
    text_done(&why);
}

static void run_flush(const char *argument, const struct command_env *env, struct text *out)
{
    uint8_t name[NAME_MAX_LEN];
    int len = name_from_text(argument, strlen(argument), name);
    if (len < 0) {
        text_printf(out, "error: not a domain name: %s\n", argument);
        return;
    }
    name_lower(name, name, (size_t)len);
    text_printf(out, "ok: %zu answers forgotten\n", cache_flush(env->cache, name));
}

static void run_log_flush(const char *argument, const struct command_env *env, struct text *out)
{
    (void)argument;
    if (env->log == NULL) {
        text_printf(out, "error: the query log is switched off\n");
        return;
    }
    int err = qlog_flush(env->log);
    if (err < 0)
        text_printf(out, "error: %s\n", err_str(err));
    else
        text_printf(out, "ok\n");
}

static void run_stop(const char *argument, const struct command_env *env, struct text *out)
{
    (void)argument;
    text_printf(out, "ok\n");
    env->stop(env->ctx);
}

static void run_help(const char *argument, const struct command_env *env, struct text *out)
{
    (void)argument;
    (void)env;
    for (const struct command *c = commands; c->name != NULL; c++)
        text_printf(out, "%-9s %-4s  %s\n", c->name, c->argument == NULL ? "" : c->argument, c->help);
}

static const struct command commands[] = {
    {"status", NULL, false, false, run_status, "what is in force and how it goes, as JSON"},
    {"metrics", NULL, false, false, run_metrics, "counters as Prometheus text"},
    {"reload", NULL, false, true, run_reload, "read the configuration anew, look for a new generation"},
    {"decide", "JSON", false, false, decide_run, "record a block or an allow, or end one"},
    {"change", "+BYTES", false, false, change_run, "propose, approve or activate a policy"},
    {"note", "JSON", false, false, record_run, "write down in the ledger what is about to be read"},
    {"who", "JSON", false, false, who_run, "what is known of an address, a card, a user or a device"},
    {"forget", "JSON", false, false, who_forget, "take a name out of the roster"},
    {"silent", NULL, false, false, lease_report_silent, "devices that renew their leases and ask nothing, as JSON"},
    {"flush", "NAME", false, true, run_flush, "forget cached answers for NAME and everything below it"},
    {"log-flush", NULL, true, true, run_log_flush, "turn the query log's journals into segments"},
    {"stop", NULL, false, true, run_stop, "end the program"},
    {"help", NULL, false, false, run_help, "this list"},
    {NULL, NULL, false, false, NULL, NULL},
};

/* The command that line begins with, its argument in *out_argument ("" for none); NULL: there is none of this name. */
static const struct command *find(const char *line, const char **out_argument)
{
    size_t len = strcspn(line, " \t");
    for (const struct command *c = commands; c->name != NULL; c++) {
        if (strlen(c->name) != len || memcmp(c->name, line, len) != 0)
            continue;
        *out_argument = line + len + strspn(line + len, " \t");
        return c;
    }
    return NULL;
}

size_t command_body_len(const char *line)
{
    const char *argument;
    char *end;
    const struct command *command = find(line, &argument);
    if (command == NULL || command->run != change_run || argument[0] != '+' || argument[1] < '1' || argument[1] > '9')
        return 0;
    unsigned long len = strtoul(argument + 1, &end, 10);
    return *end == '\0' && len <= COMMAND_BODY_MAX ? len : 0;
}

bool command_is_slow(const char *line)
{
    const char *argument;
    const struct command *command = find(line, &argument);
    return command != NULL && command->slow;
}

bool command_check(const char *line, const struct command_env *env, struct text *out)
{
    const char *argument;
    const struct command *command = find(line, &argument);
    if (command == NULL)
        text_printf(out, "error: no such command: %.40s (help lists them)\n", line);
    else if (command->argument == NULL && *argument != '\0')
        text_printf(out, "error: %s takes no argument\n", command->name);
    else if (command->argument != NULL && *argument == '\0')
        text_printf(out, "error: %s needs %s\n", command->name, command->argument);
    else
        return !command->operate || record_may(env, ACT_OPERATE, out);
    return false;
}

void command_run_checked(const char *line, const struct command_env *env, struct text *out)
{
    const char *argument;
    find(line, &argument)->run(argument, env, out);
}

void command_run(const char *line, const struct command_env *env, struct text *out)
{
    if (command_check(line, env, out))
        command_run_checked(line, env, out);
}
