#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "operator/command.h"

#define INSTALLED_FILE "/etc/belisha/belisha.yaml"
#define FILES_MAX      16

static const struct operator_command *const commands[] = {
    &command_status, &command_why,     &command_block,  &command_allow,     &command_suspend, &command_grant,
    &command_resume, &command_approve, &command_revoke, &command_decisions, &command_log,     &command_config,
    &command_reload, &command_flush,   &command_inbox,  &command_ledger,    &command_people,  &command_policy,
    &command_who,    &command_silent,  &command_report, &command_forget,    &command_alert,   &command_visits,
};

#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

/* Each line of a synopsis: the first behind one text, the others behind another. An indented one goes on with that before. */
static void print_synopsis(FILE *to, const struct operator_command *command, const char *first, const char *other)
{
    for (const char *line = command->synopsis; line != NULL;) {
        const char *end = strchr(line, '\n');
        size_t len = end == NULL ? strlen(line) : (size_t)(end - line);
        const char *head = line == command->synopsis ? first : *line == ' ' ? "       " : other;
        fprintf(to, "%s%.*s\n", head, (int)len, line);
        line = end == NULL ? NULL : end + 1;
    }
}

static void print_usage(FILE *to, const struct operator_command *command)
{
    print_synopsis(to, command, "Usage: belisha ", "       belisha ");
}

static void print_help(FILE *to)
{
    fputs("Usage: belisha [-c FILE]... COMMAND [ARGUMENTS]\n\nCommands:\n", to);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        print_synopsis(to, commands[i], "  ", "  ");
        fprintf(to, "      %s\n", commands[i]->help);
    }
    fputs("\n`belisha help COMMAND`, or COMMAND --help, tells of one alone.\n"
          "\nOptions:\n"
          "  -c, --config FILE   configuration; later files are laid over earlier ones\n"
          "                      (default: " INSTALLED_FILE ", or built-in defaults)\n"
          "  -h, --help          this text\n"
          "  -V, --version       the version\n"
          "\nExit codes: 0 done, 1 not done or the answer is no, 2 typed wrongly.\n",
          to);
}

int operator_usage(const struct operator_env *env, const struct operator_command *command, const char *format, ...)
{
    va_list args;
    fprintf(env->err, "belisha %s: ", command->name);
    va_start(args, format);
    vfprintf(env->err, format, args);
    va_end(args);
    fputc('\n', env->err);
    print_usage(env->err, command);
    if (command->details != NULL)
        fprintf(env->err, "belisha help %s says what the options mean.\n", command->name);
    return OPERATOR_USAGE;
}

static const struct operator_command *command_find(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static int print_command_help(const struct operator_command *command)
{
    print_usage(stdout, command);
    printf("\n%s\n", command->help);
    if (command->details != NULL)
        printf("\n%s", command->details);
    return OPERATOR_OK;
}

/* `log --help`, and `log search --help`. Further behind it may be the text of a reason. */
static bool asks_for_help(int argc, char *argv[])
{
    for (int i = 1; i < argc && i < 3; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

static int no_such_command(const char *name)
{
    fprintf(stderr, "belisha: there is no command '%s'; belisha help lists them\n", name);
    return OPERATOR_USAGE;
}

static int help_run(int argc, char *argv[])
{
    const struct operator_command *command = argc > 1 ? command_find(argv[1]) : NULL;
    if (command != NULL)
        return print_command_help(command);
    if (argc > 1)
        return no_such_command(argv[1]);
    print_help(stdout);
    return OPERATOR_OK;
}

/* Whoever reads half of it must not take it for the whole: a full disk below "> file" is told, and is no success. */
static int ended(const struct operator_env *env, int code)
{
    errno = 0;
    if (fflush(env->out) == 0 && !ferror(env->out))
        return code;
    if (errno != EPIPE)
        fprintf(env->err, "belisha: standard output: %s; what stands there is not all of it\n",
                errno == 0 ? "not everything could be written" : strerror(errno));
    return OPERATOR_FAILED;
}

static int run(struct operator_env *env, const struct operator_command *command, int argc, char *argv[])
{
    struct config *config = NULL;
    struct config_errors errors = {0};
    if (command->needs_config) {
        int rc = config_load(env->files, env->file_count, &config, &errors);
        config_errors_print(&errors, env->err);
        config_errors_done(&errors);
        if (rc < 0) {
            fprintf(env->err, "belisha: %s\n", err_str(rc));
            return OPERATOR_FAILED;
        }
        config_use_time_zone(config);
    }
    env->config = config;
    int code = command->run(env, argc, argv);
    config_free(config);
    return ended(env, code);
}

/* The words before the command. Returns -1 to go on, or the exit code. */
static int read_options(int argc, char *argv[], const char *files[FILES_MAX], size_t *file_count)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"help", no_argument, NULL, 'h'},
                                            {"version", no_argument, NULL, 'V'},
                                            {0}};
    int option;
    while ((option = getopt_long(argc, argv, "+c:hV", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            if (*file_count == FILES_MAX) {
                fprintf(stderr, "belisha: more than %d files\n", FILES_MAX);
                return OPERATOR_USAGE;
            }
            files[(*file_count)++] = optarg;
            break;
        case 'h':
            print_help(stdout);
            return OPERATOR_OK;
        case 'V':
            puts("belisha " BELISHA_VERSION);
            return OPERATOR_OK;
        default:
            return OPERATOR_USAGE;
        }
    }
    return -1;
}

int main(int argc, char *argv[])
{
    const char *files[FILES_MAX];
    struct operator_env env = {.files = files, .out = stdout, .err = stderr};
    int code = read_options(argc, argv, files, &env.file_count);
    if (code >= 0)
        return code;
    if (env.file_count == 0 && access(INSTALLED_FILE, F_OK) == 0)
        files[env.file_count++] = INSTALLED_FILE;
    if (optind == argc) {
        print_help(stderr);
        return OPERATOR_USAGE;
    }
    argc -= optind;
    argv += optind;
    if (strcmp(argv[0], "help") == 0)
        return help_run(argc, argv);
    const struct operator_command *command = command_find(argv[0]);
    if (command == NULL)
        return no_such_command(argv[0]);
    if (asks_for_help(argc, argv))
        return print_command_help(command);
    optind = 0; /* commands read their own options from the start */
    return run(&env, command, argc, argv);
}
