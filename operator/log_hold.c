#include "operator/log_hold.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"

static int fail(const struct operator_env *env, const char *what, int err)
{
    fprintf(env->err, "belisha log: %s: %s\n", what, err_str(err));
    return OPERATOR_FAILED;
}

static void set_by(struct hold *hold)
{
    const char *sudo = getuid() == 0 ? getenv("SUDO_USER") : NULL;
    const struct passwd *entry = sudo == NULL ? getpwuid(getuid()) : NULL;
    snprintf(hold->by, sizeof hold->by, "%.*s", HOLD_BY_MAX,
             sudo != NULL    ? sudo
             : entry == NULL ? "?"
                             : entry->pw_name);
}

static int add(const struct operator_env *env, int dir_fd, const struct hold *asked)
{
    struct hold hold = *asked;
    char from[HOLD_DAY_MAX];
    char to[HOLD_DAY_MAX];
    uint32_t id;
    if (hold.from_day == 0 || hold.to_day < hold.from_day || hold.reason[0] == '\0')
        return operator_usage(env, &command_log, "hold needs --days-from, --days-to (not before it) and --reason");
    set_by(&hold);
    int err = hold_add(dir_fd, &hold, &id);
    if (err < 0)
        return fail(env, HOLD_FILE, err);
    fprintf(env->out, "hold %" PRIu32 ": nothing from %s to %s is removed until it is released\n", id,
            hold_day_to_text(hold.from_day, from), hold_day_to_text(hold.to_day, to));
    return OPERATOR_OK;
}

static int release(const struct operator_env *env, int dir_fd, uint32_t id)
{
    int err = hold_remove(dir_fd, id);
    if (err == ERR_NOENT)
        fprintf(env->err, "belisha log: there is no hold %" PRIu32 "\n", id);
    else if (err < 0)
        return fail(env, HOLD_FILE, err);
    else
        fprintf(env->out, "hold %" PRIu32 " is released\n", id);
    return err < 0 ? OPERATOR_FAILED : OPERATOR_OK;
}

static int list_print(const struct operator_env *env, int dir_fd)
{
    struct hold_list list;
    char from[HOLD_DAY_MAX];
    char to[HOLD_DAY_MAX];
    int err = hold_list_load(dir_fd, &list);
    if (err < 0)
        return fail(env, HOLD_FILE, err);
    for (size_t i = 0; i < list.count; i++)
        fprintf(env->out, "hold %" PRIu32 "  %s to %s  by %s: %s\n", list.holds[i].id,
                hold_day_to_text(list.holds[i].from_day, from), hold_day_to_text(list.holds[i].to_day, to),
                list.holds[i].by, list.holds[i].reason);
    bool unreadable = list.unreadable;
    if (unreadable)
        fprintf(env->err, "belisha log: %s can't be read: nothing is removed from the log until it is mended\n",
                HOLD_FILE);
    else if (list.count == 0)
        fprintf(env->out, "no day is held\n");
    hold_list_done(&list);
    return unreadable ? OPERATOR_FAILED : OPERATOR_OK;
}

int log_hold_run(const struct operator_env *env, const char *dir, const struct log_options *options)
{
    int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir_fd < 0)
        return fail(env, dir, -errno);
    int code = options->release > 0 ? release(env, dir_fd, options->release)
               : options->holds     ? add(env, dir_fd, &options->hold)
                                    : list_print(env, dir_fd);
    close(dir_fd);
    return code;
}
