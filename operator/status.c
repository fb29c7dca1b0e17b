/* belisha status: how the running belishad is. */
#include <getopt.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "base/err.h"
#include "operator/attest.h"
#include "operator/command.h"
#include "operator/daemon.h"
#include "operator/figures.h"
#include "operator/policy_status.h"
#include "operator/lease_lines.h"
#include "operator/runs.h"
#include "operator/timetable.h"
#include "operator/session_lines.h"
#include "operator/traffic.h"

/* ---- lines ---- */

static int64_t number(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static const char *string(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));
    return value == NULL ? "?" : value;
}

static void print_program(FILE *to, const json_t *status)
{
    fprintf(to, "belishad %s: up ", string(status, "version"));
    figures_duration(to, number(status, "uptime_s"));
    fprintf(to, ", %" PRId64 " %s, state in %s\n", number(status, "workers"),
            number(status, "workers") == 1 ? "worker" : "workers", string(status, "state_dir"));
}

static void print_generation(FILE *to, const json_t *generation)
{
    fputs("blocklist   ", to);
    if (!json_is_object(generation)) {
        fputs("NONE: questions are answered SERVFAIL until a list is published\n", to);
        return;
    }
    fprintf(to, "generation %" PRId64 ", ", number(generation, "number"));
    figures_count(to, number(generation, "names"));
    fprintf(to, " names of %" PRId64 " feeds, built ", number(generation, "feeds"));
    figures_duration(to, number(generation, "age_s"));
    fputs(" ago\n", to);
}

/* Says nothing where no statutory list was ever set up. */
static void print_statutory(const struct operator_env *env, const json_t *status)
{
    const json_t *tier = json_object_get(status, "statutory");
    const char *missing = attest_missing(env, status);
    const json_t *alarm = json_object_get(tier, "alarm");
    bool in_force = json_is_true(json_object_get(tier, "in_force"));
    if (in_force)
        fprintf(env->out, "statutory   generation %" PRId64 ", %" PRId64 " hosts of %zu lists\n",
                number(tier, "generation"), number(tier, "hosts"), json_array_size(json_object_get(tier, "feeds")));
    if (json_is_string(alarm) || missing[0] != '\0')
        fprintf(env->out, "%-12sALARM: %s\n", in_force ? "" : "statutory",
                json_is_string(alarm) ? json_string_value(alarm) : missing);
}

/* hits: answers from it, of so many. */
static void print_cache(FILE *to, const json_t *cache, int64_t hits, int64_t answers)
{
    fputs("cache       ", to);
    if (answers > 0)
        fprintf(to, "%.0f %% of all answers came from it; ", (double)hits * 100 / (double)answers);
    figures_count(to, number(cache, "entries"));
    fputs(" answers in ", to);
    figures_bytes(to, number(cache, "bytes"));
    fputs(" of ", to);
    figures_bytes(to, number(cache, "bytes_max"));
    putc('\n', to);
}

static void print_identity(FILE *to, const json_t *identity)
{
    const json_t *addresses = json_object_get(identity, "addresses");
    int64_t people = number(addresses, "a") + number(addresses, "b") + number(addresses, "c");
    if (people + number(addresses, "d") == 0)
        return;
    fprintf(to,
            "who         %" PRId64 " addresses with a user (%" PRId64 " A, %" PRId64 " B, %" PRId64 " C), %" PRId64
            " with a device alone (D)\n",
            people, number(addresses, "a"), number(addresses, "b"), number(addresses, "c"), number(addresses, "d"));
    if (number(identity, "refused") > 0)
        fprintf(to, "            %" PRId64 " claims of sources were refused: there are too many\n",
                number(identity, "refused"));
}

static void print_log(FILE *to, const json_t *log)
{
    fputs("query log   ", to);
    if (!json_is_object(log)) {
        fputs("off\n", to);
        return;
    }
    figures_count(to, number(log, "written"));
    fputs(" records written, ", to);
    figures_count(to, number(log, "lost"));
    fputs(" lost, ", to);
    figures_bytes(to, number(log, "bytes"));
    fprintf(to, " in %" PRId64 " segments\n", number(log, "segments"));
    if (number(log, "missing_bytes") > 0)
        fprintf(to,
                "            too little room: %" PRId64
                " bytes are missing, and nothing more of it may go (last day, or held)\n",
                number(log, "missing_bytes"));
    if (json_is_string(json_object_get(log, "trouble")))
        fprintf(to, "            TROUBLE: %s\n", string(log, "trouble"));
}

