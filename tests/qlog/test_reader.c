#include "qlog/reader.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/verdict.h"
#include "belisha/category.h"
#include "fixture.h"
#include "qlog/code.h"
#include "qlog/segment_list.h"

#define ROWS 4000u

static struct qlog_row rows[ROWS + 1];

/* Four parts: two segments, a journal partly in the second, and rows after that. Returns the open log. */
static struct qlog *log_fill(const struct fixture *f)
{
    struct qlog_opts opts = fixture_opts(f);
    struct qlog *log;
    struct qlog_record record;
    assert_int_equal(qlog_open(&opts, &log), 0);
    for (uint32_t i = 0; i < ROWS; i++) {
        fixture_record(i, &record);
        qlog_append(qlog_writer(log, 0), &record);
        if (i == 1000 || i == 2500)
            assert_int_equal(qlog_flush(log), 0);
    }
    return log;
}

/* Said again for the test's own model. */
static bool kept_from_the_name(const struct verdict *v)
{
    static const uint8_t always[] = {VERDICT_NOTICE, VERDICT_NXDOMAIN, VERDICT_NODATA, VERDICT_TRUNCATED};
    if (memchr(always, v->action, sizeof always) != NULL)
        return true;
    if (v->action == VERDICT_REWRITE)
        return v->reason != REASON_SAFE_SEARCH;
    return v->reason == REASON_CATEGORY && (v->action == VERDICT_REFUSED || v->action == VERDICT_DROPPED);
}

/* The same question as the filter, asked of one record in the plainest way. */
static bool naive_wants(const struct qlog_filter *w, const struct qlog_record *r)
{
    char group[40];
    snprintf(group, sizeof group, "group-%u-%u", r->policy_version, r->group);
    if (w->from_ns != 0 && r->time_ns < w->from_ns)
        return false;
    if (w->to_ns != 0 && r->time_ns >= w->to_ns)
        return false;
    if (w->client != NULL && !prefix_contains(w->client, &r->client))
        return false;
    if (w->group != NULL && strcmp(group, w->group) != 0)
        return false;
    if (w->action >= 0 && r->verdict.action != w->action)
        return false;
    if (w->blocked_only && !kept_from_the_name(&r->verdict))
        return false;
    if (w->categories != 0 && (r->verdict.category > 63 || (w->categories >> r->verdict.category & 1) == 0))
        return false;
    if (w->name == NULL)
        return true;
    bool name = w->name_below ? name_is_at_or_below(r->qname, w->name) : name_equal(r->qname, w->name);
    bool matched = r->matched_len > 0 &&
                   (w->name_below ? name_is_at_or_below(r->matched, w->name) : name_equal(r->matched, w->name));
    return name || matched;
}

static void assert_filter_agrees(const char *dir, const struct qlog_filter *filter)
{
    size_t expected = 0;
    size_t count = fixture_read(dir, filter, rows, ROWS, NULL);
    for (uint32_t i = 0; i < ROWS; i++) {
        struct qlog_record record;
        fixture_record(i, &record);
        if (!naive_wants(filter, &record))
            continue;
        assert_true(expected < count);
        fixture_assert_same(&rows[expected++].record, &record);
    }
    assert_int_equal(count, expected);
}

