#include "ship/shipping.h"

#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/plain.h"
#include "ship/queue.h"

#define DELAY_MIN_MS  250
#define DELAY_MAX_MS  60000
#define STOP_LOOK_MS  200
#define LOOK_AGAIN_MS 30000 /* should nobody tell of a new segment */

struct shipping {
    const struct shipping_opts *opts;
    struct shipping_result *result;
    struct position position;
    struct queue queue;
    struct sink *sink;
    struct pseudonym_key key;
    struct roster *roster;
    uint64_t roster_segment; /* it was read for */
    bool fresh;              /* nothing from the place on can be there yet */
    int lock_fd, watch_fd;
};

static int64_t now_s(void)
{
    return (int64_t)time(NULL);
}

static bool is_to_stop(const struct shipping *s)
{
    return s->opts->stop != NULL && *s->opts->stop != 0;
}

static void say(const struct shipping *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Servers' words are in it. */
static void say(const struct shipping *s, const char *format, ...)
{
    va_list args;
    if (s->opts->say == NULL)
        return;
    char *words = NULL;
    va_start(args, format);
    int len = vasprintf(&words, format, args);
    va_end(args);
    fprintf(s->opts->say, "belisha log ship: %s: ", s->opts->to->name);
    plain_print(len < 0 ? err_str(ERR_NOMEM) : words, s->opts->say);
    fputc('\n', s->opts->say);
    fflush(s->opts->say);
    if (len >= 0)
        free(words);
}

/* ---- waiting ---- */

static void wait_ms(const struct shipping *s, int64_t ms)
{
    for (; ms > 0 && !is_to_stop(s); ms -= STOP_LOOK_MS)
        poll(NULL, 0, ms < STOP_LOOK_MS ? (int)ms : STOP_LOOK_MS);
}

/* A segment gets its name when it is whole. */
static void wait_for_segment(const struct shipping *s)
{
    char events[4096];
    struct pollfd changed = {.fd = s->watch_fd, .events = POLLIN};
    for (int64_t ms = LOOK_AGAIN_MS; ms > 0 && !is_to_stop(s); ms -= STOP_LOOK_MS) {
        if (s->watch_fd < 0) {
            poll(NULL, 0, STOP_LOOK_MS);
        } else if (poll(&changed, 1, STOP_LOOK_MS) > 0) {
            while (read(s->watch_fd, events, sizeof events) > 0)
                continue;
            return;
        }
    }
}

/* ---- the place ---- */

/* Nothing is sent before it is on disk, however long that takes. */
static int place_save(struct shipping *s)
{
    int64_t delay = DELAY_MIN_MS;
    int said = 0;
    for (unsigned tries = 1;; tries++) {
        int code = position_save(s->opts->log_dir, s->opts->to->name, &s->position);
        if (code == 0)
            return 0;
        if (code != said)
            say(s, "the place in the log can't be written down: %s", err_str(code));
        said = code;
        if (is_to_stop(s) || (!s->opts->follow && tries >= s->opts->tries))
            return code;
        wait_ms(s, delay);
        delay = delay * 2 > DELAY_MAX_MS ? DELAY_MAX_MS : delay * 2;
    }
}

static int place_load(struct shipping *s)
{
    int code = position_load(s->opts->log_dir, s->opts->to->name, &s->position);
    if (code < 0) {
        say(s, "%s/" POSITION_DIR "/%s.json can't be read: %s; without it, all would be sent again", s->opts->log_dir,
            s->opts->to->name, err_str(code));
        return code;
    }
    s->position.wait_s = s->opts->to->keep_until_shipped_s;
    return place_save(s);
}

/* ---- one batch ---- */

/* Names that came since; a segment's rows have no younger ones. */
static void roster_renew(struct shipping *s)
{
    uint64_t segment = s->queue.batch.origin.segment;
    struct roster *read;
    if (s->opts->roster == NULL || (s->roster != NULL && segment == s->roster_segment) ||
        roster_read(s->opts->roster, NULL, NULL, &read) < 0)
        return;
    roster_close(s->roster);
    s->roster = read;
    s->roster_segment = segment;
}

static int batch_shape(struct shipping *s)
{
    const struct batch *batch = &s->queue.batch;
    if (batch->block == NULL)
        return 0;
    roster_renew(s);
    const struct shape_opts opts = {.form = s->sink->ops->form,
                                    .identities = s->opts->to->identities,
                                    .key = &s->key,
                                    .site = batch->origin.site,
                                    .roster = s->roster,
                                    .blocked_only = s->opts->to->blocked_only};
    return shape_block(&s->queue.shape, &opts, batch->block);
}

static void failed(struct shipping *s, const struct sink_report *report, int code)
{
    const char *why = report->why[0] == '\0' ? err_str(code) : report->why;
    bool is_new = s->position.failing_s == 0 || strcmp(s->position.why, why) != 0;
    s->result->retries++;
    s->position.retries++;
    s->fresh = false;
    if (!is_new)
        return;
    say(s, "%s", why);
    s->position.failing_s = s->position.failing_s == 0 ? now_s() : s->position.failing_s;
    snprintf(s->position.why, sizeof s->position.why, "%s", why);
    (void)!position_save(s->opts->log_dir, s->opts->to->name, &s->position); /* for status; the place is the old one */
}

/* Until it has arrived, or it is given up. */
static int batch_send(struct shipping *s, struct sink_report *report)
{
    int64_t delay = DELAY_MIN_MS;
    for (unsigned tries = 1;; tries++) {
        int code = s->sink->ops->send(s->sink, &s->queue.batch, s->fresh, report);
        if (code == 0)
            return 0;
        if (is_to_stop(s))
            return code;
        failed(s, report, code);
        if (!s->opts->follow && tries >= s->opts->tries)
            return code;
        wait_ms(s, delay);
        delay = delay * 2 > DELAY_MAX_MS ? DELAY_MAX_MS : delay * 2;
        if (is_to_stop(s))
            return code;
    }
}

static void say_note(const struct shipping *s)
{
    const struct ship_item *note = &s->queue.batch.note;
    if (note->kind == SHIP_REMOVED)
        say(s, "%" PRIu64 " segments were removed by retention before they were sent, from number %" PRIu64 " on",
            note->lost, s->queue.batch.origin.segment);
    else if (note->kind == SHIP_DAMAGED)
        say(s, "a part of segment %" PRIu64 " is damaged: %" PRIu64 " rows of it can't be sent",
            s->queue.batch.origin.segment, note->lost);
}

static void arrived(struct shipping *s, const struct sink_report *report)
{
    const struct position before = s->position;
    if (before.failing_s != 0)
        say(s, "it goes on, after %" PRId64 " s", now_s() - before.failing_s);
    if (s->queue.batch.block == NULL)
        say_note(s);
    s->position = s->queue.after;
    s->position.rows_sent = before.rows_sent + report->rows;
    s->position.bytes_sent = before.bytes_sent + report->bytes;
    s->position.batches = before.batches + 1;
    s->position.retries = before.retries;
    s->position.sent_s = now_s();
    s->position.failing_s = 0;
    s->position.why[0] = '\0';
    s->result->rows += report->rows;
    s->result->bytes += report->bytes;
    s->result->batches++;
    s->result->removed += s->position.segments_removed - before.segments_removed;
    s->result->damaged += s->position.rows_damaged - before.rows_damaged;
    /* Where none of its rows had been, none of those behind it have. */
    if (report->rows > 0)
        s->fresh = report->seen == 0;
}

static int batch_pass(struct shipping *s)
{
    struct sink_report report = {0};
    int code = batch_shape(s);
    if (code == 0)
        code = batch_send(s, &report);
    if (code < 0)
        return code;
    arrived(s, &report);
    return place_save(s);
}

/* ---- the run ---- */

/* The place moves over what is empty without a word. */
static int nothing_there(struct shipping *s)
{
    if (s->queue.after.segment != s->position.segment) {
        s->position = s->queue.after;
        int code = place_save(s);
        if (code < 0)
            return code;
    }
    if (s->opts->follow)
        wait_for_segment(s);
    return s->opts->follow ? 0 : ERR_END;
}

static int run(struct shipping *s)
{
    int code = 0;
    while (code == 0 && !is_to_stop(s)) {
        code = queue_next(&s->queue, &s->position);
        if (code == 0)
            code = nothing_there(s);
        else if (code == 1)
            code = batch_pass(s);
        else if (s->opts->follow && code != ERR_UNSUPPORTED && code != ERR_FORMAT_VERSION) {
            say(s, "%s: %s", s->opts->log_dir, err_str(code));
            wait_ms(s, DELAY_MAX_MS);
            code = 0;
        } else {
            say(s, "%s: %s", s->opts->log_dir, err_str(code));
        }
    }
    return code == ERR_END || is_to_stop(s) ? 0 : code;
}

static int keys_open(struct shipping *s)
{
    char why[SECRET_WHY_MAX];
    if (s->opts->to->identities != IDENTITIES_PSEUDONYM)
        return 0;
    int code = pseudonym_key_load(s->opts->to->pseudonym_file, &s->key, why);
    if (code < 0)
        say(s, "%s", why);
    return code;
}

static int all_open(struct shipping *s)
{
    const struct sink_opts sink = {.to = s->opts->to, .stop = s->opts->stop};
    char why[SINK_WHY_MAX] = "";
    int code = position_lock(s->opts->log_dir, s->opts->to->name, &s->lock_fd);
    if (code < 0) {
        say(s, "%s", code == ERR_BUSY ? "another program ships to it already" : err_str(code));
        return code;
    }
    code = keys_open(s);
    if (code == 0 && (code = sink_open(&sink, &s->sink, why)) < 0)
        say(s, "%s", why[0] == '\0' ? err_str(code) : why);
    if (code == 0 && (code = queue_open(&s->queue, s->opts->log_dir, s->opts->site)) < 0)
        say(s, "%s: %s", s->opts->log_dir, err_str(code));
    if (code == 0)
        code = place_load(s);
    return code;
}

static void watch_open(struct shipping *s)
{
    s->watch_fd = s->opts->follow ? inotify_init1(IN_CLOEXEC | IN_NONBLOCK) : -1;
    if (s->watch_fd >= 0 && inotify_add_watch(s->watch_fd, s->opts->log_dir, IN_MOVED_TO | IN_CREATE) < 0) {
        close(s->watch_fd);
        s->watch_fd = -1;
    }
}

int shipping_run(const struct shipping_opts *opts, struct shipping_result *out)
{
    struct shipping s = {
        .opts = opts, .result = out, .queue = {.dir_fd = -1, .keys = {.dir_fd = -1}}, .lock_fd = -1, .watch_fd = -1};
    *out = (struct shipping_result){0};
    int code = all_open(&s);
    if (code == 0) {
        watch_open(&s);
        code = run(&s);
    }
    sink_close(s.sink);
    queue_close(&s.queue);
    roster_close(s.roster);
    pseudonym_key_wipe(&s.key);
    if (s.watch_fd >= 0)
        close(s.watch_fd);
    if (s.lock_fd >= 0)
        close(s.lock_fd);
    return code;
}
