/* Two policies over a real log and a real generation. */
#include "operator/replay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../qlog/fixture.h"
#include "dns/rr.h"
#include "support/generation.h"

#define BIT(name) CATEGORY_BIT(CATEGORY_##name)
#define SECOND_NS INT64_C(1000000000)
#define BEGIN_S   INT64_C(1700000000)

enum { PUPILS, STAFF, GROUPS };

static const struct generation_rule rules[] = {
    {"casino.example", GENERATION_SUBDOMAINS, GENERATION_BLOCK, BIT(GAMBLING), 0},
    {"chess.example", GENERATION_SUBDOMAINS, GENERATION_BLOCK, BIT(GAMING), 0},
    {"cdn.example", GENERATION_SUBDOMAINS, GENERATION_BLOCK, BIT(GAMING), 0},
};

static struct site {
    struct fixture log_folder;
    struct qlog *log;
    struct generation generation;
    struct blockdb *db;
    struct prefix networks[GROUPS], everyone;
    struct policy_level levels[2][GROUPS];
    struct policy *policies[2];
    struct judge judges[2];
    uint64_t safe_strict[2], safe_moderate[2]; /* engines, of the pupils' level */
    bool lunch[2];                             /* from 12:30 to 13:20 games are open for pupils */
    int64_t now_s;
    struct replay replay;
} site;

static const char *group_name(void *ctx, uint32_t version, uint16_t group)
{
    (void)ctx;
    (void)version;
    return group == PUPILS ? "pupils" : "staff";
}

/* side 0 before, 1 after; what each level blocks */
static void make_policy(int side, uint64_t pupils, uint64_t staff)
{
    struct policy_level *levels = site.levels[side];
    const struct policy_group groups[GROUPS] = {
        {.name = "pupils", .level = PUPILS, .networks = &site.networks[PUPILS], .network_count = 1},
        {.name = "staff", .level = STAFF, .networks = &site.networks[STAFF], .network_count = 1},
    };
    static const struct policy_person people[] = {
        {.user = "anna", .group = STAFF, .level = POLICY_NO_LEVEL},
    };
    levels[PUPILS] = (struct policy_level){.name = "young", .block = pupils};
    levels[STAFF] = (struct policy_level){.name = "grown", .block = staff};
    static const uint8_t search[] = "\3www\6search\7example";
    static const struct policy_name names[] = {
        {.name = search, .special = POLICY_SPECIAL_SAFE_SEARCH, .index = 0},
    };
    levels[PUPILS].safe_strict = site.safe_strict[side];
    levels[PUPILS].safe_moderate = site.safe_moderate[side];
    static const struct window window = {.from_s = 45000, .to_s = 48000, .days = WINDOW_EVERY_DAY};
    static const uint16_t pupils_group[] = {PUPILS};
    static const struct calendar calendar; /* UTC */
    static const struct policy_schedule lunch = {
        .name = "lunch",
        .times = {.windows = &window, .window_count = 1, .dates = SCHEDULE_ALL_DATES},
        .groups = pupils_group,
        .group_count = 1,
        .level = POLICY_NO_LEVEL,
        .allow = BIT(GAMING)};
    const struct policy_opts opts = {.schedules = &lunch,
                                     .schedule_count = site.lunch[side],
                                     .calendar = &calendar,
                                     .names = names,
                                     .name_count = 1,
                                     .levels = levels,
                                     .level_count = GROUPS,
                                     .groups = groups,
                                     .group_count = GROUPS,
                                     .people = people,
                                     .person_count = 1,
                                     .access = &site.everyone,
                                     .access_count = 1};
    assert_int_equal(policy_new(&opts, &site.policies[side]), 0);
    site.judges[side] = (struct judge){.policy = site.policies[side], .db = site.db};
    assert_int_equal(judge_init(&site.judges[side], BEGIN_S), 0);
}

