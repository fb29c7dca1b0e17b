#include "operator/attest.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "base/err.h"
#include "belisha/statutory_format.h"
#include "operator/ask.h"
#include "operator/daemon.h"

#define PATH_LEN 4096

/* ---- alarms ---- */

__attribute__((format(printf, 2, 3))) static void alarm_add(json_t *alarms, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    json_array_append_new(alarms, json_vsprintf(format, args));
    va_end(args);
}

static int64_t number(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static const char *string(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));
    return value == NULL ? "" : value;
}

static json_t *find_feed(const json_t *feeds, const char *name)
{
    size_t i;
    json_t *feed;
    json_array_foreach(feeds, i, feed)
    {
        if (strcmp(string(feed, "name"), name) == 0)
            return feed;
    }
    return NULL;
}

/* ---- the register ---- */

static bool register_path(const struct operator_env *env, const char *name, char out[PATH_LEN])
{
    return snprintf(out, PATH_LEN, "%s/" ATTEST_REGISTER_DIR "%s%s", env->config->state_dir, name[0] == '\0' ? "" : "/",
                    name) < PATH_LEN;
}

/* An attestation with an alarm takes no list off the register: its own record would silence the next one. */
static void keep_feeds(json_t *entry, const json_t *before)
{
    size_t i;
    json_t *feed;
    if (!json_is_false(json_object_get(entry, "good")))
        return;
    json_array_foreach(json_object_get(before, "feeds"), i, feed)
    {
        if (find_feed(json_object_get(entry, "feeds"), string(feed, "name")) == NULL)
            json_array_append(json_object_get(entry, "feeds"), feed);
    }
}

/* The last whole line, with the lists that must still be in force; NULL: there is none that can be read. */
static json_t *register_last(const struct operator_env *env)
{
    char path[PATH_LEN];
    char *line = NULL;
    size_t cap = 0;
    json_t *last = NULL;
    FILE *from = register_path(env, ATTEST_REGISTER_FILE, path) ? fopen(path, "re") : NULL;
    while (from != NULL && getline(&line, &cap, from) > 0) {
        json_t *entry = json_loads(line, 0, NULL);
        if (!json_is_object(entry)) { /* a line that a power cut left half written */
            json_decref(entry);
            continue;
        }
        keep_feeds(entry, last);
        json_decref(last);
        last = entry;
    }
    free(line);
    if (from != NULL)
        fclose(from);
    return last;
}

static int register_add(const struct operator_env *env, const json_t *attestation)
{
    char dir[PATH_LEN], path[PATH_LEN];
    if (!register_path(env, "", dir) || !register_path(env, ATTEST_REGISTER_FILE, path))
        return ERR_INVAL;
    if (mkdir(dir, 0750) < 0 && errno != EEXIST)
        return -errno;
    char *text = json_dumps(attestation, JSON_COMPACT);
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
    int err = text == NULL ? ERR_NOMEM : fd < 0 ? -errno : 0;
    if (err == 0) {
        struct text line = {0};
        text_printf(&line, "%s\n", text);
        if (!text_ok(&line))
            err = ERR_NOMEM;
        else if (write(fd, line.bytes, line.len) != (ssize_t)line.len || fsync(fd) < 0)
            err = errno == ENOSPC ? ERR_NOSPACE : ERR_IO;
        text_done(&line);
    }
    if (fd >= 0)
        close(fd);
    free(text);
    return err;
}

/* ---- what there is ---- */

/* The marker, from where everyone may read it or from the tier's own folder; NULL: there is none to be read. */
static json_t *marker_load(const struct operator_env *env)
{
    static const char *const names[] = {STATUTORY_MARKER_COPY, STATUTORY_FOLDER "/" STATUTORY_MARKER_FILE};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[PATH_LEN];
        if (snprintf(path, sizeof path, "%s/%s", env->config->blocklist_dir, names[i]) >= (int)sizeof path)
            continue;
        json_t *marker = json_load_file(path, 0, NULL);
        if (json_is_array(json_object_get(marker, "feeds")))
            return marker;
        json_decref(marker);
    }
    return NULL;
}

static json_t *status_load(const struct operator_env *env, json_t *alarms)
{
    struct text answer = {0};
    int rc = daemon_ask(env->config->control_socket, "status", &answer);
    json_t *status = rc < 0 ? NULL : json_loadb(answer.bytes, answer.len, 0, NULL);
    text_done(&answer);
    if (json_is_object(status))
        return status;
    alarm_add(alarms, "belishad does not answer at %s: %s", env->config->control_socket,
              rc < 0 ? err_str(rc) : "what it says is not understood");
    json_decref(status);
    return NULL;
}

