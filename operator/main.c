#include <getopt.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "operator/command.h"

#define INSTALLED_FILE "/etc/belisha/belisha.yaml"
#define FILES_MAX      16

static const struct operator_command *const commands[] = {
    &command_status, &command_why,    &command_block,  &command_allow, &command_revoke, &command_decisions,
    &command_log,    &command_config, &command_reload, &command_flush, &command_inbox,
};

#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

static void print_help(FILE *to)
{
    fputs("Usage: belisha [-c FILE]... COMMAND [ARGUMENTS]\n\nCommands:\n", to);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(to, "  %s\n      %s\n", commands[i]->synopsis, commands[i]->help);
    fputs("\nOptions:\n"
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
    fprintf(env->err, "\nUsage: belisha %s\n", command->synopsis);
    return OPERATOR_USAGE;
}

static const struct operator_command *command_find(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
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
    }
    env->config = config;
    int code = command->run(env, argc, argv);
    config_free(config);
    return code;
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
    if (optind == argc || strcmp(argv[optind], "help") == 0) {
        print_help(optind == argc ? stderr : stdout);
        return optind == argc ? OPERATOR_USAGE : OPERATOR_OK;
    }
    const struct operator_command *command = command_find(argv[optind]);
    if (command == NULL) {
        fprintf(stderr, "belisha: there is no command '%s'; belisha help lists them\n", argv[optind]);
        return OPERATOR_USAGE;
    }
    argc -= optind;
    argv += optind;
    optind = 0; /* commands read their own options from the start */
    return run(&env, command, argc, argv);
}
