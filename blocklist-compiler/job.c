#include "blocklist-compiler/job.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "blocklist-compiler/inputs.h"
#include "blocklist-compiler/unpack.h"
#include "reading/judge.h"

void job_init(struct job *job, const struct recipe_feed *feed, const struct job_env *env)
{
    memset(job, 0, sizeof *job);
    job->feed = feed;
    job->format = feed_format_at(feed->format);
    job->env = env;
    job->state = REPORT_FEED_MISSING; /* until job_fetch() has looked */
    feed_stats_init(&job->stats);
}

void job_drop_rules(struct job *job)
{
    sheaf_close(job->sheaf);
    job->sheaf = NULL;
}

void job_done(struct job *job)
{
    feed_stats_done(&job->stats);
    job_drop_rules(job);
}

/* Before another copy is read. */
static void forget(struct job *job)
{
    job_done(job);
    feed_stats_init(&job->stats);
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

struct download_opts job_patience(const char *ca_file, struct turns *turns)
{
    return (struct download_opts){
        .connect_ms = 30000, .stall_s = 60, .retry_pause_ms = 2000, .turns = turns, .ca_file = ca_file};
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
    struct fetch_copy *copy = &job->copy;
    if (copy->err < 0)
        snprintf(job->why, sizeof job->why, "%s", copy->why[0] != '\0' ? copy->why : err_str(copy->err));
    if (copy->err < 0 && !job->env->falls_back)
        copy->path[0] = '\0';
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
    if (job->format->parse != NULL)
        unpack_copy(job->env->reader, &job->env->fetch, &request, &job->copy);
    set_state(job);
}

static int binding_of(const struct job *job, char path_old[STORE_PATH_MAX], struct binding *out)
{
    const struct fetch_copy *copy = &job->copy;
    struct digest options;
    int err = inputs_of_reading(job, &options);
    if (err < 0)
        return err;
    *out = (struct binding){.feed = job->feed,
                            .guard = job->env->guard,
                            .popular = job->env->popular,
                            .path = copy->path,
                            .dir = job->env->fetch.dir,
                            .reader = job->env->reader,
                            .threads = job->env->threads};
    memcpy(out->id.copy, job->digest.bytes, sizeof out->id.copy);
    memcpy(out->id.options, options.bytes, sizeof out->id.options);
    if (copy->candidate && copy->has_last && store_path(out->dir, job->feed->name, "feed", path_old) == 0)
        out->path_old = path_old;
    return 0;
}

/* What a reader's own error means to a technician. */
static void explain_reading(int err, char why[SANDBOX_WHY_MAX])
{
    const char *sentence = err == ERR_LIMIT ? "more lines or unpacked bytes than its limits allow"
                           : err == ERR_MALFORMED || err == ERR_TRUNCATED
                               ? "it is damaged, cut short, or of another kind"
                               : err_str(err);
    snprintf(why, SANDBOX_WHY_MAX, "%s", sentence);
}

/* Reads the copy in hand. why: of an error. */
static int get_sheaf(struct job *job, struct binding *binding, char path_old[STORE_PATH_MAX], bool *out_new,
                     char why[SANDBOX_WHY_MAX])
{
    forget(job);
    why[0] = '\0';
    int err = binding_of(job, path_old, binding);
    if (err == 0) {
        binding->why = why;
        err = binding_run(binding, &job->sheaf, out_new);
    }
    if (err < 0 && why[0] == '\0')
        explain_reading(err, why);
    if (err < 0)
        return err;
    job->stats = job->sheaf->stats;
    feed_stats_forget_samples(&job->sheaf->stats);
    job->categories = sheaf_categories(job->sheaf);
    return 0;
}

/* Whether the copy just read can be believed; else why not. */
static bool judge(const struct job *job, char *why, size_t cap)
{
    uint64_t last = job->copy.has_last ? job->copy.last.names : 0;
    int64_t popular = job->feed->limits.popular;
    if (!judge_believes(&job->feed->limits, &job->stats, job_names(job), last, why, cap))
        return false;
    if (job->stats.popular.rank == 0 || job->stats.popular.rank > popular)
        return true;
    snprintf(why, cap, "line %" PRIu32 " blocks %.100s, a name among the %" PRId64 " most popular (rank %" PRIu32 ")",
             job->stats.popular.rule.line, job->stats.popular.name, popular, job->stats.popular.rank);
    return false;
}

/* The last good copy was good when it was kept, so it is not judged again; only read. */
static void read_last(struct job *job)
{
    struct binding binding;
    char path_old[STORE_PATH_MAX], reason[SANDBOX_WHY_MAX];
    bool is_new = false;
    if (job->state == REPORT_FEED_MISSING)
        return;
    int err = get_sheaf(job, &binding, path_old, &is_new, reason);
    job->read = err == 0;
    if (err == 0 && is_new)
        binding_keep(&binding);
    if (err == 0)
        return;
    job->state = REPORT_FEED_MISSING;
    snprintf(job->why + strlen(job->why), sizeof job->why - strlen(job->why), "; the copy from before: %s", reason);
    forget(job);
}

void job_read(struct job *job)
{
    char why[DOWNLOAD_WHY_MAX], reason[SANDBOX_WHY_MAX], path_old[STORE_PATH_MAX];
    struct fetch_request request = request_of(job);
    struct binding binding;
    bool is_new = false;
    if (job->state != REPORT_FEED_FRESH) {
        read_last(job);
        return;
    }
    int err = get_sheaf(job, &binding, path_old, &is_new, reason);
    if (err == ERR_NOMEM) {
        job->err = err;
        return;
    }
    if (err < 0)
        snprintf(why, sizeof why, "could not be read: %s", reason);
    if (err == 0 && judge(job, why, sizeof why)) {
        job->read = true;
        if (fetch_keep(&job->env->fetch, &request, &job->copy, job_names(job)) < 0)
            snprintf(job->why, sizeof job->why, "the copy could not be kept for bad days");
        if (is_new)
            binding_keep(&binding);
        return;
    }
    if (err == 0 && is_new)
        binding_discard(&binding);
    fetch_discard(&job->env->fetch, &request, &job->copy, err < 0 ? err : ERR_LIMIT, why);
    forget(job);
    set_state(job);
    read_last(job);
}
