#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "dns/rr.h"
#include "episode/story.h"

#define S STORY_SECOND
#define M STORY_MINUTE
#define H STORY_HOUR
#define D STORY_DAY

static int setup(void **state)
{
    static struct story story;
    story_begin(&story);
    *state = &story;
    return 0;
}

static int teardown(void **state)
{
    story_end(*state);
    return 0;
}

/* ---- visits ---- */

static void questions_of_one_page_are_one_lookup(void **state)
{
    struct story *s = *state;
    story_opens(s, 9 * H, "www.bet-site.example.com", CATEGORY_GAMBLING);
    assert_int_equal(story_tell(s), 1);
    struct episode e = story_episode(s, 0);
    assert_int_equal(e.questions, 3);
    assert_int_equal(e.lookups, 1);
    assert_int_equal(e.visits, 1);
    assert_int_equal(e.names, 1);
    assert_int_equal(e.first_ns, STORY_BEGIN + 9 * H);
    assert_int_equal(e.last_ns, STORY_BEGIN + 9 * H + 600000);
}

static void ten_minutes_of_silence_end_a_visit(void **state)
{
    struct story *s = *state;
    story_blocked(s, 9 * H, "a.example.com", CATEGORY_GAMBLING);
    story_blocked(s, 9 * H + 10 * M, "a.example.com", CATEGORY_GAMBLING);
    story_blocked(s, 9 * H + 20 * M + S, "a.example.com", CATEGORY_GAMBLING);
    assert_int_equal(story_tell(s), 1);
    assert_int_equal(story_episode(s, 0).visits, 2);
    assert_int_equal(story_episode(s, 0).lookups, 3);
}

struct told {
    unsigned count;
    uint64_t strand;
};

static void no_visit_lasts_longer_than_four_hours(void **state)
{
    struct story *s = *state;
    for (int i = 0; i < 24 * 12; i++)
        story_blocked(s, i * 5 * M, "beacon.example.com", CATEGORY_MALWARE);
    story_tell(s);
    assert_int_equal(story_episode(s, 0).visits, 6);
    assert_int_equal(story_episode(s, 0).night, 2);
}

static void visit_count(void *ctx, int64_t begin_ns, uint64_t strand, uint8_t category, uint8_t verdict)
{
    struct told *told = ctx;
    assert_true(begin_ns >= STORY_BEGIN);
    assert_int_equal(category, CATEGORY_GAMBLING);
    assert_int_equal(verdict, EPISODE_BLOCKED);
    told->count++;
    told->strand = strand;
}

static void who_wants_to_hears_of_each_visit(void **state)
{
    struct story *s = *state;
    struct told told = {.count = 0};
    s->opts.visit = visit_count;
    s->opts.visit_ctx = &told;
    for (int i = 0; i < 5; i++)
        story_opens(s, 9 * H + i * 8 * M + (i > 2 ? H : 0), "www.example.com", CATEGORY_GAMBLING);
    story_ask(s, 12 * H, "www.example.org");
    story_tell(s);
    assert_int_equal(told.count, 2);
    assert_true(told.strand == story_episode(s, 0).strand);
    assert_int_equal(story_episode(s, 0).visits, 2);
}

static void visits_of_a_week_are_one_episode(void **state)
{
    struct story *s = *state;
    for (int day = 0; day < 5; day++)
        story_opens(s, day * D + 10 * H, "m.example.com", CATEGORY_GAMBLING);
    assert_int_equal(story_tell(s), 1);
    assert_int_equal(story_episode(s, 0).days, 5);
    assert_true(story_episode(s, 0).flags & EPISODE_REPEATED);
}

static void names_of_one_site_are_one_episode(void **state)
{
    struct story *s = *state;
    story_blocked(s, 9 * H, "www.bbc.co.uk", CATEGORY_GAMBLING);
    story_blocked(s, 9 * H + S, "static.bbci.co.uk", CATEGORY_GAMBLING);
    story_blocked(s, 9 * H + 2 * S, "www.bbc.com", CATEGORY_GAMBLING);
    story_blocked(s, 9 * H + 3 * S, "anna.github.io", CATEGORY_GAMBLING);
    story_blocked(s, 9 * H + 4 * S, "ben.github.io", CATEGORY_GAMBLING);
    assert_int_equal(story_tell(s), 3);
    struct episode bbc = story_find(s, "BBC");
    assert_int_equal(bbc.names, 3);
    assert_memory_equal(bbc.examples[0],
                        "\x03www\x03"
                        "bbc\x02"
                        "co\x02uk",
                        15);
    assert_int_equal(story_find(s, "anna.github.io").lookups, 1);
    assert_int_equal(story_find(s, "ben.github.io").lookups, 1);
}

