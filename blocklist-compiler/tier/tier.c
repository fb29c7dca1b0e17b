#include "tier/tier.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "publish/folder.h"
#include "publish/statutory_file.h"
#include "reading/judge.h"
#include "tier/confined.h"
#include "tier/files.h"
#include "tier/holding.h"
#include "tier/ids.h"
#include "tier/marker.h"
#include "tier/obtain.h"
#include "tier/keyfile.h"
#include "tier/vault.h"

#define VAULT_KEY_FILE "vault.key"
#define PAGES_FILE     "unenforceable.urls"
#define WHY_MAX        512
#define SHRINK_FROM    100 /* entries: smaller lists may change as they like */

/* One feed of the recipe, of the marker, or of both. */
struct member {
    const struct recipe_feed *feed; /* NULL: the recipe no longer names it */
    const char *name;
    struct holding held;
    bool has;   /* held says something */
    bool renew; /* ... that is not in the vault yet */
    enum report_feed_state state;
    char why[WHY_MAX];
};

struct tier {
    struct tier_opts opts;
    char dir[FILES_PATH_MAX];
    struct folder folder;
    uint8_t key[STATUTORY_KEY_LEN];
    struct vault vault;
    struct guard *guard;
    struct confined *confined; /* reads the lists */
    struct marker marker;
    struct member *members;
    size_t member_count;
    struct report_statutory report;
    struct report_statutory_feed *rows;
    char why[WHY_MAX + 256], warning[WHY_MAX];
};

/* ---- making ---- */

static bool exists(const char *dir, const char *name)
{
    char path[FILES_PATH_MAX];
    return files_path(dir, name, path) == 0 && access(path, F_OK) == 0;
}

bool tier_is_due(const struct tier_opts *opts)
{
    char dir[FILES_PATH_MAX];
    return opts->feed_count > 0 || exists(opts->out, STATUTORY_MARKER_COPY) ||
           (files_path(opts->out, STATUTORY_FOLDER, dir) == 0 && exists(dir, STATUTORY_MARKER_FILE));
}

int tier_new(const struct tier_opts *opts, struct tier **out)
{
    struct tier *t = calloc(1, sizeof *t);
    if (t == NULL)
        return ERR_NOMEM;
    t->opts = *opts;
    t->folder.fd = t->folder.lock_fd = -1;
    t->vault.dir = t->dir;
    *out = t;
    return 0;
}

/* What comes after this in the program has no use for keys and lists, and some of it reads strangers' bytes. */
static void forget(struct tier *t)
{
    for (size_t i = 0; i < t->member_count; i++)
        holding_forget(&t->members[i].held);
    sodium_memzero(t->key, sizeof t->key);
    sodium_memzero(t->vault.key, sizeof t->vault.key);
}

void tier_free(struct tier *t)
{
    if (t == NULL)
        return;
    confined_free(t->confined);
    marker_done(&t->marker);
    guard_free(t->guard);
    folder_close(&t->folder);
    forget(t);
    free(t->members);
    free(t->rows);
    free(t);
}

static int fail(struct tier *t, int err, const char *sentence)
{
    (void)snprintf(t->why, sizeof t->why, "%s: %s", sentence, err_str(err));
    return err;
}

/* The first one is told: it is the cause of what follows. */
static void warn(struct tier *t, const char *sentence)
{
    if (t->warning[0] == '\0')
        (void)snprintf(t->warning, sizeof t->warning, "%s", sentence);
}

/* A folder that others can look into is put right: it may have been copied from somewhere. */
static int make_folder(struct tier *t)
{
    struct stat st;
    int err = files_path(t->opts.out, STATUTORY_FOLDER, t->dir);
    if (err < 0)
        return err;
    if ((mkdir(t->opts.out, 0755) < 0 && errno != EEXIST) || (mkdir(t->dir, 0750) < 0 && errno != EEXIST) ||
        stat(t->dir, &st) < 0)
        return files_err(errno);
    if ((st.st_mode & 0027) != 0 && chmod(t->dir, st.st_mode & 07750) < 0)
        return files_err(errno);
    return 0;
}

