#include "service/service.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <uv.h>

#include "base/err.h"
#include "base/log.h"
#include "base/random.h"
#include "control/names.h"
#include "control/pace.h"
#include "monitor/monitor.h"
#include "net/control_socket.h"
#include "net/notify.h"
#include "net/tap_output.h"
#include "net/watch.h"
#include "net/workers.h"
#include "service/attendance.h"
#include "service/changes.h"
#include "service/log_alarm.h"
#include "service/log_signer.h"
#include "service/lookout.h"
#include "service/recursor.h"
#include "service/restart.h"
#include "service/rulings.h"
#include "service/sessions.h"
#include "service/snapshot.h"
#include "service/telling.h"
#include "service/unbound_setup.h"
#include "statutory/enrolled.h"
#include "statutory/older.h"

#define LOG_LOOK_MS 1000

static_assert(CONFIG_METRICS_LISTEN_MAX <= MONITOR_LISTEN_MAX, "what may be configured can be listened on");

struct service {
    const char *const *files;
    size_t file_count;
    uv_loop_t loop;
    uv_signal_t terminate, interrupt, hangup;
    uv_timer_t watchdog;
    uv_timer_t log_look;
    struct log_alarm log_alarm;
    uv_timer_t pace_look;
    struct pace pace;
    struct snapshot_secrets secrets;
    int64_t started_s;
    struct snapshot *snapshot; /* in force, or being handed to the workers */
    struct rulings rulings;
    struct changes changes;
    struct attendance *attendance;
    struct lookout *lookout;
    struct sessions *sessions; /* NULL: nobody tells of any */
    struct recursor *recursor;
    struct names *names;
    struct cache *cache;
    struct qlog *log;
    struct tap_output *taps; /* NULL: nothing is told by dnstap */
    struct watch *watch;
    struct watch *tier_watch;
    struct workers *workers;
    struct control_socket *control;
    struct monitor *monitor; /* NULL: not wanted */
};

/* ---- a new snapshot in force ---- */

static void on_let_go(void *ctx)
{
    static const uint8_t root[1];
    struct snapshot *old = ctx;
    if (old->outdated != NULL)
        cache_flush(old->outdated, root);
    snapshot_free(old);
}

static struct worker_env env_of(struct service *s, const struct snapshot *snapshot)
{
    struct worker_env env = snapshot_env(snapshot, s->cache);
    env.query.sightings = attendance_sightings(s->attendance);
    env.query.hearing = lookout_hearing(s->lookout);
    return env;
}

/* Puts all parts in force; the old snapshot goes when no worker uses it any more. */
static int put_in_force(struct service *s, struct snapshot_parts parts)
{
    struct snapshot *next;
    int err = snapshot_new(&parts, &next);
    if (err < 0) {
        snapshot_release_unheld(&parts);
        return err;
    }
    struct worker_env env = env_of(s, next);
    err = workers_set_env(s->workers, &env, on_let_go, s->snapshot);
    if (err < 0) {
        snapshot_free(next);
        return err;
    }
    s->snapshot = next;
    return 0;
}

static void on_generation(void *ctx, void *opened)
{
    struct service *s = ctx;
    struct blockdb *db = opened;
    struct snapshot_parts parts = s->snapshot->parts;
    names_put_generation(s->names, db);
    int err = list_new(db, &parts.list);
    if (err == 0)
        err = put_in_force(s, parts);
    if (err < 0)
        log_error("blocklist generation not taken up: %s", err_str(err));
    else
        telling_generation(db);
}

static void on_statutory(void *ctx, void *opened)
{
    struct service *s = ctx;
    struct snapshot_parts parts = s->snapshot->parts;
    int err = tier_new(opened, false, &parts.tier);
    if (err == 0)
        err = put_in_force(s, parts);
    if (err < 0)
        log_error("statutory list not taken up: %s", err_str(err));
    else
        telling_tier(opened);
}

static void on_recursion_moved(void *ctx)
{
    struct service *s = ctx;
    struct snapshot_parts parts = s->snapshot->parts;
    parts.recursion = recursor_place(s->recursor);
    int err = put_in_force(s, parts);
    if (err < 0)
        log_error("recursion not taken up: %s", err_str(err));
}

static void on_attendance(void *ctx)
{
    struct service *s = ctx;
    struct snapshot_parts parts = s->snapshot->parts;
    parts.roll = attendance_roll(s->attendance);
    int err = put_in_force(s, parts);
    if (err < 0)
        log_error("who is where is not taken up: %s", err_str(err));
}

/* ---- reload ---- */