static void category_and_verdict_part_episodes(void **state)
{
    struct story *s = *state;
    story_blocked(s, 9 * H, "example.com", CATEGORY_GAMBLING);
    story_logged(s, 9 * H + S, "example.com", CATEGORY_GAMBLING);
    story_blocked(s, 9 * H + 2 * S, "x.example.com", CATEGORY_DRUGS);
    assert_int_equal(story_tell(s), 3);
}

/* ---- who ---- */

static void a_user_is_one_on_all_his_devices(void **state)
{
    struct story *s = *state;
    story_blocked(s, 9 * H, "example.com", CATEGORY_GAMBLING);
    s->row.record.device = 4;
    s->row.record.grade = QLOG_GRADE_LOAN;
    story_blocked(s, 10 * H, "example.com", CATEGORY_GAMBLING);
    assert_int_equal(story_tell(s), 1);
    struct episode e = story_episode(s, 0);
    assert_int_equal(e.who.kind, EPISODE_USER);
    assert_int_equal(e.who.user, 7);
    assert_true(e.who.several_devices);
    assert_int_equal(e.who.best, QLOG_GRADE_USER);
    assert_int_equal(e.who.worst, QLOG_GRADE_LOAN);
}

static void nobody_is_blamed_above_the_grade(void **state)
{
    struct story *s = *state;
    story_blocked(s, 9 * H, "example.com", CATEGORY_GAMBLING);
    s->row.record.grade = QLOG_GRADE_DEVICE; /* a row that has a user, but is not sure of him */
    story_blocked(s, 9 * H + S, "example.com", CATEGORY_GAMBLING);
    s->row.record.grade = QLOG_GRADE_ADDRESS; /* ... nor of the device */
    story_blocked(s, 9 * H + 2 * S, "example.com", CATEGORY_GAMBLING);
    assert_int_equal(story_tell(s), 3);
    unsigned kinds = 0;
    for (size_t i = 0; i < 3; i++) {
        struct episode e = story_episode(s, i);
        kinds |= 1u << e.who.kind;
        assert_int_equal(e.questions, 1);
        assert_int_equal(e.who.user, e.who.kind == EPISODE_USER ? 7 : 0);
        assert_int_equal(e.who.device, e.who.kind == EPISODE_ADDRESS ? 0 : 3);
    }
    assert_int_equal(kinds, 1u << EPISODE_USER | 1u << EPISODE_DEVICE | 1u << EPISODE_ADDRESS);
}

static void two_users_of_one_device_are_two(void **state)
{
    struct story *s = *state;
    story_blocked(s, 9 * H, "example.com", CATEGORY_GAMBLING);
    story_user(s, 8, QLOG_GRADE_USER);
    story_blocked(s, 9 * H + S, "example.com", CATEGORY_GAMBLING);
    assert_int_equal(story_tell(s), 2);
    assert_int_not_equal(story_episode(s, 0).who.user, story_episode(s, 1).who.user);
}

/* A classroom behind one address: what looks like an accident or a habit may be of different people. */
static void an_address_of_many_has_no_habits(void **state)
{
    struct story *s = *state;
    char name[32];
    story_address(s, "10.20.0.7");
    for (int i = 0; i < 5 * 80; i++) {
        snprintf(name, sizeof name, "www.site%d.com", i % 80);
        story_ask(s, 9 * H + i / 80 * 20 * M + i % 80 * S / 2, name);
        if (i % 80 == 40)
            story_opens(s, 9 * H + i / 80 * 20 * M + 20 * S + 1000, "casino.com", CATEGORY_GAMBLING);
    }
    story_tell(s);
    struct episode e = story_find(s, "casino.com");
    assert_true(e.who.crowded);
    assert_false(e.flags & (EPISODE_REPEATED | EPISODE_ACCIDENTAL | EPISODE_PREVIEW));
}

