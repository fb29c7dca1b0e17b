/* Moments: what schedules make of levels, who wins where several hold, and how long an answer may live. */
#include "policy/moment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/outlook.h"

#define BIT(name) CATEGORY_BIT(CATEGORY_##name)
#define MONDAY    345600 /* 1970-01-05, 00:00 UTC */
#define AT(hour)  (MONDAY + (hour)*3600)
#define DAY       86400
#define TIMES(w)                                                                                                       \
    {                                                                                                                  \
        .windows = &(w), .window_count = 1, .dates = SCHEDULE_ALL_DATES                                                \
    }

enum { YOUNG, OLD, EXAM, LEVELS };

static const struct policy_level levels[LEVELS] = {
    [YOUNG] = {.name = "young", .block = BIT(GAMING) | BIT(CHAT) | BIT(MALWARE), .hold = BIT(GENERATIVE_AI)},
    [OLD] = {.name = "old", .block = BIT(MALWARE), .log_only = BIT(SPORTS)},
    [EXAM] = {.name = "exam", .allow = BIT(NEWS), .default_block = true},
};

static const struct window nine_to_eleven = {9 * 3600, 11 * 3600, WINDOW_EVERY_DAY};
static const struct window ten_to_twelve = {10 * 3600, 12 * 3600, WINDOW_EVERY_DAY};
static const struct window thursday = {9 * 3600, 10 * 3600, 1 << 3};
static const uint16_t first_group[] = {0};
static const uint16_t no_group[] = {POLICY_GROUP_DEFAULT};

static struct site {
    struct policy *policy;
    struct policy_moment *moment;
    struct prefix access, networks[2];
} site;

static void begin(const struct policy_schedule schedules[], size_t count, int64_t now_s)
{
    static const struct calendar utc;
    assert_int_equal(prefix_from_text("10.0.0.0/8", &site.access), 0);
    assert_int_equal(prefix_from_text("10.1.0.0/16", &site.networks[0]), 0);
    assert_int_equal(prefix_from_text("10.2.0.0/16", &site.networks[1]), 0);
    const struct policy_group groups[] = {
        {.name = "one", .level = YOUNG, .networks = &site.networks[0], .network_count = 1},
        {.name = "two", .level = OLD, .networks = &site.networks[1], .network_count = 1}};
    const struct policy_opts opts = {.levels = levels,
                                     .level_count = LEVELS,
                                     .groups = groups,
                                     .group_count = 2,
                                     .schedules = schedules,
                                     .schedule_count = count,
                                     .calendar = &utc,
                                     .access = &site.access,
                                     .access_count = 1};
    assert_int_equal(policy_new(&opts, &site.policy), 0);
    assert_int_equal(policy_moment_new(site.policy, now_s, &site.moment), 0);
}

static int end(void **state)
{
    (void)state;
    policy_moment_free(site.moment);
    policy_free(site.policy);
    site = (struct site){.policy = NULL};
    return 0;
}

static enum verdict_reason reason(uint16_t group, uint64_t categories)
{
    const struct policy_facts facts = {.categories = categories, .ready = 1};
    return policy_decide(site.policy, site.moment, policy_group_profile(site.policy, group), &facts).reason;
}

static int64_t bound(uint16_t group, uint64_t categories)
{
    const struct policy_facts facts = {.categories = categories, .ready = 1};
    return policy_moment_bound(site.moment, policy_group_profile(site.policy, group), &facts);
}

static void a_schedule_concerns_its_groups_alone(void **state)
{
    static const struct policy_schedule schedules[] = {{.name = "games",
                                                        .times = TIMES(nine_to_eleven),
                                                        .groups = first_group,
                                                        .group_count = 1,
                                                        .level = POLICY_NO_LEVEL,
                                                        .allow = BIT(GAMING)},
                                                       {.name = "quiet",
                                                        .times = TIMES(nine_to_eleven),
                                                        .groups = no_group,
                                                        .group_count = 1,
                                                        .level = POLICY_NO_LEVEL,
                                                        .block = BIT(SPORTS)}};
    (void)state;
    begin(schedules, 2, AT(9));
    assert_int_equal(reason(0, BIT(GAMING)), REASON_CATEGORY_ALLOWED);
    assert_int_equal(reason(0, BIT(CHAT)), REASON_CATEGORY);
    assert_int_equal(reason(0, BIT(SPORTS)), REASON_CATEGORY_ALLOWED);
    assert_int_equal(reason(POLICY_GROUP_DEFAULT, BIT(GAMING)), REASON_CATEGORY);
    assert_int_equal(reason(POLICY_GROUP_DEFAULT, BIT(SPORTS)), REASON_CATEGORY);
    assert_int_equal(reason(1, BIT(SPORTS)), REASON_LOG_ONLY);
}

static void a_schedule_concerns_its_levels_alone(void **state)
{
    static const struct policy_schedule schedule = {.name = "quiet",
                                                    .times = TIMES(nine_to_eleven),
                                                    .levels = 1 << OLD,
                                                    .level = POLICY_NO_LEVEL,
                                                    .block = BIT(SPORTS)};
    (void)state;
    begin(&schedule, 1, AT(9));
    assert_int_equal(reason(0, BIT(SPORTS)), REASON_CATEGORY_ALLOWED);
    assert_int_equal(reason(1, BIT(SPORTS)), REASON_CATEGORY);
}

