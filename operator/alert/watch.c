#include "alert/watch.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "alert/condition.h"
#include "alert/courier.h"
#include "alert/refusal.h"
#include "alert/register.h"
#include "base/err.h"
#include "base/log.h"
#include "qlog/reader.h"

#define SECOND_NS    INT64_C(1000000000)
#define LOOK_NS      400000000 /* between two looks at the log */
#define ROWS_MAX     200000    /* of one look, so that what was seen is told meanwhile */
#define REOPEN_S     3600      /* the scan is begun anew: keys of new days, journals that are gone */
#define SAVE_S       10        /* of the position alone */
#define ENTER_MAX    50        /* alerts entered in the register between two looks: each waits for the disk */
#define COMPLAIN_S   60        /* of one kind */
#define GAP_PAUSE_NS (3600 * SECOND_NS)

struct watch {
    const struct watch_opts *opts;
    char book_path[PATH_MAX], register_path[PATH_MAX], outbox_path[PATH_MAX];
    struct book book;
    struct alert_register reg;
    struct outbox *box;
    struct couriers *couriers;
    struct prober *prober;
    struct conditions conditions;
    struct refusals refusals;
    struct qlog_scan *scan;
    int64_t scan_until_s; /* when it is begun anew */
    int64_t saved_position_ns;
    int64_t last_row_s; /* wall time at which a row was last seen */
    int64_t complained_s;
    int64_t direct_s; /* when sending without the outbox may be tried again */
    uint64_t lost;    /* records, that were not told of yet */
};

static int64_t wall_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * SECOND_NS + now.tv_nsec;
}

/* What goes on being wrong fills no journal. */
static void complain(struct watch *w, const char *what, int err, int64_t now_s)
{
    if (now_s - w->complained_s < COMPLAIN_S && now_s >= w->complained_s)
        return;
    w->complained_s = now_s;
    log_error("%s: %s", what, err_str(err));
}

/* ---- the log ---- */

static int scan_begin(struct watch *w, int64_t now_s)
{
    int64_t from_ns = w->book.position_ns - SPELL_SLACK_S * SECOND_NS;
    int64_t oldest_ns = (now_s - WATCH_BACK_S) * SECOND_NS;
    const struct qlog_filter filter = {.from_ns = from_ns > oldest_ns ? from_ns : oldest_ns, .action = -1};
    int err = qlog_scan_open(w->opts->log_dir, &filter, &w->scan);
    if (err == 0)
        w->scan_until_s = now_s + REOPEN_S;
    else
        w->scan = NULL;
    return err;
}

static void scan_end(struct watch *w)
{
    qlog_scan_close(w->scan);
    w->scan = NULL;
}

static int see_gap(struct watch *w, const struct qlog_row *row, int64_t now_s)
{
    char text[ALERT_TEXT_MAX], when[32] = "";
    int64_t time_ns = row->record.time_ns;
    time_t time = (time_t)(time_ns / SECOND_NS);
    struct tm tm;
    if (time_ns <= w->book.gap_ns)
        return 0;
    w->lost += row->lost;
    if (w->book.gap_ns != 0 && time_ns - w->book.gap_ns < GAP_PAUSE_NS)
        return 0;
    w->book.gap_ns = time_ns;
    if (localtime_r(&time, &tm) != NULL)
        strftime(when, sizeof when, "%a %H:%M", &tm);
    snprintf(text, sizeof text, "the query log could not be written at %s: %" PRIu64 " records were lost", when,
             w->lost);
    w->lost = 0;
    return book_raise_service(&w->book, text, w->opts->service_roles, w->opts->service_role_count, now_s);
}

static int see_row(struct watch *w, const struct qlog_row *row, int64_t now_s)
{
    struct sighting sighting;
    char site[ALERT_NAME_MAX] = "";
    if (row->lost > 0)
        return see_gap(w, row, now_s);
    w->last_row_s = now_s;
    if (!sighting_of(row, w->opts->rules, w->opts->rule_count, &sighting))
        return 0;
    if (w->opts->group != NULL) {
        const char *group = w->opts->group(w->opts->ctx, &row->record);
        sighting.group = group != NULL ? group : sighting.group;
    }
    if (w->opts->site != NULL && !sighting.statutory)
        w->opts->site(w->opts->ctx, row->record.qname, site);
    return book_see(&w->book, &sighting, &w->opts->rules[sighting.rule], site, now_s);
}

