#include "operator/report_gather.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "base/err.h"
#include "episode/seen.h"
#include "identity/roster.h"
#include "operator/attest.h"
#include "operator/daemon.h"
#include "operator/runs.h"
#include "operator/school_sites.h"
#include "policy/person_table.h"
#include "qlog/verify.h"
#include "roles/caller.h"
#include "sheet/from_alerts.h"
#include "sheet/from_inbox.h"
#include "sheet/from_ledger.h"
#include "sheet/from_log.h"
#include "sheet/from_records.h"
#include "sheet/weeks.h"

#define WEEKS        13 /* of a weekly sheet's trend */
#define LEAST_WEEKLY 20 /* score of an entry */
#define LEAST_DAILY  35

static bool complain(const struct report_data *data, const char *what, int code)
{
    fprintf(data->err, "belisha report: %s: %s\n", what, err_str(code));
    return false;
}

/* ---- names ---- */

static const char *roster_text(void *ctx, enum roster_kind kind, uint32_t number)
{
    struct report_data *data = ctx;
    const char *name = data->roster == NULL ? NULL : roster_name(data->roster, kind, number);
    if (number == 0)
        return "";
    if (name == NULL || name[0] == '\0')
        name = arena_printf(data->arena, "number %" PRIu32, number);
    return name == NULL ? "" : name;
}

static const char *user_text(void *ctx, uint32_t number)
{
    return roster_text(ctx, ROSTER_USER, number);
}

static const char *device_text(void *ctx, uint32_t number)
{
    struct report_data *data = ctx;
    const char *name = roster_text(ctx, ROSTER_DEVICE, number);
    const char *called = data->roster == NULL || number == 0 ? "" : roster_called(data->roster, number);
    const char *both = called[0] == '\0' ? NULL : arena_printf(data->arena, "%s (calls itself %s)", name, called);
    return both == NULL ? name : both;
}

static const char *year_text(void *ctx, const char *user)
{
    const struct report_data *data = ctx;
    const uint32_t index = data->people == NULL ? UINT32_MAX : person_table_find(data->people, user);
    const char *year = index == UINT32_MAX ? NULL : data->config->people[index].year;
    return year == NULL ? "" : year;
}

/* ---- the log ---- */

/*
 * Which sites were seen before: a store that outlives the log, brought up to date first. Of another log nothing is
 * known. One that can't be kept is of use once.
 */
static void seen_fill(struct report_data *data, const struct report_options *options, const char *dir)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/state/" SEEN_FILE, data->config->state_dir);
    int code = options->dir != NULL ? ERR_NOENT : seen_open(path, &data->seen);
    if (code < 0 && code != ERR_NOENT)
        complain(data, path, code);
    if (code < 0)
        code = seen_new(&data->seen);
    if (code == 0)
        code = seen_learn(data->seen, dir, data->tables, data->finder, 0, options->period.to_s * INT64_C(1000000000));
    if (code == 0 && options->dir == NULL)
        code = seen_save(data->seen, path);
    if (code < 0 && code != ERR_ACCESS && code != ERR_NOENT)
        complain(data, path, code);
}

static struct from_log_opts log_opts(struct report_data *data, const struct report_options *options, int64_t now_s)
{
    return (struct from_log_opts){
        .dir = options->dir != NULL ? options->dir : data->config->log.dir,
        .finder = data->finder,
        .concerns = {.tables = data->tables,
                     .arena = data->arena,
                     .least = options->kind == CONFIG_REPORT_DAILY ? LEAST_DAILY : LEAST_WEEKLY,
                     .user = user_text,
                     .device = device_text,
                     .year = year_text,
                     .ctx = data,
                     .age = school_sites_age,
                     .age_ctx = (void *)(uintptr_t)data->config},
        .now_s = now_s};
}

static bool gather_log(struct report_data *data, const struct report_options *options, const struct from_log_opts *opts)
{
    struct config_errors errors = {0};
    int code = tables_new(NULL, &errors, &data->tables);
    config_errors_print(&errors, data->err);
    config_errors_done(&errors);
    if (code == 0)
        code = school_sites_new(data->config, data->tables, &data->finder);
    if (code < 0)
        return complain(data, "the tables of websites", code);
    seen_fill(data, options, opts->dir);
    struct from_log_opts filled = *opts;
    filled.seen = data->seen;
    filled.finder = data->finder;
    filled.concerns.tables = data->tables;
    code = from_log(&filled, &data->sheet, &data->builder);
    return code == 0 || complain(data, opts->dir, code);
}

