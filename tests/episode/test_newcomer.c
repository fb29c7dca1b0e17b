#include "episode/newcomer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "episode/lookalike.h"
#include "episode/seen.h"
#include "episode/story.h"

#define H          STORY_HOUR
#define M          STORY_MINUTE
#define DAY_BEFORE ((uint16_t)(STORY_BEGIN / STORY_DAY - 1))

static struct seen *seen;

static int setup(void **state)
{
    static struct story story;
    story_begin(&story);
    assert_int_equal(seen_new(&seen), 0);
    seen_knows(seen, DAY_BEFORE - 30);
    story.opts.seen = seen;
    *state = &story;
    return 0;
}

static int teardown(void **state)
{
    story_end(*state);
    seen_free(seen);
    return 0;
}

static void know(struct story *s, const char *name, uint16_t day)
{
    uint8_t wire[NAME_MAX_LEN];
    struct site site;
    assert_true(name_from_text(name, strlen(name), wire) > 0);
    site_find(s->finder, wire, &site);
    assert_int_equal(seen_add(seen, &site, day), 0);
}

static struct newcomer find(struct story *s, const char *text)
{
    char out[NAME_TEXT_MAX];
    for (size_t i = 0; i < newcomer_count(s->builder); i++) {
        struct newcomer n;
        newcomer_get(s->builder, i, &n);
        if (strcmp(site_to_text(&n.site, out), text) == 0)
            return n;
    }
    fail_msg("%s is no newcomer", text);
    return (struct newcomer){0};
}

static void visit(struct story *s, int64_t at_ns, uint32_t user, const char *group, const char *name)
{
    story_user(s, user, QLOG_GRADE_USER);
    s->row.group = group;
    story_ask(s, at_ns, name);
}

static void what_was_not_seen_before_is_new(void **state)
{
    struct story *s = *state;
    know(s, "old.com", DAY_BEFORE - 3);
    know(s, "www.bbc.co.uk", DAY_BEFORE);
    know(s, "newer.com", DAY_BEFORE + 1); /* in the period itself: a report that is made once more says the same */
    story_ask(s, 9 * H, "www.old.com");
    story_ask(s, 9 * H, "static.bbci.co.uk");
    story_ask(s, 9 * H, "www.newer.com");
    story_ask(s, 9 * H, "www.newest.com");
    story_ask(s, 9 * H, "fonts.gstatic.com");
    story_ask(s, 9 * H, "printer.local");
    story_tell(s);
    assert_int_equal(newcomer_count(s->builder), 2);
    find(s, "newer.com");
    find(s, "newest.com");
}

static void few_people_are_not_counted_nor_timed(void **state)
{
    struct story *s = *state;
    visit(s, 9 * H, 1, "year-9", "www.few.com");
    visit(s, 10 * H, 2, "year-9", "www.few.com");
    for (uint32_t user = 1; user <= 3; user++)
        visit(s, 11 * H, user, "year-9", "www.three.com");
    story_tell(s);
    struct newcomer few = find(s, "few.com");
    assert_int_equal(few.people, 0);
    assert_int_equal(few.questions, 0);
    assert_null(few.group);
    assert_int_equal(few.first_ns, STORY_BEGIN);
    assert_int_equal(few.last_ns, STORY_BEGIN);
    struct newcomer three = find(s, "three.com");
    assert_int_equal(three.people, 3);
    assert_string_equal(three.group, "year-9");
    assert_int_equal(three.first_ns, STORY_BEGIN + 11 * H);
}

static void one_class_at_once_is_said(void **state)
{
    struct story *s = *state;
    for (uint32_t user = 1; user <= 5; user++)
        visit(s, 9 * H + user * M, user, "year-9", "www.link.com");
    for (uint32_t user = 1; user <= 5; user++)
        visit(s, 10 * H + user * M, user, user == 5 ? "staff" : "year-9", "www.all.com");
    for (uint32_t user = 1; user <= 5; user++)
        visit(s, 12 * H + user * H, user, "year-9", "www.slow.com");
    story_tell(s);
    assert_true(find(s, "link.com").hints & NEWCOMER_AT_ONCE);
    assert_false(find(s, "all.com").hints & NEWCOMER_AT_ONCE);
    assert_false(find(s, "slow.com").hints & NEWCOMER_AT_ONCE);
    struct newcomer first;
    newcomer_get(s->builder, 0, &first);
    assert_true(first.hints & NEWCOMER_AT_ONCE);
}

