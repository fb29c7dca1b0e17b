#include "blocklist-compiler/compile.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "blockdb/blockdb.h"
#include "blocklist-compiler/compare.h"
#include "blocklist-compiler/crew.h"
#include "blocklist-compiler/exposure.h"
#include "blocklist-compiler/inputs.h"
#include "blocklist-compiler/list.h"
#include "blocklist-compiler/overlap.h"
#include "blocklist-compiler/samples.h"
#include "publish/publish.h"
#include "report/progress.h"
#include "trie/trie.h"

#define TRANSFERS_PER_SERVER 2 /* at the same time: a mirror that serves forty feeds is somebody's goodwill */

struct compile {
    struct compile_opts opts;
    char copies[PATH_MAX]; /* folder of the feeds' copies */
    struct guard *guard;   /* the caller's, or own_guard */
    struct guard *own_guard;
    struct references references;
    struct turns *turns;
    struct reader *reader; /* while feeds are read */
    struct job_env env;
    struct job *jobs;
    struct progress progress;
    struct blockdb *before; /* the generation in force; NULL */
    struct blockdb *now;    /* the one just published; NULL */
    struct digest inputs;
    char inputs_text[2 * DIGEST_LEN + 1];
    struct overlap overlap;
    struct changes *changes; /* NULL: there is nothing to compare with */
    struct exposure exposure;
    int64_t stage_ms; /* when the stage in hand began */
    struct report report;
    struct report_feed *rows;
    char why[PUBLISH_WHY_MAX + 128];
};

int compile_new(const struct compile_opts *opts, struct compile **out, unsigned *out_line)
{
    struct compile *c = calloc(1, sizeof *c);
    if (c == NULL)
        return ERR_NOMEM;
    c->opts = *opts;
    c->jobs = calloc(opts->feed_count + 1, sizeof *c->jobs);
    c->rows = calloc(opts->feed_count + 1, sizeof *c->rows);
    int err = c->jobs == NULL || c->rows == NULL ? ERR_NOMEM : 0;
    if (err == 0 && opts->guard == NULL)
        err = guard_new(span_of(opts->help), &c->own_guard, out_line);
    if (err == 0)
        err = references_init(&c->references, &opts->references);
    if (err == 0)
        err = turns_new(TRANSFERS_PER_SERVER, &c->turns);
    if (err < 0) {
        compile_free(c);
        return err == ERR_MALFORMED ? ERR_CONFIG : err;
    }
    c->guard = opts->guard != NULL ? opts->guard : c->own_guard;
    snprintf(c->copies, sizeof c->copies, "%s/%s", opts->out, opts->keep_copies ? "feeds" : "list");
    c->env = (struct job_env){.guard = c->guard,
                              .falls_back = opts->keep_copies,
                              .threads = opts->threads,
                              .fetch = {.dir = c->copies,
                                        .files_only = !opts->keep_copies,
                                        .now_s = opts->now_s,
                                        .download = job_patience(opts->ca_file, c->turns)}};
    for (size_t i = 0; i < opts->feed_count; i++)
        job_init(&c->jobs[i], &opts->feeds[i], &c->env);
    *out = c;
    return 0;
}

void compile_free(struct compile *c)
{
    if (c == NULL)
        return;
    for (size_t i = 0; c->jobs != NULL && i < c->opts.feed_count; i++)
        job_done(&c->jobs[i]);
    exposure_done(&c->exposure);
    changes_free(c->changes);
    overlap_done(&c->overlap);
    blockdb_close(c->before);
    blockdb_close(c->now);
    references_done(&c->references);
    guard_free(c->own_guard);
    reader_free(c->reader);
    turns_free(c->turns);
    free(c->jobs);
    free(c->rows);
    free(c);
}

/* The stage in hand is over. */
static void end_stage(struct compile *c, const char *name)
{
    int64_t now_ms = c->opts.clock_ms == NULL ? 0 : c->opts.clock_ms();
    if (c->opts.clock_ms != NULL && c->report.stage_count < REPORT_STAGES_MAX)
        c->report.stages[c->report.stage_count++] = (struct report_stage){name, now_ms - c->stage_ms};
    c->stage_ms = now_ms;
}

static void for_all_jobs(struct compile *c, crew_work work, const char *what)
{
    crew_run(c->jobs, c->opts.feed_count, c->opts.threads, work, what == NULL ? NULL : &c->progress, what);
}