static void days_without_a_key_have_groups_only(void **state)
{
    struct story *s = *state;
    s->row.record.client = (struct ipaddr){{0}};
    s->row.record.user = s->row.record.device = 0;
    for (int i = 0; i < 20; i++)
        story_blocked(s, 9 * H + i * 11 * M, "example.com", CATEGORY_GAMBLING);
    assert_int_equal(story_tell(s), 1);
    struct episode e = story_episode(s, 0);
    assert_int_equal(e.who.kind, EPISODE_NOBODY);
    assert_string_equal(e.who.group, "pupils");
    assert_false(e.flags & (EPISODE_REPEATED | EPISODE_MACHINE));
    assert_int_equal(story_points(&e, EPISODE_FOR_VISITS), 0);
}

/* ---- what is left out ---- */

static void background_and_plain_sites_make_no_episode(void **state)
{
    struct story *s = *state;
    struct episode_sums sums;
    story_ask(s, 9 * H, "www.example.com");
    story_ask(s, 9 * H + S, "fonts.gstatic.com");
    story_ask(s, 9 * H + S, "www.google-analytics.com");
    story_ask(s, 9 * H + S, "printer");
    story_ask(s, 9 * H + S, "dc1.oak.sch.example");
    story_ask(s, 9 * H + S, "7.0.20.10.in-addr.arpa");
    s->row.record.qtype = DNS_TYPE_TXT;
    story_ask(s, 9 * H + 2 * S, "www.example.com");
    s->row.record.rcode = DNS_RCODE_NXDOMAIN;
    story_ask(s, 9 * H + 2 * S, "www.exmaple.com");
    assert_int_equal(story_tell(s), 0);
    episode_sums(s->builder, &sums);
    assert_int_equal(sums.rows, 8);
    assert_int_equal(sums.plain, 1);
    assert_int_equal(sums.background, 2);
    assert_int_equal(sums.no_visit, 5);
}

static void a_listed_name_counts_though_it_looks_like_background(void **state)
{
    struct story *s = *state;
    story_blocked(s, 9 * H, "d1abc.cloudfront.net", CATEGORY_MALWARE);
    s->row.record.qtype = DNS_TYPE_TXT;
    story_blocked(s, 9 * H, "evil.example.net", CATEGORY_MALWARE);
    assert_int_equal(story_tell(s), 2);
}

/* Not the site, not its other names, not its time; also not with the school's domain behind it, nor before it was protected. */
static void help_is_in_nothing(void **state)
{
    struct story *s = *state;
    struct episode_sums sums;
    s->opts.all = true;
    s->row.record.grade = QLOG_GRADE_NONE;
    s->row.record.user = s->row.record.device = 0;
    s->row.record.client = (struct ipaddr){{0}};
    story_reason(s, 9 * H, "www.childline.org.uk", CATEGORY_NONE, REASON_PROTECTED_HELP, VERDICT_RESOLVE);
    story_address(s, "10.20.0.7");
    story_user(s, 7, QLOG_GRADE_USER);
    story_ask(s, 10 * H, "www.childline.org.uk.oak.sch.example");
    story_ask(s, 10 * H, "childline.org.uk.example.com");
    story_blocked(s, 10 * H, "papyrus-uk.org", CATEGORY_SELF_HARM);
    story_reason(s, 10 * H, "moved.example.com", CATEGORY_SELF_HARM, REASON_PROTECTED_HELP, VERDICT_RESOLVE);
    assert_int_equal(story_tell(s), 0);
    episode_sums(s->builder, &sums);
    assert_int_equal(sums.help, 5);
    assert_int_equal(sums.people, 0);
    assert_int_equal(sums.sites, 0);
}

