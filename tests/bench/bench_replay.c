/*
 * How long it takes to judge the log of four weeks by two policies (operator/replay.h), and what memory.
 *
 * `bench_replay [ROWS] [DIR]`: the log is made in DIR, unless one is there, and left there. Before: 1,000 groups in 20
 * levels, 10,000 people, a list of a million names. After: gaming is open for some levels, and social media closed.
 *
 * The stream: 1,200 clients of uneven activity, one question in three by a known user; 300,000 names, popularity ~ 1/rank,
 * one in eight of them listed.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "dns/rr.h"
#include "operator/replay.h"
#include "qlog/writer.h"
#include "support/generation.h"

#define CLIENTS 1200u
#define NAMES   300000u
#define LISTED  1000000u
#define GROUPS  1000u
#define LEVELS  20u
#define PEOPLE  10000u
#define BEGIN_S INT64_C(1700000000)
#define SPAN_S  INT64_C(2419200) /* four weeks */

static uint64_t random_state = 88172645463325252u;

static void must(int code, const char *what)
{
    if (code >= 0)
        return;
    fprintf(stderr, "bench_replay: %s: %s\n", what, err_str(code));
    exit(1);
}

static uint64_t random_next(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* 0..count-1, the chance of rank r about 1/(r+1). */
static uint32_t random_rank(uint32_t count)
{
    double unit = (double)(random_next() >> 11) / 9007199254740992.0;
    uint32_t rank = (uint32_t)exp(unit * log((double)count + 1)) - 1;
    return rank < count ? rank : count - 1;
}

/* Of this program: what neighbours take is not in it. */
static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Every eighth name is below a listed one: site 7, 15... */
static void name_text(uint32_t rank, char out[64])
{
    static const char *const hosts[] = {"www", "api", "cdn", "static", "img", "login", "events", "a1b2c3d4"};
    snprintf(out, 64, "%s.page%u.example", hosts[rank / 8 % 8], (unsigned)rank);
}

/* ---- the list ---- */

static void list_make(struct generation *g)
{
    static const unsigned categories[] = {CATEGORY_GAMING, CATEGORY_SOCIAL_MEDIA, CATEGORY_GAMBLING,
                                          CATEGORY_PORNOGRAPHY};
    struct generation_rule *rules = calloc(LISTED, sizeof *rules);
    char(*names)[32] = calloc(LISTED, sizeof *names);
    must(rules == NULL || names == NULL ? ERR_NOMEM : 0, "list");
    for (uint32_t i = 0; i < LISTED; i++) {
        snprintf(names[i], sizeof names[i], "page%u.example", (unsigned)(8 * i + 7));
        rules[i] = (struct generation_rule){names[i], GENERATION_SUBDOMAINS, GENERATION_BLOCK,
                                            CATEGORY_BIT(categories[i % 4]), (uint16_t)(i % 4)};
    }
    generation_init(g, rules, LISTED);
    free(rules);
    free(names);
}

/* ---- the log ---- */

static const char *group_name(void *ctx, uint32_t version, uint16_t group)
{
    static char name[16];
    (void)ctx;
    (void)version;
    snprintf(name, sizeof name, "group-%u", group);
    return name;
}

static void record_make(uint32_t i, uint32_t rows, struct qlog_record *r)
{
    static const uint16_t types[] = {1, 1, 1, 28, 28, 65};
    uint32_t client = random_rank(CLIENTS);
    uint8_t address[4] = {10, (uint8_t)(client % GROUPS / 250), (uint8_t)(client % 250), (uint8_t)(client >> 8)};
    char text[64];
    name_text(random_rank(NAMES), text);
    *r = (struct qlog_record){.time_ns = BEGIN_S * 1000000000 + (int64_t)i * (SPAN_S * 1000000000 / rows),
                              .client = ipaddr_from_v4(address),
                              .client_port = (uint16_t)(random_next() % 28000 + 32768),
                              .group = (uint16_t)(client % GROUPS),
                              .user = client % 3 == 0 ? client + 1 : 0,
                              .grade = client % 3 == 0 ? QLOG_GRADE_USER : QLOG_GRADE_ADDRESS,
                              .qtype = types[random_next() % 6],
                              .qclass = 1,
                              .verdict = {.category = CATEGORY_NONE, .feed = VERDICT_NO_FEED},
                              .generation = 412,
                              .policy_version = 77,
                              .upstream = QLOG_NO_UPSTREAM,
                              .cache = QLOG_CACHE_HIT,
                              .answer_count = 1};
    r->qname_len = (uint8_t)name_from_text(text, strlen(text), r->qname);
}

static void log_make(const char *dir, uint32_t rows)
{
    struct qlog_opts opts = {.dir = dir,
                             .node = "bench",
                             .writer_count = 1,
                             .journal_bytes = 64 << 20,
                             .segment_bytes = 256 << 20,
                             .segment_s = 100000000,
                             .group_name = group_name};
    struct qlog_record record;
    struct qlog *log;
    must(qlog_open(&opts, &log), dir);
    for (uint32_t i = 0; i < rows; i++) {
        record_make(i, rows, &record);
        qlog_append(qlog_writer(log, 0), &record);
        if (i % 500000 == 499999)
            must(qlog_flush(log), "flush");
    }
    must(qlog_flush(log), "flush");
    qlog_close(log);
}

/* ---- the policies ---- */

static void policy_make(bool after, struct policy **out)
{
    static struct policy_level levels[LEVELS];
    static struct policy_group groups[GROUPS];
    static struct policy_person people[PEOPLE];
    static struct prefix networks[GROUPS], everyone;
    static char names[GROUPS][16], users[PEOPLE][16], level_names[LEVELS][16];
    for (uint32_t i = 0; i < LEVELS; i++) {
        snprintf(level_names[i], sizeof level_names[i], "level-%u", (unsigned)i);
        levels[i] =
            (struct policy_level){.name = level_names[i],
                                  .block = CATEGORY_BIT(CATEGORY_GAMBLING) | CATEGORY_BIT(CATEGORY_PORNOGRAPHY) |
                                           (after && i % 2 == 0 ? 0 : CATEGORY_BIT(CATEGORY_GAMING)) |
                                           (after && i % 5 == 0 ? CATEGORY_BIT(CATEGORY_SOCIAL_MEDIA) : 0)};
    }
    for (uint32_t i = 0; i < GROUPS; i++) {
        char text[32];
        snprintf(names[i], sizeof names[i], "group-%u", (unsigned)i);
        snprintf(text, sizeof text, "10.%u.%u.0/24", (unsigned)(i / 250), (unsigned)(i % 250));
        must(prefix_from_text(text, &networks[i]), text);
        groups[i] = (struct policy_group){
            .name = names[i], .level = (uint16_t)(i % LEVELS), .networks = &networks[i], .network_count = 1};
    }
    for (uint32_t i = 0; i < PEOPLE; i++) {
        snprintf(users[i], sizeof users[i], "user-%u", (unsigned)i);
        people[i] = (struct policy_person){
            .user = users[i], .group = POLICY_GROUP_DEFAULT, .level = (uint16_t)(i * 7 % LEVELS)};
    }
    must(prefix_from_text("10.0.0.0/8", &everyone), "10.0.0.0/8");
    const struct policy_opts opts = {.levels = levels,
                                     .level_count = LEVELS,
                                     .groups = groups,
                                     .group_count = GROUPS,
                                     .people = people,
                                     .person_count = PEOPLE,
                                     .access = &everyone,
                                     .access_count = 1,
                                     .version = 77};
    must(policy_new(&opts, out), "policy");
}

static const char *user_name(void *ctx, uint32_t user)
{
    static char name[16];
    (void)ctx;
    snprintf(name, sizeof name, "user-%u", (unsigned)user);
    return name;
}

/* ---- the replay ---- */

static void replay_report(const char *dir, const struct blockdb *db)
{
    struct policy *before, *after;
    struct replay replay;
    struct rusage usage;
    size_t cells;
    policy_make(false, &before);
    policy_make(true, &after);
    struct judge judges[2] = {{.policy = before, .db = db}, {.policy = after, .db = db}};
    must(judge_init(&judges[0], BEGIN_S), "judge");
    must(judge_init(&judges[1], BEGIN_S), "judge");
    const struct replay_opts opts = {
        .log_dir = dir, .to_ns = INT64_MAX, .before = &judges[0], .after = &judges[1], .user_name = user_name};
    double begin = seconds();
    double cpu_begin = cpu_seconds();
    must(replay_run(&opts, &replay), dir);
    double spent = seconds() - begin;
    double cpu = cpu_seconds() - cpu_begin;
    getrusage(RUSAGE_SELF, &usage);
    tally_cells(replay.tally, &cells);
    const struct tally_sum allowed = tally_sum(replay.tally, TALLY_ALLOWED);
    const struct tally_sum blocked = tally_sum(replay.tally, TALLY_BLOCKED);
    printf("%.2f s of processor\n", cpu);
    printf("%llu rows in %.2f s: %.2f million rows/s, peak memory %.0f MB\n", (unsigned long long)replay.questions,
           spent, (double)replay.questions / spent / 1e6, (double)usage.ru_maxrss / 1024);
    printf("allowed %llu of %u names by %u clients, blocked %llu of %u names by %u clients, %zu groups%s\n",
           (unsigned long long)allowed.questions, allowed.names, allowed.clients, (unsigned long long)blocked.questions,
           blocked.names, blocked.clients, cells, tally_is_full(replay.tally) ? ", bounded" : "");
    replay_done(&replay);
    judge_done(&judges[0]);
    judge_done(&judges[1]);
    policy_free(before);
    policy_free(after);
}

int main(int argc, char **argv)
{
    static char made[] = "/tmp/belisha-bench-replay-XXXXXX";
    uint32_t rows = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 10000000;
    const char *dir = argc > 2 ? argv[2] : mkdtemp(made);
    struct generation g;
    struct blockdb *db;
    char words[512];
    if (dir == NULL || rows == 0)
        return 2;
    snprintf(words, sizeof words, "%s/words.json", dir);
    if (access(words, F_OK) < 0)
        log_make(dir, rows);
    list_make(&g);
    must(blockdb_open(g.current, &db, NULL, 0), g.current);
    replay_report(dir, db);
    blockdb_close(db);
    generation_done(&g);
    return 0;
}