/* What somebody should see to, before everything else. */
static void print_warnings(FILE *to, const json_t *status)
{
    size_t i;
    const json_t *reason;
    json_array_foreach(json_object_get(json_object_get(status, "health"), "reasons"), i, reason)
        fprintf(to, "WARNING     %s\n", json_string_value(reason) == NULL ? "?" : json_string_value(reason));
}

/* Says nothing where recursion is not used. */
static void print_recursion(FILE *to, const json_t *recursion)
{
    if (!json_is_object(recursion))
        return;
    fprintf(to, "recursion   %s", string(recursion, "state"));
    if (number(recursion, "pid") != 0)
        fprintf(to, ", process %" PRId64, number(recursion, "pid"));
    fprintf(to, ", %" PRId64 " restarts\n", number(recursion, "restarts"));
}

/* NULL: it is no such thing, and that was said. */
static json_t *parse_status(const struct operator_env *env, const struct text *answer)
{
    json_error_t error;
    json_t *status = json_loadb(answer->bytes, answer->len, 0, &error);
    if (json_is_object(status))
        return status;
    fprintf(env->err, "belisha status: belishad's answer is not understood: %s\n", error.text);
    json_decref(status);
    return NULL;
}

static void print_status(const struct operator_env *env, const json_t *status)
{
    print_program(env->out, status);
    print_warnings(env->out, status);
    print_generation(env->out, json_object_get(status, "generation"));
    policy_status_print(env->out, status);
    runs_print(env->out, env->config->blocklist_dir, time(NULL));
    print_statutory(env, status);
    const json_t *counters = json_object_get(status, "counters");
    traffic_print_questions(env->out, status);
    print_cache(env->out, json_object_get(status, "cache"), number(counters, "cache_hits"),
                number(counters, "answers"));
    timetable_print(json_object_get(status, "schedules"), env->out);
    traffic_print_times(env->out, json_object_get(status, "latency"));
    print_identity(env->out, json_object_get(status, "identity"));
    print_log(env->out, json_object_get(status, "log"));
    lease_lines_print(env->out, json_object_get(status, "leases"));
    traffic_print_upstreams(env->out, json_object_get(status, "upstreams"));
    print_recursion(env->out, json_object_get(status, "recursion"));
    session_lines_print(env->out, json_object_get(status, "sessions"), time(NULL));
}

/* What belishad says, and beside it what the compiler left on record. */
static void print_json(const struct operator_env *env, json_t *status)
{
    json_object_set_new(status, "runs", runs_json(env->config->blocklist_dir));
    json_dumpf(status, env->out, JSON_INDENT(2));
    putc('\n', env->out);
}

/* ---- the command ---- */

struct options {
    bool json, attest, record;
};

/* A sentence when it was typed wrongly, else NULL. */
static const char *read_options(int argc, char *argv[], struct options *out)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'}, {"attest", no_argument, NULL, 'a'}, {"record", no_argument, NULL, 'r'}, {0}};
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option != 'j' && option != 'a' && option != 'r')
            return "only --json, --attest and --record are expected";
        out->json |= option == 'j';
        out->attest |= option == 'a';
        out->record |= option == 'r';
    }
    if (optind < argc)
        return "no other word is expected";
    return out->record && !out->attest ? "--record belongs to --attest" : NULL;
}

static int status_run(const struct operator_env *env, int argc, char *argv[])
{
    struct text answer = {0};
    struct options options = {.json = false};
    json_t *status = NULL;
    const char *wrong = read_options(argc, argv, &options);
    if (wrong != NULL)
        return operator_usage(env, &command_status, "%s", wrong);
    if (options.attest)
        return attest_run(env, &(struct attest_opts){.json = options.json, .record = options.record});
    int rc = daemon_ask(env->config->control_socket, "status", &answer);
    if (rc < 0) {
        fprintf(env->err, "belisha status: belishad does not answer at %s: %s\n", env->config->control_socket,
                err_str(rc));
        if (!options.json)
            runs_print(env->out, env->config->blocklist_dir, time(NULL));
    } else {
        status = parse_status(env, &answer);
    }
    if (status != NULL && options.json)
        print_json(env, status);
    else if (status != NULL)
        print_status(env, status);
    int code = status != NULL ? OPERATOR_OK : OPERATOR_FAILED;
    json_decref(status);
    text_done(&answer);
    return code;
}

const struct operator_command command_status = {
    .name = "status",
    .synopsis = "status [--json]\nstatus --attest [--record] [--json]",
    .help =
        "how the running belishad is: blocklist, questions, cache, log; or proof that the statutory lists are in force",
    .needs_config = true,
    .run = status_run};
