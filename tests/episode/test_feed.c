/* A log of real files, read row by row and block by block: the same episodes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../qlog/fixture.h"
#include "dns/rr.h"
#include "episode/newcomer.h"
#include "episode/seen.h"
#include "episode/story.h"

#define ROWS 30000u

static struct site_of_test {
    struct fixture folder;
    struct story story; /* its tables and finder */
    struct seen *seen;
} site;

static const struct {
    const char *name;
    unsigned category;
    enum verdict_action action;
    enum verdict_reason reason;
} asked[] = {
    {"www.bbc.co.uk", CATEGORY_NONE, VERDICT_RESOLVE, REASON_DEFAULT},
    {"static.files.bbci.co.uk", CATEGORY_NONE, VERDICT_RESOLVE, REASON_DEFAULT},
    {"fonts.gstatic.com", CATEGORY_NONE, VERDICT_RESOLVE, REASON_DEFAULT},
    {"www.google-analytics.com", CATEGORY_ADVERTISING, VERDICT_NXDOMAIN, REASON_CATEGORY},
    {"www.wikipedia.org", CATEGORY_NONE, VERDICT_RESOLVE, REASON_DEFAULT},
    {"casino1.example.com", CATEGORY_GAMBLING, VERDICT_NOTICE, REASON_CATEGORY},
    {"casino2.example.net", CATEGORY_GAMBLING, VERDICT_NOTICE, REASON_CATEGORY},
    {"vpn.example.org", CATEGORY_CIRCUMVENTION, VERDICT_NOTICE, REASON_CATEGORY},
    {"www.tiktok.com", CATEGORY_SOCIAL_MEDIA, VERDICT_RESOLVE, REASON_LOG_ONLY},
    {"chat.example.co.uk", CATEGORY_CHAT, VERDICT_NOTICE, REASON_HOLD},
    {"www.childline.org.uk", CATEGORY_NONE, VERDICT_RESOLVE, REASON_PROTECTED_HELP},
    {"hurt.example.info", CATEGORY_SELF_HARM, VERDICT_NOTICE, REASON_CATEGORY},
    {"dc.oak.sch.example", CATEGORY_NONE, VERDICT_RESOLVE, REASON_CONDITIONAL_ZONE},
};
#define ASKED (sizeof asked / sizeof asked[0])

static void who_draw(struct qlog_record *r)
{
    static const uint8_t grades[] = {QLOG_GRADE_USER, QLOG_GRADE_LOGON, QLOG_GRADE_LOAN, QLOG_GRADE_DEVICE,
                                     QLOG_GRADE_ADDRESS};
    uint64_t random = fixture_random(&site.folder);
    uint8_t v4[4] = {10, 20, 0, (uint8_t)(random % 40)};
    r->client = ipaddr_from_v4(v4);
    r->grade = grades[random / 64 % 5];
    r->user = r->grade <= QLOG_GRADE_LOAN ? 1 + (uint32_t)(random % 40) : 0;
    r->device = r->grade <= QLOG_GRADE_DEVICE ? 100 + (uint32_t)(random % 40) : 0;
    r->group = (uint16_t)(random % 3);
}

static void what_draw(struct qlog_record *r)
{
    static const uint16_t types[] = {DNS_TYPE_A, DNS_TYPE_AAAA, DNS_TYPE_HTTPS};
    uint64_t random = fixture_random(&site.folder);
    char name[64];
    size_t i = random % (ASKED + 3);
    snprintf(name, sizeof name, "www.small%u.co.uk", (unsigned)(random / 1024 % 500));
    const char *text = i < ASKED ? asked[i].name : name;
    r->qname_len = (uint8_t)name_from_text(text, strlen(text), r->qname);
    r->qtype = types[random / 32 % 3];
    r->verdict = (struct verdict){.feed = VERDICT_NO_FEED, .category = CATEGORY_NONE};
    if (i >= ASKED)
        return;
    r->verdict.action = (uint8_t)asked[i].action;
    r->verdict.reason = (uint8_t)asked[i].reason;
    r->verdict.category = (uint8_t)asked[i].category;
    r->verdict.categories = asked[i].category < CATEGORY_MAX ? CATEGORY_BIT(asked[i].category) : 0;
    r->verdict.unattributed = asked[i].reason == REASON_PROTECTED_HELP;
}