/* What a page of help loads from elsewhere would tell of it. Well-known sites tell nothing, nor does what was open before. */
static void what_follows_a_question_for_help_is_left_out(void **state)
{
    struct story *s = *state;
    s->opts.all = true;
    story_ask(s, 9 * H, "www.before.com");
    s->row.record.grade = QLOG_GRADE_NONE;
    story_reason(s, 9 * H + M, "www.childline.org.uk", CATEGORY_NONE, REASON_PROTECTED_HELP, VERDICT_RESOLVE);
    story_user(s, 7, QLOG_GRADE_USER);
    story_ask(s, 9 * H + M + S, "chat-widget.co.uk");
    story_ask(s, 9 * H + M + S, "www.before.com");
    story_ask(s, 9 * H + M + S, "www.bbc.co.uk");
    story_ask(s, 9 * H + 8 * M, "chat-widget.co.uk");
    story_ask(s, 9 * H + 9 * M, "www.after.com");
    assert_int_equal(story_tell(s), 3);
    assert_int_equal(story_find(s, "before.com").questions, 2);
    story_find(s, "BBC");
    story_find(s, "after.com");
}

static void what_weighs_little_and_follows_help_is_left_out_too(void **state)
{
    struct story *s = *state;
    s->row.record.grade = QLOG_GRADE_NONE;
    story_reason(s, 9 * H, "www.childline.org.uk", CATEGORY_NONE, REASON_PROTECTED_HELP, VERDICT_RESOLVE);
    story_user(s, 7, QLOG_GRADE_USER);
    story_blocked(s, 9 * H + S, "chat-widget.co.uk", CATEGORY_CHAT);
    story_blocked(s, 9 * H + 2 * S, "casino.com", CATEGORY_GAMBLING);
    s->row.group = "staff";
    story_blocked(s, 9 * H + 3 * S, "other-widget.co.uk", CATEGORY_CHAT);
    assert_int_equal(story_tell(s), 2);
    story_find(s, "casino.com");
    story_find(s, "other-widget.co.uk");
}

static void others_can_be_left_out(void **state)
{
    struct story *s = *state;
    const struct episode_only only = {.user = 8};
    s->opts.only = &only;
    s->opts.all = true;
    story_blocked(s, 9 * H, "casino.com", CATEGORY_GAMBLING);
    story_user(s, 8, QLOG_GRADE_USER);
    story_ask(s, 9 * H, "www.example.com");
    story_user(s, 8, QLOG_GRADE_DEVICE); /* not sure enough */
    story_ask(s, 9 * H, "www.example.net");
    assert_int_equal(story_tell(s), 1);
    story_find(s, "example.com");
}

/* ---- accidents, programs, ways round ---- */

static void a_name_among_a_list_of_links_may_be_an_accident(void **state)
{
    struct story *s = *state;
    static const char *const links[] = {"one.example.com", "two.example.net", "three.example.org", "four.example.info"};
    for (int i = 0; i < 4; i++)
        story_ask(s, 9 * H + i * 50000000, links[i]);
    story_opens(s, 9 * H + 250000000, "casino.example.co.uk", CATEGORY_GAMBLING);
    story_tell(s);
    struct episode e = story_episode(s, 0);
    assert_true(e.flags & EPISODE_PREVIEW);
    assert_true(e.flags & EPISODE_ACCIDENTAL);
    assert_true(story_points(&e, EPISODE_FOR_ACCIDENT) < 0);
}

static void the_first_of_a_list_of_links_too(void **state)
{
    struct story *s = *state;
    static const char *const links[] = {"one.example.com", "two.example.net", "three.example.org", "four.example.info"};
    story_opens(s, 9 * H, "casino.example.co.uk", CATEGORY_GAMBLING);
    for (int i = 0; i < 4; i++)
        story_ask(s, 9 * H + 50000000 + i * 50000000, links[i]);
    story_tell(s);
    assert_true(story_episode(s, 0).flags & EPISODE_ACCIDENTAL);
}

static void who_comes_back_did_not_come_by_accident(void **state)
{
    struct story *s = *state;
    static const char *const links[] = {"one.example.com", "two.example.net", "three.example.org", "four.example.info"};
    for (int i = 0; i < 4; i++)
        story_ask(s, 9 * H + i * 50000000, links[i]);
    story_opens(s, 9 * H + 250000000, "casino.example.co.uk", CATEGORY_GAMBLING);
    story_opens(s, 9 * H + 1 * M, "casino.example.co.uk", CATEGORY_GAMBLING);
    story_tell(s);
    assert_false(story_episode(s, 0).flags & EPISODE_ACCIDENTAL);
}