/* Whether the generation in force was made of what is here now. */
static bool is_unchanged(struct compile *c)
{
    if (inputs_of_list(c->jobs, c->opts.feed_count, c->guard, &c->inputs) < 0)
        return false;
    digest_to_text(&c->inputs, c->inputs_text);
    return c->before != NULL && digest_is_noted(c->opts.out, blockdb_generation(c->before), &c->inputs);
}

/* ---- the list ---- */

static int put_feeds(struct compile *c, struct publish *publish)
{
    struct publish_feed *table = calloc(c->opts.feed_count + 1, sizeof *table);
    if (table == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < c->opts.feed_count; i++) {
        const struct job *job = &c->jobs[i];
        table[i] = (struct publish_feed){job->feed->name, job->feed->licence, job->feed->source,
                                         job->categories, job_names(job),     job->copy.entry.fetched_s};
    }
    int err = publish_put_feeds(publish, table, c->opts.feed_count);
    free(table);
    return err;
}

/* Counts what feeds have in common. */
static int take_stock(struct compile *c, const struct trie *trie)
{
    int err = overlap_init(&c->overlap, c->opts.feed_count);
    if (err == 0)
        overlap_add_trie(&c->overlap, trie);
    return err;
}

/* Merges the feeds, whose rules are given back. */
static int merge_feeds(struct compile *c, struct samples *samples, struct clauses *clauses, struct trie **out)
{
    struct trie_stats stats;
    size_t count = c->opts.feed_count;
    struct sheaf **sheaves = calloc(count + 1, sizeof(struct sheaf *));
    uint64_t *left = calloc(count + 1, sizeof *left);
    struct list_opts opts = {.sheaves = sheaves, .count = count, .threads = c->opts.threads, .samples = samples};
    int err = sheaves == NULL || left == NULL ? ERR_NOMEM : 0;
    for (size_t i = 0; err == 0 && i < count; i++)
        sheaves[i] = c->jobs[i].sheaf;
    if (err == 0)
        err = list_make(&opts, out, &stats, clauses, left);
    for (size_t i = 0; err == 0 && i < count; i++)
        c->jobs[i].stats.refused[REFUSED_TOO_MANY_CLAUSES] += left[i];
    for (size_t i = 0; i < count; i++)
        job_drop_rules(&c->jobs[i]);
    free(sheaves);
    free(left);
    if (err == 0) {
        c->report.rules = stats.added;
        c->report.duplicates = stats.duplicates;
        c->report.subsumed = stats.subsumed;
    }
    return err;
}

/* The trie's memory is gone before the file is written. */
static int put_list(struct compile *c, struct publish *publish, struct samples *samples)
{
    struct trie *trie = NULL;
    struct clauses clauses;
    clauses_init(&clauses);
    int err = merge_feeds(c, samples, &clauses, &trie);
    progress_step(&c->progress, "merged", "");
    end_stage(c, "merge");
    if (err == 0)
        err = take_stock(c, trie);
    if (err == 0)
        err = publish_put_trie(publish, trie);
    progress_step(&c->progress, "laid out", "");
    end_stage(c, "lay out");
    if (err == 0)
        err = publish_put_clauses(publish, &clauses);
    clauses_done(&clauses);
    trie_free(trie);
    return err;
}

static void fail(struct compile *c, int err, const char *sentence)
{
    c->report.outcome = REPORT_FAILED;
    if (err < 0)
        snprintf(c->why, sizeof c->why, "%s: %s", sentence, err_str(err));
    else
        snprintf(c->why, sizeof c->why, "%s", sentence);
}

/* The new list beside the one before. The new one is in force by now: nobody waits for this, and nothing depends on it. */
static void compare(struct compile *c)
{
    int err = c->before == NULL ? 0 : changes_new(c->references.popular, &c->changes);
    if (err == 0)
        err = compare_lists(c->now, c->before, c->changes, &c->report);
    if (err < 0)
        snprintf(c->why, sizeof c->why, "the list could not be compared with the one before: %s", err_str(err));
    progress_step(&c->progress, "compared", "");
    end_stage(c, "compare");
}