static int begin(void **state)
{
    (void)state;
    memset(&site, 0, sizeof site);
    site.now_s = BEGIN_S;
    fixture_begin(&site.log_folder);
    struct qlog_opts opts = fixture_opts(&site.log_folder);
    opts.group_name = group_name;
    opts.journal_bytes = 16 << 20; /* all rows of a test: none is lost because the next journal comes late */
    assert_int_equal(qlog_open(&opts, &site.log), 0);
    generation_init(&site.generation, rules, sizeof rules / sizeof rules[0]);
    assert_int_equal(blockdb_open(site.generation.current, &site.db, NULL, 0), 0);
    assert_int_equal(prefix_from_text("10.1.0.0/16", &site.networks[PUPILS]), 0);
    assert_int_equal(prefix_from_text("10.2.0.0/16", &site.networks[STAFF]), 0);
    assert_int_equal(prefix_from_text("10.0.0.0/8", &site.everyone), 0);
    return 0;
}

static int end(void **state)
{
    (void)state;
    replay_done(&site.replay);
    for (int side = 0; side < 2; side++) {
        judge_done(&site.judges[side]);
        policy_free(site.policies[side]);
    }
    qlog_close(site.log);
    blockdb_close(site.db);
    generation_done(&site.generation);
    fixture_end(&site.log_folder);
    return 0;
}

/* ---- the log ---- */

static struct qlog_record question(const char *client, const char *name)
{
    struct qlog_record r = {.time_ns = site.now_s++ * SECOND_NS,
                            .group = PUPILS,
                            .grade = QLOG_GRADE_ADDRESS,
                            .qtype = DNS_TYPE_A,
                            .qclass = 1,
                            .upstream = QLOG_NO_UPSTREAM,
                            .verdict = {.category = CATEGORY_NONE, .feed = VERDICT_NO_FEED}};
    assert_int_equal(ipaddr_from_text(client, &r.client), 0);
    r.qname_len = (uint8_t)name_from_text(name, strlen(name), r.qname);
    return r;
}

static void put(struct qlog_record r)
{
    qlog_append(qlog_writer(site.log, 0), &r);
}

static void ask(const char *client, const char *name)
{
    put(question(client, name));
}

static const char *user_name(void *ctx, uint32_t user)
{
    (void)ctx;
    return user == 1 ? "anna" : NULL;
}

static void run(void)
{
    const struct replay_opts opts = {.log_dir = site.log_folder.dir,
                                     .from_ns = BEGIN_S * SECOND_NS,
                                     .to_ns = (BEGIN_S + 3000000) * SECOND_NS,
                                     .before = &site.judges[0],
                                     .after = &site.judges[1],
                                     .user_name = user_name};
    replay_done(&site.replay);
    assert_int_equal(qlog_flush(site.log), 0);
    assert_int_equal(replay_run(&opts, &site.replay), 0);
}

static struct tally_cell only_cell(void)
{
    size_t count;
    const struct tally_cell *cells = tally_cells(site.replay.tally, &count);
    assert_int_equal(count, 1);
    return cells[0];
}

/* ---- tests ---- */

static void what_both_say_alike_is_no_change(void **state)
{
    size_t count;
    (void)state;
    make_policy(0, BIT(GAMBLING), 0);
    make_policy(1, BIT(GAMBLING), 0);
    ask("10.1.0.1", "www.casino.example");
    ask("10.1.0.1", "www.school.example");
    run();
    tally_cells(site.replay.tally, &count);
    assert_int_equal(count, 0);
    assert_int_equal(site.replay.questions, 2);
}

static void a_category_that_is_opened_tells_names_and_clients(void **state)
{
    size_t count;
    char text[NAME_TEXT_MAX];
    (void)state;
    make_policy(0, BIT(GAMBLING) | BIT(GAMING), 0);
    make_policy(1, BIT(GAMBLING), 0);
    ask("10.1.0.1", "www.chess.example");
    ask("10.1.0.2", "www.chess.example");
    ask("10.1.0.2", "chess.example");
    ask("10.1.0.2", "casino.example");
    ask("10.2.0.1", "www.chess.example"); /* was open */
    run();
    const struct tally_cell cell = only_cell();
    assert_int_equal(cell.change, TALLY_ALLOWED);
    assert_int_equal(cell.group_before, PUPILS);
    assert_string_equal(cell.level_before, "young");
    assert_int_equal(cell.questions, 3);
    assert_int_equal(cell.names, 2);
    assert_int_equal(cell.clients, 2);
    const struct tally_name *names = tally_names(site.replay.tally, 0, &count);
    assert_string_equal(name_to_text(names[0].name, text), "www.chess.example");
    assert_int_equal(names[0].before.category, CATEGORY_GAMING);
}