/* 0: all that is there was seen; 1: there is more; negative: begin anew. */
static int see_rows(struct watch *w, int64_t now_s)
{
    struct qlog_row row;
    int64_t began_ns = wall_ns();
    for (unsigned i = 0; i < ROWS_MAX; i++) {
        int code = qlog_scan_next(w->scan, &row);
        if (code < 0)
            return code;
        if (code == 0) {
            w->book.position_ns = began_ns;
            return 0;
        }
        if (row.record.time_ns > w->book.position_ns && row.record.time_ns <= began_ns)
            w->book.position_ns = row.record.time_ns;
        code = see_row(w, &row, now_s);
        if (code < 0)
            return code;
    }
    return 1;
}

/* 1: there is more to see at once. */
static int look(struct watch *w, int64_t now_s)
{
    if (w->scan != NULL && now_s >= w->scan_until_s)
        scan_end(w);
    int err = w->scan == NULL ? scan_begin(w, now_s) : 0;
    if (err == 0)
        err = see_rows(w, now_s);
    if (err < 0) {
        scan_end(w);
        if (err != ERR_NOENT) /* belishad has never run */
            complain(w, "the query log can't be read", err, now_s);
    }
    int64_t moved_ns = w->book.position_ns - w->saved_position_ns;
    w->book.dirty |= moved_ns > SAVE_S * SECOND_NS || moved_ns < 0;
    return err == 1;
}

/* ---- Belisha itself ---- */

static bool is_lull(const struct watch *w, int64_t now_s)
{
    const struct calendar *calendar = w->opts->dispatch.calendar;
    return calendar != NULL && now_s - w->last_row_s >= WATCH_LULL_S && calendar_is_lesson(calendar, now_s) &&
           calendar_is_lesson(calendar, now_s - WATCH_LULL_S);
}

static int raise_service(struct watch *w, const char *sentence, int64_t now_s)
{
    return book_raise_service(&w->book, sentence, w->opts->service_roles, w->opts->service_role_count, now_s);
}

/* What the watcher itself sees. */
static void add_own_lines(const struct watch *w, int64_t now_s, struct text *lines)
{
    int64_t oldest_s = outbox_oldest_s(w->box);
    if (is_lull(w, now_s))
        text_printf(lines, "nobody has asked anything for a quarter of an hour, in lessons\n");
    if (oldest_s != INT64_MAX && now_s - oldest_s >= WATCH_LATE_S)
        text_printf(lines, "messages wait for more than a quarter of an hour: `belisha alert list` says what for\n");
}

static void see_refusals(struct watch *w, int64_t now_s)
{
    struct refusal refusal;
    char sentence[ALERT_TEXT_MAX];
    while (refusals_next(&w->refusals, now_s, &refusal)) {
        snprintf(sentence, sizeof sentence, "a message could not be delivered to %.80s: %.80s", refusal.target,
                 refusal.why);
        if (raise_service(w, sentence, now_s) < 0)
            return;
    }
}

static void see_service(struct watch *w, int64_t now_s)
{
    struct text lines = {0};
    char text[CONDITION_TEXT_MAX], sentence[ALERT_TEXT_MAX];
    bool over;
    see_refusals(w, now_s);
    if (w->prober == NULL || !prober_answer(w->prober, &lines)) {
        text_done(&lines);
        return;
    }
    add_own_lines(w, now_s, &lines);
    conditions_look(&w->conditions, lines.bytes == NULL ? "" : lines.bytes, now_s);
    text_done(&lines);
    while (conditions_next(&w->conditions, w->opts->service_after_s, now_s, text, &over)) {
        snprintf(sentence, sizeof sentence, "%s%s", over ? "well again, no longer: " : "", text);
        if (raise_service(w, sentence, now_s) < 0)
            return;
    }
}

/* ---- telling ---- */

static void save(struct watch *w, int64_t now_s)
{
    if (!w->book.dirty)
        return;
    int err = book_save(&w->book, w->opts->rules, w->book_path);
    if (err < 0)
        complain(w, "the book of alerts can't be written", err, now_s);
    else
        w->saved_position_ns = w->book.position_ns;
}

