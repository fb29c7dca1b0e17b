/*
 * What the query log costs: ns an append, bytes a record on disk for traffic shaped like a school's, rows a second
 * scanned. `bench_qlog [ROWS] [DIR]`; the folder and DIR-keys, for the keys of days, are made and left for a look.
 *
 * `bench_qlog cost [ROWS] [DIR]`: the processor time of a record from append to segment, worker and the log's own
 * threads apart. Rows come at about 260,000 a second, with the sizes and times of the default configuration.
 *
 * The stream: 1,200 clients of uneven activity; 40,000 names, popularity ~ 1/rank; three answers in four from the cache;
 * one name in eight blocked; A, AAAA and HTTPS; exponential gaps between questions as at 400 questions a second.
 */
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "qlog/blocks.h"
#include "qlog/reader.h"
#include "qlog/writer.h"

#define CLIENTS 1200u
#define NAMES   40000u
#define POOL    65536u /* records made beforehand, so that making them is not measured */

static uint64_t random_state = 88172645463325252u;

static uint64_t random_next(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static double random_unit(void)
{
    return (double)(random_next() >> 11) / 9007199254740992.0;
}

/* 0..count-1, the chance of rank r about 1/(r+1). */
static uint32_t random_rank(uint32_t count)
{
    uint32_t rank = (uint32_t)exp(random_unit() * log((double)count + 1)) - 1;
    return rank < count ? rank : count - 1;
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double cpu_seconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Of this thread alone: the log's own threads and neighbours are not in it. */
static double thread_seconds(void)
{
    return cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
}

static void name_make(uint32_t rank, struct qlog_record *out)
{
    static const char *const hosts[] = {"www", "api", "cdn", "static", "img", "login", "events", "a1b2c3d4"};
    static const char *const ends[] = {"com", "co.uk", "net", "org", "sch.uk", "io"};
    char text[80];
    uint64_t mix = rank * UINT64_C(0x9e3779b97f4a7c15);
    snprintf(text, sizeof text, "%s.%.*s%u.%s", hosts[rank % 8], (int)(3 + mix % 8), "learningpage", rank / 4,
             ends[mix >> 20 & 3]);
    int len = name_from_text(text, strlen(text), out->qname);
    out->qname_len = (uint8_t)(len < 0 ? 0 : len);
}

static void record_make(struct qlog_record *r)
{
    static const uint16_t types[] = {1, 1, 1, 28, 28, 65};
    uint32_t client = random_rank(CLIENTS);
    uint32_t name = random_rank(NAMES);
    uint8_t address[4] = {10, 20, (uint8_t)(client >> 8), (uint8_t)client};
    uint8_t answer[4] = {203, (uint8_t)(name >> 8), (uint8_t)name, (uint8_t)(random_next() % 2)};
    bool blocked = name % 8 == 7;
    bool hit = random_next() % 4 != 0;
    *r = (struct qlog_record){.client = ipaddr_from_v4(address),
                              .client_port = (uint16_t)(random_next() % 28000 + 32768),
                              .group = (uint16_t)(client % 5),
                              .device = client + 1,
                              .user = client % 3 == 0 ? 0 : client + 1,
                              .grade = client % 3 == 0 ? QLOG_GRADE_DEVICE : QLOG_GRADE_USER,
                              .qtype = types[random_next() % 6],
                              .qclass = 1,
                              .verdict = {.category = blocked ? (uint8_t)(name % 40) : 255,
                                          .action = blocked ? VERDICT_NOTICE : VERDICT_RESOLVE,
                                          .reason = blocked ? REASON_CATEGORY : REASON_DEFAULT,
                                          .match = blocked ? MATCH_QNAME : MATCH_NONE,
                                          .match_labels = blocked ? 2 : 0,
                                          .feed = blocked ? (uint16_t)(name % 12) : VERDICT_NO_FEED,
                                          .categories = blocked ? UINT64_C(1) << name % 40 : 0},
                              .generation = 412,
                              .policy_version = 77,
                              .upstream = blocked || hit ? QLOG_NO_UPSTREAM : (uint16_t)(random_next() % 2),
                              .cache = blocked ? QLOG_CACHE_NONE
                                       : hit   ? QLOG_CACHE_HIT
                                               : QLOG_CACHE_MISS,
                              .answer_count = 1,
                              .rtt_us = blocked || hit ? 0 : (uint32_t)(4000 + random_next() % 40000),
                              .answer = ipaddr_from_v4(answer)};
    name_make(name, r);
}

static const char *group_name(void *ctx, uint32_t version, uint16_t group)
{
    static const char *const names[] = {"year-7-9", "year-10-11", "sixth-form", "staff", "guests"};
    (void)ctx;
    (void)version;
    return names[group % 5];
}

/* ns an append of records that are in the processor's cache, as the resolver's are, into journals made ready. */
static double append_ns(const char *dir, const struct qlog_record *pool)
{
    const uint32_t count = 1u << 20;
    char path[256];
    struct qlog *log;
    snprintf(path, sizeof path, "%s/append", dir);
    struct qlog_opts opts = {.dir = path,
                             .node = "bench",
                             .writer_count = 1,
                             .journal_bytes = 256 << 20,
                             .segment_bytes = UINT64_MAX,
                             .segment_s = 100000};
    if (qlog_open(&opts, &log) < 0)
        return -1;
    double begin = thread_seconds();
    for (uint32_t i = 0; i < count; i++)
        qlog_append(qlog_writer(log, 0), &pool[i % 16]);
    double spent = thread_seconds() - begin;
    qlog_close(log);
    return spent / count * 1e9;
}

/* Appends and flushes in steps that the journals hold, so that nothing is lost. */
static int rows_append(struct qlog *log, struct qlog_record *pool, uint32_t rows)
{
    struct qlog_writer *writer = qlog_writer(log, 0);
    int64_t time_ns = 1700000000000000000;
    for (uint32_t done = 0; done < rows;) {
        uint32_t step = rows - done < POOL ? rows - done : POOL;
        for (uint32_t i = 0; i < step; i++) {
            pool[i].time_ns = time_ns += (int64_t)(-log1p(-random_unit()) * 1e9 / 400);
            qlog_append(writer, &pool[i]);
            record_make(&pool[i]);
        }
        done += step;
        int code = done % (POOL * 8) == 0 ? qlog_flush(log) : 0;
        if (code < 0)
            return code;
    }
    return 0;
}

static void scan_report(const char *what, const char *dir, const struct qlog_filter *filter, uint32_t rows)
{
    struct qlog_scan *scan;
    struct qlog_row row;
    uint64_t matched = 0;
    double begin = seconds();
    if (qlog_scan_open(dir, filter, &scan) < 0)
        return;
    while (qlog_scan_next(scan, &row) == 1)
        matched++;
    qlog_scan_close(scan);
    double spent = seconds() - begin;
    printf("%-28s %10.1f million rows/s   %.3f s, %llu rows matched\n", what, rows / spent / 1e6, spent,
           (unsigned long long)matched);
}

/* One column over all blocks: the least that a report has to read. */
static void column_report(const char *dir, uint32_t rows)
{
    static uint64_t count[BLOCK_ROWS_MAX];
    const struct blocks_opts opts = {.filter = {.action = -1}, .parts = BLOCK_WHO};
    const struct block_view *view;
    struct blocks *blocks;
    struct blocks_reader *reader;
    double begin = seconds();
    if (blocks_open(dir, &opts, &blocks) < 0)
        return;
    if (blocks_reader_new(blocks, &reader) == 0) {
        while (blocks_next(reader, &view) == 1)
            for (uint32_t r = 0; r < view->row_count; r++)
                count[view->who_of[r]]++;
        blocks_reader_free(reader);
    }
    double spent = seconds() - begin;
    printf("%-28s %10.1f million rows/s   %.3f s\n", "one column", rows / spent / 1e6, spent);
    blocks_close(blocks);
}

static const char *folder_make(int argc, char **argv, int i)
{
    static char made[] = "/tmp/belisha-bench-qlog-XXXXXX";
    return argc > i ? argv[i] : mkdtemp(made);
}

/* What a worker and what the log's threads spend on each record. The worker's side is append_ns(): here its records come
 * from a pool too large for the processor's cache. */
static int cost_report(const char *dir, struct qlog_record *pool, uint32_t rows)
{
    const struct timespec pause = {.tv_nsec = 14000000};
    const uint32_t step = 4096;
    struct qlog_opts opts = {.dir = dir,
                             .node = "bench",
                             .writer_count = 1,
                             .journal_bytes = 16 << 20,
                             .segment_bytes = 256 << 20,
                             .segment_s = 3600,
                             .fsync_ms = 1000,
                             .group_name = group_name};
    struct qlog *log;
    struct qlog_stats stats;
    int64_t time_ns = 1700000000000000000;
    int code = qlog_open(&opts, &log);
    if (code < 0)
        return code;
    double background = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID) - thread_seconds();
    for (uint32_t i = 0; i < rows; i++) {
        struct qlog_record *r = &pool[i % POOL];
        r->time_ns = time_ns += (int64_t)(-log1p(-random_unit()) * 1e9 / 400);
        qlog_append(qlog_writer(log, 0), r);
        if (i % step == step - 1)
            nanosleep(&pause, NULL);
    }
    code = qlog_flush(log);
    background = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID) - thread_seconds() - background;
    qlog_stats(log, &stats);
    qlog_close(log);
    double append = append_ns(dir, pool);
    printf("%u rows in %s, lost %llu\n", rows, dir, (unsigned long long)stats.lost);
    printf("%-28s %10.1f ns\n", "append", append);
    printf("%-28s %10.1f ns\n", "the log's threads", background / rows * 1e9);
    printf("%-28s %10.1f ns\n", "a record in all", append + background / rows * 1e9);
    printf("%-28s %10.2f bytes\n", "a record on disk", (double)stats.bytes / rows);
    return code;
}