static void scan_filters_as_a_naive_reader_would(void **state)
{
    static const char *const names[] = {"site3.example", "host5.site5.example", "target.example", "example", "nothing"};
    static const char *const prefixes[] = {"10.20.3.0/24", "10.20.0.0/16", "2001:db8::/32", "10.20.1.4",
                                           "192.0.2.0/24"};
    static const char *const groups[] = {"group-5-2", "group-6-1", "nobody"};
    struct fixture f;
    (void)state;
    fixture_begin(&f);
    struct qlog *log = log_fill(&f);
    for (int round = 0; round < 300; round++) {
        struct qlog_filter filter = {.action = -1};
        uint8_t name[NAME_MAX_LEN];
        struct prefix prefix;
        uint64_t r = fixture_random(&f);
        int64_t begin = 1700000000000000000;
        if (r & 1)
            filter.from_ns = begin + (int64_t)(r >> 20 & 4095) * 1234567;
        if (r & 2)
            filter.to_ns = begin + (int64_t)(r >> 32 & 4095) * 1234567;
        if (r & 4)
            filter.action = (int)(r >> 8 & 7);
        filter.blocked_only = (r & 24) == 24;
        if (r & 32)
            filter.categories = fixture_random(&f);
        if ((r & 192) == 192) {
            const char *text = names[fixture_random(&f) % 5];
            assert_true(name_from_text(text, strlen(text), name) > 0);
            filter.name = name;
            filter.name_below = fixture_random(&f) & 1;
        }
        if ((r & 768) == 768) {
            assert_int_equal(prefix_from_text(prefixes[fixture_random(&f) % 5], &prefix), 0);
            filter.client = &prefix;
        }
        if ((r & 3072) == 3072)
            filter.group = groups[fixture_random(&f) % 3];
        assert_filter_agrees(f.dir, &filter);
    }
    qlog_close(log);
    fixture_end(&f);
}

static void scan_finds_the_row_of_a_notice_page_code(void **state)
{
    struct fixture f;
    struct qlog_record record;
    char code[QLOG_CODE_TEXT_MAX];
    (void)state;
    fixture_begin(&f);
    struct qlog *log = log_fill(&f);
    for (uint32_t number = 100; number < ROWS; number += 1300) {
        fixture_record(number, &record);
        qlog_code_make(&record.client, record.qname, record.time_ns / 1000000000 + 120, code);
        struct qlog_filter filter = {.action = -1, .code = code};
        size_t count = fixture_read(f.dir, &filter, rows, ROWS, NULL);
        bool found = false;
        assert_true(count >= 1);
        for (size_t i = 0; i < count; i++) {
            assert_true(ipaddr_equal(&rows[i].record.client, &record.client));
            found |= rows[i].record.verdict.rule == number;
        }
        assert_true(found);
    }
    struct qlog_scan *scan;
    assert_int_equal(qlog_scan_open(f.dir, &(struct qlog_filter){.action = -1, .code = "nonsense!"}, &scan),
                     ERR_MALFORMED);
    qlog_close(log);
    fixture_end(&f);
}

static void scan_leaves_out_segments_by_their_footer(void **state)
{
    struct fixture f;
    struct qlog_record record;
    struct qlog_scan_stats stats;
    (void)state;
    fixture_begin(&f);
    qlog_close(log_fill(&f));
    fixture_record(2501, &record);
    struct qlog_filter filter = {.action = -1, .from_ns = record.time_ns};
    assert_int_equal(fixture_read(f.dir, &filter, rows, ROWS, &stats), ROWS - 2501);
    assert_int_equal(stats.skipped, 2);
    assert_int_equal(stats.segments, 1);
    fixture_end(&f);
}

static void segment_find(const struct fixture *f, size_t i, struct segment_file *out)
{
    struct segment_list list;
    int fd = open(f->dir, O_RDONLY | O_DIRECTORY);
    assert_int_equal(segment_list(fd, &list), 0);
    assert_true(i < list.count);
    *out = list.files[i];
    segment_list_done(&list);
    close(fd);
}

