/* belisha who: what is known of an address, a network card, a user or a device. */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "base/err.h"
#include "operator/command.h"
#include "operator/daemon.h"

static const char *string(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));
    return value == NULL ? "" : value;
}

static int64_t number(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static void print_time(FILE *to, const char *before, int64_t time_s)
{
    char text[32];
    struct tm tm;
    time_t when = time_s;
    if (time_s == 0)
        return;
    localtime_r(&when, &tm);
    strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &tm);
    fprintf(to, "%s%s", before, text);
}

static const char *grade_word(const char *letter)
{
    switch (letter[0]) {
    case 'A':
        return "user authenticated on the network";
    case 'B':
        return "user logged on to the device";
    case 'C':
        return "by the loan register or the configuration";
    case 'D':
        return "device only";
    default:
        return "address only";
    }
}

static void print_client(FILE *to, const json_t *client)
{
    const char *user = string(client, "user"), *device = string(client, "device"), *called = string(client, "called");
    fprintf(to, "%s  grade %s: %s\n", string(client, "address"), string(client, "grade"),
            grade_word(string(client, "grade")));
    if (user[0] != '\0')
        fprintf(to, "    user    %s (#%" PRId64 ")%s\n", user, number(client, "user_number"),
                json_is_true(json_object_get(client, "in_people")) ? "" : ", not in the people file");
    if (device[0] != '\0')
        fprintf(to, "    device  %s (#%" PRId64 ")\n", device, number(client, "device_number"));
    if (called[0] != '\0')
        fprintf(to, "            calls itself '%s'\n", called);
    if (string(client, "mac")[0] != '\0')
        fprintf(to, "    card    %s%s\n", string(client, "mac"),
                json_is_true(json_object_get(client, "made_up")) ? " (made up by the device, and may change)" : "");
    fprintf(to, "    group   %s\n", string(client, "group"));
    if (number(client, "until") != 0) {
        print_time(to, "    until   ", number(client, "until"));
        putc('\n', to);
    }
}

static void print_claim(FILE *to, const json_t *claim)
{
    static const char *const keys[] = {"address", "mac", "user", "host"};
    fprintf(to, "    %-13s", string(claim, "source"));
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (string(claim, keys[i])[0] != '\0')
            fprintf(to, " %s %s", keys[i], string(claim, keys[i]));
    print_time(to, ", from ", number(claim, "from"));
    print_time(to, ", until ", number(claim, "until"));
    putc('\n', to);
}

static void print_all(FILE *to, const json_t *answer)
{
    const json_t *clients = json_object_get(answer, "clients"), *claims = json_object_get(answer, "claims");
    const json_t *row;
    size_t i;
    json_array_foreach(clients, i, row) print_client(to, row);
    if (json_array_size(clients) == 0)
        fprintf(to, "'%s' is nowhere now%s.\n", string(answer, "about"),
                json_is_true(json_object_get(answer, "known")) ? "" : ", and was never seen");
    if (json_array_size(claims) > 0)
        fputs("says\n", to);
    json_array_foreach(claims, i, row) print_claim(to, row);
}

/* NULL: there is no answer, and err says why. */
static json_t *ask(const struct operator_env *env, const char *about, struct text *answer)
{
    const char *by = getuid() == 0 ? getenv("SUDO_USER") : NULL;
    json_t *question = json_pack("{ss ss*}", "about", about, "by", by);
    char *text = question == NULL ? NULL : json_dumps(question, JSON_COMPACT);
    struct text line = {0};
    text_printf(&line, "who %s", text == NULL ? "" : text);
    int code = text == NULL ? ERR_NOMEM : daemon_ask(env->config->control_socket, line.bytes, answer);
    text_done(&line);
    free(text);
    json_decref(question);
    if (code < 0)
        fprintf(env->err, "belisha who: belishad does not answer at %s: %s\n", env->config->control_socket,
                err_str(code));
    else if (answer->bytes == NULL || strncmp(answer->bytes, "error: ", 7) == 0)
        fprintf(env->err, "belisha who: %s", answer->bytes == NULL ? "no answer\n" : answer->bytes + 7);
    else
        return json_loads(answer->bytes, 0, NULL);
    return NULL;
}

static int who_run(const struct operator_env *env, int argc, char *argv[])
{
    static const struct option options[] = {{"json", no_argument, NULL, 'j'}, {0}};
    struct text answer = {0};
    bool json = false;
    int option;
    optind = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option != 'j')
            return operator_usage(env, &command_who, "this option is unknown");
        json = true;
    }
    if (argc - optind != 1)
        return operator_usage(env, &command_who, "one address, network card, user or device is expected");
    json_t *told = ask(env, argv[optind], &answer);
    if (told != NULL && json)
        fputs(answer.bytes, env->out);
    else if (told != NULL)
        print_all(env->out, told);
    bool any = told != NULL;
    json_decref(told);
    text_done(&answer);
    return any ? OPERATOR_OK : OPERATOR_FAILED;
}

static const char details[] = "  --json                    as belishad says it\n"
                              "\nWho is behind an address now, how sure that is (grade A to E), and which source says "
                              "what. That it was looked up stands\n"
                              "in the ledger.\n";

const struct operator_command command_who = {.name = "who",
                                             .synopsis = "who [--json] ADDRESS|MAC|USER|DEVICE",
                                             .help = "what is known of who is behind an address, and how surely",
                                             .details = details,
                                             .needs_config = true,
                                             .run = who_run};