/* What the register can't take now, it gets later; nobody is kept waiting for it. */
static void enter_alerts(struct watch *w, int64_t now_s)
{
    unsigned entered = 0;
    for (size_t i = 0; i < w->book.alert_count && entered < ENTER_MAX; i++) {
        const struct alert *alert = &w->book.alerts[i];
        if (alert->number <= w->book.registered)
            continue;
        entered++;
        int err = register_raised(&w->reg, alert, now_s);
        if (err < 0) {
            complain(w, "the register of alerts can't be written", err, now_s);
            return;
        }
        w->book.registered = alert->number;
        w->book.dirty = true;
        log_info("alert raised number=%" PRIu64 " rule=%s", alert->number, alert->rule);
    }
}

/* Without the outbox: its disk is full, or its folder gone. 0: all have it. */
static int send_directly(struct watch *w, const struct message *message, const char *const targets[], size_t count,
                         int64_t now_s)
{
    char why[DELIVER_WHY_MAX];
    int err = 0;
    if (now_s < w->direct_s)
        return ERR_BUSY;
    for (size_t i = 0; i < count; i++) {
        enum outcome outcome = deliver(w->opts->routes, targets[i], message, why);
        log_warning("sent without the outbox to=%s outcome=%s %s", targets[i], outcome_name(outcome), why);
        if (outcome == OUTCOME_LATER || outcome == OUTCOME_DOWN)
            err = ERR_NETWORK;
    }
    w->direct_s = now_s + COMPLAIN_S;
    return err;
}

static int hand_over(struct watch *w, const struct book_batch *batch, const struct message *message, int64_t now_s)
{
    const char *targets[WATCH_TARGETS_MAX];
    size_t count = w->opts->targets(w->opts->ctx, batch->role, targets, WATCH_TARGETS_MAX);
    int err = count == 0 ? 0 : outbox_put(w->box, message, targets, count);
    if (err < 0) {
        complain(w, "the outbox can't take a message", err, now_s);
        err = send_directly(w, message, targets, count, now_s);
    }
    if (err < 0)
        return err;
    if (count == 0)
        log_warning("nobody is told: no recipient has the role '%s'", batch->role);
    err = register_queued(&w->reg, batch, targets, count, now_s);
    if (err < 0)
        complain(w, "the register of alerts can't be written", err, now_s);
    return 0;
}

/* The batches of the book, each until the outbox has it. */
static void hand_over_all(struct watch *w, int64_t now_s)
{
    size_t i = 0;
    while (i < w->book.batch_count) {
        struct letter letter;
        int err = letter_write(&w->opts->letter, &w->book, &w->book.batches[i], false, now_s, &letter);
        if (err == 0) {
            err = hand_over(w, &w->book.batches[i], &letter.message, now_s);
            letter_done(&letter);
        }
        if (err < 0) {
            i++;
            continue;
        }
        book_drop_batch(&w->book, i);
        couriers_wake(w->couriers);
    }
}

/* A batch is planned, then that is saved, then it goes: a kill in between changes neither its id nor what is in it. */
static void tell(struct watch *w, int64_t now_s)
{
    save(w, now_s);
    enter_alerts(w, now_s);
    int code;
    while ((code = dispatch_plan(&w->opts->dispatch, &w->book, now_s)) == 1)
        ;
    if (code < 0 && code != ERR_LIMIT)
        complain(w, "a message can't be made", code, now_s);
    save(w, now_s);
    hand_over_all(w, now_s);
}

static int on_told(void *ctx, const struct outbox_result *result)
{
    struct watch *w = ctx;
    if (result->outcome == OUTCOME_SENT)
        log_info("message sent id=%s to=%s", result->id, result->target);
    else
        log_warning("message %s id=%s to=%s: %s", result->outcome == OUTCOME_REFUSED ? "failed" : "delayed", result->id,
                    result->target, result->why);
    if (result->outcome == OUTCOME_REFUSED)
        refusals_note(&w->refusals, result, time(NULL));
    return register_result(&w->reg, result);
}

/* ---- from the beginning to the end ---- */

static int make_folder(const char *path)
{
    return mkdir(path, 0750) < 0 && errno != EEXIST ? err_from_errno(errno) : 0;
}