static void count_fault(void *ctx, const char *file, const char *what)
{
    const struct report_data *data = ctx;
    fprintf(data->err, "belisha report: the log: %s: %s\n", file, what);
}

static void verify(struct report_data *data, const char *dir)
{
    const struct verify_opts opts = {.fault = count_fault, .ctx = data};
    struct verify_result result = {0};
    struct sheet_origin *origin = &data->sheet.origin;
    const int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const int code = dir_fd < 0 ? -errno : verify_log(dir_fd, &opts, &result);
    if (dir_fd >= 0)
        close(dir_fd);
    origin->verified = code == 0 && result.segments > 0;
    origin->verify_faults = result.faults;
    origin->signed_segments = result.signed_segments;
}

/* ---- the trend ---- */

/* The Monday on which the trend's last week begins. */
static int32_t last_monday(const struct sheet *sheet)
{
    return sheet->period.last - (sheet->period.last + 3) % 7;
}

static size_t weeks_wanted(const struct report_options *options, const struct sheet *sheet)
{
    const size_t within = (size_t)(sheet->period.last - sheet->period.first) / 7 + 1;
    if (options->kind == CONFIG_REPORT_DAILY)
        return 0;
    if (options->kind == CONFIG_REPORT_WEEKLY)
        return WEEKS;
    return within < SHEET_WEEKS_MAX ? within : SHEET_WEEKS_MAX;
}

static bool is_own_week(const struct sheet *sheet, const struct sheet_week *week)
{
    return week->first_day == sheet->period.first && sheet->period.last == week->first_day + 6;
}

static void week_of_sheet(const struct sheet *sheet, struct sheet_week *out)
{
    out->known = sheet->asked > 0;
    out->asked = sheet->asked;
    out->concerning = sheet->concerning;
    out->other = sheet->other;
    out->requests = 0;
    for (size_t i = 0; i < sheet->request_count; i++)
        out->requests += sheet->requests[i].time_s >= sheet->period.from_s;
}

/* A week that has been counted once is kept, also for when its part of the log is gone. */
static void week_keep(const struct report_data *data, const char *path, const struct sheet_week *week)
{
    const int code = weeks_put(path, data->sheet.calendar, week);
    if (code < 0 && code != ERR_NOENT)
        complain(data, path, code);
}

static int week_fill(struct report_data *data, const struct from_log_opts *opts, const char *path, int64_t now_s,
                     struct sheet_week *week)
{
    struct period period;
    int code = period_of_days(data->sheet.calendar, week->first_day, week->first_day + 6, now_s, &period);
    if (code == 0 && is_own_week(&data->sheet, week))
        week_of_sheet(&data->sheet, week);
    else if (code == 0 && !week->known)
        code = from_log_week(opts, &period, data->sheet.calendar, week);
    else
        return code;
    if (code == 0 && week->known && period.is_over && path != NULL)
        week_keep(data, path, week);
    return code;
}

static bool gather_weeks(struct report_data *data, const struct report_options *options, struct from_log_opts *opts,
                         int64_t now_s)
{
    struct sheet *sheet = &data->sheet;
    const char *path = options->dir != NULL ? NULL : arena_printf(data->arena, "%s/weeks", data->config->reports.dir);
    const size_t count = weeks_wanted(options, sheet);
    opts->finder = data->finder;
    opts->concerns.tables = data->tables;
    sheet->weeks = arena_alloc(data->arena, (count + 1) * sizeof *sheet->weeks);
    if (sheet->weeks == NULL)
        return complain(data, "weeks", ERR_NOMEM);
    for (size_t i = 0; i < count; i++)
        sheet->weeks[i].first_day = last_monday(sheet) - 7 * (int32_t)(count - 1 - i);
    int code = path == NULL ? 0 : weeks_load(path, sheet->calendar, sheet->weeks, count);
    if (code < 0)
        complain(data, path, code);
    for (size_t i = 0; i < count; i++) {
        code = week_fill(data, opts, path, now_s, &sheet->weeks[i]);
        if (code < 0)
            return complain(data, opts->dir, code);
    }
    sheet->week_count = count;
    return true;
}

/* ---- everything beside the log ---- */