static void typing_a_name_is_no_accident(void **state)
{
    struct story *s = *state;
    story_opens(s, 9 * H, "www.google.com", CATEGORY_NONE);
    story_opens(s, 9 * H + S, "casino.example.co.uk", CATEGORY_GAMBLING);
    story_tell(s);
    assert_false(story_episode(s, 0).flags & EPISODE_ACCIDENTAL);
}

static void a_program_is_told_by_its_regularity(void **state)
{
    struct story *s = *state;
    for (int i = 0; i < 288; i++)
        story_opens(s, i * 5 * M + (i % 7) * S, "api.chat.example.com", CATEGORY_CHAT);
    story_tell(s);
    struct episode e = story_episode(s, 0);
    assert_true(e.flags & EPISODE_MACHINE);
    assert_true(story_points(&e, EPISODE_FOR_MACHINE) < 0);
}

static void a_person_is_not_regular(void **state)
{
    struct story *s = *state;
    static const int minutes[] = {0, 1, 3, 4, 9, 31, 33, 34, 36, 75, 76, 80, 81, 83, 120, 121, 180};
    for (size_t i = 0; i < sizeof minutes / sizeof minutes[0]; i++)
        story_opens(s, 10 * H + minutes[i] * M, "chat.example.com", CATEGORY_CHAT);
    story_tell(s);
    assert_false(story_episode(s, 0).flags & EPISODE_MACHINE);
}

static void an_infected_device_is_worse_for_being_regular(void **state)
{
    struct story *s = *state;
    for (int i = 0; i < 50; i++)
        story_opens(s, i * 10 * M, "beacon.example.com", CATEGORY_MALWARE);
    story_tell(s);
    struct episode e = story_episode(s, 0);
    assert_true(e.flags & EPISODE_MACHINE);
    assert_true(story_points(&e, EPISODE_FOR_MACHINE) > 0);
}

static void a_way_round_after_a_block_is_said(void **state)
{
    struct story *s = *state;
    story_opens(s, 9 * H, "casino.example.co.uk", CATEGORY_GAMBLING);
    story_opens(s, 9 * H + 5 * M, "vpn.example.com", CATEGORY_CIRCUMVENTION);
    story_opens(s, 12 * H, "vpn.example.net", CATEGORY_CIRCUMVENTION);
    story_tell(s);
    assert_true(story_find(s, "example.com").flags & EPISODE_AFTER_BLOCK);
    assert_false(story_find(s, "example.net").flags & EPISODE_AFTER_BLOCK);
}

/* Which strangers a page loads changes daily; that they come along with others all the time tells them. */
static void what_always_comes_along_is_company(void **state)
{
    struct story *s = *state;
    char name[32];
    s->opts.all = true;
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof name, "www.site%d.com", i);
        story_ask(s, 9 * H + i * M, name);
        story_ask(s, 9 * H + i * M + S / 2, "widget.co.uk");
        story_ask(s, 9 * H + i * M + 30 * S, "www.visited.com");
    }
    story_tell(s);
    assert_true(story_find(s, "widget.co.uk").flags & EPISODE_COMPANY);
    assert_false(story_find(s, "visited.com").flags & EPISODE_COMPANY);
    assert_false(story_find(s, "site7.com").flags & EPISODE_COMPANY);
}

/* ---- verdicts ---- */