static void byte_flip(const struct fixture *f, const char *file, off_t at)
{
    char path[256];
    uint8_t byte;
    snprintf(path, sizeof path, "%s/%s", f->dir, file);
    int fd = open(path, O_RDWR);
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= 0x10;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

static void scan_skips_and_counts_a_damaged_block(void **state)
{
    struct fixture f;
    struct segment_file file;
    struct qlog_scan_stats stats;
    (void)state;
    fixture_begin(&f);
    qlog_close(log_fill(&f));
    segment_find(&f, 1, &file);
    byte_flip(&f, file.file, 1000);
    assert_int_equal(fixture_read(f.dir, NULL, rows, ROWS, &stats), ROWS - 1500);
    assert_int_equal(stats.damaged_blocks, 1);
    fixture_end(&f);
}

static void scan_reads_a_segment_whose_footer_is_damaged(void **state)
{
    struct fixture f;
    struct segment_file file;
    struct qlog_scan_stats stats;
    (void)state;
    fixture_begin(&f);
    qlog_close(log_fill(&f));
    segment_find(&f, 1, &file);
    byte_flip(&f, file.file, (off_t)file.bytes - 100);
    assert_int_equal(fixture_read(f.dir, NULL, rows, ROWS, &stats), ROWS);
    assert_int_equal(stats.damaged_blocks, 1);
    fixture_end(&f);
}

static void scan_never_gives_a_wrong_row_whatever_byte_is_changed(void **state)
{
    struct fixture f;
    struct segment_file file;
    (void)state;
    fixture_begin(&f);
    qlog_close(log_fill(&f));
    segment_find(&f, 0, &file);
    for (int round = 0; round < 200; round++) {
        off_t at = (off_t)(fixture_random(&f) % file.bytes);
        byte_flip(&f, file.file, at);
        size_t count = fixture_read(f.dir, NULL, rows, ROWS, NULL);
        for (size_t i = 0; i < count; i++) {
            struct qlog_record record;
            fixture_record(rows[i].record.verdict.rule, &record);
            fixture_assert_same(&rows[i].record, &record);
        }
        byte_flip(&f, file.file, at);
    }
    assert_int_equal(fixture_read(f.dir, NULL, rows, ROWS, NULL), ROWS);
    fixture_end(&f);
}

static void scan_follows_a_living_log_across_flushes(void **state)
{
    struct fixture f;
    struct qlog *log;
    struct qlog_scan *scan;
    struct qlog_row row;
    uint32_t next = 0;
    (void)state;
    fixture_begin(&f);
    struct qlog_opts opts = fixture_opts(&f);
    opts.journal_bytes = 64 << 10;
    assert_int_equal(qlog_open(&opts, &log), 0);
    assert_int_equal(qlog_scan_open(f.dir, &(struct qlog_filter){.action = -1}, &scan), 0);
    for (uint32_t i = 0; i < ROWS; i++) {
        struct qlog_record record;
        fixture_record(i, &record);
        qlog_append(qlog_writer(log, 0), &record);
        if (i % 150 == 149)
            assert_int_equal(qlog_flush(log), 0);
        if (i % 100 != 99)
            continue;
        while (qlog_scan_next(scan, &row) == 1)
            if (row.lost == 0)
                assert_int_equal(row.record.verdict.rule, next++);
            else
                next += (uint32_t)row.lost;
        assert_int_equal(next, i + 1);
    }
    qlog_scan_close(scan);
    qlog_close(log);
    fixture_end(&f);
}

static void scan_of_no_folder_says_so(void **state)
{
    struct qlog_scan *scan;
    (void)state;
    assert_int_equal(qlog_scan_open("/nonexistent/log", &(struct qlog_filter){.action = -1}, &scan), ERR_NOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scan_filters_as_a_naive_reader_would),
        cmocka_unit_test(scan_finds_the_row_of_a_notice_page_code),
        cmocka_unit_test(scan_leaves_out_segments_by_their_footer),
        cmocka_unit_test(scan_skips_and_counts_a_damaged_block),
        cmocka_unit_test(scan_reads_a_segment_whose_footer_is_damaged),
        cmocka_unit_test(scan_never_gives_a_wrong_row_whatever_byte_is_changed),
        cmocka_unit_test(scan_follows_a_living_log_across_flushes),
        cmocka_unit_test(scan_of_no_folder_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
