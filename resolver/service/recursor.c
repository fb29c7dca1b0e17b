#include "service/recursor.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "recursion/backoff.h"
#include "recursion/unbound_line.h"
#include "service/child.h"
#include "service/probe.h"
#include "service/unbound_setup.h"

#define START_LOOK_MS  20    /* how often one that starts is asked whether it answers */
#define START_MAX_MS   15000 /* one that does not answer by then is ended */
#define LOOK_MS        1000  /* how often one that runs is asked */
#define SILENT_MAX_MS  10000 /* one that has not answered for so long hangs */
#define RETIRED_MS     2000  /* one that was replaced ends after this: no worker asks it any more */
#define END_MAX_MS     3000  /* patience with SIGTERM */
#define LINES_MAX      60    /* lines of it that we log in a minute */
#define LINES_EVERY_MS 60000
#define NEVER          INT64_MAX

struct daemon {
    struct recursor *owner;
    struct daemon *next;
    struct child *child;
    struct probe probe;
    struct endpoint at;
    int64_t started_ms, heard_ms;
    int64_t end_ms;  /* when it gets SIGTERM; NEVER */
    int64_t kill_ms; /* when it gets SIGKILL; NEVER */
    bool unwanted;   /* its end is our wish */
};

struct recursor {
    uv_loop_t *loop;
    uv_timer_t timer;
    void (*moved)(void *ctx);
    void *ctx;
    struct unbound_setup *setup; /* NULL: not used */
    struct daemon *daemons;      /* all of them */
    struct daemon *current;      /* answers; NULL: none does */
    struct daemon *coming;       /* is to be the next current; NULL: none is */
    struct backoff backoff;
    int64_t start_ms; /* when the next one is started; NEVER */
    uint64_t restarts;
    int silent_fd; /* of the place where questions wait; negative: none */
    uint16_t silent_port;
    struct recursor_place told;
    bool closing;
    int64_t lines_from_ms;
    unsigned line_count;
};

static const uint8_t v4_loopback[4] = {127, 0, 0, 1};

static void look(struct recursor *r);

static int64_t now_ms(const struct recursor *r)
{
    return (int64_t)uv_now(r->loop);
}

/* ---- where it is ---- */

struct recursor_place recursor_place(const struct recursor *r)
{
    if (r->current != NULL)
        return (struct recursor_place){.open = true, .at = r->current->at};
    if (r->setup == NULL || !backoff_holds(&r->backoff) || r->silent_fd < 0)
        return (struct recursor_place){.open = false};
    return (struct recursor_place){.open = true, .at = {.addr = ipaddr_from_v4(v4_loopback), .port = r->silent_port}};
}

struct recursion_status recursor_status(const struct recursor *r)
{
    const struct daemon *d = r->current != NULL ? r->current : r->coming;
    struct recursion_status status = {.state = RECURSION_DOWN, .restarts = r->restarts};
    if (d != NULL)
        status.pid = child_pid(d->child);
    if (r->current != NULL)
        status.port = r->current->at.port;
    if (r->setup == NULL)
        status.state = RECURSION_UNUSED;
    else if (r->current != NULL)
        status.state = RECURSION_RUNNING;
    else if (backoff_holds(&r->backoff))
        status.state = RECURSION_STARTING;
    return status;
}

static void tell(struct recursor *r)
{
    struct recursor_place place = recursor_place(r);
    if (r->closing || (place.open == r->told.open && endpoint_equal(&place.at, &r->told.at)))
        return;
    r->told = place;
    r->moved(r->ctx);
}

/* ---- one daemon ---- */

static void log_text(enum log_level level, const char *text)
{
    switch (level) {
    case LOG_LEVEL_ERROR:
        log_error("unbound: %s", text);
        break;
    case LOG_LEVEL_WARNING:
        log_warning("unbound: %s", text);
        break;
    case LOG_LEVEL_INFO:
        log_info("unbound: %s", text);
        break;
    }
}

static void on_line(void *ctx, const char *line)
{
    struct recursor *r = ((struct daemon *)ctx)->owner;
    struct unbound_line read;
    if (now_ms(r) - r->lines_from_ms >= LINES_EVERY_MS) {
        if (r->line_count > LINES_MAX)
            log_warning("unbound said more than is logged lines=%u", r->line_count - LINES_MAX);
        r->lines_from_ms = now_ms(r);
        r->line_count = 0;
    }
    if (r->line_count++ >= LINES_MAX)
        return;
    unbound_line_read(line, &read);
    log_text(read.level, read.text);
}

