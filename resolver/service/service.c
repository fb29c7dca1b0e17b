#include "service/service.h"

#include <signal.h>
#include <sys/resource.h>
#include <time.h>

#include "base/err.h"
#include "base/log.h"
#include "net/notify.h"
#include "service/internal.h"
#include "service/telling.h"

#define LOG_LOOK_MS 1000

/* ---- control ---- */

static int command_reload(void *ctx, const struct caller *by, struct text *why)
{
    return in_force_reload(ctx, by, why);
}

static int command_policy_check(void *ctx, const char *text, size_t len, struct text *out, struct text *words,
                                uint64_t *out_opens, struct text *why)
{
    struct service *s = ctx;
    return changes_check(&s->changes, s->snapshot->parts.settings->config, text, len, out, words, out_opens, why);
}

static int command_policy_use(void *ctx, struct text *why)
{
    struct service *s = ctx;
    struct caller self;
    caller_of_self(&self);
    int err = changes_link(&s->changes, s->snapshot->parts.settings->config);
    return err < 0 ? err : in_force_reload(s, &self, why);
}

static void command_stop(void *ctx)
{
    struct service *s = ctx;
    uv_stop(&s->loop);
}

static int command_decided(void *ctx)
{
    struct service *s = ctx;
    struct snapshot_parts parts = s->snapshot->parts;
    int err = rulings_orders(&s->rulings, parts.settings->config, parts.settings->policy, time(NULL), &parts.orders);
    return err < 0 ? err : in_force_put(s, parts);
}

void service_command_env(void *ctx, struct command_env *out)
{
    struct service *s = ctx;
    const struct settings *settings = s->snapshot->parts.settings;
    *out = (struct command_env){
        .version = BELISHA_VERSION,
        .state_dir = settings->config->state_dir,
        .now_s = time(NULL),
        .now_ms = (int64_t)uv_now(&s->loop),
        .started_s = s->started_s,
        .blockdb = s->snapshot->parts.list->db,
        .statutory = s->snapshot->parts.tier->list,
        .statutory_missing = s->snapshot->parts.tier->missing,
        .statutory_path = settings->config->statutory_path,
        .query = &settings->config->query,
        .recursion = recursor_status(s->recursor),
        .sessions = sessions_report(s->sessions),
        .policy_version = policy_version(settings->policy),
        .workers = workers_metrics(s->workers),
        .worker_count = workers_count(s->workers),
        .workers_stuck = workers_stuck(s->workers, (int64_t)uv_now(&s->loop)),
        .pace = &s->pace,
        .cache = s->cache,
        .log = s->log,
        .log_trouble = s->log_alarm.ringing,
        .policy = settings->policy,
        .claims = attendance_claims(s->attendance),
        .presence = s->snapshot->parts.roll->table,
        .roster = attendance_roster(s->attendance),
        .users = settings->config->policy.users,
        .presence_took_us = attendance_took_us(s->attendance),
        .docket = s->rulings.docket,
        .docket_err = s->rulings.err,
        .decide = &settings->config->decide,
        .knows_people = s->rulings.numbers.user != NULL,
        .ctx = s,
        .decided = command_decided,
        .policy_check = command_policy_check,
        .policy_use = command_policy_use,
        .reload = command_reload,
        .stop = command_stop,
    };
    changes_fill(&s->changes, settings->config, out);
    lookout_fill(s->lookout, out);
}

/* ---- signals and time ---- */

static void on_stop_signal(uv_signal_t *handle, int number)
{
    (void)number;
    uv_stop(handle->loop);
}

static void on_hangup(uv_signal_t *handle, int number)
{
    struct text why = {0};
    struct caller self;
    (void)number;
    caller_of_self(&self);
    (void)in_force_reload(handle->data, &self, &why);
    text_done(&why);
}

/* A worker that hangs leaves its share of the clients without answers: then the program had better be started anew. */
static void on_watchdog(uv_timer_t *timer)
{
    struct service *s = timer->data;
    if (s->workers == NULL || workers_stuck(s->workers, (int64_t)uv_now(&s->loop)) == 0)
        notify_send("WATCHDOG=1");
}

static void on_pace_look(uv_timer_t *timer)
{
    struct service *s = timer->data;
    struct metrics sum;
    if (s->workers == NULL)
        return;
    metrics_sum(workers_metrics(s->workers), workers_count(s->workers), &sum);
    pace_sample(&s->pace, &sum, (int64_t)uv_now(&s->loop));
}

/* Blocks that a clock ahead took for over hold again. */
static void follow_clock(struct service *s)
{
    if (s->snapshot == NULL || s->workers == NULL || !rulings_are_ahead(&s->rulings, time(NULL)))
        return;
    int err = command_decided(s);
    if (err < 0)
        log_error("the clock was set back, and decisions can't be made to follow it: %s", err_str(err));
    else
        log_warning("the clock was set back: decisions are in force by the new time");
}

/* A log that can't be written must not stay unnoticed by who looks after this machine. */
static void on_log_look(uv_timer_t *timer)
{
    struct service *s = timer->data;
    struct command_env env;
    if (s->snapshot != NULL && s->workers != NULL) {
        service_command_env(s, &env);
        changes_look(&env);
    }
    follow_clock(s);
    if (s->log != NULL)
        log_alarm_tell(&s->log_alarm, s->log, (int64_t)uv_now(&s->loop));
}

static void start_handles(struct service *s)
{
    uint64_t watchdog_ms = notify_watchdog_ms();
    uv_signal_init(&s->loop, &s->terminate);
    uv_signal_init(&s->loop, &s->interrupt);
    uv_signal_init(&s->loop, &s->hangup);
    uv_timer_init(&s->loop, &s->watchdog);
    s->hangup.data = s;
    uv_signal_start(&s->terminate, on_stop_signal, SIGTERM);
    uv_signal_start(&s->interrupt, on_stop_signal, SIGINT);
    uv_signal_start(&s->hangup, on_hangup, SIGHUP);
    uv_timer_init(&s->loop, &s->log_look);
    s->log_look.data = s;
    s->watchdog.data = s;
    uv_timer_init(&s->loop, &s->pace_look);
    s->pace_look.data = s;
    uv_timer_start(&s->pace_look, on_pace_look, 0, PACE_STEP_MS);
    uv_timer_start(&s->log_look, on_log_look, LOG_LOOK_MS, LOG_LOOK_MS);
    if (watchdog_ms > 0)
        uv_timer_start(&s->watchdog, on_watchdog, watchdog_ms, watchdog_ms);
}

/* Sockets to clients and upstreams are many; the soft limit is made for programs that still use select(2). */
static void raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

int service_run(const char *const files[], size_t file_count)
{
    struct service s = {.changes = {.files = files, .file_count = file_count},
                        .files = files,
                        .file_count = file_count,
                        .started_s = time(NULL)};
    signal(SIGPIPE, SIG_IGN);
    raise_file_limit();
    int err = names_new(&s.names);
    if (err < 0 || uv_loop_init(&s.loop) < 0) {
        names_free(s.names);
        return 1;
    }
    start_handles(&s);
    err = parts_open(&s);
    if (err == 0) {
        telling_ready(s.snapshot->parts.settings->config, workers_count(s.workers), s.monitor != NULL);
        uv_run(&s.loop, UV_RUN_DEFAULT);
        notify_send("STOPPING=1");
        log_info("stopping");
    }
    parts_close(&s);
    return err < 0 ? 1 : 0;
}
