/*
 * How long it takes to find things in a log, such as one that `month` made: `bench_search DIR [THREADS [QUESTION]]`, DIR being the
 * folder of the log itself. Each line is one question, asked by one thread and by THREADS (one per processor).
 *
 * What is looked for is taken from the log: an address and a user of its middle, a name that is asked for rarely, one that
 * is asked for all the time, and one that is not there.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "belisha/category.h"
#include "qlog/blocks.h"

#define DAY_NS INT64_C(86400000000000)

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Of all threads: what neighbours take is not in it. */
static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* ---- what to look for ---- */

struct sample {
    uint64_t rows;
    int64_t first_ns, last_ns;
    struct prefix client;
    int64_t client_ns;
    uint32_t user;
    uint8_t rare[NAME_MAX_LEN], frequent[NAME_MAX_LEN];
};

static void sample_take(struct sample *s, const struct block_view *view)
{
    uint32_t seen[BLOCK_ROWS_MAX] = {0};
    uint32_t most = 0;
    uint32_t least = 0;
    for (uint32_t i = 0; i < view->row_count; i++) {
        const struct block_who *who = &view->who[view->who_of[i]];
        seen[view->what_of[i]]++;
        if (who->user == 0)
            continue;
        s->user = who->user;
        s->client = (struct prefix){.bits = 128};
        memcpy(s->client.addr.bytes, who->client, sizeof who->client);
        s->client_ns = view->time[i];
    }
    for (uint32_t i = 0; i < view->what_count; i++) {
        most = seen[i] > seen[most] ? i : most;
        least = seen[i] > 0 && (seen[least] == 0 || seen[i] < seen[least]) ? i : least;
    }
    const uint8_t *frequent = block_name(view->block, view->what[most].name);
    const uint8_t *rare = block_name(view->block, view->what[least].name);
    memcpy(s->frequent, frequent, name_len(frequent));
    memcpy(s->rare, rare, name_len(rare));
}

static int sample_find(const char *dir, struct sample *out)
{
    const struct blocks_opts opts = {.filter = {.action = -1},
                                     .parts = BLOCK_TIME | BLOCK_WHO | BLOCK_WHAT | BLOCK_NAMES};
    struct blocks *blocks;
    struct blocks_reader *reader;
    const struct block_view *view;
    uint64_t count = 0;
    *out = (struct sample){.first_ns = INT64_MAX};
    for (int round = 0; round < 2; round++) {
        uint64_t number = 0;
        int code = blocks_open(dir, &opts, &blocks);
        if (code < 0 || (code = blocks_reader_new(blocks, &reader)) < 0)
            return code;
        while (blocks_next(reader, &view) == 1) {
            if (round == 1 && number++ >= count / 2 && (view->row_count > BLOCK_ROWS_MAX / 2 || number == count)) {
                sample_take(out, view);
                break;
            }
            count += round == 0;
            out->rows += round == 0 ? view->row_count : 0;
            if (view->row_count > 0 && view->time[0] < out->first_ns)
                out->first_ns = view->time[0];
        }
        blocks_reader_free(reader);
        blocks_close(blocks);
    }
    return out->rows == 0 ? ERR_NOENT : 0;
}

/* ---- questions ---- */

/* One slot's share of what is counted; sums of all slots are the answer. */
struct share {
    uint64_t rows;
    uint64_t by_category[256], by_action[256];
    uint64_t *by_user;
    uint32_t counts[BLOCK_ROWS_MAX];
};

#define USERS 65536u

static struct share *shares;

/* As a report counts: rows by index first, then the entries of the table. */
static int verdicts_make(void *ctx, unsigned slot, const struct block_view *view)
{
    struct share *share = &shares[slot];
    (void)ctx;
    memset(share->counts, 0, view->what_count * sizeof *share->counts);
    for (uint32_t i = 0; i < view->row_count; i++)
        share->counts[view->what_of[i]]++;
    for (uint32_t i = 0; i < view->what_count; i++) {
        share->by_category[view->what[i].category] += share->counts[i];
        share->by_action[view->what[i].action] += share->counts[i];
    }
    share->rows += view->row_count;
    return 0;
}

static int users_make(void *ctx, unsigned slot, const struct block_view *view)
{
    struct share *share = &shares[slot];
    (void)ctx;
    for (uint32_t i = 0; i < view->row_count; i++)
        share->by_user[view->who[view->who_of[i]].user % USERS]++;
    share->rows += view->row_count;
    return 0;
}

/* As episodes are found: when, who, what, row by row. */
static int visits_make(void *ctx, unsigned slot, const struct block_view *view)
{
    struct share *share = &shares[slot];
    int64_t before = 0;
    (void)ctx;
    for (uint32_t i = 0; i < view->row_count; i++) {
        const struct block_what *what = &view->what[view->what_of[i]];
        share->by_category[what->category] += view->time[i] - before > 1000000;
        share->by_user[view->who[view->who_of[i]].user % USERS] += what->action;
        before = view->time[i];
    }
    share->rows += view->row_count;
    return 0;
}