static int make_paths(struct watch *w)
{
    const char *folder = w->opts->folder;
    if (strlen(folder) + 16 > PATH_MAX)
        return ERR_LIMIT;
    snprintf(w->book_path, sizeof w->book_path, "%s/book", folder);
    snprintf(w->register_path, sizeof w->register_path, "%s/register", folder);
    snprintf(w->outbox_path, sizeof w->outbox_path, "%s/outbox", folder);
    int err = make_folder(folder);
    return err < 0 ? err : make_folder(w->register_path);
}

/* One that can't be read is put aside; numbers go on behind those of the register. */
static int open_book(struct watch *w, int64_t now_s)
{
    char aside[PATH_MAX];
    uint64_t last = 0;
    int err = book_load(w->book_path, w->opts->rules, w->opts->rule_count, &w->book);
    if (err == ERR_MALFORMED || err == ERR_LIMIT) {
        log_error("the book of alerts can't be read, and is put aside: %s", err_str(err));
        snprintf(aside, sizeof aside, "%.4000s.damaged", w->book_path);
        rename(w->book_path, aside);
        book_done(&w->book);
        err = book_init(&w->book);
        w->book.position_ns = (now_s - REOPEN_S) * SECOND_NS;
    } else if (err == ERR_NOENT) {
        w->book.position_ns = now_s * SECOND_NS;
        err = 0;
    }
    if (err == 0)
        err = register_last(&w->reg, &last);
    if (w->book.next <= last)
        w->book.next = last + 1;
    if (w->book.registered < last)
        w->book.registered = last;
    if (w->book.position_ns > now_s * SECOND_NS)
        w->book.position_ns = now_s * SECOND_NS; /* the clock was set back */
    return err;
}

/* Batches that were planned, of which the outbox or the register knows already. */
static int settle_batches(struct watch *w)
{
    for (size_t i = w->book.batch_count; i-- > 0;) {
        bool known = false;
        int err = register_has_message(&w->reg, w->book.batches[i].id, &known);
        if (err < 0)
            return err;
        if (known || outbox_has(w->box, w->book.batches[i].id))
            book_drop_batch(&w->book, i);
    }
    return 0;
}

static int open_all(struct watch *w, int64_t now_s)
{
    const struct outbox_opts outbox = {.folder = w->outbox_path,
                                       .items_max = WATCH_OUTBOX_ITEMS,
                                       .bytes_max = WATCH_OUTBOX_BYTES,
                                       .keep_s = WATCH_KEEP_S};
    int err = outbox_open(&outbox, &w->box);
    if (err == 0)
        err = open_book(w, now_s);
    if (err == 0)
        err = settle_batches(w);
    if (err == 0)
        err = couriers_start(w->box, w->opts->routes, on_told, w, &w->couriers);
    if (err == 0 && w->opts->probe != NULL)
        err = prober_start(w->opts->probe, w->opts->ctx, w->opts->probe_every_s, &w->prober);
    return err;
}

static void go_on(struct watch *w, const volatile sig_atomic_t *stop)
{
    const struct timespec pause = {.tv_nsec = LOOK_NS};
    while (!*stop) {
        int64_t now_s = time(NULL);
        int more = look(w, now_s);
        see_service(w, now_s);
        spells_prune(&w->book.spells, w->opts->rules, w->book.position_ns);
        tell(w, now_s);
        if (!more)
            nanosleep(&pause, NULL);
    }
}

int watch_run(const struct watch_opts *opts, const volatile sig_atomic_t *stop)
{
    struct watch *w = calloc(1, sizeof *w);
    if (w == NULL)
        return ERR_NOMEM;
    w->opts = opts;
    w->last_row_s = time(NULL);
    int err = make_paths(w);
    register_init(&w->reg, w->register_path);
    refusals_init(&w->refusals);
    if (err == 0)
        err = book_init(&w->book);
    if (err == 0)
        err = open_all(w, time(NULL));
    if (err == 0) {
        log_info("alerts are watched for rules=%zu", opts->rule_count);
        go_on(w, stop);
        w->book.dirty = true;
        save(w, time(NULL));
    }
    prober_stop(w->prober);
    couriers_stop(w->couriers);
    scan_end(w);
    outbox_close(w->box);
    book_done(&w->book);
    refusals_done(&w->refusals);
    register_done(&w->reg);
    free(w);
    return err;
}