static int open_keys(struct tier *t)
{
    bool made, vault_made;
    int err = keyfile_open(t->dir, STATUTORY_KEY_FILE, 0640, t->key, sizeof t->key, &made);
    if (err < 0)
        return fail(t, err, "the key of the list can't be used");
    err = keyfile_open(t->dir, VAULT_KEY_FILE, 0600, t->vault.key, sizeof t->vault.key, &vault_made);
    if (err < 0)
        return fail(t, err, "the key of the vault can't be used");
    if (made && t->folder.current != 0)
        warn(
            t,
            "the key of the list was gone and has been made anew; the log calls listed hosts by other ids from now on");
    return 0;
}

static int open_all(struct tier *t)
{
    unsigned line;
    int err = make_folder(t);
    if (err < 0)
        return fail(t, err, "the folder of the statutory list can't be made");
    if (sodium_init() < 0)
        return fail(t, ERR_IO, "no random numbers");
    if ((err = guard_new(span_of(t->opts.help), &t->guard, &line)) < 0)
        return fail(t, err, "the protected help names can't be used");
    /* Before there are secrets: what reads strangers' bytes has a copy of this process. */
    if ((err = confined_new(t->opts.feeds, t->opts.feed_count, t->guard, &t->confined)) < 0)
        return fail(t, err, "lists can't be read in a process of their own");
    if ((err = folder_open(t->dir, &t->folder)) < 0)
        return fail(t, err, "the folder of the statutory list can't be used");
    t->report.previous = t->folder.current;
    if ((err = open_keys(t)) < 0)
        return err;
    if ((err = marker_load(&t->marker, t->opts.out, t->dir)) < 0)
        return fail(t, err, "the marker of what was set up can't be read");
    return 0;
}

/* ---- members ---- */

static const struct recipe_feed *recipe_find(const struct tier *t, const char *name)
{
    for (size_t i = 0; i < t->opts.feed_count; i++)
        if (strcmp(t->opts.feeds[i].name, name) == 0)
            return &t->opts.feeds[i];
    return NULL;
}

/* Those of the recipe, then those that only the marker knows. */
static int gather(struct tier *t)
{
    size_t known = marker_count(&t->marker);
    t->members = calloc(t->opts.feed_count + known + 1, sizeof *t->members);
    t->rows = calloc(t->opts.feed_count + known + 1, sizeof *t->rows);
    if (t->members == NULL || t->rows == NULL)
        return fail(t, ERR_NOMEM, "no memory");
    for (size_t i = 0; i < t->opts.feed_count; i++)
        t->members[t->member_count++] = (struct member){.feed = &t->opts.feeds[i], .name = t->opts.feeds[i].name};
    for (size_t i = 0; i < known; i++)
        if (recipe_find(t, marker_feed(&t->marker, i)) == NULL)
            t->members[t->member_count++] = (struct member){.name = marker_feed(&t->marker, i)};
    return t->member_count > STATUTORY_FEEDS_MAX ? fail(t, ERR_LIMIT, "too many statutory feeds") : 0;
}

static void say(struct member *m, const char *why)
{
    (void)snprintf(m->why, sizeof m->why, "%s", why);
}

/*
 * Whether the list just read can be believed: as the recipe says, and beyond what it says. Half of a list is a server's
 * slip, or an attempt to switch it off.
 */
static bool judge(const struct member *m, const struct holding *next, const struct feed_stats *stats, char why[WHY_MAX])
{
    uint64_t last = m->has ? m->held.record.hosts + m->held.record.pages : 0;
    uint64_t now = next->record.hosts + next->record.pages;
    if (!judge_believes(&m->feed->limits, stats, now, last, why, WHY_MAX))
        return false;
    if (last < SHRINK_FROM || now * 2 >= last)
        return true;
    (void)snprintf(why, WHY_MAX, "%" PRIu64 " entries after %" PRIu64 ": less than half are never believed", now, last);
    return false;
}

