/*
 * What a question costs in the engine alone, without sockets: ns for each answer, by kind of question.
 *
 *     bench_engine GENERATION QUERIES [--no-log] [--statutory LIST]
 *
 * QUERIES: "name TYPE" lines. All questions go through batches of 64. The first pass forwards what is not blocked to an
 * upstream that answers at once; the passes after it are answered from the cache or blocked. Prints one line for each
 * pass. The log goes to a temporary folder.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "blockdb/blockdb.h"
#include "cache/cache.h"
#include "dns/msg.h"
#include "metrics/metrics.h"
#include "policy/policy.h"
#include "qlog/writer.h"
#include "query/query.h"
#include "statutory/statutory.h"

#define PASSES      5
#define REPLY_TTL_S 3600

struct bench {
    uint8_t (*packets)[300];
    uint16_t *lengths;
    size_t count;
    struct query_engine *engine;
    struct metrics metrics;
    uint8_t reply[MSG_UDP_EDNS];
    size_t reply_len;
    uint32_t slot;
};

static void die(const char *what)
{
    fprintf(stderr, "bench_engine: %s\n", what);
    exit(1);
}

static int64_t clock_ns(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static struct query_time now(void)
{
    return (struct query_time){.mono_ms = clock_ns(CLOCK_MONOTONIC) / 1000000, .wall_ns = clock_ns(CLOCK_REALTIME)};
}

static void read_questions(struct bench *b, const char *path)
{
    FILE *file = fopen(path, "r");
    char line[400];
    size_t cap = 0;
    if (file == NULL)
        die("no query file");
    while (fgets(line, sizeof line, file) != NULL) {
        char name[300];
        char type[20];
        if (sscanf(line, "%299s %19s", name, type) != 2)
            continue;
        if (b->count == cap) {
            cap = cap == 0 ? 65536 : cap * 2;
            b->packets = realloc(b->packets, cap * sizeof *b->packets);
            b->lengths = realloc(b->lengths, cap * sizeof *b->lengths);
            if (b->packets == NULL || b->lengths == NULL)
                die("memory");
        }
        uint8_t *p = b->packets[b->count];
        memset(p, 0, MSG_HEADER_LEN);
        msg_put_u16(p, (unsigned)b->count);
        msg_put_u16(p + 2, MSG_RD);
        msg_put_u16(p + 4, 1);
        int len = name_from_text(name, strlen(name), p + MSG_HEADER_LEN);
        int number = dns_type_from_text(type);
        if (len < 0 || number < 0)
            continue;
        msg_put_u16(p + MSG_HEADER_LEN + len, (unsigned)number);
        msg_put_u16(p + MSG_HEADER_LEN + len + 2, DNS_CLASS_IN);
        b->lengths[b->count++] = (uint16_t)(MSG_HEADER_LEN + len + 4);
    }
    fclose(file);
}

/* The upstream: keeps the question and answers it with one address as soon as the batch is over. */
static int take_ask(void *ctx, const struct query_ask *ask, uint32_t *out_slot)
{
    static const uint8_t address[] = {0xc0, 12, 0,   1, 0, 1, 0, 0, REPLY_TTL_S >> 8, REPLY_TTL_S & 255,
                                      0,    4,  192, 0, 2, 1};
    struct bench *b = ctx;
    size_t question = MSG_HEADER_LEN + (size_t)name_check(ask->msg + MSG_HEADER_LEN, ask->msg_len) + 4;
    memcpy(b->reply, ask->msg, question);
    msg_put_u16(b->reply + 2, MSG_QR | MSG_RD | MSG_RA);
    msg_put_u16(b->reply + 6, 1);
    msg_put_u16(b->reply + 10, 0);
    memcpy(b->reply + question, address, sizeof address);
    b->reply_len = question + sizeof address;
    *out_slot = ++b->slot;
    return 0;
}

static void take_answer(void *ctx, const struct query_source *to, const uint8_t *msg, size_t len)
{
    (void)ctx;
    (void)to;
    (void)msg;
    (void)len;
}

