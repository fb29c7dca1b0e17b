/* belisha forget: a person's name goes, and with it what the log says of who asked; or a device's name. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "base/err.h"
#include "operator/command.h"
#include "operator/daemon.h"
#include "operator/reading.h"
#include "qlog/day_key.h"
#include "qlog/hold.h"

struct options {
    const char *name;
    const char *reason;
    bool device;
};

static int fail(const struct operator_env *env, const char *what, int err)
{
    fprintf(env->err, "belisha forget: %s: %s\n", what, err_str(err));
    return OPERATOR_FAILED;
}

/* ---- the name ---- */

/* Takes the name out of the roster, and says under which number it stood. Returns an enum operator_exit. */
static int forget_name(const struct operator_env *env, const struct options *options, uint32_t *out_number)
{
    const char *by = getuid() == 0 ? getenv("SUDO_USER") : NULL;
    json_t *object = json_pack("{ss ss ss ss*}", "kind", options->device ? "device" : "user", "name", options->name,
                               "reason", options->reason, "by", by);
    char *text = object == NULL ? NULL : json_dumps(object, JSON_COMPACT);
    struct text line = {0}, answer = {0};
    int code = OPERATOR_FAILED;
    text_printf(&line, "forget %s", text == NULL ? "" : text);
    int err =
        text == NULL || !text_ok(&line) ? ERR_NOMEM : daemon_ask(env->config->control_socket, line.bytes, &answer);
    const char *hash = answer.bytes == NULL ? NULL : strchr(answer.bytes, '#');
    if (err < 0)
        fail(env, env->config->control_socket, err);
    else if (hash == NULL || strncmp(answer.bytes, "ok: ", 4) != 0)
        fprintf(env->err, "belisha forget: %s", answer.bytes == NULL ? "no answer\n" : answer.bytes);
    else {
        *out_number = (uint32_t)strtoul(hash + 1, NULL, 10);
        fputs(answer.bytes, env->out);
        code = OPERATOR_OK;
    }
    json_decref(object);
    free(text);
    text_done(&line);
    text_done(&answer);
    return code;
}

/* A name that is gone already, for days that were held then. */
static int forget_number(const struct operator_env *env, const struct options *options, uint32_t *out_number)
{
    char *end;
    unsigned long number = strtoul(options->name + 1, &end, 10);
    char *words[] = {(char *)(uintptr_t)options->reason};
    if (*end != '\0' || number == 0 || number > UINT32_MAX)
        return operator_usage(env, &command_forget, "a number such as #12 is expected");
    *out_number = (uint32_t)number;
    return reading_record(env, "identity.forget", options->name, 1, words) ? OPERATOR_OK : OPERATOR_FAILED;
}

/* ---- the days ---- */

struct days {
    unsigned destroyed, held, failed;
};

static void forget_day(const struct operator_env *env, int keys_fd, const struct hold_list *holds, uint32_t day,
                       uint32_t user, struct days *days)
{
    char text[HOLD_DAY_MAX];
    if (hold_list_covers(holds, day, day)) {
        fprintf(env->out, "%s is held: who asked that day is kept\n", hold_day_to_text(day, text));
        days->held++;
        return;
    }
    int err = day_key_forget(keys_fd, day, user);
    if (err == ERR_NOENT) /* destroyed meanwhile */
        return;
    if (err < 0) {
        fail(env, hold_day_to_text(day, text), err);
        days->failed++;
    }
    days->destroyed += err == 1;
}

static int open_folder(const struct operator_env *env, const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        fail(env, path, -errno);
    return fd;
}

/* Every day of which there is a key. Returns an enum operator_exit. */
static int forget_days(const struct operator_env *env, uint32_t user)
{
    const struct qlog_opts *log = &env->config->log;
    struct hold_list holds = {0};
    struct days days = {0};
    int log_fd = open_folder(env, log->dir);
    int keys_fd = log_fd < 0 ? -1 : open_folder(env, log->keys_dir);
    int list_fd = keys_fd < 0 ? -1 : dup(keys_fd);
    DIR *dir = list_fd < 0 ? NULL : fdopendir(list_fd);
    int err = dir == NULL ? ERR_IO : hold_list_load(log_fd, &holds);
    uint32_t day;
    for (struct dirent *entry; err == 0 && (entry = readdir(dir)) != NULL;)
        if (day_key_file_parse(entry->d_name, &day))
            forget_day(env, keys_fd, &holds, day, user, &days);
    if (err == 0)
        fprintf(env->out, "who asked is forgotten on %u %s, kept on %u that %s held\n", days.destroyed,
                days.destroyed == 1 ? "day" : "days", days.held, days.held == 1 ? "is" : "are");
    else
        fail(env, log->keys_dir, err);
    hold_list_done(&holds);
    if (dir != NULL)
        closedir(dir);
    if (keys_fd >= 0)
        close(keys_fd);
    if (log_fd >= 0)
        close(log_fd);
    return err < 0 || days.failed > 0 ? OPERATOR_FAILED : OPERATOR_OK;
}

/* ---- the command ---- */

static const char *read_options(int argc, char *argv[], struct options *out)
{
    static const struct option options[] = {
        {"reason", required_argument, NULL, 'r'}, {"device", no_argument, NULL, 'd'}, {0}};
    int option;
    opterr = 0;
    optind = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'r')
            out->reason = optarg;
        else if (option == 'd')
            out->device = true;
        else
            return "only --reason and --device are expected";
    }
    if (optind != argc - 1 || argv[optind][0] == '\0')
        return "one user or device is expected";
    if (out->reason == NULL || out->reason[0] == '\0')
        return "say why: --reason";
    out->name = argv[optind];
    return NULL;
}

static int forget_run(const struct operator_env *env, int argc, char *argv[])
{
    struct options options = {.device = false};
    const struct config *config = env->config;
    uint32_t number = 0;
    const char *wrong = read_options(argc, argv, &options);
    if (wrong != NULL)
        return operator_usage(env, &command_forget, "%s", wrong);
    bool sealed = !options.device && config->log_enabled && config->log.keys_dir != NULL;
    /* Before the name is gone, whoever can't do the rest had better know it. */
    if (sealed && access(config->log.keys_dir, R_OK | W_OK | X_OK) < 0)
        return fail(env, config->log.keys_dir, -errno);
    bool known = sealed && options.name[0] == '#';
    int code = known ? forget_number(env, &options, &number) : forget_name(env, &options, &number);
    if (code != OPERATOR_OK || !sealed)
        return code;
    code = operator_tell(env, "log-flush"); /* journals hold who asked in the clear */
    int days = forget_days(env, number);
    return code != OPERATOR_OK ? code : days;
}

static const char details[] =
    "  --reason TEXT             why; it stands in the ledger, which is kept: name nobody in it\n"
    "  --device                  the name is that of a device\n"
    "\nThe name goes for good: rows and ledger have its number alone. Of a user also what says which rows were theirs: "
    "the records\nin the keys of all days that are not held (belisha log hold). Rows of a device stay whose they "
    "were.\n";

const struct operator_command command_forget = {.name = "forget",
                                                .synopsis = "forget NAME [--device] --reason TEXT",
                                                .help = "forget a user, or the name of a device, for good; the same as log forget",
                                                .details = details,
                                                .needs_config = true,
                                                .run = forget_run};