/* ---- checks ---- */

static json_t *test_host(const struct operator_env *env, const char *host, json_t *alarms)
{
    bool blocked = false;
    int err = ask_is_blocked(env->config, host, &blocked);
    if (err < 0)
        alarm_add(alarms, "the test host %s could not be asked for: %s", host, err_str(err));
    else if (!blocked)
        alarm_add(alarms, "the test host %s IS NOT BLOCKED", host);
    return json_pack("{ss sb}", "host", host, "blocked", err == 0 && blocked);
}

static json_t *attest_tests(const struct operator_env *env, const json_t *marked, json_t *alarms)
{
    json_t *tests = json_array();
    size_t i;
    const json_t *host;
    json_array_foreach(json_object_get(marked, "test_hosts"), i, host)
    {
        if (json_is_string(host))
            json_array_append_new(tests, test_host(env, json_string_value(host), alarms));
    }
    return tests;
}

/* One feed of the marker, with what belishad has of it. */
static json_t *attest_feed(const struct operator_env *env, const json_t *marked, const json_t *in_force)
{
    json_t *alarms = json_array();
    const char *name = string(marked, "name");
    const json_t *held = find_feed(json_object_get(in_force, "feeds"), name);
    json_t *row = held == NULL ? json_object() : json_deep_copy(held);
    json_object_set_new(row, "name", json_string(name));
    json_object_set_new(row, "since_s", json_integer(number(marked, "since_s")));
    json_object_set_new(row, "in_force", json_boolean(held != NULL));
    if (held == NULL) {
        alarm_add(alarms, "it was set up and is NOT IN FORCE");
        json_object_set(row, "body", json_object_get(marked, "body"));
        json_object_set(row, "membership", json_object_get(marked, "membership"));
        json_object_set(row, "licence", json_object_get(marked, "licence"));
    } else if (number(held, "age_s") > number(held, "max_age_s")) {
        alarm_add(alarms, "its copy is %" PRId64 " h old, more than the %" PRId64 " h that it may be",
                  number(held, "age_s") / 3600, number(held, "max_age_s") / 3600);
    }
    json_object_set_new(row, "tests", attest_tests(env, marked, alarms));
    json_object_set_new(row, "alarms", alarms);
    return row;
}

const char *attest_missing(const struct operator_env *env, const struct json_t *status)
{
    const json_t *now = json_object_get(json_object_get(status, "statutory"), "feeds");
    json_t *last = register_last(env);
    const char *sentence = "";
    size_t i;
    json_t *feed;
    json_array_foreach(json_object_get(last, "feeds"), i, feed)
    {
        if (find_feed(now, string(feed, "name")) == NULL)
            sentence =
                "the register says that a statutory list was in force which is not any more: somebody deleted it";
    }
    json_decref(last);
    return sentence;
}

static json_t *attest_make(const struct operator_env *env)
{
    char when[32];
    struct tm utc;
    time_t now = time(NULL);
    json_t *alarms = json_array(), *feeds = json_array();
    json_t *marker = marker_load(env), *status = status_load(env, alarms);
    const json_t *tier = json_object_get(status, "statutory");
    size_t i, bad = 0;
    json_t *feed;
    json_array_foreach(json_object_get(marker, "feeds"), i, feed)
    {
        json_t *row = attest_feed(env, feed, tier);
        bad += json_array_size(json_object_get(row, "alarms"));
        json_array_append_new(feeds, row);
    }
    if (string(tier, "alarm")[0] != '\0')
        alarm_add(alarms, "%s", string(tier, "alarm"));
    const char *missing = attest_missing(env, status);
    if (missing[0] != '\0')
        alarm_add(alarms, "%s", missing);
    bad += json_array_size(alarms);
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    json_t *made =
        json_pack("{ss sI ss sb sb sI sI sI so so sb}", "time", when, "time_s", (json_int_t)now, "version",
                  string(status, "version"), "set_up", marker != NULL, "in_force",
                  json_is_true(json_object_get(tier, "in_force")), "generation", (json_int_t)number(tier, "generation"),
                  "built_s", (json_int_t)number(tier, "built_s"), "hosts", (json_int_t)number(tier, "hosts"), "feeds",
                  feeds, "alarms", alarms, "good", bad == 0);
    json_decref(marker);
    json_decref(status);
    return made;
}