static void what_one_blocks_no_other_opens(void **state)
{
    static const struct policy_schedule schedules[] = {
        {.name = "a",
         .times = TIMES(nine_to_eleven),
         .level = POLICY_NO_LEVEL,
         .allow = BIT(GAMING) | BIT(GENERATIVE_AI)},
        {.name = "b", .times = TIMES(ten_to_twelve), .level = POLICY_NO_LEVEL, .block = BIT(GAMING)}};
    (void)state;
    begin(schedules, 2, AT(9));
    assert_int_equal(reason(0, BIT(GAMING)), REASON_CATEGORY_ALLOWED);
    assert_int_equal(reason(0, BIT(GENERATIVE_AI)), REASON_CATEGORY_ALLOWED);
    policy_moment_renew(site.moment, AT(10));
    assert_int_equal(reason(0, BIT(GAMING)), REASON_CATEGORY);
    assert_int_equal(reason(0, BIT(GENERATIVE_AI)), REASON_CATEGORY_ALLOWED);
    policy_moment_renew(site.moment, AT(11));
    assert_int_equal(reason(0, BIT(GENERATIVE_AI)), REASON_HOLD);
    assert_int_equal(reason(1, BIT(GAMING)), REASON_CATEGORY);
}

static void of_two_levels_the_first_holds_and_only_its_own_allow(void **state)
{
    static const struct policy_schedule schedules[] = {
        {.name = "exam", .times = TIMES(nine_to_eleven), .level = EXAM, .allow = BIT(SPORTS)},
        {.name = "club", .times = TIMES(ten_to_twelve), .level = OLD, .allow = BIT(GAMING)},
        {.name = "games", .times = TIMES(nine_to_eleven), .level = POLICY_NO_LEVEL, .allow = BIT(GAMING)}};
    (void)state;
    begin(schedules, 3, AT(10));
    assert_string_equal(policy_level_at(site.moment, policy_group_profile(site.policy, 0))->name, "exam");
    assert_int_equal(reason(0, BIT(SPORTS)), REASON_CATEGORY_ALLOWED);
    assert_int_equal(reason(0, BIT(GAMING)), REASON_DEFAULT);
    assert_int_equal(reason(0, 0), REASON_DEFAULT);
    policy_moment_renew(site.moment, AT(11));
    assert_string_equal(policy_level_at(site.moment, policy_group_profile(site.policy, 0))->name, "old");
    assert_int_equal(reason(0, BIT(GAMING)), REASON_CATEGORY_ALLOWED);
}

static void no_schedule_opens_what_must_stay_shut(void **state)
{
    static const struct policy_schedule schedule = {
        .name = "all", .times = TIMES(nine_to_eleven), .level = POLICY_NO_LEVEL, .allow = UINT64_MAX};
    (void)state;
    begin(&schedule, 1, AT(9));
    assert_int_equal(reason(0, BIT(MALWARE)), REASON_CATEGORY);
    assert_int_equal(reason(0, BIT(ILLEGAL)), REASON_CATEGORY);
    assert_int_equal(reason(0, BIT(GAMING)), REASON_CATEGORY_ALLOWED);
}

static void a_moment_holds_until_the_next_boundary(void **state)
{
    static const struct policy_schedule schedule = {
        .name = "games", .times = TIMES(nine_to_eleven), .level = POLICY_NO_LEVEL, .allow = BIT(GAMING)};
    (void)state;
    begin(&schedule, 1, AT(8));
    assert_true(site.moment->until_s == AT(9));
    assert_true(policy_moment_holds(site.moment, AT(9) - 1));
    assert_false(policy_moment_holds(site.moment, AT(9)));
    assert_false(policy_moment_holds(site.moment, AT(8) - 1)); /* the clock was set back */
    policy_moment_renew(site.moment, AT(9));
    assert_true(site.moment->until_s == AT(11));
}

static void an_answer_lives_no_longer_than_its_verdict(void **state)
{
    static const struct policy_schedule schedules[] = {
        {.name = "games",
         .times = TIMES(nine_to_eleven),
         .groups = first_group,
         .group_count = 1,
         .level = POLICY_NO_LEVEL,
         .allow = BIT(GAMING)},
        {.name = "quiet", .times = TIMES(ten_to_twelve), .level = POLICY_NO_LEVEL, .block = BIT(SPORTS)},
        {.name = "club",
         .times = TIMES(thursday),
         .groups = no_group,
         .group_count = 1,
         .level = POLICY_NO_LEVEL,
         .allow = BIT(CHAT)}};
    (void)state;
    begin(schedules, 3, AT(8));
    assert_true(bound(0, BIT(GAMING)) == AT(9));
    assert_true(bound(1, BIT(GAMING)) == INT64_MAX); /* no schedule of his says anything of it */
    assert_true(bound(1, BIT(SPORTS)) == AT(10));    /* not the next boundary, which does not concern him */
    assert_true(bound(0, BIT(NEWS)) == INT64_MAX);
    assert_true(bound(POLICY_GROUP_DEFAULT, BIT(CHAT)) ==
                AT(8) + POLICY_MOMENT_AHEAD_S); /* further away than is known */
    assert_true(bound(POLICY_GROUP_DEFAULT, BIT(GAMING)) == INT64_MAX);
}