static void pass(struct bench *b, size_t batch, const char *name)
{
    static uint8_t out[QUERY_BATCH_MAX][4096];
    struct query_item items[QUERY_BATCH_MAX];
    struct metrics before;
    struct metrics after;
    const struct metrics *const worker = &b->metrics;
    metrics_sum(&worker, 1, &before);
    int64_t begin = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    for (size_t i = 0; i < b->count; i += batch) {
        size_t n = b->count - i < batch ? b->count - i : batch;
        for (size_t k = 0; k < n; k++) {
            uint8_t v4[4] = {127, 0, (uint8_t)((i + k) >> 4), (uint8_t)(i + k)};
            items[k].source = (struct query_source){.client = {.addr = ipaddr_from_v4(v4), .port = 1234}};
            items[k].msg = b->packets[i + k];
            items[k].msg_len = b->lengths[i + k];
            items[k].out = out[k];
            items[k].out_cap = sizeof out[k];
        }
        uint32_t slot = b->slot;
        query_batch(b->engine, items, n, now());
        if (b->slot != slot) /* only in passes of one question a batch */
            query_reply(b->engine, b->slot, 0, b->reply, b->reply_len, now());
    }
    metrics_sum(&worker, 1, &after);
    double ns = (double)(clock_ns(CLOCK_THREAD_CPUTIME_ID) - begin) / (double)b->count;
    printf("%-8s %8.0f ns/question  hits %" PRIu64 " blocked %" PRIu64 " forwarded %" PRIu64 "\n", name, ns,
           after.value[METRIC_CACHE_HITS] - before.value[METRIC_CACHE_HITS],
           metrics_blocked(&after) - metrics_blocked(&before),
           after.value[METRIC_CACHE_MISSES] - before.value[METRIC_CACHE_MISSES]);
}

/* The words behind the files. */
static void read_options(int argc, char **argv, bool *out_logs, struct statutory **out_list)
{
    char why[200];
    for (int i = 3; i < argc; i++) {
        if (strcmp(argv[i], "--no-log") == 0)
            *out_logs = false;
        else if (strcmp(argv[i], "--statutory") != 0 || i + 1 == argc)
            die("GENERATION QUERIES [--no-log] [--statutory LIST]");
        else if (statutory_open(argv[++i], out_list, why, sizeof why) < 0)
            die(why);
    }
}

int main(int argc, char **argv)
{
    static struct bench b;
    static const uint16_t first = 0;
    char why[200];
    char log_dir[] = "/tmp/bench-engine-XXXXXX";
    struct blockdb *db = NULL;
    struct policy *policy = NULL;
    struct cache *cache = NULL;
    struct qlog *log = NULL;
    struct statutory *statutory = NULL;
    bool logs = true;
    if (argc < 3)
        die("GENERATION QUERIES [--no-log] [--statutory LIST]");
    read_options(argc, argv, &logs, &statutory);
    read_questions(&b, argv[2]);
    if (blockdb_open(argv[1], &db, why, sizeof why) < 0)
        die(why);
    struct prefix loopback;
    if (prefix_from_text("127.0.0.0/8", &loopback) < 0)
        die("prefix");
    struct policy_level level = {.name = "default", .block = UINT64_MAX};
    struct policy_opts policy_opts = {.levels = &level, .level_count = 1, .access = &loopback, .access_count = 1};
    struct cache_opts cache_opts = {.bytes = 256u << 20, .shards = 64};
    struct query_server server = {.name = "bench"};
    struct query_zone zone = {.name = (const uint8_t *)"", .servers = &first, .server_count = 1, .filtered = true};
    struct query_opts opts = {.servers = &server,
                              .server_count = 1,
                              .zones = &zone,
                              .zone_count = 1,
                              .has_sinkhole_v4 = true,
                              .blocked_ttl_s = 10,
                              .client_timeout_ms = 4000,
                              .try_timeout_ms = 400,
                              .pending_max = 1000,
                              .pending_per_client = 1000,
                              .asks_max = 1000,
                              .client_rate = 1000000, /* counted as ever, and never reached */
                              .client_burst = 1000000,
                              .ttl_max_s = 86400,
                              .negative_ttl_max_s = 3600};
    struct qlog_opts log_opts = {.dir = mkdtemp(log_dir),
                                 .node = "bench",
                                 .writer_count = 1,
                                 .journal_bytes = 16 << 20,
                                 .segment_bytes = 256 << 20,
                                 .segment_s = 3600,
                                 .fsync_ms = 1000};
    if (policy_new(&policy_opts, &policy) < 0 || cache_new(&cache_opts, &cache) < 0)
        die("policy or cache");
    if (logs && qlog_open(&log_opts, &log) < 0)
        die("log");
    struct query_env env = {.opts = &opts,
                            .policy = policy,
                            .blockdb = db,
                            .statutory = statutory,
                            .cache = cache,
                            .metrics = &b.metrics,
                            .log = log == NULL ? NULL : qlog_writer(log, 0)};
    struct query_io io = {.ctx = &b, .send = take_ask, .answer = take_answer};
    if (query_engine_new(&env, &io, &b.engine) < 0)
        die("engine");
    pass(&b, 1, "first");
    for (int i = 0; i < PASSES; i++)
        pass(&b, QUERY_BATCH_MAX, "again");
    query_engine_free(b.engine);
    qlog_close(log);
    cache_free(cache);
    policy_free(policy);
    statutory_close(statutory);
    blockdb_close(db);
    return 0;
}