static json_t *status_load(const struct config *config)
{
    struct text answer = {0};
    const int rc = daemon_ask(config->control_socket, "status", &answer);
    json_t *status = rc < 0 ? NULL : json_loadb(answer.bytes, answer.len, 0, NULL);
    text_done(&answer);
    if (json_is_object(status))
        return status;
    json_decref(status);
    return NULL;
}

static bool gather_records(struct report_data *data, int64_t now_s)
{
    const struct config *config = data->config;
    char path[4096];
    json_t *run = runs_newest(config->blocklist_dir), *status = status_load(config);
    int code = from_run(data->arena, run, now_s, &data->sheet);
    if (code == 0)
        code = from_status(data->arena, status, &data->sheet);
    json_decref(run);
    json_decref(status);
    if (code < 0)
        return complain(data, "the compiler's record", code);
    snprintf(path, sizeof path, "%s/" ATTEST_REGISTER_DIR "/" ATTEST_REGISTER_FILE, config->state_dir);
    code = from_register(data->arena, path, &data->sheet);
    if (code < 0)
        return complain(data, path, code);
    snprintf(path, sizeof path, "%.4000s/register", config->alerts.dir);
    code = from_alerts(data->arena, path, &data->sheet);
    if (code < 0)
        complain(data, path, code);
    return true;
}

static bool gather_books(struct report_data *data)
{
    struct answers answers = {.items = NULL};
    const struct config *config = data->config;
    int code = from_ledger(data->arena, config->ledger.folder, &data->sheet, &answers);
    if (code < 0 && code != ERR_NOENT)
        complain(data, "the ledger", code);
    data->sheet.origin.ledger_unread = code < 0 && code != ERR_NOENT;
    code = from_inbox(data->arena, config->notice.inbox_dir, &answers, &data->sheet);
    answers_done(&answers);
    data->sheet.origin.inbox_unread = code < 0;
    if (code < 0)
        complain(data, "the inbox", code);
    return true;
}

/* ---- the whole ---- */

static const char *maker(struct arena *arena)
{
    struct caller caller;
    const char *sudo = getuid() == 0 ? getenv("SUDO_USER") : NULL;
    caller_of_self(&caller);
    const char *name = sudo != NULL ? sudo : caller.name;
    return arena_text(arena, name, strlen(name));
}

static bool begin(struct report_data *data, const struct report_options *options, int64_t now_s)
{
    const struct config *config = data->config;
    const char *roster = options->roster != NULL ? options->roster
                         : options->dir != NULL  ? NULL
                                                 : config->identity.roster;
    data->arena = arena_new();
    const char *by = data->arena == NULL ? NULL : maker(data->arena);
    if (by == NULL)
        return complain(data, "begin", ERR_NOMEM);
    data->sheet = (struct sheet){.period = options->period,
                                 .calendar = &config->calendar,
                                 .school = config->notice.school == NULL ? "" : config->notice.school,
                                 .contact = config->notice.contact == NULL ? "" : config->notice.contact,
                                 .origin = {.made_s = now_s, .by = by, .version = BELISHA_VERSION}};
    int code = roster == NULL ? 0 : roster_read(roster, NULL, NULL, &data->roster);
    if (code < 0 && (options->roster != NULL || code != ERR_NOENT))
        return complain(data, roster, code);
    code = config->policy.person_count == 0 ? 0
                                            : person_table_new(config->policy.people, config->policy.person_count,
                                                               config->policy.users, &data->people);
    return code == 0 || complain(data, "the people file", code);
}

bool report_gather(const struct operator_env *env, const struct report_options *options, int64_t now_s,
                   struct report_data *out)
{
    *out = (struct report_data){.config = env->config, .err = env->err};
    if (!begin(out, options, now_s))
        return false;
    struct from_log_opts opts = log_opts(out, options, now_s);
    if (!gather_log(out, options, &opts) || !gather_books(out) || !gather_records(out, now_s))
        return false;
    if (!gather_weeks(out, options, &opts, now_s))
        return false;
    if (!options->no_verify)
        verify(out, opts.dir);
    return true;
}

void report_data_done(struct report_data *data)
{
    episode_builder_free(data->builder);
    seen_free(data->seen);
    site_finder_free(data->finder);
    tables_free(data->tables);
    person_table_free(data->people);
    roster_close(data->roster);
    arena_free(data->arena);
}
