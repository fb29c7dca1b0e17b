/* belisha alert list, show: what was raised and sent, when and to whom; and who it was, as far as the query log still says. */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "alert/letter.h"
#include "alert/register.h"
#include "base/err.h"
#include "base/plain.h"
#include "base/verdict.h"
#include "operator/alert_kit.h"
#include "operator/log_names.h"
#include "operator/log_options.h"
#include "operator/reading.h"

#define LISTED_USUALLY 20

struct look {
    const struct operator_env *env;
    uint64_t number; /* show: this one; 0: list */
    uint64_t from;   /* list: those with a number above it */
    int64_t since_s;
    uint64_t last;
    unsigned faults;
    char *raised; /* show: the alert's line */
};

/* ---- the register ---- */

static void print_time(FILE *to, int64_t time_s)
{
    char when[64] = "";
    struct tm tm;
    time_t time = (time_t)time_s;
    if (localtime_r(&time, &tm) != NULL)
        strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S", &tm);
    fputs(when, to);
}

static const char *string(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));
    return value == NULL ? "" : value;
}

static void print_list(FILE *to, const json_t *list)
{
    size_t i;
    const json_t *item;
    json_array_foreach(list, i, item)
    {
        fputs(i == 0 ? "" : ", ", to);
        if (json_is_integer(item))
            fprintf(to, "%" PRId64, (int64_t)json_integer_value(item));
        else
            plain_print(json_string_value(item), to);
    }
}

static void print_raised(FILE *to, uint64_t number, const struct entry *e, const json_t *detail)
{
    const char *name = string(detail, "name");
    fprintf(to, "%6" PRIu64 "  ", number);
    print_time(to, e->time_s);
    fprintf(to, "  %s%s  ", string(detail, "rule"), json_is_true(json_object_get(detail, "urgent")) ? " (urgent)" : "");
    plain_print(name[0] != '\0' ? name : string(detail, "text"), to);
    if (string(detail, "grade")[0] != '\0')
        fprintf(to, "  %s, grade %s", json_is_true(json_object_get(detail, "blocked")) ? "blocked" : "not blocked",
                string(detail, "grade"));
    fputs("  to ", to);
    print_list(to, json_object_get(detail, "roles"));
    putc('\n', to);
}

/* A line about a message: what went where. */
static void print_message(FILE *to, const struct entry *e, const json_t *detail)
{
    const json_t *targets = json_object_get(detail, "to");
    fputs("        ", to);
    print_time(to, e->time_s);
    fprintf(to, "  %s ", e->kind + strlen("alert."));
    plain_print(e->object, to);
    if (json_is_array(targets)) {
        fputs(": alerts ", to);
        print_list(to, json_object_get(detail, "alerts"));
        fputs(json_array_size(targets) == 0 ? ": NOBODY has the role " : " to ", to);
        if (json_array_size(targets) == 0)
            plain_print(string(detail, "role"), to);
        print_list(to, targets);
    } else {
        fputs(" to ", to);
        plain_print(string(detail, "to"), to);
    }
    if (string(detail, "why")[0] != '\0') {
        fputs(": ", to);
        plain_print(string(detail, "why"), to);
    }
    putc('\n', to);
}

static bool is_about(const struct look *look, const json_t *detail)
{
    size_t i;
    const json_t *number;
    json_array_foreach(json_object_get(detail, "alerts"), i, number)
    {
        if ((uint64_t)json_integer_value(number) == look->number)
            return true;
    }
    return false;
}

/* The ids of the messages that had the alert that is shown. */
static struct text shown_ids;

static bool is_of_message(const char *object)
{
    return shown_ids.bytes != NULL && strstr(shown_ids.bytes, object) != NULL;
}