static void verdicts_are_told_apart(void **state)
{
    static const struct {
        enum verdict_reason reason;
        enum verdict_action action;
        enum episode_verdict verdict;
    } rows[] = {
        {REASON_CATEGORY, VERDICT_NOTICE, EPISODE_BLOCKED},
        {REASON_CATEGORY, VERDICT_NXDOMAIN, EPISODE_BLOCKED},
        {REASON_CATEGORY, VERDICT_REWRITE, EPISODE_BLOCKED},
        {REASON_HOLD, VERDICT_NOTICE, EPISODE_HELD},
        {REASON_UNLESS_APPROVED, VERDICT_NOTICE, EPISODE_HELD},
        {REASON_LOG_ONLY, VERDICT_RESOLVE, EPISODE_LOGGED},
        {REASON_EXCEPTION, VERDICT_RESOLVE, EPISODE_ALLOWED},
        {REASON_CATEGORY_ALLOWED, VERDICT_RESOLVE, EPISODE_ALLOWED},
        {REASON_LOCAL_BLOCK, VERDICT_NOTICE, EPISODE_BLOCKED},
        {REASON_SUSPENSION, VERDICT_NOTICE, EPISODE_BLOCKED},
        {REASON_SAFE_SEARCH, VERDICT_REWRITE, EPISODE_ALLOWED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct story story;
        story_begin(&story);
        story_reason(&story, 9 * H, "example.com", CATEGORY_PORNOGRAPHY, rows[i].reason, rows[i].action);
        assert_int_equal(story_tell(&story), 1);
        assert_int_equal(story_episode(&story, 0).verdict, rows[i].verdict);
        assert_int_equal(story_episode(&story, 0).category, CATEGORY_PORNOGRAPHY);
        story_end(&story);
    }
    (void)state;
}

static void the_statutory_list_shows_its_opaque_id(void **state)
{
    struct story *s = *state;
    story_reason(s, 9 * H, "0123456789abcdef.statutory.invalid", CATEGORY_ILLEGAL, REASON_STATUTORY, VERDICT_NOTICE);
    assert_int_equal(story_tell(s), 1);
    struct episode e = story_find(s, "0123456789abcdef.statutory.invalid");
    assert_true(e.flags & EPISODE_STATUTORY);
    assert_int_equal(e.category, CATEGORY_ILLEGAL);
}

static void the_gravest_category_of_a_name_counts(void **state)
{
    struct story *s = *state;
    struct verdict v = {.action = VERDICT_NOTICE,
                        .reason = REASON_CATEGORY,
                        .category = CATEGORY_DRUGS,
                        .categories = CATEGORY_BIT(CATEGORY_DRUGS) | CATEGORY_BIT(CATEGORY_SELF_HARM)};
    story_ask(s, 8 * H, "plain.example.com"); /* makes the builder */
    s->row.record.verdict = v;
    s->row.record.time_ns += S;
    assert_int_equal(episode_builder_add(s->builder, &s->row), 0);
    story_tell(s);
    assert_int_equal(story_episode(s, 0).category, CATEGORY_SELF_HARM);
}

/* ---- order and bounds ---- */

static void the_most_concerning_comes_first(void **state)
{
    struct story *s = *state;
    story_opens(s, 9 * H, "games.example.com", CATEGORY_GAMING);
    story_opens(s, 9 * H, "hurt.example.net", CATEGORY_SELF_HARM);
    story_opens(s, 9 * H, "casino.example.org", CATEGORY_GAMBLING);
    assert_int_equal(story_tell(s), 3);
    assert_int_equal(story_episode(s, 0).category, CATEGORY_SELF_HARM);
    assert_int_equal(story_episode(s, 1).category, CATEGORY_GAMBLING);
    assert_int_equal(story_episode(s, 2).category, CATEGORY_GAMING);
}

static void when_there_are_too_many_the_least_concerning_go(void **state)
{
    struct story *s = *state;
    struct episode_sums sums;
    char name[64];
    s->opts.max = 100;
    story_opens(s, 8 * H, "hurt.example.net", CATEGORY_SELF_HARM);
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "game%d.com", i);
        story_opens(s, 9 * H + i * 5 * S, name, CATEGORY_GAMING);
    }
    size_t count = story_tell(s);
    episode_sums(s->builder, &sums);
    assert_true(count <= 100);
    assert_int_equal(sums.dropped_episodes + count, 1001);
    assert_int_equal(sums.in_episodes + sums.dropped, 3003);
    assert_int_equal(story_episode(s, 0).category, CATEGORY_SELF_HARM);
    assert_int_equal(story_episode(s, 0).questions, 3);
}