static int cost_main(int argc, char **argv)
{
    static struct qlog_record pool[POOL];
    uint32_t rows = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 2u << 20;
    const char *dir = folder_make(argc, argv, 3);
    for (uint32_t i = 0; i < POOL; i++)
        record_make(&pool[i]);
    int code = dir == NULL ? -errno : cost_report(dir, pool, rows);
    if (code < 0)
        fprintf(stderr, "bench_qlog: %s\n", err_str(code));
    return code < 0;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "cost") == 0)
        return cost_main(argc, argv);
    uint32_t rows = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 4u << 20;
    const char *dir = folder_make(argc, argv, 2);
    static struct qlog_record pool[POOL];
    char keys[256];
    snprintf(keys, sizeof keys, "%s-keys", dir == NULL ? "" : dir);
    struct qlog_opts opts = {.dir = dir,
                             .node = "bench",
                             .keys_dir = keys,
                             .writer_count = 1,
                             .journal_bytes = 64 << 20,
                             .segment_bytes = UINT64_MAX,
                             .segment_s = 100000,
                             .group_name = group_name};
    struct qlog *log;
    struct qlog_stats stats;
    for (uint32_t i = 0; i < POOL; i++)
        record_make(&pool[i]);
    int code = dir == NULL ? -errno : qlog_open(&opts, &log);
    if (code < 0) {
        fprintf(stderr, "bench_qlog: %s\n", err_str(code));
        return 1;
    }
    code = rows_append(log, pool, rows);
    if (code == 0)
        code = qlog_flush(log);
    qlog_stats(log, &stats);
    qlog_close(log);
    if (code < 0)
        return 1;
    printf("%u rows in %s, lost %llu\n", rows, dir, (unsigned long long)stats.lost);
    printf("%-28s %10.1f ns\n", "append", append_ns(dir, pool));
    printf("%-28s %10.2f bytes\n", "a record on disk", (double)stats.bytes / rows);
    column_report(dir, rows);
    struct prefix one;
    struct prefix nobody;
    if (prefix_from_text("10.20.1.7", &one) < 0 || prefix_from_text("192.0.2.1", &nobody) < 0)
        return 1;
    scan_report("scan: a client not there", dir, &(struct qlog_filter){.action = -1, .client = &nobody}, rows);
    scan_report("scan: one client", dir, &(struct qlog_filter){.action = -1, .client = &one}, rows);
    scan_report("scan: blocked", dir, &(struct qlog_filter){.action = -1, .blocked_only = true}, rows);
    scan_report("scan: everything", dir, &(struct qlog_filter){.action = -1}, rows);
    return 0;
}
