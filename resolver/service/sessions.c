#include "service/sessions.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/err.h"
#include "base/log.h"
#include "net/api.h"
#include "net/radius_server.h"

#define TICK_MS  1000
#define SLICE    2000 /* sessions at once */
#define SLICE_MS 5    /* between slices */
#define DIR_MODE 0750

static_assert(CONFIG_RADIUS_LISTEN_MAX <= RADIUS_LISTEN_MAX && CONFIG_API_LISTEN_MAX <= API_LISTEN_MAX,
              "what may be configured can be listened on");
static_assert(SESSION_USER_MAX <= CLAIM_USER_MAX + 1 && SESSION_HOST_MAX <= CLAIM_HOST_MAX + 1,
              "what a session says fits into a claim");

struct sessions {
    uv_loop_t *loop;
    uv_timer_t tick;
    struct attendance *attendance;
    struct session_book *book;
    struct commit *commit;
    struct radius_server *radius; /* NULL: accounting is not taken */
    struct api *api;              /* NULL: there is none */
    size_t damaged;
    struct session_report report;
};

/* ---- claims ---- */

static enum claim_source claim_source_of(enum session_source source)
{
    return source == SESSION_RADIUS ? CLAIM_RADIUS : CLAIM_LOGON;
}

/* A session is as many claims as it has addresses, numbered behind its own number. */
static void write_key(const struct session *session, unsigned i, char out[CLAIM_KEY_MAX + 1])
{
    snprintf(out, CLAIM_KEY_MAX + 1, i == 0 ? "%" PRIu64 : "%" PRIu64 "/%u", session->number, i);
}

static void put_claim(struct claims *claims, const struct session *session, unsigned i)
{
    struct claim claim = {.source = claim_source_of(session->source),
                          .has_mac = session->has_mac,
                          .from_s = session->from_s,
                          .until_s = session->until_s};
    if (i < session->address_count) {
        claim.has_address = true;
        claim.address = session->addresses[i];
    }
    memcpy(claim.mac, session->mac, sizeof claim.mac);
    snprintf(claim.user, sizeof claim.user, "%s", session->user);
    snprintf(claim.host, sizeof claim.host, "%s", session->host);
    write_key(session, i, claim.key);
    (void)!claims_put(claims, &claim); /* what has no place there is counted there */
}

static void put_claims(struct claims *claims, const struct session *session, int64_t now_s)
{
    unsigned count = session->address_count > 0 ? session->address_count : session->has_mac ? 1 : 0;
    for (unsigned i = 0; i < count; i++)
        put_claim(claims, session, i);
    for (unsigned i = count; i < SESSION_ADDRESSES_MAX; i++) { /* it may have had more */
        char key[CLAIM_KEY_MAX + 1];
        write_key(session, i, key);
        claims_end(claims, claim_source_of(session->source), 0, key, now_s);
    }
}

static void end_claims(struct claims *claims, const struct session *session)
{
    for (unsigned i = 0; i < SESSION_ADDRESSES_MAX; i++) {
        char key[CLAIM_KEY_MAX + 1];
        write_key(session, i, key);
        claims_end(claims, claim_source_of(session->source), 0, key, session->ended_s);
    }
}

static void on_changed(void *ctx, const struct session *session, enum session_book_record record)
{
    struct sessions *s = ctx;
    struct claims *claims = attendance_claims(s->attendance);
    const struct session_line line = {.op = SESSION_OP_SESSION, .session = *session};
    if (session->end == SESSION_LASTS)
        put_claims(claims, session, time(NULL));
    else
        end_claims(claims, session);
    if (record == SESSION_BOOK_RECORD)
        commit_add(s->commit, &line);
}

static void on_cleared(void *ctx, enum session_source source, const char *origin, int64_t at_s)
{
    struct sessions *s = ctx;
    const struct session_line line = {.op = SESSION_OP_CLEAR,
                                      .session = {.source = source, .origin = origin, .ended_s = at_s}};
    commit_add(s->commit, &line);
}

static void put_restored(void *ctx, const struct session *session)
{
    const struct sessions *s = ctx;
    put_claims(attendance_claims(s->attendance), session, time(NULL));
}

static bool find_card(void *ctx, const struct ipaddr *address, uint8_t out[6])
{
    const struct sessions *s = ctx;
    return attendance_card(s->attendance, address, out);
}

/* ---- time ---- */

static void on_tick(uv_timer_t *timer)
{
    struct sessions *s = timer->data;
    bool more = session_book_work(s->book, time(NULL), SLICE);
    commit_start(s->commit); /* tries again what could not be kept */
    uv_timer_start(&s->tick, on_tick, more ? SLICE_MS : TICK_MS, 0);
}

/* ---- opening ---- */

static bool is_wanted(const struct config *config)
{
    return config->radius.listen_count > 0 || config->api.listen_count > 0 || config->api.socket != NULL;
}

static int open_book(struct sessions *s, const struct config *config, uint64_t seed)
{
    const struct session_book_opts opts = {
        .sessions_max = SESSIONS_MAX, .seed = seed, .changed = on_changed, .cleared = on_cleared, .ctx = s};
    struct session_journal *journal = NULL;
    int err = session_book_new(&opts, &s->book);
    if (err < 0)
        return err;
    if (mkdir(config->decisions_dir, DIR_MODE) < 0 && errno != EEXIST)
        log_error("can't make %s: %s", config->decisions_dir, err_str(-errno));
    err = session_journal_open(config->sessions_path, s->book, &journal);
    if (err < 0)
        return err;
    s->damaged = session_journal_damaged(journal);
    if (s->damaged > 0)
        log_error("sessions are lost: their lines are damaged path=%s count=%zu", config->sessions_path, s->damaged);
    err = commit_new(s->loop, journal, s->book, &s->commit);
    if (err < 0)
        session_journal_close(journal);
    return err;
}

