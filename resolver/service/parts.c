/* What the service is made of, in the order in which one needs the other; closed in the other order. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "base/err.h"
#include "base/log.h"
#include "base/random.h"
#include "service/internal.h"
#include "service/log_alarm.h"
#include "service/log_signer.h"
#include "service/telling.h"
#include "statutory/enrolled.h"
#include "statutory/older.h"

static_assert(CONFIG_METRICS_LISTEN_MAX <= MONITOR_LISTEN_MAX, "what may be configured can be listened on");

static int failed(const char *what, const char *where, int err)
{
    log_error("cannot %s %s: %s", what, where, err_str(err));
    return err;
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
    log_alarm_tell_memory(s->log, opts.memory_dir);
    return 0;
}

/* The statutory list that is there now. One that was set up and can't be read leaves nothing open. */
static int open_tier(struct service *s, const struct config *config, struct tier **out)
{
    int err = watch_new(&s->loop, &watch_statutory, config->statutory_path, in_force_on_statutory, s, &s->tier_watch);
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
    return snapshot_tier_new(list, missing, out);
}

/* The first snapshot, from the configuration and the lists that are there now, if any. */
static int open_snapshot(struct service *s, struct settings *settings)
{
    struct snapshot_parts parts = {.settings = settings};
    int err =
        watch_new(&s->loop, &watch_blocklist, settings->config->generation_path, in_force_on_generation, s, &s->watch);
    struct blockdb *db = err < 0 ? NULL : watch_open_now(s->watch);
    if (db != NULL) {
        names_put_generation(s->names, db);
        telling_generation(db);
    }
    if (err == 0)
        err = snapshot_list_new(db, &parts.list);
    if (err == 0)
        err = open_tier(s, settings->config, &parts.tier);
    if (err == 0)
        err = rulings_orders(&s->rulings, settings->config, settings->policy, time(NULL), &parts.orders);
    if (err == 0)
        err = lookout_open(&s->loop, s->attendance, settings->config, &s->lookout);
    if (err == 0)
        err = in_force_attendance(s, &parts);
    if (err == 0)
        err = recursor_new(&s->loop, in_force_on_recursion, s, &s->recursor);
    if (err == 0)
        err = in_force_recursion(s, settings->config, &parts);
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
    struct worker_env env = in_force_env(s, s->snapshot);
    struct endpoint address = {0};
    char text[ENDPOINT_TEXT_MAX];
    int err = workers_open(&s->loop, &opts, &env, &s->workers, &address);
    return err < 0 ? failed("listen on", endpoint_to_text(&address, text), err) : 0;
}

/* Without it nobody can ask for the status, but clients get their answers: only a running belishad there stops us. */
static int open_control(struct service *s, const struct config *config)
{
    int err = control_socket_listen(&s->loop, config->control_socket, service_command_env, s, &s->control);
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
                                      .env = service_command_env,
                                      .ctx = s};
    struct endpoint address = {0};
    char text[ENDPOINT_TEXT_MAX];
    if (opts.listen_count == 0)
        return;
    int err = monitor_listen(&s->loop, &opts, &s->monitor, &address);
    if (err < 0)
        failed("serve metrics on", endpoint_to_text(&address, text), err);
}

int parts_open(struct service *s)
{
    struct settings *settings;
    struct random_pool random = {0};
    random_bytes(&random, &s->secrets, sizeof s->secrets);
    int err = load_settings(s, &settings);
    if (err < 0)
        return err;
    const struct config *config = settings->config;
    config_use_time_zone(config);
    if (mkdir(config->state_dir, 0750) < 0 && errno != EEXIST)
        failed("make", config->state_dir, -errno);
    uint64_t seed;
    random_bytes(&random, &seed, sizeof seed);
    err = rulings_open(&s->rulings, config, time(NULL));
    if (err == 0)
        err = attendance_open(&s->loop, config, seed, in_force_on_attendance, s, &s->attendance);
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
    in_force_names(s, config);
    err = cache_new(&config->cache, &s->cache);
    if (err < 0)
        return failed("make", "the cache", err);
    err = open_log(s, config);
    if (err == 0)
        in_force_know(s, config, s->snapshot->parts.list->db);
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

void parts_close(struct service *s)
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