static void a_category_that_is_closed_for_staff_is_told_of_staff(void **state)
{
    (void)state;
    make_policy(0, BIT(GAMING), 0);
    make_policy(1, BIT(GAMING), BIT(GAMING));
    ask("10.1.0.1", "chess.example");
    ask("10.2.0.1", "chess.example");
    ask("10.9.0.1", "chess.example"); /* in no group */
    run();
    const struct tally_cell cell = only_cell();
    assert_int_equal(cell.change, TALLY_BLOCKED);
    assert_int_equal(cell.group_after, STAFF);
    assert_int_equal(cell.questions, 1);
}

/* Four weeks: the last second before lunch, the first and last of it, the first after it. */
static void each_look_up_is_judged_at_its_own_time(void **state)
{
    const int64_t midnight = BEGIN_S - BEGIN_S % 86400;
    static const int64_t seconds[] = {44999, 45000, 47999, 48000};
    (void)state;
    site.lunch[1] = true;
    make_policy(0, BIT(GAMING), 0);
    make_policy(1, BIT(GAMING), 0);
    for (int day = 1; day <= 28; day++)
        for (size_t i = 0; i < sizeof seconds / sizeof seconds[0]; i++) {
            site.now_s = midnight + day * 86400 + seconds[i];
            ask("10.1.0.1", "chess.example");
            ask("10.2.0.1", "chess.example");
        }
    run();
    assert_int_equal(site.replay.questions, 28 * 8);
    assert_int_equal(only_cell().change, TALLY_ALLOWED);
    assert_int_equal(only_cell().group_before, PUPILS);
    assert_int_equal(only_cell().questions, 28 * 2);
}

static void safe_results_count_as_a_change_of_their_own(void **state)
{
    static const struct {
        uint64_t strict[2], moderate[2];
        enum tally_change change;
    } rows[] = {
        {{0, 1}, {0, 0}, TALLY_SAFER},     {{0, 0}, {0, 1}, TALLY_SAFER},     {{0, 1}, {1, 0}, TALLY_SAFER},
        {{1, 0}, {0, 1}, TALLY_LESS_SAFE}, {{1, 0}, {0, 0}, TALLY_LESS_SAFE},
    };
    (void)state;
    ask("10.1.0.1", "www.search.example");
    ask("10.1.0.1", "other.search.example");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int side = 0; side < 2; side++) {
            site.safe_strict[side] = rows[i].strict[side];
            site.safe_moderate[side] = rows[i].moderate[side];
            judge_done(&site.judges[side]);
            policy_free(site.policies[side]);
            make_policy(side, 0, 0);
        }
        run();
        assert_int_equal(only_cell().change, rows[i].change);
        assert_int_equal(only_cell().questions, 1);
    }
}

/* The verdict of that time is not looked at, since lists change; but where an alias led is known from it alone. */
static void a_name_that_an_alias_led_to_counts(void **state)
{
    struct qlog_record r;
    (void)state;
    make_policy(0, BIT(GAMING), 0);
    make_policy(1, 0, 0);
    r = question("10.1.0.1", "innocent.example");
    r.verdict.action = VERDICT_NOTICE;
    r.verdict.reason = REASON_CATEGORY;
    r.verdict.match = MATCH_CNAME;
    r.matched_len = (uint8_t)name_from_text("x.cdn.example", 13, r.matched);
    put(r);
    run();
    assert_int_equal(only_cell().change, TALLY_ALLOWED);
    assert_int_equal(only_cell().questions, 1);
}

