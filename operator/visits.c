/* belisha visits: who was at which sites, as visits instead of questions (docs/episodes.md). */
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "episode/builder.h"
#include "episode/seen.h"
#include "operator/command.h"
#include "operator/log_leaving.h"
#include "operator/log_names.h"
#include "operator/log_options.h"
#include "operator/reading.h"
#include "operator/school_sites.h"
#include "operator/visit_lines.h"
#include "qlog/blocks.h"

#define SECOND_NS INT64_C(1000000000)
#define WEEK_S    (7 * 86400)
#define LIMIT     50 /* as many as somebody reads */

struct visits_task {
    const struct operator_env *env;
    const char *dir;
    struct log_options options;
    struct log_names names;
    struct tables *tables;
    struct site_finder *finder;
    struct seen *seen; /* NULL: nothing is known of what was seen before, or this program may not read it */
    struct episode_only only;
    struct ipaddr client;
    struct episode_builder *builder;
    struct qlog_scan_stats stats;
};

static int fail(const struct visits_task *task, const char *what, int code)
{
    fprintf(task->env->err, "belisha visits: %s: %s\n", what, err_str(code));
    return OPERATOR_FAILED;
}

/* ---- reading ---- */

/* The rows of everybody: what is left out for somebody's sake is known by those of others. */
static int read_log(struct visits_task *task)
{
    const struct log_options *o = &task->options;
    const struct blocks_opts opts = {.filter = {.from_ns = o->filter.from_ns, .to_ns = o->filter.to_ns, .action = -1},
                                     .parts = EPISODE_PARTS};
    struct blocks *blocks = NULL;
    struct blocks_reader *reader = NULL;
    const struct block_view *view;
    int code = blocks_open(task->dir, &opts, &blocks);
    if (code == 0)
        code = blocks_reader_new(blocks, &reader);
    while (code >= 0 && (code = blocks_next(reader, &view)) == 1)
        code = episode_builder_add_block(task->builder, view);
    if (code == 0)
        code = episode_builder_finish(task->builder);
    if (blocks != NULL)
        blocks_stats(blocks, &task->stats);
    blocks_reader_free(reader);
    blocks_close(blocks);
    return code;
}

static void open_seen(struct visits_task *task)
{
    char path[PATH_MAX];
    if (task->options.dir == NULL &&
        (size_t)snprintf(path, sizeof path, "%s/state/" SEEN_FILE, task->env->config->state_dir) < sizeof path &&
        seen_open(path, &task->seen) < 0)
        task->seen = NULL;
}

static int make_builder(struct visits_task *task)
{
    const struct log_options *o = &task->options;
    const struct config *config = task->env->config;
    struct config_errors errors = {0};
    bool one = o->filter.user != 0 || o->filter.device != 0 || o->filter.client != NULL;
    int code = tables_new(NULL, &errors, &task->tables);
    config_errors_print(&errors, task->env->err);
    config_errors_done(&errors);
    if (code == 0)
        code = school_sites_new(config, task->tables, &task->finder);
    task->only = (struct episode_only){
        .user = o->filter.user, .device = o->filter.device, .client = o->filter.client != NULL ? &task->client : NULL};
    open_seen(task);
    const struct episode_opts opts = {.tables = task->tables,
                                      .finder = task->finder,
                                      .calendar = &config->calendar,
                                      .from_ns = o->filter.from_ns,
                                      .to_ns = o->filter.to_ns,
                                      .age = school_sites_age,
                                      .ctx = (void *)(uintptr_t)config,
                                      .all = o->all,
                                      .seen = task->seen,
                                      .only = one ? &task->only : NULL};
    return code < 0 ? code : episode_builder_new(&opts, &task->builder);
}

/* ---- telling ---- */

static bool is_wanted(const struct log_options *o, const struct episode *e)
{
    bool kept = e->verdict == EPISODE_BLOCKED || e->verdict == EPISODE_HELD;
    bool of_category = e->category < CATEGORY_MAX && (o->filter.categories & CATEGORY_BIT(e->category)) != 0;
    return (o->filter.group == NULL || strcmp(o->filter.group, e->who.group) == 0) &&
           (o->filter.categories == 0 || of_category) && (!o->filter.blocked_only || kept);
}

/* ---- all of them ---- */

static int by_time(const void *a, const void *b)
{
    const struct episode *x = a, *y = b;
    if (x->first_ns != y->first_ns)
        return x->first_ns < y->first_ns ? -1 : 1;
    return x->key < y->key ? -1 : x->key > y->key;
}

static int print_all(struct visits_task *task)
{
    size_t count = episode_count(task->builder), wanted = 0;
    uint64_t limit = task->options.limit != 0 ? task->options.limit : task->options.all ? UINT64_MAX : LIMIT;
    struct episode *episodes = calloc(count + 1, sizeof *episodes);
    if (episodes == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < count; i++) {
        episode_get(task->builder, i, &episodes[wanted]);
        wanted += is_wanted(&task->options, &episodes[wanted]);
    }
    if (task->options.all)
        qsort(episodes, wanted, sizeof *episodes, by_time);
    bool json = task->options.format == GRID_NDJSON;
    struct visit_lines lines = {task->env->out, &task->names};
    for (size_t i = 0; i < wanted && i < limit; i++)
        (json ? visit_lines_json : task->options.all ? visit_lines_course : visit_lines_concern)(&lines, &episodes[i]);
    free(episodes);
    if (json)
        return 0;
    if (wanted > limit)
        fprintf(task->env->out, "and %zu more%s: --limit shows them\n", wanted - (size_t)limit,
                task->options.all ? ", later" : " of less concern");
    if (wanted == 0)
        fputs("nothing of this kind\n", task->env->out);
    return 0;
}