static void daemon_unlink(struct daemon *d)
{
    struct daemon **at = &d->owner->daemons;
    while (*at != d)
        at = &(*at)->next;
    *at = d->next;
}

/* The next one is started after a pause, unless one is on its way. */
static void note_end(struct recursor *r, int64_t lived_ms)
{
    if (r->setup == NULL || r->coming != NULL)
        return;
    int64_t wait_ms = backoff_note_end(&r->backoff, lived_ms);
    r->start_ms = now_ms(r) + wait_ms;
    r->restarts++;
    if (r->current == NULL && !backoff_holds(&r->backoff))
        log_error("recursion does not stay up, questions fail until it does failures=%u next_start_ms=%lld",
                  r->backoff.failures, (long long)wait_ms);
}

static void on_ended(void *ctx, int status)
{
    struct daemon *d = ctx;
    struct recursor *r = d->owner;
    char end[CHILD_END_MAX];
    bool missed = !r->closing && (d == r->current || d == r->coming);
    int64_t lived_ms = now_ms(r) - d->started_ms;
    daemon_unlink(d);
    if (r->current == d)
        r->current = NULL;
    if (r->coming == d)
        r->coming = NULL;
    if (missed)
        log_error("recursion has ended by itself reason=\"%s\" lived_ms=%lld", child_end_text(status, end),
                  (long long)lived_ms);
    else
        log_info("recursion has ended reason=\"%s\"", child_end_text(status, end));
    probe_close(&d->probe);
    free(d);
    if (missed)
        note_end(r, lived_ms);
    if (r->closing && r->daemons == NULL)
        uv_close((uv_handle_t *)&r->timer, NULL);
    look(r);
    tell(r);
}

static int daemon_start(struct recursor *r, struct text *why, struct daemon **out)
{
    const char *const argv[] = {r->setup->program, "-d", "-c", r->setup->conf, NULL};
    struct daemon *d = calloc(1, sizeof *d);
    if (d == NULL)
        return ERR_NOMEM;
    *d = (struct daemon){.owner = r, .at.addr = r->setup->loopback, .end_ms = NEVER, .kill_ms = NEVER};
    const struct child_opts opts = {.argv = argv, .ctx = d, .line = on_line, .ended = on_ended};
    int err = probe_free_port(&d->at.addr, &d->at.port);
    if (err == 0)
        err = unbound_setup_write(r->setup, &d->at, why);
    if (err == 0)
        err = probe_open(&d->probe, &d->at);
    if (err < 0) {
        free(d);
        return err;
    }
    err = child_start(r->loop, &opts, &d->child);
    if (err < 0) {
        text_printf(why, "%s can't be run: %s (recursion.program; it is in the package unbound)\n", r->setup->program,
                    err_str(err));
        probe_close(&d->probe);
        free(d);
        return err;
    }
    d->started_ms = d->heard_ms = now_ms(r);
    *out = d;
    return 0;
}

static void launch(struct recursor *r)
{
    struct text why = {0};
    struct daemon *d = NULL;
    r->start_ms = NEVER;
    uv_update_time(r->loop);
    int err = daemon_start(r, &why, &d);
    if (err == 0) {
        d->next = r->daemons;
        r->daemons = r->coming = d;
        log_info("recursion is started pid=%d port=%u", (int)child_pid(d->child), d->at.port);
    } else {
        size_t len = why.bytes == NULL ? 0 : strcspn(why.bytes, "\n");
        log_error("recursion can't be started: %.*s", len > 0 ? (int)len : 64, len > 0 ? why.bytes : err_str(err));
        note_end(r, 0);
    }
    text_done(&why);
}

/* It goes on answering until no worker asks it. */
static void retire(struct daemon *d, int64_t end_ms)
{
    if (d == NULL || d->unwanted)
        return;
    d->unwanted = true;
    d->end_ms = end_ms;
}

/* ---- looking after them ---- */

static void look_at_ending(struct daemon *d, int64_t now)
{
    if (now >= d->end_ms) {
        d->end_ms = NEVER;
        d->kill_ms = now + END_MAX_MS;
        child_signal(d->child, SIGTERM);
    }
    if (now >= d->kill_ms) {
        d->kill_ms = NEVER;
        child_signal(d->child, SIGKILL);
    }
}