/* Times stand still often, so that many rows have the same; journals are small, so that there are many blocks. */
static void log_write(uint32_t rows, int64_t begin_ns, int64_t step_ns)
{
    struct qlog_opts opts = fixture_opts(&site.folder);
    struct qlog *log;
    int64_t time_ns = begin_ns;
    assert_int_equal(qlog_open(&opts, &log), 0);
    for (uint32_t i = 0; i < rows; i++) {
        struct qlog_record r = {.upstream = QLOG_NO_UPSTREAM, .qclass = 1, .policy_version = 1};
        time_ns +=
            fixture_random(&site.folder) % 3 == 0 ? 0 : (int64_t)(fixture_random(&site.folder) % (uint64_t)step_ns);
        r.time_ns = time_ns;
        who_draw(&r);
        what_draw(&r);
        qlog_append(qlog_writer(log, 0), &r);
        if (i % 5000 == 4999)
            assert_int_equal(qlog_flush(log), 0);
    }
    assert_int_equal(qlog_flush(log), 0);
    qlog_close(log);
}

static struct episode_builder *by_rows(const struct episode_opts *opts)
{
    struct episode_builder *builder;
    struct qlog_scan *scan;
    struct qlog_row row;
    int code;
    assert_int_equal(episode_builder_new(opts, &builder), 0);
    assert_int_equal(qlog_scan_open(site.folder.dir, &(struct qlog_filter){.action = -1}, &scan), 0);
    while ((code = qlog_scan_next(scan, &row)) == 1)
        assert_int_equal(episode_builder_add(builder, &row), 0);
    assert_int_equal(code, 0);
    qlog_scan_close(scan);
    assert_int_equal(episode_builder_finish(builder), 0);
    return builder;
}

static struct episode_builder *by_blocks(const struct episode_opts *opts)
{
    struct episode_builder *builder;
    struct blocks *blocks;
    struct blocks_reader *reader;
    const struct block_view *view;
    int code;
    assert_int_equal(episode_builder_new(opts, &builder), 0);
    assert_int_equal(
        blocks_open(site.folder.dir, &(struct blocks_opts){.filter = {.action = -1}, .parts = EPISODE_PARTS}, &blocks),
        0);
    assert_int_equal(blocks_reader_new(blocks, &reader), 0);
    while ((code = blocks_next(reader, &view)) == 1)
        assert_int_equal(episode_builder_add_block(builder, view), 0);
    assert_int_equal(code, 0);
    blocks_reader_free(reader);
    blocks_close(blocks);
    assert_int_equal(episode_builder_finish(builder), 0);
    return builder;
}

static void same_name(const uint8_t *a, const uint8_t *b)
{
    assert_int_equal(a == NULL, b == NULL);
    if (a != NULL)
        assert_true(name_equal(a, b));
}

static void same_episode(struct episode *a, struct episode *b)
{
    char text[2][NAME_TEXT_MAX];
    assert_string_equal(site_to_text(&a->site, text[0]), site_to_text(&b->site, text[1]));
    assert_string_equal(a->who.group, b->who.group);
    for (int i = 0; i < EPISODE_NAMES_MAX; i++)
        same_name(a->examples[i], b->examples[i]);
    assert_int_equal(a->key, b->key);
    assert_int_equal(a->who.kind, b->who.kind);
    assert_int_equal(a->who.user, b->who.user);
    assert_int_equal(a->who.device, b->who.device);
    assert_int_equal(a->who.best, b->who.best);
    assert_int_equal(a->who.worst, b->who.worst);
    assert_int_equal(a->first_ns, b->first_ns);
    assert_int_equal(a->last_ns, b->last_ns);
    assert_int_equal(a->questions, b->questions);
    assert_int_equal(a->lookups, b->lookups);
    assert_int_equal(a->visits, b->visits);
    assert_int_equal(a->names, b->names);
    assert_int_equal(a->flags, b->flags);
    assert_int_equal(a->previews, b->previews);
    assert_int_equal(a->score, b->score);
}

