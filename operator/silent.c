/* belisha silent: devices that are there and ask nothing. */
#include <getopt.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "base/err.h"
#include "base/plain.h"
#include "base/text.h"
#include "operator/command.h"
#include "operator/daemon.h"
#include "operator/figures.h"

struct choice {
    const struct operator_env *env;
    bool all, json;
    int64_t now_s;
};

static int64_t number(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static const char *string(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));
    return value == NULL ? "" : value;
}

static void print_time(FILE *to, const char *label, int64_t seconds, int64_t now_s)
{
    char text[32];
    struct tm tm;
    time_t at = (time_t)seconds;
    if (localtime_r(&at, &tm) == NULL || strftime(text, sizeof text, "%Y-%m-%d %H:%M", &tm) == 0)
        return;
    fprintf(to, "    %-9s %s (", label, text);
    figures_duration(to, now_s < seconds ? 0 : now_s - seconds);
    fputs(" ago)\n", to);
}

static void print_why(FILE *to, const json_t *device)
{
    int64_t steps = number(device, "steps");
    fputs("    why       it renewed its lease, so it was awake", to);
    if (steps == 0)
        fputs(", after a long time without a question", to);
    else
        fprintf(to, ", and had asked in no more than %" PRId64 " steps of five minutes", steps);
    if (json_is_true(json_object_get(device, "evaded")))
        fputs("; among the last it asked for was a way round us (encrypted DNS, a VPN or proxy)", to);
    putc('\n', to);
}

static void print_device(const struct choice *c, const json_t *device)
{
    FILE *to = c->env->out;
    const char *name = string(device, "device"), *host = string(device, "host");
    plain_print(name[0] == '\0' ? string(device, "mac") : name, to);
    fprintf(to, "  %s", string(device, "address"));
    if (host[0] != '\0' && strcmp(host, name) != 0) {
        fputs("  calls itself ", to);
        plain_print(host, to);
    }
    putc('\n', to);
    if (number(device, "asked_s") != 0)
        print_time(to, "asked", number(device, "asked_s"), c->now_s);
    else
        fputs("    asked     nothing since belishad was started\n", to);
    print_time(to, "renewed", number(device, "renewed_s"), c->now_s);
    print_why(to, device);
    if (number(device, "over_s") != 0)
        print_time(to, "over", number(device, "over_s"), c->now_s);
}

static void print_all(const struct choice *c, const json_t *answer)
{
    FILE *to = c->env->out;
    size_t i, told = 0;
    json_t *device;
    json_array_foreach(json_object_get(answer, "devices"), i, device)
    {
        if (!c->all && number(device, "over_s") != 0)
            continue;
        print_device(c, device);
        told++;
    }
    if (told == 0)
        fputs("No device is silent.\n", to);
    else
        fputs(
            "\nSilence is a reason to look, and proves nothing: a telephone may renew its lease in a pocket, and some\n"
            "devices have nothing to ask. A device that uses a VPN, an encrypted DNS or a mobile network is silent "
            "too.\n",
            to);
}

static int show(const struct choice *c, const struct text *answer)
{
    if (strncmp(answer->bytes, "error", 5) == 0) {
        fprintf(c->env->err, "belisha silent: %s", answer->bytes);
        return OPERATOR_FAILED;
    }
    if (c->json) {
        fputs(answer->bytes, c->env->out);
        return OPERATOR_OK;
    }
    json_t *object = json_loads(answer->bytes, 0, NULL);
    if (!json_is_object(object)) {
        fputs("belisha silent: belishad's answer is not understood\n", c->env->err);
        json_decref(object);
        return OPERATOR_FAILED;
    }
    print_all(c, object);
    json_decref(object);
    return OPERATOR_OK;
}

static int run(const struct operator_env *env, int argc, char *argv[])
{
    static const struct option options[] = {{"all", no_argument, NULL, 'a'}, {"json", no_argument, NULL, 'j'}, {0}};
    struct choice choice = {.env = env, .now_s = time(NULL)};
    struct text answer = {0};
    int option;
    opterr = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'a')
            choice.all = true;
        else if (option == 'j')
            choice.json = true;
        else
            return operator_usage(env, &command_silent, "unknown option '%s'", argv[optind - 1]);
    }
    if (optind != argc)
        return operator_usage(env, &command_silent, "'%s' is not expected here", argv[optind]);
    int err = daemon_ask(env->config->control_socket, "silent", &answer);
    int code = OPERATOR_FAILED;
    if (err < 0)
        fprintf(env->err, "belisha silent: belishad does not answer at %s: %s\n", env->config->control_socket,
                err_str(err));
    else
        code = show(&choice, &answer);
    text_done(&answer);
    return code;
}

const struct operator_command command_silent = {.name = "silent",
                                                .synopsis = "silent [--all] [--json]",
                                                .help = "devices that renew their DHCP leases and ask nothing",
                                                .details = "  --all    also those of the last day that are over\n"
                                                           "  --json   for programs\n",
                                                .needs_config = true,
                                                .run = run};