/* Entries of the cache are kept by the number of their zone. */
static bool same_zones(const struct query_opts *a, const struct query_opts *b)
{
    if (a->zone_count != b->zone_count)
        return false;
    for (size_t i = 0; i < a->zone_count; i++)
        if (!name_equal(a->zones[i].name, b->zones[i].name))
            return false;
    return true;
}

static void publish_names(struct service *s, const struct config *config)
{
    names_put_policy(s->names, &config->policy);
    names_put_upstreams(s->names, &config->query);
}

/* Loads the files, and asks unbound whether it agrees with what concerns it. */
static int load_anew(struct service *s, struct settings **out, struct text *why)
{
    struct settings *settings;
    int err = settings_load(s->files, s->file_count, &s->secrets, &settings, why);
    if (err < 0)
        return err;
    if (settings->config->recursion.used)
        err = unbound_setup_check(&settings->config->recursion, why);
    if (err < 0)
        settings_release_unheld(settings);
    else
        *out = settings;
    return err;
}

/* Before the workers hear of it: where the new recursion is said to be, questions can wait for it. */
static int use_recursion(struct service *s, const struct config *config, struct snapshot_parts *parts)
{
    int err = recursor_use(s->recursor, &config->recursion);
    parts->recursion = recursor_place(s->recursor);
    return err;
}

/* People and devices are numbers in the policy and the configuration. */
static int use_attendance(struct service *s, struct snapshot_parts *parts)
{
    int err = attendance_use(s->attendance, parts->settings->config, parts->settings->policy);
    if (err == 0)
        parts->roll = attendance_roll(s->attendance);
    return err;
}

static int reload(struct service *s, const struct caller *by, struct text *why)
{
    struct snapshot_parts parts = s->snapshot->parts;
    const struct config *old = parts.settings->config;
    int err = load_anew(s, &parts.settings, why);
    if (err < 0)
        return err;
    config_keep_meters(parts.settings->config, old);
    const struct config *config = parts.settings->config;
    restart_warn(old, config);
    err = watch_set_path(s->watch, config->generation_path);
    if (err == 0)
        err = watch_set_path(s->tier_watch, config->statutory_path);
    if (err == 0)
        err = changes_take(&s->changes, parts.settings, old, by, time(NULL), why);
    if (err == 0)
        err = use_attendance(s, &parts);
    if (err == 0) /* decisions are for groups and users by name, and what is one user's name the attendance says */
        err = rulings_orders(&s->rulings, config, parts.settings->policy, time(NULL), &parts.orders);
    if (err == 0)
        err = use_recursion(s, config, &parts);
    if (err < 0) {
        snapshot_release_unheld(&parts);
    } else {
        publish_names(s, config);
        if (!same_zones(&old->query, &config->query))
            s->snapshot->outdated = s->cache;
        err = put_in_force(s, parts);
        if (err < 0 && use_recursion(s, old, &parts) < 0)
            log_error("recursion keeps a configuration that is not in force");
        if (err == 0)
            lookout_use(s->lookout, config);
    }
    if (err < 0 && attendance_use(s->attendance, old, s->snapshot->parts.settings->policy) < 0)
        log_error("who is where is not known anew: %s", err_str(ERR_NOMEM));
    if (err == 0)
        sessions_use(s->sessions, parts.settings);
    if (err == 0 && s->monitor != NULL)
        monitor_set_access(s->monitor, config->metrics.access, config->metrics.access_count);
    if (err < 0)
        text_printf(why, "%s\n", err_str(err));
    return err;
}

static int reload_logged(struct service *s, const struct caller *by, struct text *why)
{
    notify_send("RELOADING=1");
    int err = reload(s, by, why);
    if (err < 0) {
        log_error("configuration refused, the running one stays in force");
        telling_lines(why);
    } else {
        log_info("configuration reloaded policy_version=%" PRIu32, policy_version(s->snapshot->parts.settings->policy));
    }
    watch_check(s->watch);
    watch_check(s->tier_watch);
    notify_send("READY=1");
    return err;
}

/* ---- control ---- */

static int command_reload(void *ctx, const struct caller *by, struct text *why)
{
    return reload_logged(ctx, by, why);
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
    return err < 0 ? err : reload_logged(s, &self, why);
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
    return err < 0 ? err : put_in_force(s, parts);
}

static void fill_command_env(void *ctx, struct command_env *out)
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
    (void)reload_logged(handle->data, &self, &why);
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

