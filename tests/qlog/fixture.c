#include "fixture.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

void fixture_begin(struct fixture *fixture)
{
    *fixture = (struct fixture){.dir = "/tmp/belisha-qlog-XXXXXX", .random = 88172645463325252u};
    assert_non_null(mkdtemp(fixture->dir));
}

void fixture_end(struct fixture *fixture)
{
    DIR *dir = opendir(fixture->dir);
    struct dirent *entry;
    while (dir != NULL && (entry = readdir(dir)) != NULL)
        unlinkat(dirfd(dir), entry->d_name, 0);
    if (dir != NULL)
        closedir(dir);
    rmdir(fixture->dir);
}

uint64_t fixture_random(struct fixture *fixture)
{
    uint64_t x = fixture->random;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return fixture->random = x;
}

static const char *group_name(void *ctx, uint32_t version, uint16_t group)
{
    static _Thread_local char name[40];
    (void)ctx;
    snprintf(name, sizeof name, "group-%u-%u", version, group);
    return name;
}

static const char *feed_name(void *ctx, uint64_t generation, uint16_t feed)
{
    static _Thread_local char name[48];
    (void)ctx;
    snprintf(name, sizeof name, "feed-%llu-%u", (unsigned long long)generation, feed);
    return name;
}

static const char *upstream_name(void *ctx, uint16_t upstream)
{
    static _Thread_local char name[32];
    (void)ctx;
    snprintf(name, sizeof name, "upstream-%u", upstream);
    return upstream == 0 ? NULL : name;
}

struct qlog_opts fixture_opts(const struct fixture *fixture)
{
    return (struct qlog_opts){.dir = fixture->dir,
                              .node = "node-a",
                              .writer_count = 1,
                              .journal_bytes = 1 << 20,
                              .segment_bytes = UINT64_MAX,
                              .segment_s = 100000,
                              .fsync_ms = 20,
                              .group_name = group_name,
                              .feed_name = feed_name,
                              .upstream_name = upstream_name};
}

void fixture_record(uint32_t number, struct qlog_record *out)
{
    uint8_t v4[4] = {10, 20, (uint8_t)(number % 5), (uint8_t)(number % 31)};
    uint8_t v6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = (uint8_t)number};
    char name[64];
    snprintf(name, sizeof name, "host%u.site%u.example", number % 37, number % 11);
    *out = (struct qlog_record){
        .time_ns = 1700000000000000000 + number * INT64_C(1234567),
        .client = number % 3 == 0 ? ipaddr_from_v6(v6) : ipaddr_from_v4(v4),
        .client_port = (uint16_t)(number * 7919),
        .group = (uint16_t)(number % 4),
        .device = number % 1000,
        .user = number % 77,
        .grade = (uint8_t)(1 + number % 5),
        .transport = (uint8_t)(number % 4),
        .qtype = (uint16_t)(number % 2 == 0 ? 1 : 28),
        .qclass = 1,
        .rcode = (uint16_t)(number % 17),
        .verdict = {.action = (uint8_t)(number % 9),
                    .reason = (uint8_t)(number % 18),
                    .category = (uint8_t)(number % 6 == 0 ? 255 : number % 45),
                    .match = (uint8_t)(number % 4),
                    .match_labels = (uint8_t)(number % 5),
                    .feed = (uint16_t)(number % 7 == 0 ? VERDICT_NO_FEED : number % 7),
                    .rule = number,
                    .categories = UINT64_C(1) << number % 64},
        .generation = 40 + number / 1000,
        .policy_version = 5 + number / 2000,
        .upstream = (uint16_t)(number % 3 == 0 ? QLOG_NO_UPSTREAM : number % 3),
        .cache = (uint8_t)(number % 5),
        .answer_count = (uint8_t)number,
        .rtt_us = number % 2 == 0 ? 0 : number * 3,
        .answer = number % 2 == 0 ? ipaddr_from_v4(v4) : (struct ipaddr){{0}},
    };
    out->qname_len = (uint8_t)name_from_text(name, strlen(name), out->qname);
    if (number % 10 == 0)
        out->matched_len = (uint8_t)name_from_text("target.example", 14, out->matched);
}