/* A list that can be believed takes the place of what is held. */
static void take_fresh(struct tier *t, struct member *m, const struct obtained *got)
{
    struct holding next;
    struct feed_stats stats;
    char why[WHY_MAX], reader_why[SANDBOX_WHY_MAX] = "";
    holding_init(&next);
    feed_stats_init(&stats);
    holding_name(&next, m->feed);
    holding_settings(m->feed, next.settings);
    int err = holding_digest(&next, got->path, (uint64_t)m->feed->limits.bytes);
    if (err == 0)
        err = confined_read(t->confined, m->feed, got->fd, &next, &stats, reader_why);
    if (err < 0)
        (void)snprintf(why, sizeof why, "could not be read: %s", reader_why[0] == '\0' ? err_str(err) : reader_why);
    bool good = err == 0 && judge(m, &next, &stats, why);
    feed_stats_done(&stats);
    if (!good) {
        say(m, why);
        m->state = m->has ? REPORT_FEED_STALE : REPORT_FEED_MISSING;
        holding_done(&next);
        return;
    }
    next.copy = got->copy;
    next.record.fetched_s = got->copy.fetched_s;
    holding_done(&m->held);
    m->held = next;
    m->has = m->renew = true;
    m->state = REPORT_FEED_FRESH;
}

static void bring_in(struct tier *t, struct member *m)
{
    uint8_t settings[STATUTORY_DIGEST_LEN];
    char why[DOWNLOAD_WHY_MAX];
    struct obtained got;
    holding_settings(m->feed, settings);
    bool same = m->has && memcmp(settings, m->held.settings, sizeof settings) == 0;
    int err = obtain(m->feed, same ? &m->held.copy : NULL, &t->opts.obtain, &got, why);
    if (err < 0) {
        say(m, why);
        m->state = m->has ? REPORT_FEED_STALE : REPORT_FEED_MISSING;
        return;
    }
    if (got.unchanged && same) {
        m->state = REPORT_FEED_CURRENT;
        m->held.record.fetched_s = t->opts.obtain.now_s;
        m->renew = true;
    } else if (!got.unchanged) {
        take_fresh(t, m, &got);
    } else {
        say(m, "the server says that a list is current which it was not asked about");
        m->state = m->has ? REPORT_FEED_STALE : REPORT_FEED_MISSING;
    }
    obtained_done(&got);
    if (m->has)
        holding_name(&m->held, m->feed);
}

static void fill_member(struct tier *t, struct member *m)
{
    holding_init(&m->held);
    int err = holding_load(&m->held, &t->vault, m->name);
    m->has = err == 0;
    if (err < 0) {
        holding_done(&m->held);
        (void)snprintf(m->held.record.name, sizeof m->held.record.name, "%s", m->name);
    }
    if (err < 0 && err != ERR_NOENT)
        warn(t, "what was held of a statutory feed can't be read: the key of the vault is another one, or the file is "
                "damaged");
    m->state = m->has ? REPORT_FEED_STALE : REPORT_FEED_MISSING;
    if (m->feed == NULL)
        return;
    if (!m->has)
        holding_name(&m->held, m->feed);
    bring_in(t, m);
}

/* ---- the list ---- */

struct adding {
    struct statutory_file *file;
    struct ids *ids;
    struct bytes *pages;
    int64_t now_s;
};

static int add_entry(void *ctx, const char *text, unsigned scope)
{
    struct adding *a = ctx;
    struct listed_name name;
    if (scope == 0) {
        bytes_add(a->pages, text, strlen(text));
        bytes_add_u8(a->pages, '\n');
        return 0;
    }
    if (normalise_name(span_of(text), &name) != REFUSED_NONE)
        return ERR_DAMAGED;
    statutory_file_add(a->file, &name.key, scope);
    ids_add(a->ids, &a->file->keys, &name.key, text, a->now_s);
    return 0;
}

static int add_members(struct tier *t, struct adding *a)
{
    int err = 0;
    for (size_t i = 0; i < t->member_count && err == 0; i++) {
        struct member *m = &t->members[i];
        if (!m->has)
            continue;
        statutory_file_add_feed(a->file, &m->held.record);
        err = holding_each(&m->held, add_entry, a);
    }
    return err;
}

static int publish(struct tier *t, struct statutory_file *file)
{
    char name[FOLDER_NAME_MAX], path[FILES_PATH_MAX];
    uint64_t generation = t->folder.newest + 1;
    folder_tmp_name(generation, name);
    int err = files_path(t->dir, name, path);
    if (err < 0)
        return fail(t, err, "the path of the statutory list");
    err = statutory_file_write(file, path, generation, t->opts.obtain.now_s, t->why, sizeof t->why);
    if (err < 0) {
        (void)unlink(path);
        return err;
    }
    if ((err = folder_publish(&t->folder, generation)) < 0)
        return fail(t, err, "the statutory list could not be put in force");
    t->report.generation = generation;
    t->report.hosts = file->meta.entry_count;
    (void)folder_prune(&t->folder, TIER_KEEP);
    return 0;
}