/* A log that can't be written must not stay unnoticed by who looks after this machine. */
static void on_log_look(uv_timer_t *timer)
{
    struct service *s = timer->data;
    struct command_env env;
    if (s->snapshot != NULL && s->workers != NULL) {
        fill_command_env(s, &env);
        changes_look(&env);
    }
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

/* ---- start ---- */

static int failed(const char *what, const char *where, int err)
{
    log_error("cannot %s %s: %s", what, where, err_str(err));
    return err;
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

static int load_settings(struct service *s, struct settings **out)
{
    struct text why = {0};
    int err = settings_load(s->files, s->file_count, &s->secrets, out, &why);
    if (err < 0)
        fputs(why.bytes == NULL ? "belishad: no memory\n" : why.bytes, stderr);
    text_done(&why);
    return err;
}

static int open_log(struct service *s, const struct config *config)
{
    struct qlog_opts opts = config->log;
    if (!config->log_enabled)
        return 0;
    opts.writer_count = config->workers;
    opts.group_name = names_group;
    opts.feed_name = names_feed;
    opts.upstream_name = names_upstream;
    opts.ctx = s->names;
    int err = qlog_open(&opts, &s->log);
    if (err < 0)
        return failed("open the query log", opts.dir, err);
    log_signer_tell(s->log, opts.key_path);
    return 0;
}

/* The statutory list that is there now. One that was set up and can't be read leaves nothing open. */
static int open_tier(struct service *s, const struct config *config, struct tier **out)
{
    int err = watch_new(&s->loop, &watch_statutory, config->statutory_path, on_statutory, s, &s->tier_watch);
    if (err < 0)
        return err;
    struct statutory *list = watch_open_now(s->tier_watch);
    bool missing = list == NULL && enrolled_is_set_up(config->statutory_path);
    if (missing && older_open(config->statutory_path, &list) == 0) {
        log_error("the current statutory list can't be read, an older one is in force path=%s", config->statutory_path);
        missing = false;
    }
    if (list != NULL)
        telling_tier(list);
    if (missing)
        log_error("the statutory list was set up and can't be read: every question is answered SERVFAIL until it can "
                  "path=%s",
                  config->statutory_path);
    return tier_new(list, missing, out);
}

/* The first snapshot, from the configuration and the lists that are there now, if any. */
static int open_snapshot(struct service *s, struct settings *settings)
{
    struct snapshot_parts parts = {.settings = settings};
    int err = watch_new(&s->loop, &watch_blocklist, settings->config->generation_path, on_generation, s, &s->watch);
    struct blockdb *db = err < 0 ? NULL : watch_open_now(s->watch);
    if (db != NULL) {
        names_put_generation(s->names, db);
        telling_generation(db);
    }
    if (err == 0)
        err = list_new(db, &parts.list);
    if (err == 0)
        err = open_tier(s, settings->config, &parts.tier);
    if (err == 0)
        err = rulings_orders(&s->rulings, settings->config, settings->policy, time(NULL), &parts.orders);
    if (err == 0)
        err = lookout_open(&s->loop, s->attendance, settings->config, &s->lookout);
    if (err == 0)
        err = use_attendance(s, &parts);
    if (err == 0)
        err = recursor_new(&s->loop, on_recursion_moved, s, &s->recursor);
    if (err == 0)
        err = use_recursion(s, settings->config, &parts);
    if (err == 0)
        err = snapshot_new(&parts, &s->snapshot);
    if (err < 0) {
        snapshot_release_unheld(&parts);
        return failed("start", "", err);
    }
    return 0;
}

static int open_taps(struct service *s, const struct config *config)
{
    if (config->tap_socket == NULL)
        return 0;
    int err = tap_output_new(config->tap_socket, &config->tap, config->workers, &s->taps);
    return err < 0 ? failed("tell dnstap messages to", config->tap_socket, err) : 0;
}

static int open_workers(struct service *s, const struct config *config)
{
    struct workers_opts opts = {
        .count = config->workers,
        .listen = config->listen,
        .listen_count = config->listen_count,
        .listen_dot = config->tls.dot,
        .listen_dot_count = config->tls.dot_count,
        .listen_doh = config->tls.doh,
        .listen_doh_count = config->tls.doh_count,
        .tcp_clients = config->limits.tcp_clients,
        .tcp_per_client = config->limits.tcp_per_client,
        .log = s->log,
        .taps = s->taps,
    };
    struct worker_env env = env_of(s, s->snapshot);
    struct endpoint address = {0};
    char text[ENDPOINT_TEXT_MAX];
    int err = workers_open(&s->loop, &opts, &env, &s->workers, &address);
    return err < 0 ? failed("listen on", endpoint_to_text(&address, text), err) : 0;
}

/* Without it nobody can ask for the status, but clients get their answers: only a running belishad there stops us. */
static int open_control(struct service *s, const struct config *config)
{
    int err = control_socket_listen(&s->loop, config->control_socket, fill_command_env, s, &s->control);
    if (err < 0)
        failed("open the control socket", config->control_socket, err);
    return err == -EADDRINUSE ? err : 0;
}

/* As with the control socket: clients get their answers without it. */
static void open_monitor(struct service *s, const struct config *config)
{
    const struct monitor_opts opts = {.listen = config->metrics.listen,
                                      .listen_count = config->metrics.listen_count,
                                      .access = config->metrics.access,
                                      .access_count = config->metrics.access_count,
                                      .life_ms = MONITOR_LIFE_MS,
                                      .fresh_ms = MONITOR_FRESH_MS,
                                      .env = fill_command_env,
                                      .ctx = s};
    struct endpoint address = {0};
    char text[ENDPOINT_TEXT_MAX];
    if (opts.listen_count == 0)
        return;
    int err = monitor_listen(&s->loop, &opts, &s->monitor, &address);
    if (err < 0)
        failed("serve metrics on", endpoint_to_text(&address, text), err);
}

static int start(struct service *s)
{
    struct settings *settings;
    struct random_pool random = {0};
    random_bytes(&random, &s->secrets, sizeof s->secrets);
    int err = load_settings(s, &settings);
    if (err < 0)
        return err;
    const struct config *config = settings->config;
    if (mkdir(config->state_dir, 0750) < 0 && errno != EEXIST)
        failed("make", config->state_dir, -errno);
    uint64_t seed;
    random_bytes(&random, &seed, sizeof seed);
    err = rulings_open(&s->rulings, config, time(NULL));
    if (err == 0)
        err = attendance_open(&s->loop, config, seed, on_attendance, s, &s->attendance);
    if (err == 0)
        s->rulings.numbers = attendance_numbers(s->attendance);
    if (err < 0) {
        settings_release_unheld(settings);
        return err;
    }
    err = changes_start(&s->changes, &s->secrets, &settings, time(NULL));
    if (err == 0) /* before the first answer: who was there is there again */
        err = sessions_open(&s->loop, settings, s->attendance, seed, &s->sessions);
    if (err < 0) {
        settings_release_unheld(settings);
        return err;
    }
    config = settings->config;
    err = open_snapshot(s, settings);
    if (err < 0)
        return err;
    publish_names(s, config);
    err = cache_new(&config->cache, &s->cache);
    if (err < 0)
        return failed("make", "the cache", err);
    err = open_log(s, config);
    if (err == 0)
        err = open_taps(s, config);
    if (err == 0)
        err = open_workers(s, config);
    if (err == 0)
        err = open_control(s, config);
    if (err == 0)
        err = workers_start(s->workers);
    if (err == 0)
        open_monitor(s, config);
    if (err == 0)
        watch_start(s->watch);
    watch_start(s->tier_watch);
    return err;
}

/* ---- end ---- */

static void close_handle(uv_handle_t *handle)
{
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

static void stop(struct service *s)
{
    control_socket_close(s->control);
    monitor_close(s->monitor);
    watch_close(s->watch);
    watch_close(s->tier_watch);
    workers_free(s->workers);
    recursor_close(s->recursor);
    lookout_close(s->lookout);
    sessions_close(s->sessions);
    attendance_close(s->attendance);
    close_handle((uv_handle_t *)&s->terminate);
    close_handle((uv_handle_t *)&s->interrupt);
    close_handle((uv_handle_t *)&s->hangup);
    close_handle((uv_handle_t *)&s->watchdog);
    close_handle((uv_handle_t *)&s->log_look);
    close_handle((uv_handle_t *)&s->pace_look);
    uv_run(&s->loop, UV_RUN_DEFAULT);
    uv_loop_close(&s->loop);
    tap_output_free(s->taps);
    qlog_close(s->log);
    recursor_free(s->recursor);
    snapshot_free(s->snapshot);
    lookout_free(s->lookout);
    sessions_free(s->sessions);
    attendance_free(s->attendance);
    rulings_close(&s->rulings);
    changes_close(&s->changes);
    cache_free(s->cache);
    names_free(s->names);
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
    err = start(&s);
    if (err == 0) {
        telling_ready(s.snapshot->parts.settings->config, workers_count(s.workers), s.monitor != NULL);
        uv_run(&s.loop, UV_RUN_DEFAULT);
        notify_send("STOPPING=1");
        log_info("stopping");
    }
    stop(&s);
    return err < 0 ? 1 : 0;
}