static void same_newcomers(const struct episode_builder *a, const struct episode_builder *b)
{
    assert_int_equal(newcomer_count(a), newcomer_count(b));
    for (size_t i = 0; i < newcomer_count(a); i++) {
        struct newcomer x, y;
        newcomer_get(a, i, &x);
        newcomer_get(b, i, &y);
        assert_int_equal(x.people, y.people);
        assert_int_equal(x.questions, y.questions);
        assert_int_equal(x.first_ns, y.first_ns);
        assert_int_equal(x.hints, y.hints);
    }
}

static void compare(const struct episode_opts *opts)
{
    struct episode_builder *rows = by_rows(opts);
    struct episode_builder *blocks = by_blocks(opts);
    struct episode_sums sums[2];
    assert_true(episode_count(rows) > 50);
    assert_int_equal(episode_count(rows), episode_count(blocks));
    for (size_t i = 0; i < episode_count(rows); i++) {
        struct episode a, b;
        episode_get(rows, i, &a);
        episode_get(blocks, i, &b);
        same_episode(&a, &b);
    }
    episode_sums(rows, &sums[0]);
    episode_sums(blocks, &sums[1]);
    assert_memory_equal(&sums[0], &sums[1], sizeof sums[0]);
    assert_int_equal(sums[0].rows, sums[0].in_episodes + sums[0].help + sums[0].background + sums[0].plain +
                                       sums[0].no_visit + sums[0].dropped);
    same_newcomers(rows, blocks);
    episode_builder_free(rows);
    episode_builder_free(blocks);
}

static void blocks_and_rows_make_the_same(void **state)
{
    struct episode_opts opts = site.story.opts;
    log_write(ROWS, STORY_BEGIN, 30 * STORY_SECOND);
    compare(&opts);
    opts.all = true;
    compare(&opts);
    opts.max = 200; /* some must go on the way */
    compare(&opts);
    opts.seen = site.seen;
    compare(&opts);
    opts.from_ns += STORY_DAY + 7;
    opts.to_ns = opts.from_ns + STORY_DAY;
    compare(&opts);
    (void)state;
}

static void what_the_log_has_of_before_is_learnt(void **state)
{
    struct episode_opts opts = site.story.opts;
    uint8_t wire[NAME_MAX_LEN];
    struct site known;
    log_write(2000, STORY_BEGIN - 2 * STORY_DAY, STORY_MINUTE);
    log_write(2000, STORY_BEGIN, STORY_MINUTE);
    assert_int_equal(
        seen_learn(site.seen, site.folder.dir, opts.tables, opts.finder, opts.from_ns - 3 * STORY_DAY, opts.from_ns),
        0);
    assert_int_equal(seen_since(site.seen), STORY_BEGIN / STORY_DAY - 2);
    assert_true(name_from_text("www.bbc.co.uk", 13, wire) > 0);
    site_find(opts.finder, wire, &known);
    assert_int_equal(seen_day(site.seen, &known), STORY_BEGIN / STORY_DAY - 2);
    assert_true(name_from_text("www.childline.org.uk", 20, wire) > 0);
    site_find(opts.finder, wire, &known);
    assert_int_equal(seen_day(site.seen, &known), -1);
    opts.seen = site.seen;
    struct episode_builder *builder = by_blocks(&opts);
    assert_true(newcomer_count(builder) > 0 && newcomer_count(builder) < 500);
    for (size_t i = 0; i < newcomer_count(builder); i++) {
        struct newcomer newcomer;
        newcomer_get(builder, i, &newcomer);
        assert_int_equal(seen_day(site.seen, &newcomer.site), -1);
    }
    episode_builder_free(builder);
    (void)state;
}

static int setup(void **state)
{
    (void)state;
    fixture_begin(&site.folder);
    story_begin(&site.story);
    assert_int_equal(seen_new(&site.seen), 0);
    seen_knows(site.seen, (uint16_t)(STORY_BEGIN / STORY_DAY - 30));
    return 0;
}

static int setup_empty(void **state)
{
    setup(state);
    seen_free(site.seen);
    return seen_new(&site.seen);
}

static int teardown(void **state)
{
    (void)state;
    seen_free(site.seen);
    story_end(&site.story);
    fixture_end(&site.folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(blocks_and_rows_make_the_same, setup, teardown),
        cmocka_unit_test_setup_teardown(what_the_log_has_of_before_is_learnt, setup_empty, teardown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