static void many_people_are_estimated(void **state)
{
    struct story *s = *state;
    for (uint32_t user = 1; user <= 100; user++)
        visit(s, 9 * H + user * STORY_SECOND, user, "year-9", "www.many.com");
    story_tell(s);
    assert_in_range(find(s, "many.com").people, 80, 120);
}

static void what_only_blocks_were_seen_of_is_no_newcomer(void **state)
{
    struct story *s = *state;
    story_blocked(s, 9 * H, "casino.com", CATEGORY_GAMBLING);
    story_tell(s);
    assert_int_equal(newcomer_count(s->builder), 0);
    assert_true(story_episode(s, 0).flags & EPISODE_NEW);
}

static void without_knowledge_of_before_nothing_is_new(void **state)
{
    struct story *s = *state;
    seen_free(seen);
    assert_int_equal(seen_new(&seen), 0);
    seen_knows(seen, DAY_BEFORE + 1);
    s->opts.seen = seen;
    story_ask(s, 9 * H, "www.newest.com");
    story_blocked(s, 9 * H, "casino.com", CATEGORY_GAMBLING);
    story_tell(s);
    assert_int_equal(newcomer_count(s->builder), 0);
    assert_false(story_episode(s, 0).flags & EPISODE_NEW);
}

static void spelling_gives_hints(void **state)
{
    static const struct {
        const char *domain;
        unsigned hints;
    } rows[] = {
        {"paypa1.com", NEWCOMER_LOOKALIKE},
        {"rnicrosoft.com", NEWCOMER_LOOKALIKE},
        {"goggle.com", NEWCOMER_LOOKALIKE},
        {"youtbue.com", NEWCOMER_LOOKALIKE},
        {"microsoft.co", 0},
        {"google.com", 0},
        {"example.com", 0},
        {"cat.com", 0},
        {"xn--pypal-4ve.com", NEWCOMER_FOREIGN},
        {"x8k2v9q7zt3b.com", NEWCOMER_RANDOM},
        {"qwrtzpsdfgh.net", NEWCOMER_RANDOM},
        {"shakespeare-birthplace.org", 0},
        {"unblockedgames77.io", NEWCOMER_WAY_ROUND},
        {"cro-xyproxy.me", NEWCOMER_WAY_ROUND},
        {"dohertyhigh.org", 0},
        {"doh.pub", NEWCOMER_WAY_ROUND},
        {"strengths.org", 0},
        {"bbc.co.uk", 0},
    };
    struct story *s = *state;
    struct lookalikes *known;
    assert_int_equal(lookalikes_new(s->tables, &known), 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *domain = rows[i].domain;
        unsigned hints = (lookalike_find(known, domain) != NULL ? NEWCOMER_LOOKALIKE : 0) |
                         (lookalike_is_foreign(domain) ? NEWCOMER_FOREIGN : 0) |
                         (lookalike_is_random(domain) ? NEWCOMER_RANDOM : 0) |
                         (lookalike_is_way_round(domain) ? NEWCOMER_WAY_ROUND : 0);
        if (hints != rows[i].hints)
            fail_msg("%s: hints %x, not %x (like %s)", domain, hints, rows[i].hints, lookalike_find(known, domain));
    }
    assert_string_equal(lookalike_find(known, "rnicrosoft.com"), "microsoft.com");
    lookalikes_free(known);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_not_seen_before_is_new),
        TEST(few_people_are_not_counted_nor_timed),
        TEST(one_class_at_once_is_said),
        TEST(many_people_are_estimated),
        TEST(what_only_blocks_were_seen_of_is_no_newcomer),
        TEST(without_knowledge_of_before_nothing_is_new),
        TEST(spelling_gives_hints),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