/* Ends publish. */
static void commit(struct compile *c, struct publish *publish, const struct samples *samples)
{
    struct publish_result result;
    struct publish_checks checks = {samples->rows, samples->count, samples->protected_names, samples->protected_count};
    char why[PUBLISH_WHY_MAX] = "";
    int err = publish_commit(publish, &checks, &result, why);
    progress_step(&c->progress, "verified", "");
    end_stage(c, "write and verify");
    if (err < 0) {
        fail(c, why[0] == '\0' ? err : 0, why[0] == '\0' ? "the list could not be written" : why);
        return;
    }
    c->report.outcome = REPORT_PUBLISHED;
    c->report.generation = result.generation;
    c->report.file_bytes = result.file_bytes;
    if (blockdb_open(result.path, &c->now, NULL, 0) < 0)
        c->now = NULL; /* it was verified: only the report will lack something */
    /* Without the note the next run compiles once more: no reason to call this one a failure. */
    (void)!digest_note(c->opts.out, result.generation, &c->inputs);
    if (c->now != NULL)
        compare(c);
}

static void make_list(struct compile *c, struct publish *publish)
{
    struct samples samples;
    int err = samples_init(&samples, c->guard);
    if (err == 0)
        err = put_feeds(c, publish);
    if (err == 0)
        err = put_list(c, publish, &samples);
    if (err == 0) {
        commit(c, publish, &samples);
    } else {
        fail(c, err, "the list could not be made");
        publish_abort(publish);
    }
    samples_done(&samples);
}

/* ---- the run ---- */

static bool had_names(const struct blockdb *before, const char *name)
{
    for (size_t i = 0; before != NULL && i < blockdb_feed_count(before); i++) {
        const struct blockdb_feed *feed = blockdb_feed(before, i);
        if (strcmp(feed->name, name) == 0)
            return feed->names > 0;
    }
    return false;
}

/*
 * A list without one of its feeds is no reason to wait on the first day, but it may never replace one that has it: what
 * was blocked yesterday would be open today.
 */
static bool may_publish(struct compile *c)
{
    size_t missing = 0;
    for (size_t i = 0; i < c->opts.feed_count; i++) {
        const struct job *job = &c->jobs[i];
        if (job->err < 0) {
            fail(c, job->err, "the feeds could not be read");
            return false;
        }
        if (job->state != REPORT_FEED_MISSING)
            continue;
        missing++;
        if (!had_names(c->before, job->feed->name) && missing < c->opts.feed_count)
            continue;
        c->report.outcome = REPORT_FAILED;
        snprintf(c->why, sizeof c->why, "no good copy of feed '%.64s' (%s)", job->feed->name, job->why);
        return false;
    }
    return true;
}

/* What only a published list can tell. */
static void fill_list(struct compile *c)
{
    for (size_t i = 0; i < c->opts.feed_count; i++)
        overlap_report(&c->overlap, i, &c->rows[i].overlap);
    if (c->changes != NULL)
        c->report.changes = changes_report(c->changes);
    if (c->now == NULL ||
        exposure_find(c->references.popular, c->now, c->before, c->rows, c->opts.feed_count, &c->exposure) < 0)
        return;
    c->report.popular = c->exposure.rows;
    c->report.popular_count = c->exposure.row_count;
    c->report.popular_new = c->exposure.new_count;
    end_stage(c, "look up popular names");
}

static void fill_rows(struct compile *c)
{
    for (size_t i = 0; i < c->opts.feed_count; i++) {
        const struct job *job = &c->jobs[i];
        c->rows[i] = (struct report_feed){
            .name = job->feed->name,
            .format = job->format->name,
            .source = job->feed->source,
            .licence = job->feed->licence,
            .state = job->state,
            .why = job->why,
            .fetched_s = job->copy.entry.fetched_s,
            .categories = job->read ? job->categories : job->feed->categories,
            .copy_bytes = job->copy.entry.bytes,
            .stats = job->read ? &job->stats : NULL,
        };
        if (job->state != REPORT_FEED_MISSING)
            digest_to_text(&job->digest, c->rows[i].digest);
    }
    if (c->report.outcome == REPORT_PUBLISHED)
        fill_list(c);
    c->report.inputs = c->inputs_text;
    c->report.references[0] = &c->references.suffix_row;
    c->report.references[1] = &c->references.popular_row;
    c->report.feeds = c->rows;
    c->report.feed_count = c->opts.feed_count;
    c->report.why = c->why;
}

static void open_before(struct compile *c)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/current", c->opts.out) >= (int)sizeof path ||
        blockdb_open(path, &c->before, NULL, 0) < 0)
        c->before = NULL; /* none yet, or one that can't be read: either way a new one is due */
    if (c->before != NULL)
        c->report.previous = blockdb_generation(c->before);
}