static int every_row_make(void *ctx, unsigned slot, const struct block_view *view)
{
    struct qlog_row row;
    (void)ctx;
    for (uint32_t i = 0; i < view->row_count; i++) {
        blocks_row(view, i, &row);
        shares[slot].by_category[row.record.verdict.category] += row.record.qname_len;
    }
    shares[slot].rows += view->row_count;
    return 0;
}

static void shares_clear(void)
{
    for (unsigned i = 0; i < BLOCKS_SLOTS; i++)
        shares[i].rows = 0;
}

static uint64_t shares_rows(void)
{
    uint64_t rows = 0;
    for (unsigned i = 0; i < BLOCKS_SLOTS; i++)
        rows += shares[i].rows;
    return rows;
}

struct question {
    const char *text;
    struct qlog_filter filter;
    unsigned parts;
    int (*make)(void *ctx, unsigned slot, const struct block_view *view);
};

static void ask(const char *dir, const struct question *q, const struct sample *sample, unsigned threads)
{
    const struct blocks_opts opts = {.filter = q->filter, .parts = q->parts};
    const unsigned numbers[2] = {1, threads};
    struct blocks *blocks;
    double spent[2] = {0};
    double cpu = 0;
    for (int i = 0; i < 2; i++) {
        const struct blocks_work work = {numbers[i], q->make, NULL, NULL};
        double begin = seconds();
        double cpu_begin = cpu_seconds();
        shares_clear();
        if (blocks_open(dir, &opts, &blocks) < 0 || blocks_run(blocks, &work) < 0)
            return;
        blocks_close(blocks);
        spent[i] = seconds() - begin;
        cpu = i == 0 ? cpu_seconds() - cpu_begin : cpu;
    }
    printf("%-32s %8.3f %8.3f %8.3f %9.1f %10llu\n", q->text, spent[0], spent[1], cpu, (double)sample->rows / cpu / 1e6,
           (unsigned long long)shares_rows());
}

static void questions_ask(const char *dir, const struct sample *s, unsigned threads, const char *only)
{
    static const uint8_t nowhere[] = "\7nowhere\7example";
    const int64_t day_ns = s->client_ns / DAY_NS * DAY_NS;
    const unsigned counted = BLOCK_WHAT | BLOCK_VERDICT;
    const struct question questions[] = {
        {"count by category and verdict", {.action = -1}, counted, verdicts_make},
        {"the same with names", {.action = -1}, counted | BLOCK_NAMES, verdicts_make},
        {"count by user", {.action = -1}, BLOCK_WHO, users_make},
        {"time, who and what of every row",
         {.action = -1},
         counted | BLOCK_NAMES | BLOCK_WHO | BLOCK_TIME,
         visits_make},
        {"every row put together", {.action = -1}, BLOCK_ALL, every_row_make},
        {"a client's day",
         {.action = -1, .client = &s->client, .from_ns = day_ns, .to_ns = day_ns + DAY_NS},
         BLOCK_ALL,
         every_row_make},
        {"a client, whole log", {.action = -1, .client = &s->client}, BLOCK_ALL, every_row_make},
        {"a user, whole log", {.action = -1, .user = s->user}, BLOCK_ALL, every_row_make},
        {"a rare name", {.action = -1, .name = s->rare}, BLOCK_ALL, every_row_make},
        {"a frequent name", {.action = -1, .name = s->frequent}, BLOCK_ALL, every_row_make},
        {"a name that is not there", {.action = -1, .name = nowhere, .name_below = true}, BLOCK_ALL, every_row_make},
        {"blocked", {.action = -1, .blocked_only = true}, BLOCK_ALL, every_row_make},
        {"category self-harm",
         {.action = -1, .categories = CATEGORY_BIT(CATEGORY_SELF_HARM)},
         BLOCK_ALL,
         every_row_make},
    };
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++)
        if (strstr(questions[i].text, only) != NULL)
            ask(dir, &questions[i], s, threads);
}

int main(int argc, char **argv)
{
    struct sample sample;
    unsigned threads = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
    int code = argc > 1 ? sample_find(argv[1], &sample) : ERR_INVAL;
    if (code < 0) {
        fprintf(stderr, "bench_search DIR [THREADS]: %s\n", err_str(code));
        return 1;
    }
    shares = calloc(BLOCKS_SLOTS, sizeof *shares);
    for (unsigned i = 0; shares != NULL && i < BLOCKS_SLOTS; i++)
        if ((shares[i].by_user = calloc(USERS, sizeof *shares[i].by_user)) == NULL)
            return 1;
    if (shares == NULL)
        return 1;
    printf("%llu rows\n%-32s %8s %7u %9s %9s %10s\n", (unsigned long long)sample.rows, "seconds, with threads:", "1",
           threads, "cpu", "M rows/s", "found");
    questions_ask(argv[1], &sample, threads, argc > 3 ? argv[3] : "");
    for (unsigned i = 0; i < BLOCKS_SLOTS; i++)
        free(shares[i].by_user);
    free(shares);
    return 0;
}