static void a_user_stands_where_his_entry_says(void **state)
{
    struct qlog_record r;
    (void)state;
    make_policy(0, BIT(GAMING), 0);
    make_policy(1, BIT(GAMING), BIT(GAMING));
    r = question("10.1.0.1", "chess.example");
    r.user = 1;
    r.grade = QLOG_GRADE_USER;
    put(r);
    r = question("10.1.0.1", "chess.example");
    r.user = 2; /* nobody knows that number any longer */
    put(r);
    run();
    assert_int_equal(only_cell().group_before, STAFF);
    assert_int_equal(only_cell().questions, 1);
}

static void who_is_not_attributed_counts_by_his_group(void **state)
{
    struct qlog_record r;
    (void)state;
    make_policy(0, BIT(GAMING), 0);
    make_policy(1, 0, 0);
    r = question("10.1.0.1", "chess.example");
    r.verdict.unattributed = 1;
    put(r);
    r = question("10.1.0.1", "chess.example");
    r.verdict.unattributed = 1;
    r.group = STAFF;
    put(r);
    run();
    assert_int_equal(only_cell().group_before, PUPILS);
    assert_int_equal(only_cell().questions, 1);
    assert_int_equal(only_cell().clients, 0);
}

static void what_was_refused_or_concealed_is_passed_over(void **state)
{
    static const uint8_t reasons[] = {REASON_BAD_QUESTION, REASON_RATE_LIMIT, REASON_ACCESS, REASON_STATUTORY};
    (void)state;
    make_policy(0, BIT(GAMING), 0);
    make_policy(1, 0, 0);
    for (size_t i = 0; i < sizeof reasons; i++) {
        struct qlog_record r = question("10.1.0.1", "chess.example");
        r.verdict.reason = reasons[i];
        put(r);
    }
    run();
    size_t count;
    tally_cells(site.replay.tally, &count);
    assert_int_equal(count, 0);
    assert_int_equal(site.replay.passed_over, sizeof reasons);
}

/* More names and clients than have a place: what was put out is found out anew. */
static void many_names_and_clients_come_out_the_same(void **state)
{
    enum { QUESTIONS = 100000 };
    uint64_t expected = 0;
    (void)state;
    make_policy(0, BIT(GAMING), BIT(GAMBLING));
    make_policy(1, 0, 0);
    for (unsigned i = 0; i < QUESTIONS; i++) {
        char client[32], name[64];
        uint64_t random = fixture_random(&site.log_folder);
        unsigned listed = (unsigned)(random % 3);
        bool pupil = random >> 8 & 1;
        snprintf(client, sizeof client, "10.%u.%u.%u", pupil ? 1 : 2, (unsigned)(random >> 16 & 255),
                 (unsigned)(random >> 24 & 255));
        snprintf(name, sizeof name, "n%u.%s.example", (unsigned)(random >> 32 & 0xffff),
                 listed == 0   ? "chess"
                 : listed == 1 ? "casino"
                               : "other");
        expected += pupil ? listed == 0 : listed == 1;
        struct qlog_record r = question(client, name);
        put(r);
        if (i % 5000 == 0) /* several segments */
            assert_int_equal(qlog_flush(site.log), 0);
    }
    run();
    assert_int_equal(site.replay.questions + site.replay.lost, QUESTIONS);
    assert_int_equal(site.replay.lost, 0);
    assert_int_equal(tally_sum(site.replay.tally, TALLY_ALLOWED).questions, expected);
    assert_int_equal(tally_sum(site.replay.tally, TALLY_BLOCKED).questions, 0);
}

int main(void)
{
#define REPLAY_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        REPLAY_TEST(what_both_say_alike_is_no_change),
        REPLAY_TEST(a_category_that_is_opened_tells_names_and_clients),
        REPLAY_TEST(a_category_that_is_closed_for_staff_is_told_of_staff),
        REPLAY_TEST(each_look_up_is_judged_at_its_own_time),
        REPLAY_TEST(safe_results_count_as_a_change_of_their_own),
        REPLAY_TEST(a_name_that_an_alias_led_to_counts),
        REPLAY_TEST(a_user_stands_where_his_entry_says),
        REPLAY_TEST(who_is_not_attributed_counts_by_his_group),
        REPLAY_TEST(what_was_refused_or_concealed_is_passed_over),
        REPLAY_TEST(many_names_and_clients_come_out_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
