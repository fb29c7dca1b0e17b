/* belishad: reads the command line and runs the service. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/log.h"
#include "config/config.h"
#include "service/service.h"
#include "service/unbound_setup.h"
#include "tls/identity.h"

#define FILES_MAX 16

enum { EXIT_USAGE = 2 };

static const char usage[] =
    "Usage: belishad [-c FILE]... [--check]\n"
    "The DNS server of a school: forwards, filters by category, and keeps a record.\n"
    "\n"
    "  -c, --config FILE  configuration; may be repeated, later files override (default: none)\n"
    "      --check        check the configuration and end\n"
    "      --version      print the version and end\n"
    "  -h, --help         print this and end\n"
    "\n"
    "Prints \"ready\" once it answers. SIGHUP reloads the configuration, SIGTERM ends it.\n"
    "Exit code: 0, 1 when it could not start or the configuration is refused, 2 for wrong usage.\n";

/* Whether unbound agrees with what it would get, where it is used at all. */
static int check_recursion(const struct config *config)
{
    struct text why = {0};
    int err = config->recursion.used ? unbound_setup_check(&config->recursion, &why) : 0;
    if (err < 0)
        fprintf(stderr, "belishad: %s", why.bytes == NULL ? "no memory\n" : why.bytes);
    text_done(&why);
    return err;
}

static int check_certificates(const struct config *config)
{
    char why[TLS_WHY_MAX] = "";
    int err = config_check_certificates(config, why);
    if (err < 0)
        fprintf(stderr, "belishad: %s\n", why[0] == '\0' ? "no memory" : why);
    return err;
}

static int check_secrets(const struct config *config)
{
    char why[SECRET_WHY_MAX] = "";
    int err = config_check_secrets(config, why);
    if (err < 0)
        fprintf(stderr, "belishad: %s\n", why[0] == '\0' ? "no memory" : why);
    return err;
}

static int check(const char *const files[], size_t count)
{
    struct config *config = NULL;
    struct config_errors errors = {0};
    int err = config_load(files, count, &config, &errors);
    config_errors_print(&errors, stderr);
    if (err < 0 && errors.count == 0)
        fputs("belishad: no memory\n", stderr);
    if (err == 0)
        err = check_certificates(config);
    if (err == 0)
        err = check_secrets(config);
    if (err == 0)
        err = check_recursion(config);
    if (err == 0)
        puts("the configuration is valid");
    config_errors_done(&errors);
    config_free(config);
    return err == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"check", no_argument, NULL, 'k'},
                                            {"version", no_argument, NULL, 'v'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    const char *files[FILES_MAX];
    size_t count = 0;
    bool check_only = false;
    int option;
    while ((option = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
        if (option == 'c' && count < FILES_MAX) {
            files[count++] = optarg;
        } else if (option == 'k') {
            check_only = true;
        } else if (option == 'v') {
            puts("belishad " BELISHA_VERSION);
            return EXIT_SUCCESS;
        } else {
            fputs(usage, option == 'h' ? stdout : stderr);
            return option == 'h' ? EXIT_SUCCESS : EXIT_USAGE;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "belishad: unexpected argument '%s'\n%s", argv[optind], usage);
        return EXIT_USAGE;
    }
    log_init("belishad");
    umask(027);
    return check_only ? check(files, count) : service_run(files, count);
}