static void where_a_level_changes_everything_may(void **state)
{
    static const struct policy_schedule schedule = {.name = "exam", .times = TIMES(nine_to_eleven), .level = EXAM};
    (void)state;
    begin(&schedule, 1, AT(8));
    assert_true(bound(0, 0) == AT(9));
    policy_moment_renew(site.moment, AT(9));
    assert_true(bound(0, 0) == AT(11));
}

/* Any moment of a week: what is bound by nothing is decided the same until the bound. */
static void what_is_not_bounded_does_not_change(void **state)
{
    static const struct policy_schedule schedules[] = {
        {.name = "games",
         .times = TIMES(nine_to_eleven),
         .groups = first_group,
         .group_count = 1,
         .level = POLICY_NO_LEVEL,
         .allow = BIT(GAMING)},
        {.name = "quiet", .times = TIMES(ten_to_twelve), .level = POLICY_NO_LEVEL, .block = BIT(SPORTS)},
        {.name = "exam", .times = TIMES(thursday), .groups = first_group, .group_count = 1, .level = EXAM}};
    static const uint64_t asked[] = {0, BIT(GAMING), BIT(SPORTS), BIT(CHAT), BIT(NEWS), BIT(GAMING) | BIT(SPORTS)};
    (void)state;
    begin(schedules, 3, AT(0));
    for (int64_t now = AT(0); now < AT(0) + 7 * DAY; now += 1800)
        for (uint16_t group = 0; group < 3; group++)
            for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
                uint16_t who = group == 2 ? POLICY_GROUP_DEFAULT : group;
                policy_moment_renew(site.moment, now);
                int64_t until = bound(who, asked[i]);
                enum verdict_reason before = reason(who, asked[i]);
                if (until > now + DAY)
                    until = now + DAY;
                for (int64_t later = now; later < until; later += 1800) {
                    policy_moment_renew(site.moment, later);
                    assert_int_equal(reason(who, asked[i]), before);
                }
            }
}

static void the_outlook_tells_what_comes_next(void **state)
{
    static const struct policy_schedule schedules[] = {
        {.name = "games",
         .times = TIMES(nine_to_eleven),
         .groups = first_group,
         .group_count = 1,
         .level = POLICY_NO_LEVEL,
         .allow = BIT(GAMING)},
        {.name = "exam", .times = TIMES(ten_to_twelve), .groups = first_group, .group_count = 1, .level = EXAM}};
    struct outlook o;
    (void)state;
    begin(schedules, 2, AT(9));
    policy_outlook(site.policy, 0, AT(9), &o);
    assert_true(o.is_scheduled);
    assert_string_equal(o.now.level, "young");
    assert_int_equal(o.now.schedule_count, 1);
    assert_string_equal(o.now.schedules[0], "games");
    assert_true(o.next_s == AT(10));
    assert_string_equal(o.next.level, "exam");
    assert_int_equal(o.next.schedule_count, 2);
    policy_outlook(site.policy, 0, AT(12), &o);
    assert_int_equal(o.now.schedule_count, 0);
    assert_true(o.next_s == AT(9) + DAY);
    policy_outlook(site.policy, 1, AT(9), &o);
    assert_false(o.is_scheduled);
    assert_string_equal(o.now.level, "old");
    assert_true(o.next_s == INT64_MAX);
}

static void impossible_schedules_are_refused(void **state)
{
    static const uint16_t lost[] = {7};
    static const struct calendar utc;
    static const struct policy_schedule bad[] = {
        {.name = "a", .level = LEVELS}, {.name = "a", .level = POLICY_NO_LEVEL, .groups = lost, .group_count = 1}};
    struct policy *policy;
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct policy_opts opts = {
            .levels = levels, .level_count = LEVELS, .schedules = &bad[i], .schedule_count = 1, .calendar = &utc};
        assert_int_equal(policy_new(&opts, &policy), ERR_INVAL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_schedule_concerns_its_groups_alone, end),
        cmocka_unit_test_teardown(a_schedule_concerns_its_levels_alone, end),
        cmocka_unit_test_teardown(what_one_blocks_no_other_opens, end),
        cmocka_unit_test_teardown(of_two_levels_the_first_holds_and_only_its_own_allow, end),
        cmocka_unit_test_teardown(no_schedule_opens_what_must_stay_shut, end),
        cmocka_unit_test_teardown(a_moment_holds_until_the_next_boundary, end),
        cmocka_unit_test_teardown(an_answer_lives_no_longer_than_its_verdict, end),
        cmocka_unit_test_teardown(where_a_level_changes_everything_may, end),
        cmocka_unit_test_teardown(what_is_not_bounded_does_not_change, end),
        cmocka_unit_test_teardown(the_outlook_tells_what_comes_next, end),
        cmocka_unit_test(impossible_schedules_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