void fixture_days_write(const struct qlog_opts *opts)
{
    struct qlog *log;
    struct qlog_record record;
    size_t before = fixture_files(opts->dir, "segment-", ".qlog");
    assert_int_equal(qlog_open(opts, &log), 0);
    for (int day = 0; day < FIXTURE_DAYS; day++) {
        fixture_record((uint32_t)day, &record);
        record.time_ns = (FIXTURE_FIRST_S + day * FIXTURE_DAY_S) * 1000000000;
        qlog_append(qlog_writer(log, 0), &record);
        assert_int_equal(qlog_flush(log), 0);
    }
    qlog_close(log);
    assert_int_equal(fixture_files(opts->dir, "segment-", ".qlog"), before + FIXTURE_DAYS);
}

void fixture_assert_same(const struct qlog_record *a, const struct qlog_record *b)
{
    assert_true(a->time_ns == b->time_ns);
    assert_memory_equal(&a->client, &b->client, sizeof a->client);
    assert_int_equal(a->client_port, b->client_port);
    assert_int_equal(a->group, b->group);
    assert_int_equal(a->device, b->device);
    assert_int_equal(a->user, b->user);
    assert_int_equal(a->grade, b->grade);
    assert_int_equal(a->transport, b->transport);
    assert_int_equal(a->qtype, b->qtype);
    assert_int_equal(a->qclass, b->qclass);
    assert_int_equal(a->rcode, b->rcode);
    assert_int_equal(a->verdict.action, b->verdict.action);
    assert_int_equal(a->verdict.reason, b->verdict.reason);
    assert_int_equal(a->verdict.category, b->verdict.category);
    assert_int_equal(a->verdict.match, b->verdict.match);
    assert_int_equal(a->verdict.match_labels, b->verdict.match_labels);
    assert_int_equal(a->verdict.unattributed, b->verdict.unattributed);
    assert_int_equal(a->verdict.feed, b->verdict.feed);
    assert_int_equal(a->verdict.rule, b->verdict.rule);
    assert_true(a->verdict.categories == b->verdict.categories);
    assert_true(a->generation == b->generation);
    assert_int_equal(a->policy_version, b->policy_version);
    assert_int_equal(a->upstream, b->upstream);
    assert_int_equal(a->cache, b->cache);
    assert_int_equal(a->answer_count, b->answer_count);
    assert_int_equal(a->rtt_us, b->rtt_us);
    assert_memory_equal(&a->answer, &b->answer, sizeof a->answer);
    assert_int_equal(a->qname_len, b->qname_len);
    assert_memory_equal(a->qname, b->qname, a->qname_len);
    assert_int_equal(a->matched_len, b->matched_len);
    assert_memory_equal(a->matched, b->matched, a->matched_len);
}

size_t fixture_read(const char *dir, const struct qlog_filter *filter, struct qlog_row *rows, size_t max,
                    struct qlog_scan_stats *out_stats)
{
    const struct qlog_filter all = {.action = -1};
    struct qlog_scan *scan;
    struct qlog_row row;
    size_t count = 0;
    int code;
    assert_int_equal(qlog_scan_open(dir, filter == NULL ? &all : filter, &scan), 0);
    while ((code = qlog_scan_next(scan, &row)) == 1) {
        if (count < max)
            rows[count] = row;
        count++;
    }
    assert_int_equal(code, 0);
    if (out_stats != NULL)
        qlog_scan_stats(scan, out_stats);
    qlog_scan_close(scan);
    return count;
}

size_t fixture_files(const char *dir_name, const char *begin, const char *end)
{
    DIR *dir = opendir(dir_name);
    struct dirent *entry;
    size_t count = 0;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        size_t len = strlen(entry->d_name);
        count += strncmp(entry->d_name, begin, strlen(begin)) == 0 && len >= strlen(end) &&
                 strcmp(entry->d_name + len - strlen(end), end) == 0;
    }
    if (dir != NULL)
        closedir(dir);
    return count;
}
