/*
 * How long an append to the query log takes, at the worst, on the disk of DIR:
 *
 *     bench_qlog_stall DIR [SECONDS] [ROWS_PER_S] [MEMORY_DIR] [neighbour]
 *
 * A worker waits for nothing else of the log, so this is what a slow disk may add to an answer. Rows come evenly; those
 * due while one was slow come at once afterwards, and only the one that was slow counts. With a neighbour, another thread writes to a
 * file on the same disk as fast as it can. docs/performance.md says how a slow disk is made.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "qlog/writer.h"

#define BINS 32 /* of powers of two of nanoseconds */

static int64_t mono_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

struct neighbour {
    pthread_t thread;
    char path[4096];
    atomic_bool stopping;
};

static void *neighbour_run(void *context)
{
    struct neighbour *n = context;
    static const uint8_t bytes[1 << 20];
    int fd = open(n->path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    for (unsigned i = 0; fd >= 0 && !atomic_load(&n->stopping); i = (i + 1) % 100)
        (void)!pwrite(fd, bytes, sizeof bytes, (off_t)i << 20);
    if (fd >= 0)
        close(fd);
    unlink(n->path);
    return NULL;
}

static void record_make(uint32_t number, struct qlog_record *out)
{
    char name[64];
    struct timespec now;
    uint8_t client[4] = {10, 1, (uint8_t)(number >> 5), (uint8_t)(number * 7)};
    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(name, sizeof name, "host%u.site%u.example", number % 37, number % 4099);
    *out = (struct qlog_record){.time_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec,
                                .client = ipaddr_from_v4(client),
                                .client_port = (uint16_t)(number * 7919),
                                .qtype = 1,
                                .qclass = 1,
                                .verdict = {.feed = VERDICT_NO_FEED, .category = 255},
                                .upstream = QLOG_NO_UPSTREAM};
    int len = name_from_text(name, strlen(name), out->qname);
    out->qname_len = (uint8_t)(len < 0 ? 0 : len);
}

struct outcome {
    uint64_t bins[BINS];
    int64_t worst_ns;
};

static void append_timed(struct qlog *log, uint32_t number, struct outcome *outcome)
{
    struct qlog_record record;
    record_make(number, &record);
    int64_t before = mono_ns();
    qlog_append(qlog_writer(log, 0), &record);
    int64_t took = mono_ns() - before;
    int bin = took <= 1 ? 0 : 63 - __builtin_clzll((unsigned long long)took);
    outcome->bins[bin < BINS ? bin : BINS - 1]++;
    outcome->worst_ns = took > outcome->worst_ns ? took : outcome->worst_ns;
}

static void rows_append(struct qlog *log, double seconds, uint32_t rows_s, struct outcome *outcome)
{
    int64_t begin = mono_ns();
    uint64_t count = (uint64_t)(seconds * rows_s);
    for (uint64_t i = 0; i < count; i++) {
        int64_t due = begin + (int64_t)(i * 1000000000 / rows_s);
        int64_t wait = due - mono_ns();
        struct timespec pause = {.tv_nsec = 500000};
        if (wait > 500000)
            nanosleep(&pause, NULL);
        if (wait > 500000) {
            i--;
            continue;
        }
        append_timed(log, (uint32_t)i, outcome);
    }
}

static void outcome_print(const struct outcome *outcome, const struct qlog *log)
{
    struct qlog_stats stats;
    uint64_t above = 0;
    qlog_stats(log, &stats);
    printf("rows %llu, lost %llu, slowest append %.3f ms\n", (unsigned long long)stats.written,
           (unsigned long long)stats.lost, (double)outcome->worst_ns / 1e6);
    for (int bin = BINS - 1; bin >= 17; bin--) {
        above += outcome->bins[bin];
        if (above > 0)
            printf("  %10.3f ms and more: %llu\n", (double)(INT64_C(1) << bin) / 1e6, (unsigned long long)above);
    }
}

int main(int argc, char **argv)
{
    struct neighbour neighbour = {.stopping = false};
    struct outcome outcome = {0};
    struct qlog *log;
    if (argc < 2) {
        fprintf(stderr, "usage: bench_qlog_stall DIR [SECONDS] [ROWS_PER_S] [MEMORY_DIR] [neighbour]\n");
        return 1;
    }
    struct qlog_opts opts = {.dir = argv[1],
                             .node = "bench",
                             .memory_dir = argc > 4 && strchr(argv[4], '/') != NULL ? argv[4] : NULL,
                             .writer_count = 1,
                             .journal_bytes = 16 << 20,
                             .segment_bytes = 256 << 20,
                             .segment_s = 3600,
                             .fsync_ms = 1000,
                             .backlog_bytes = UINT64_C(2) << 30};
    int err = qlog_open(&opts, &log);
    if (err < 0) {
        fprintf(stderr, "%s: %s\n", argv[1], err_str(err));
        return 1;
    }
    bool has_neighbour = argc > 4 && strcmp(argv[argc - 1], "neighbour") == 0;
    snprintf(neighbour.path, sizeof neighbour.path, "%s/neighbour.tmp", argv[1]);
    if (has_neighbour)
        pthread_create(&neighbour.thread, NULL, neighbour_run, &neighbour);
    rows_append(log, argc > 2 ? atof(argv[2]) : 10, argc > 3 ? (uint32_t)atoi(argv[3]) : 5000, &outcome);
    outcome_print(&outcome, log);
    atomic_store(&neighbour.stopping, true);
    if (has_neighbour)
        pthread_join(neighbour.thread, NULL);
    qlog_close(log);
    return 0;
}
