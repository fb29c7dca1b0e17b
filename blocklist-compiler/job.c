#include "blocklist-compiler/job.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "reading/reading.h"

void job_init(struct job *job, const struct recipe_feed *feed, const struct job_env *env)
{
    memset(job, 0, sizeof *job);
    job->feed = feed;
    job->format = feed_format_at(feed->format);
    job->env = env;
    feed_stats_init(&job->stats);
    batch_init(&job->batch);
}

void job_done(struct job *job)
{
    feed_stats_done(&job->stats);
    batch_done(&job->batch);
}

uint64_t job_names(const struct job *job)
{
    return job->stats.blocks + job->stats.allows;
}

struct download_access job_access(const struct recipe_access *access)
{
    return (struct download_access){.header_file = access->header_file,
                                    .user_file = access->user_file,
                                    .client_certificate = access->client_certificate,
                                    .client_key = access->client_key,
                                    .proxy = access->proxy,
                                    .proxy_user_file = access->proxy_user_file};
}

static struct fetch_request request_of(const struct job *job)
{
    const struct recipe_feed *feed = job->feed;
    const struct recipe_primaries *primaries = &feed->primaries;
    return (struct fetch_request){.name = feed->name,
                                  .source = feed->source,
                                  .every_s = feed->every_s,
                                  .bytes_max = (uint64_t)feed->limits.bytes,
                                  .total_ms = feed->limits.time_ms,
                                  .access = job_access(&feed->access),
                                  .primaries = {.tsig_name = primaries->tsig_name,
                                                .tsig_algorithm = primaries->tsig_algorithm,
                                                .tsig_secret_file = primaries->tsig_secret_file,
                                                .whole = primaries->whole}};
}

/* After every change of the copy. */
static void set_state(struct job *job)
{
    const struct fetch_copy *copy = &job->copy;
    if (copy->err < 0)
        snprintf(job->why, sizeof job->why, "%s", copy->why[0] != '\0' ? copy->why : err_str(copy->err));
    if (copy->path[0] == '\0')
        job->state = REPORT_FEED_MISSING;
    else if (copy->err < 0)
        job->state = REPORT_FEED_STALE;
    else
        job->state = copy->candidate || !copy->has_last ? REPORT_FEED_FRESH : REPORT_FEED_CURRENT;
    memset(&job->digest, 0, sizeof job->digest);
    if (copy->path[0] != '\0' && digest_path(copy->path, &job->digest) == ERR_NOMEM)
        job->err = ERR_NOMEM;
}

void job_fetch(struct job *job)
{
    struct fetch_request request = request_of(job);
    fetch_get(&job->env->fetch, &request, &job->copy);
    set_state(job);
}

/* Reads the copy in hand from the start. */
static int parse(struct job *job)
{
    const struct reading reading = {.feed = job->feed,
                                    .guard = job->env->guard,
                                    .popular = job->env->popular,
                                    .path = job->copy.path,
                                    .sink = batch_add,
                                    .ctx = &job->batch};
    job_done(job);
    feed_stats_init(&job->stats);
    return reading_run(&reading, &job->stats);
}

static uint64_t difference(uint64_t a, uint64_t b)
{
    return a > b ? a - b : b - a;
}

/* Whether the copy just read can be believed; else why not. */
static bool judge(const struct job *job, char *why, size_t cap)
{
    const struct recipe_limits *limits = &job->feed->limits;
    uint64_t names = job_names(job), last = job->copy.has_last ? job->copy.last.names : 0;
    uint64_t entries = names + feed_stats_refused_total(&job->stats);
    if (names < (uint64_t)limits->min)
        snprintf(why, cap, "only %" PRIu64 " names, at least %" PRId64 " are believed", names, limits->min);
    else if (limits->max > 0 && names > (uint64_t)limits->max)
        snprintf(why, cap, "%" PRIu64 " names, at most %" PRId64 " are believed", names, limits->max);
    else if (entries < job->stats.declared)
        snprintf(why, cap, "cut short: it says that it has %" PRIu64 " entries, and has %" PRIu64, job->stats.declared,
                 entries);
    else if (limits->change > 0 && last > 0 && difference(names, last) * 100 > last * (uint64_t)limits->change)
        snprintf(why, cap, "%" PRIu64 " names after %" PRIu64 ": a change of more than %" PRId64 " per cent", names,
                 last, limits->change);
    else if (job->stats.popular.rank > 0 && job->stats.popular.rank <= limits->popular)
        snprintf(why, cap,
                 "line %" PRIu32 " blocks %.100s, a name among the %" PRId64 " most popular (rank %" PRIu32 ")",
                 job->stats.popular.rule.line, job->stats.popular.name, limits->popular, job->stats.popular.rank);
    else
        return true;
    return false;
}

/* The last good copy was good when it was kept, so it is not judged again; only read. */
static void read_last(struct job *job)
{
    set_state(job);
    if (job->state == REPORT_FEED_MISSING)
        return;
    int err = parse(job);
    job->read = err == 0;
    if (err == 0)
        return;
    job->state = REPORT_FEED_MISSING;
    snprintf(job->why + strlen(job->why), sizeof job->why - strlen(job->why), "; the copy from before: %s",
             err_str(err));
    job_done(job);
    feed_stats_init(&job->stats);
}

void job_read(struct job *job)
{
    char why[DOWNLOAD_WHY_MAX];
    struct fetch_request request = request_of(job);
    if (job->state == REPORT_FEED_MISSING)
        return;
    if (job->state == REPORT_FEED_STALE || job->state == REPORT_FEED_CURRENT) {
        read_last(job);
        return;
    }
    int err = parse(job);
    if (err == ERR_NOMEM) {
        job->err = err;
        return;
    }
    if (err < 0)
        snprintf(why, sizeof why, "could not be read: %s", err_str(err));
    if (err == 0 && judge(job, why, sizeof why)) {
        job->read = true;
        if (fetch_keep(&job->env->fetch, &request, &job->copy, job_names(job)) < 0)
            snprintf(job->why, sizeof job->why, "the copy could not be kept for bad days");
        return;
    }
    fetch_discard(&job->env->fetch, &request, &job->copy, err < 0 ? err : ERR_LIMIT, why);
    job_done(job);
    feed_stats_init(&job->stats);
    read_last(job);
}