static void look_at_coming(struct recursor *r, struct daemon *d, int64_t now)
{
    if (probe_answered(&d->probe)) {
        struct daemon *old = r->current;
        r->current = d;
        r->coming = NULL;
        d->heard_ms = now;
        log_info("recursion answers pid=%d port=%u after_ms=%lld", (int)child_pid(d->child), d->at.port,
                 (long long)(now - d->started_ms));
        retire(old, now + RETIRED_MS);
    } else if (now - d->started_ms > START_MAX_MS) {
        log_error("recursion does not answer after its start, it is ended pid=%d", (int)child_pid(d->child));
        d->started_ms = now;
        child_signal(d->child, SIGKILL);
    } else {
        probe_ask(&d->probe);
    }
}

static void look_at_current(struct daemon *d, int64_t now)
{
    if (probe_answered(&d->probe))
        d->heard_ms = now;
    if (now - d->heard_ms > SILENT_MAX_MS) {
        log_error("recursion hangs, it is ended pid=%d", (int)child_pid(d->child));
        d->heard_ms = now;
        child_signal(d->child, SIGKILL);
    }
    probe_ask(&d->probe);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void on_timer(uv_timer_t *timer)
{
    struct recursor *r = timer->data;
    look(r);
    tell(r);
}

/* When to look again. */
static void wind(struct recursor *r, int64_t now)
{
    int64_t next = r->start_ms;
    if (r->coming != NULL)
        next = earlier(next, now + START_LOOK_MS);
    if (r->current != NULL)
        next = earlier(next, now + LOOK_MS);
    for (const struct daemon *d = r->daemons; d != NULL; d = d->next)
        next = earlier(next, earlier(d->end_ms, d->kill_ms));
    if (next == NEVER)
        uv_timer_stop(&r->timer);
    else
        uv_timer_start(&r->timer, on_timer, next > now ? (uint64_t)(next - now) : 0, 0);
}

static void look(struct recursor *r)
{
    int64_t now = now_ms(r);
    if (uv_is_closing((uv_handle_t *)&r->timer))
        return;
    for (struct daemon *d = r->daemons; d != NULL; d = d->next)
        look_at_ending(d, now);
    if (r->coming != NULL)
        look_at_coming(r, r->coming, now);
    if (r->current != NULL)
        look_at_current(r->current, now);
    if (now >= r->start_ms && !r->closing)
        launch(r);
    wind(r, now);
}

/* ---- the whole ---- */

int recursor_new(uv_loop_t *loop, void (*moved)(void *ctx), void *ctx, struct recursor **out)
{
    struct recursor *r = calloc(1, sizeof *r);
    if (r == NULL)
        return ERR_NOMEM;
    *r = (struct recursor){.loop = loop, .moved = moved, .ctx = ctx, .start_ms = NEVER, .silent_fd = -1};
    uv_timer_init(loop, &r->timer);
    r->timer.data = r;
    *out = r;
    return 0;
}

static void open_silent(struct recursor *r)
{
    const struct ipaddr loopback = ipaddr_from_v4(v4_loopback);
    if (r->silent_fd < 0)
        r->silent_fd = probe_silent_port(&loopback, &r->silent_port);
}

/* What is coming has the old configuration. */
static void forget_coming(struct recursor *r)
{
    retire(r->coming, now_ms(r));
    r->coming = NULL;
}

static void use_nothing(struct recursor *r)
{
    forget_coming(r);
    retire(r->current, now_ms(r) + RETIRED_MS);
    r->current = NULL;
    r->start_ms = NEVER;
    unbound_setup_free(r->setup);
    r->setup = NULL;
}

int recursor_use(struct recursor *r, const struct recursion_opts *opts)
{
    struct unbound_setup *setup = NULL;
    int err = opts->used ? unbound_setup_new(opts, &setup) : 0;
    if (err < 0)
        return err;
    if (setup == NULL) {
        use_nothing(r);
    } else if (r->setup != NULL && unbound_setup_equal(r->setup, setup)) {
        unbound_setup_free(setup);
    } else {
        forget_coming(r);
        unbound_setup_free(r->setup);
        r->setup = setup;
        r->backoff = (struct backoff){0};
        r->start_ms = now_ms(r);
        open_silent(r);
    }
    look(r);
    r->told = recursor_place(r);
    return 0;
}

void recursor_close(struct recursor *r)
{
    if (r == NULL)
        return;
    use_nothing(r);
    r->closing = true;
    for (struct daemon *d = r->daemons; d != NULL; d = d->next)
        d->end_ms = d->kill_ms == NEVER ? now_ms(r) : NEVER;
    if (r->daemons == NULL)
        uv_close((uv_handle_t *)&r->timer, NULL);
    look(r);
}

void recursor_free(struct recursor *r)
{
    if (r == NULL)
        return;
    assert(r->daemons == NULL);
    if (r->silent_fd >= 0)
        close(r->silent_fd);
    free(r);
}