static void rows_of_one_instant_may_come_in_any_order(void **state)
{
    static const char *const names[] = {"a.one.com", "b.one.com", "c.one.com", "two.com",
                                        "three.com", "four.com",  "five.com"};
    struct episode first[8] = {0};
    for (int turn = 0; turn < 7; turn++) {
        struct story story;
        story_begin(&story);
        for (int i = 0; i < 7; i++)
            story_blocked(&story, 9 * H, names[(i + turn) % 7], CATEGORY_GAMBLING);
        for (int i = 0; i < 7; i++)
            story_blocked(&story, 9 * H + S, names[(i * (turn % 2 ? 1 : 3) + turn) % 7], CATEGORY_GAMBLING);
        size_t count = story_tell(&story);
        assert_int_equal(count, 5);
        for (size_t i = 0; i < count; i++) {
            struct episode e = story_episode(&story, i);
            if (turn > 0) {
                assert_int_equal(e.key, first[i].key);
                assert_int_equal(e.score, first[i].score);
                assert_int_equal(e.flags, first[i].flags);
                assert_int_equal(e.lookups, first[i].lookups);
            }
            first[i] = e;
        }
        story_end(&story);
    }
    (void)state;
}

static void rows_outside_of_the_period_are_passed_over(void **state)
{
    struct story *s = *state;
    struct episode_sums sums;
    story_opens(s, -S, "casino.example.org", CATEGORY_GAMBLING);
    story_opens(s, 7 * D, "casino.example.org", CATEGORY_GAMBLING);
    assert_int_equal(story_tell(s), 0);
    episode_sums(s->builder, &sums);
    assert_int_equal(sums.rows, 0);
}

static void a_late_row_moves_the_beginning(void **state)
{
    struct story *s = *state;
    story_blocked(s, 9 * H, "example.com", CATEGORY_GAMBLING);
    story_blocked(s, 9 * H - S, "example.com", CATEGORY_GAMBLING);
    story_tell(s);
    assert_int_equal(story_episode(s, 0).visits, 1);
    assert_int_equal(story_episode(s, 0).first_ns, STORY_BEGIN + 9 * H - S);
    assert_int_equal(story_episode(s, 0).last_ns, STORY_BEGIN + 9 * H);
}

static void a_builder_without_a_period_is_refused(void **state)
{
    struct story *s = *state;
    struct episode_builder *builder;
    s->opts.to_ns = s->opts.from_ns;
    assert_int_equal(episode_builder_new(&s->opts, &builder), ERR_INVAL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(questions_of_one_page_are_one_lookup),
        TEST(ten_minutes_of_silence_end_a_visit),
        TEST(no_visit_lasts_longer_than_four_hours),
        TEST(who_wants_to_hears_of_each_visit),
        TEST(visits_of_a_week_are_one_episode),
        TEST(names_of_one_site_are_one_episode),
        TEST(category_and_verdict_part_episodes),
        TEST(a_user_is_one_on_all_his_devices),
        TEST(nobody_is_blamed_above_the_grade),
        TEST(two_users_of_one_device_are_two),
        TEST(an_address_of_many_has_no_habits),
        TEST(days_without_a_key_have_groups_only),
        TEST(background_and_plain_sites_make_no_episode),
        TEST(a_listed_name_counts_though_it_looks_like_background),
        TEST(help_is_in_nothing),
        TEST(what_follows_a_question_for_help_is_left_out),
        TEST(what_weighs_little_and_follows_help_is_left_out_too),
        TEST(others_can_be_left_out),
        TEST(a_name_among_a_list_of_links_may_be_an_accident),
        TEST(the_first_of_a_list_of_links_too),
        TEST(who_comes_back_did_not_come_by_accident),
        TEST(typing_a_name_is_no_accident),
        TEST(a_program_is_told_by_its_regularity),
        TEST(a_person_is_not_regular),
        TEST(an_infected_device_is_worse_for_being_regular),
        TEST(a_way_round_after_a_block_is_said),
        TEST(what_always_comes_along_is_company),
        TEST(verdicts_are_told_apart),
        TEST(the_statutory_list_shows_its_opaque_id),
        TEST(the_gravest_category_of_a_name_counts),
        TEST(the_most_concerning_comes_first),
        TEST(when_there_are_too_many_the_least_concerning_go),
        TEST(rows_of_one_instant_may_come_in_any_order),
        TEST(rows_outside_of_the_period_are_passed_over),
        TEST(a_late_row_moves_the_beginning),
        TEST(a_builder_without_a_period_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