/* What is not the list itself: a failure leaves the list in force and is told. */
static void keep_rest(struct tier *t, struct ids *ids, const struct bytes *pages)
{
    int err = bytes_ok(pages) ? files_replace(t->dir, PAGES_FILE, 0600, pages->data, pages->len) : ERR_NOMEM;
    if (err < 0)
        warn(t, "the pages for a URL filter could not be written");
    if (ids_save(ids, &t->vault) < 0)
        warn(t, "the ids for a sealed export could not be kept");
    for (size_t i = 0; i < t->member_count; i++)
        if (t->members[i].renew && holding_save(&t->members[i].held, &t->vault) < 0)
            warn(t, "a copy could not be kept for bad days");
    for (size_t i = 0; i < t->member_count; i++)
        if (t->members[i].feed != NULL && t->members[i].has &&
            marker_set(&t->marker, t->members[i].feed, t->opts.obtain.now_s) < 0)
            warn(t, "the marker could not be written: no memory");
    if (marker_save(&t->marker, t->opts.out, t->dir) < 0)
        warn(t, "the marker of what is set up could not be written");
}

static int make_list(struct tier *t)
{
    struct statutory_file file;
    struct ids ids;
    struct bytes pages = {0};
    struct adding adding = {.file = &file, .ids = &ids, .pages = &pages, .now_s = t->opts.obtain.now_s};
    statutory_file_init(&file, t->key);
    if (ids_load(&ids, &t->vault) < 0)
        warn(t, "the ids for a sealed export can't be read; those of older log rows are lost");
    int err = add_members(t, &adding);
    if (err < 0)
        fail(t, err, "the statutory list could not be made");
    else
        err = publish(t, &file);
    if (err == 0)
        keep_rest(t, &ids, &pages);
    statutory_file_done(&file);
    ids_done(&ids);
    bytes_done(&pages);
    return err;
}

/* What was set up is in every list. */
static bool may_publish(struct tier *t)
{
    size_t held = 0;
    for (size_t i = 0; i < t->member_count; i++) {
        const struct member *m = &t->members[i];
        held += m->has;
        if (m->has || !marker_has(&t->marker, m->name))
            continue;
        (void)snprintf(t->why, sizeof t->why, "nothing is held of '%.64s', which was set up before%s%s", m->name,
                       m->why[0] == '\0' ? "" : ": ", m->why);
        return false;
    }
    if (held == 0)
        (void)snprintf(t->why, sizeof t->why, "no good copy of any statutory feed");
    return held > 0;
}

static void fill_report(struct tier *t)
{
    for (size_t i = 0; i < t->member_count; i++) {
        const struct member *m = &t->members[i];
        t->rows[i] = (struct report_statutory_feed){
            .record = &m->held.record, .state = m->state, .forsaken = m->feed == NULL, .why = m->why};
    }
    t->report.feeds = t->rows;
    t->report.feed_count = t->member_count;
    t->report.why = t->why;
    t->report.warning = t->warning;
}

const struct report_statutory *tier_run(struct tier *t)
{
    t->report = (struct report_statutory){.outcome = REPORT_FAILED, .now_s = t->opts.obtain.now_s};
    int err = open_all(t);
    if (err == 0)
        err = gather(t);
    for (size_t i = 0; i < t->member_count && err == 0; i++)
        fill_member(t, &t->members[i]);
    confined_free(t->confined);
    t->confined = NULL;
    if (err == 0 && may_publish(t) && make_list(t) == 0)
        t->report.outcome = REPORT_PUBLISHED;
    fill_report(t);
    forget(t);
    return &t->report;
}

int tier_exit_code(const struct report_statutory *report)
{
    if (report->outcome != REPORT_PUBLISHED)
        return 2;
    for (size_t i = 0; i < report->feed_count; i++)
        if (report->feeds[i].state != REPORT_FEED_FRESH && report->feeds[i].state != REPORT_FEED_CURRENT)
            return 1;
    return report->warning[0] != '\0' ? 1 : 0;
}