static int make_folders(const struct compile *c)
{
    if (mkdir(c->opts.out, 0755) < 0 && errno != EEXIST)
        return errno == ENOENT ? ERR_NOENT : errno == EACCES ? ERR_ACCESS : ERR_IO;
    if (mkdir(c->copies, 0755) < 0 && errno != EEXIST)
        return errno == EACCES ? ERR_ACCESS : ERR_IO;
    return 0;
}

static void read_fresh(struct job *job)
{
    if (job->state == REPORT_FEED_FRESH)
        job_read(job);
}

static void read_rest(struct job *job)
{
    if (!job->read)
        job_read(job);
}

/* Before there are threads; credentials have not been read yet. */
static int start_reader(struct compile *c)
{
    const struct reader_opts opts = {.feeds = c->opts.feeds,
                                     .feed_count = c->opts.feed_count,
                                     .guard = c->guard,
                                     .popular = c->references.popular,
                                     .limits = c->opts.limits};
    int err = reader_new(&opts, &c->reader);
    c->env.reader = c->reader;
    return err;
}

static void end_reader(struct compile *c)
{
    reader_free(c->reader);
    c->reader = c->env.reader = NULL;
}

/* From the lock to its end. */
static void run(struct compile *c, struct publish *publish)
{
    int err = download_init();
    if (err < 0) {
        fail(c, err, "downloads can't be started");
        publish_abort(publish);
        return;
    }
    open_before(c);
    store_sweep(c->copies);
    err = references_fetch(&c->references, &c->env.fetch, c->guard);
    if (err < 0) {
        download_done();
        fail(c, err, "the lists that feeds are judged by can't be read");
        publish_abort(publish);
        return;
    }
    c->env.popular = c->references.popular;
    err = start_reader(c);
    if (err < 0) {
        download_done();
        fail(c, err, "the processes that read feeds can't be started");
        publish_abort(publish);
        return;
    }
    for_all_jobs(c, job_fetch, "fetched");
    download_done();
    end_stage(c, "fetch");
    bool unchanged = is_unchanged(c);
    if (!unchanged) {
        /* New copies first: when none of them can be believed, the list stays as it is and the rest need not be read. */
        for_all_jobs(c, read_fresh, NULL);
        unchanged = is_unchanged(c);
    }
    if (!unchanged)
        for_all_jobs(c, read_rest, "read");
    end_reader(c);
    end_stage(c, "read");
    if (!unchanged && may_publish(c)) {
        make_list(c, publish);
        return;
    }
    publish_abort(publish);
    if (!unchanged)
        return;
    c->report.outcome = REPORT_UNCHANGED;
    c->report.generation = blockdb_generation(c->before);
}

const struct report *compile_run(struct compile *c)
{
    struct publish *publish = NULL;
    struct publish_opts opts = {c->opts.out, c->opts.keep, c->opts.now_s};
    char why[PUBLISH_WHY_MAX] = "";
    c->report = (struct report){.outcome = REPORT_FAILED, .now_s = c->opts.now_s};
    c->stage_ms = c->opts.clock_ms == NULL ? 0 : c->opts.clock_ms();
    progress_init(&c->progress, c->opts.progress, c->opts.feed_count * 2 + 4);
    int err = make_folders(c);
    if (err < 0)
        fail(c, err, "the folder of generations can't be made");
    else if ((err = publish_begin(&opts, &publish, why)) < 0)
        fail(c, why[0] == '\0' ? err : 0, why[0] == '\0' ? "the folder of generations can't be used" : why);
    else
        run(c, publish);
    progress_done(&c->progress);
    fill_rows(c);
    return &c->report;
}

int compile_exit_code(const struct report *report)
{
    if (report->outcome == REPORT_FAILED)
        return 2;
    for (size_t i = 0; i < REPORT_REFERENCES; i++) {
        const struct report_reference *row = report->references[i];
        if (row != NULL && (row->state == REPORT_FEED_STALE || row->state == REPORT_FEED_MISSING))
            return 1;
    }
    for (size_t i = 0; i < report->feed_count; i++) {
        if (report->feeds[i].state == REPORT_FEED_STALE || report->feeds[i].state == REPORT_FEED_MISSING)
            return 1;
    }
    return 0;
}