static void say_address(const char *what, const struct endpoint *at, int err)
{
    char text[ENDPOINT_TEXT_MAX];
    log_error("can't take %s at %s: %s", what, endpoint_to_text(at, text), err_str(err));
}

static void open_radius(struct sessions *s, const struct settings *settings)
{
    const struct config_radius *config = &settings->config->radius;
    const struct radius_server_opts opts = {.listen = config->listen,
                                            .listen_count = config->listen_count,
                                            .nas = settings->nas,
                                            .book = s->book,
                                            .commit = s->commit};
    struct endpoint failed = {0};
    if (config->listen_count == 0)
        return;
    int err = radius_server_listen(s->loop, &opts, &s->radius, &failed);
    if (err < 0)
        say_address("RADIUS accounting", &failed, err);
    for (size_t i = 0; err == 0 && i < config->listen_count; i++) {
        struct endpoint at = radius_server_bound(s->radius, i);
        char text[ENDPOINT_TEXT_MAX];
        log_info("listening address=%s protocol=radius-accounting", endpoint_to_text(&at, text));
    }
}

static struct api_rules rules_of(const struct settings *settings)
{
    const struct config_api *config = &settings->config->api;
    return (struct api_rules){.tls = settings->tls,
                              .tokens = settings->tokens,
                              .uids = config->uids,
                              .uid_count = config->uid_count,
                              .limits = config->limits};
}

static void open_api(struct sessions *s, const struct settings *settings)
{
    const struct config_api *config = &settings->config->api;
    const struct api_opts opts = {.listen = config->listen,
                                  .listen_count = config->listen_count,
                                  .socket = config->socket,
                                  .socket_mode = (mode_t)config->socket_mode,
                                  .rules = rules_of(settings),
                                  .book = s->book,
                                  .commit = s->commit,
                                  .card = find_card,
                                  .ctx = s};
    if (config->listen_count == 0 && config->socket == NULL)
        return;
    int err = api_listen(s->loop, &opts, &s->api);
    if (err < 0)
        log_error("can't serve the whole local API: %s", err_str(err));
    for (size_t i = 0; err == 0 && i < config->listen_count; i++) {
        struct endpoint at = api_bound(s->api, i);
        char text[ENDPOINT_TEXT_MAX];
        log_info("listening address=%s protocol=api", endpoint_to_text(&at, text));
    }
}

int sessions_open(uv_loop_t *loop, const struct settings *settings, struct attendance *attendance, uint64_t seed,
                  struct sessions **out)
{
    if (!is_wanted(settings->config))
        return 0;
    struct sessions *s = calloc(1, sizeof *s);
    if (s == NULL)
        return ERR_NOMEM;
    s->loop = loop;
    s->attendance = attendance;
    uv_timer_init(loop, &s->tick);
    s->tick.data = s;
    *out = s;
    int err = open_book(s, settings->config, seed);
    if (err < 0) {
        s->report.last_error = err;
        log_error("no sessions are taken: their file %s can't be used: %s", settings->config->sessions_path,
                  err_str(err));
        return 0;
    }
    session_book_each(s->book, put_restored, s);
    log_info("sessions known radius=%zu logon=%zu", session_book_lasting(s->book, SESSION_RADIUS),
             session_book_lasting(s->book, SESSION_LOGON));
    open_radius(s, settings);
    open_api(s, settings);
    uv_timer_start(&s->tick, on_tick, 0, 0);
    return 0;
}

void sessions_use(struct sessions *s, const struct settings *settings)
{
    if (s == NULL)
        return;
    struct api_rules rules = rules_of(settings);
    if (s->radius != NULL && radius_server_set_nas(s->radius, settings->nas) < 0)
        log_error("the accounting server has no memory for its NAS");
    if (s->api != NULL)
        api_set(s->api, &rules);
}

const struct session_report *sessions_report(struct sessions *s)
{
    if (s == NULL)
        return NULL;
    s->report.damaged = s->damaged;
    if (s->commit == NULL)
        return &s->report;
    for (size_t i = 0; i < SESSION_SOURCES; i++)
        s->report.lasting[i] = session_book_lasting(s->book, (enum session_source)i);
    s->report.last_error = commit_stats(s->commit).last_error;
    s->report.radius = s->radius == NULL ? NULL : radius_server_tally(s->radius);
    s->report.heard = s->radius == NULL ? NULL : radius_server_heard(s->radius, &s->report.heard_count);
    s->report.logons = s->api == NULL ? NULL : api_tally(s->api);
    return &s->report;
}

/* ---- the end ---- */

void sessions_close(struct sessions *s)
{
    if (s == NULL)
        return;
    uv_close((uv_handle_t *)&s->tick, NULL);
    radius_server_close(s->radius);
    api_close(s->api);
    commit_close(s->commit);
}

void sessions_free(struct sessions *s)
{
    if (s == NULL)
        return;
    radius_server_free(s->radius);
    api_free(s->api);
    commit_free(s->commit);
    session_book_free(s->book);
    free(s);
}