static void see(struct look *look, const struct verify_line *line, const struct entry *e, const json_t *detail)
{
    FILE *to = look->env->out;
    uint64_t number = register_number(e->object);
    look->last = number > look->last ? number : look->last;
    if (look->number == 0) {
        if (e->time_s < look->since_s || (number != 0 && number <= look->from))
            return;
        if (number != 0)
            print_raised(to, number, e, detail);
        else
            print_message(to, e, detail);
        return;
    }
    if (number == look->number) {
        print_raised(to, number, e, detail);
        free(look->raised);
        look->raised = strndup(line->text, line->len);
    } else if (number == 0 && is_about(look, detail)) {
        print_message(to, e, detail);
        text_printf(&shown_ids, "%s\n", e->object);
    } else if (number == 0 && is_of_message(e->object)) {
        print_message(to, e, detail);
    }
}

static void visit(void *ctx, const struct verify_line *line)
{
    json_error_t error;
    if (line->read == NULL)
        return;
    const char *text = line->read->entry.detail;
    json_t *detail = text == NULL ? NULL : json_loads(text, 0, &error);
    see(ctx, line, &line->read->entry, detail);
    json_decref(detail);
}

static void on_fault(void *ctx, const char *file, unsigned line, const char *why)
{
    struct look *look = ctx;
    look->faults++;
    fprintf(look->env->err, "belisha alert: %s/" ALERT_REGISTER "/%s:%u: %s\n", look->env->config->alerts.dir, file,
            line, why);
}

/* Returns an enum operator_exit. */
static int read_register(struct look *look)
{
    char folder[4096];
    struct verify_report report;
    snprintf(folder, sizeof folder, "%s/" ALERT_REGISTER, look->env->config->alerts.dir);
    const struct verify_opts opts = {.folder = folder, .visit = visit, .fault = on_fault, .ctx = look};
    int err = ledger_verify(&opts, &report);
    if (err == ERR_NOENT) {
        fprintf(look->env->out, "no alert was ever raised: %s is not there\n", folder);
        return look->number == 0 ? OPERATOR_OK : OPERATOR_FAILED;
    }
    if (err < 0) {
        fprintf(look->env->err, "belisha alert: %s: %s\n", folder, err_str(err));
        return OPERATOR_FAILED;
    }
    return look->faults == 0 ? OPERATOR_OK : OPERATOR_FAILED;
}

/* ---- list ---- */

static int usage(const struct operator_env *env)
{
    return operator_usage(env, &command_alert,
                          "list takes --since SPAN (such as 2h or 7d) or --all; show takes a number");
}

/* How many alerts there are, so that only the newest are listed. */
static uint64_t count_alerts(const struct operator_env *env)
{
    char folder[4096];
    struct alert_register reg;
    uint64_t last = 0;
    snprintf(folder, sizeof folder, "%s/" ALERT_REGISTER, env->config->alerts.dir);
    register_init(&reg, folder);
    int err = register_last(&reg, &last);
    register_done(&reg);
    return err < 0 ? 0 : last;
}

int alert_list_run(const struct operator_env *env, int argc, char *argv[])
{
    static const struct option options[] = {
        {"since", required_argument, NULL, 's'}, {"all", no_argument, NULL, 'a'}, {0}};
    struct look look = {.env = env, .since_s = INT64_MIN};
    bool all = false;
    int option;
    int64_t span_s;
    optind = 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 's' && log_span_from_text(optarg, &span_s) == 0)
            look.since_s = time(NULL) - span_s;
        else if (option == 'a')
            all = true;
        else
            return usage(env);
    }
    if (optind < argc)
        return usage(env);
    uint64_t last = all || look.since_s != INT64_MIN ? 0 : count_alerts(env);
    look.from = last > LISTED_USUALLY ? last - LISTED_USUALLY : 0;
    if (look.from > 0)
        fprintf(env->out, "%" PRIu64 " older ones: --all\n", look.from);
    return read_register(&look);
}

/* ---- show ---- */