/* ---- for people ---- */

static void print_alarms(FILE *to, const json_t *alarms)
{
    size_t i;
    const json_t *sentence;
    json_array_foreach(alarms, i, sentence) fprintf(to, "  ALARM: %s\n", json_string_value(sentence));
}

static void print_time(FILE *to, const char *label, int64_t time_s)
{
    char when[32];
    struct tm utc;
    time_t seconds = (time_t)time_s;
    strftime(when, sizeof when, "%Y-%m-%d %H:%M UTC", gmtime_r(&seconds, &utc));
    fprintf(to, "  %-12s %s\n", label, when);
}

static void print_feed(FILE *to, const json_t *feed)
{
    size_t i;
    const json_t *test;
    fprintf(to, "\n%s: list of body '%s', membership %s, licence %s\n", string(feed, "name"), string(feed, "body"),
            string(feed, "membership")[0] == '\0' ? "none" : string(feed, "membership"),
            string(feed, "licence")[0] == '\0' ? "not said" : string(feed, "licence"));
    print_alarms(to, json_object_get(feed, "alarms"));
    print_time(to, "set up", number(feed, "since_s"));
    if (json_is_true(json_object_get(feed, "in_force"))) {
        fprintf(to, "  %-12s %s\n", "digest", string(feed, "digest"));
        print_time(to, "copy of", number(feed, "fetched_s"));
        fprintf(to, "  %-12s %" PRId64 " h, at most %" PRId64 " h\n", "age", number(feed, "age_s") / 3600,
                number(feed, "max_age_s") / 3600);
        fprintf(to, "  %-12s %" PRId64 " in force, %" PRId64 " of them widened by a recorded decision or for tests\n",
                "hosts", number(feed, "hosts"), number(feed, "widened"));
        fprintf(to, "  %-12s %" PRId64 " that DNS can't enforce: for a URL filter\n", "pages", number(feed, "pages"));
        fprintf(to, "  %-12s %" PRId64 "\n", "refused", number(feed, "refused"));
    }
    json_array_foreach(json_object_get(feed, "tests"), i, test)
        fprintf(to, "  %-12s %s: %s\n", "test host", string(test, "host"),
                json_is_true(json_object_get(test, "blocked")) ? "blocked" : "NOT BLOCKED");
}

static void print_text(FILE *to, const json_t *attestation)
{
    size_t i;
    const json_t *feed;
    bool set_up = json_is_true(json_object_get(attestation, "set_up"));
    fprintf(to, "Statutory tier at %s: %s\n", string(attestation, "time"),
            !json_is_true(json_object_get(attestation, "good")) ? "ALARM"
            : set_up                                            ? "in force, checks passed"
                                                                : "not set up");
    print_alarms(to, json_object_get(attestation, "alarms"));
    if (json_is_true(json_object_get(attestation, "in_force"))) {
        fprintf(to, "  %-12s %" PRId64 ", %" PRId64 " hosts\n", "generation", number(attestation, "generation"),
                number(attestation, "hosts"));
        print_time(to, "compiled", number(attestation, "built_s"));
    }
    json_array_foreach(json_object_get(attestation, "feeds"), i, feed) print_feed(to, feed);
}

/* ---- the command ---- */

int attest_run(const struct operator_env *env, const struct attest_opts *opts)
{
    json_t *attestation = attest_make(env);
    if (attestation == NULL) {
        fprintf(env->err, "belisha status: %s\n", err_str(ERR_NOMEM));
        return OPERATOR_FAILED;
    }
    bool good = json_is_true(json_object_get(attestation, "good"));
    /* A school that has no such list has nothing to attest, and nothing is written about it. */
    bool silent = good && !json_is_true(json_object_get(attestation, "set_up"));
    int err = opts->record && !silent ? register_add(env, attestation) : 0;
    if (err < 0)
        fprintf(env->err, "belisha status: the attestation could not be added to the register: %s\n", err_str(err));
    if (opts->json) {
        json_dumpf(attestation, env->out, JSON_INDENT(2));
        fputc('\n', env->out);
    } else {
        print_text(env->out, attestation);
    }
    json_decref(attestation);
    return good && err == 0 ? OPERATOR_OK : OPERATOR_FAILED;
}