/* What a reader must not take for the whole. */
static void print_limits(const struct visits_task *task)
{
    struct episode_sums sums;
    FILE *to = task->env->err;
    episode_sums(task->builder, &sums);
    fflush(task->env->out);
    if (sums.dropped_episodes > 0)
        fprintf(to, "belisha visits: %" PRIu64 " episodes of the least concern were left out: there are too many\n",
                sums.dropped_episodes);
    if (sums.lost > 0)
        fprintf(to, "belisha visits: %" PRIu64 " records of this time were lost: the log could not be written\n",
                sums.lost);
    if (task->stats.damaged_blocks > 0)
        fprintf(to, "belisha visits: %" PRIu64 " damaged blocks were left out\n", task->stats.damaged_blocks);
    if (task->stats.closed_blocks > 0)
        fprintf(to, "belisha visits: of %" PRIu64 " blocks nobody can say here who asked\n", task->stats.closed_blocks);
}

/* ---- the command ---- */

static const char *complete(struct visits_task *task, int64_t now_ns)
{
    struct log_options *o = &task->options;
    if (o->filter.name != NULL || o->filter.code != NULL || o->filter.action >= 0 || o->output != NULL)
        return "--name, --code, --verdict and --output are for `belisha log search`";
    if (o->format != GRID_CSV && o->format != GRID_NDJSON)
        return "--format must be ndjson here";
    if (o->zip || o->without_identities)
        return "--zip and --without-identities are for `belisha log export`";
    if (o->format == GRID_NDJSON && log_leaving_wrong(o, &task->env->config->roles, task->env->out) != NULL)
        return "lines for programs tell who asked: --plain and --reason TEXT are needed, which the ledger keeps";
    if (o->filter.client != NULL && o->client.bits != 128)
        return "--client must be one address here";
    task->client = o->client.addr;
    if (o->filter.to_ns == 0)
        o->filter.to_ns = now_ns;
    if (o->filter.from_ns == 0)
        o->filter.from_ns = o->filter.to_ns - (o->all ? 3600 : WEEK_S) * SECOND_NS;
    return o->filter.from_ns >= o->filter.to_ns ? "--from must be before --to" : NULL;
}

static int run_with_names(struct visits_task *task, int argc, char *argv[])
{
    const struct operator_env *env = task->env;
    if (!reading_record(env, "log.visits", task->dir, argc, argv))
        return OPERATOR_FAILED;
    int code = make_builder(task);
    if (code == 0)
        code = read_log(task);
    if (code == 0)
        code = print_all(task);
    if (code == 0)
        print_limits(task);
    episode_builder_free(task->builder);
    seen_free(task->seen);
    site_finder_free(task->finder);
    tables_free(task->tables);
    return code < 0 ? fail(task, task->dir, code) : OPERATOR_OK;
}

static int visits_run(const struct operator_env *env, int argc, char *argv[])
{
    struct visits_task task = {.env = env};
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t now_ns = (int64_t)now.tv_sec * SECOND_NS + now.tv_nsec;
    const char *wrong = log_options_read(argc, argv, now_ns, &task.options);
    if (wrong == NULL)
        wrong = complete(&task, now_ns);
    if (wrong != NULL)
        return operator_usage(env, &command_visits, "%s", wrong);
    task.dir = task.options.dir != NULL ? task.options.dir : env->config->log.dir;
    wrong = log_names_open(&task.names, env->config, &task.options);
    if (wrong != NULL) {
        fprintf(env->err, "belisha visits: %s\n", wrong);
        return OPERATOR_FAILED;
    }
    int code = run_with_names(&task, argc, argv);
    log_names_close(&task.names);
    return code;
}

static const char details[] =
    "Questions become visits, and visits of one who to one site an episode; those of most concern come first, with "
    "the\n"
    "reasons. Names that programs and pages ask for by themselves are left out; so is all that concerns protected "
    "help.\n"
    "docs/episodes.md says what DNS can't show.\n"
    "\nWhich (CHOICE):\n"
    "  --from TIME, --to TIME    2026-11-21, 2026-11-21T10:30 (UTC), -2h, -30m, -7d, now; the last week by default\n"
    "  --user NAME|#NUMBER       of this user, as far as the log is sure (grades A to C)\n"
    "  --device NAME|#NUMBER     from this device\n"
    "  --client ADDRESS          from this address\n"
    "  --group GROUP, --category CATEGORY, --blocked\n"
    "  --limit NUMBER            so many; 50 by default\n"
    "  --format ndjson           for programs: an object a line. Where it does not go to a terminal, --plain and\n"
    "                            --reason TEXT are needed once roles are configured: it tells who asked\n"
    "  --all                     also sites that concern nobody, in the order of time: what went on around. The last\n"
    "                            hour by default; best with --user, --device or --client\n"
    "  --dir DIR, --roster FILE  another log, such as a copy, and the names of its users and devices\n"
    "\nTimes are UTC. It is written down in the ledger who looked, and for whom.\n";

const struct operator_command command_visits = {
    .name = "visits",
    .synopsis = "visits [CHOICE]... [--all] [--limit NUMBER] [--format ndjson] [--dir DIR]",
    .help = "who was at which sites: visits instead of questions, the most concerning first",
    .details = details,
    .needs_config = true,
    .run = visits_run};