static void print_row(const struct operator_env *env, const struct qlog_row *row)
{
    const struct qlog_record *r = &row->record;
    static const struct ipaddr none;
    char client[IPADDR_TEXT_MAX], name[NAME_TEXT_MAX];
    fputs("  ", env->out);
    print_time(env->out, r->time_ns / 1000000000);
    fprintf(env->out, "  %s", ipaddr_equal(&r->client, &none) ? "-" : ipaddr_to_text(&r->client, client));
    if (row->user[0] != '\0')
        fprintf(env->out, "  user %s", row->user);
    if (row->device[0] != '\0')
        fprintf(env->out, "  device %s%s%s%s", row->device, row->called[0] == '\0' ? "" : " (calls itself ",
                row->called, row->called[0] == '\0' ? "" : ")");
    fprintf(env->out, "  group %s  %s  %s\n  how sure: %s\n", row->group, name_to_text(r->qname, name),
            verdict_action_name(r->verdict.action), letter_grade(r->grade));
}

/* A name as an alert keeps it. */
static bool is_name(const struct qlog_record *r, const char *wanted)
{
    char name[NAME_TEXT_MAX];
    return strncmp(name_to_text(r->qname, name), wanted, ALERT_NAME_MAX - 1) == 0;
}

static void print_end(FILE *to, unsigned count, const struct qlog_scan_stats *stats)
{
    if (stats->closed_blocks > 0)
        fputs("the key of that day is gone, or may not be read: nobody can say here who it was\n", to);
    else if (count == 0)
        fputs("the log has no such row any more\n", to);
    else if (count > 1)
        fputs("asked in the same moment: it was one of these\n", to);
}

/* The rows of that name and moment, with what the roster calls them now. */
static int print_rows(const struct operator_env *env, const char *wanted, int64_t time_ns)
{
    struct log_options options = {.filter = {.from_ns = time_ns, .to_ns = time_ns + 1, .action = -1}};
    struct log_names names;
    struct qlog_scan *scan;
    struct qlog_row row;
    struct qlog_scan_stats stats;
    unsigned count = 0;
    const char *wrong = log_names_open(&names, env->config, &options);
    if (wrong != NULL)
        fprintf(env->err, "belisha alert: %s\n", wrong);
    int rc = qlog_scan_open(env->config->log.dir, &options.filter, &scan);
    if (rc == 0) {
        while ((rc = qlog_scan_next(scan, &row)) == 1) {
            if (row.lost > 0 || !is_name(&row.record, wanted) || row.record.grade == QLOG_GRADE_NONE)
                continue;
            log_names_put(&names, &row);
            print_row(env, &row);
            count++;
        }
        qlog_scan_stats(scan, &stats);
        qlog_scan_close(scan);
        print_end(env->out, count, &stats);
    }
    log_names_close(&names);
    return rc;
}

static int print_who(const struct operator_env *env, const char *line)
{
    struct entry_read read;
    json_error_t error;
    int rc = entry_parse(line, strlen(line) - 1, &read);
    if (rc < 0)
        return rc;
    json_t *detail = read.entry.detail == NULL ? NULL : json_loads(read.entry.detail, 0, &error);
    const char *name = string(detail, "name");
    if (name[0] != '\0') {
        fputs("who, from the query log:\n", env->out);
        rc = print_rows(env, name, json_integer_value(json_object_get(detail, "time_ns")));
    }
    json_decref(detail);
    entry_read_done(&read);
    return rc;
}

int alert_show_run(const struct operator_env *env, int argc, char *argv[])
{
    char *end;
    struct look look = {.env = env, .since_s = INT64_MIN, .number = argc == 2 ? strtoull(argv[1], &end, 10) : 0};
    if (look.number == 0 || *end != '\0')
        return usage(env);
    if (!reading_record(env, "log.alert", env->config->log.dir, argc, argv))
        return OPERATOR_FAILED;
    int code = read_register(&look);
    if (look.raised == NULL) {
        fprintf(env->err, "belisha alert: there is no alert %" PRIu64 "\n", look.number);
        code = OPERATOR_FAILED;
    } else {
        int rc = print_who(env, look.raised);
        if (rc < 0) {
            fprintf(env->err, "belisha alert: %s: %s\n", env->config->log.dir, err_str(rc));
            code = OPERATOR_FAILED;
        }
    }
    free(look.raised);
    text_done(&shown_ids);
    return code;
}
