/* Who stands under which rules: networks, people, and people's own rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/moment.h"
#include "policy/person_table.h"
#include "policy/policy.h"

#define BIT(name) CATEGORY_BIT(CATEGORY_##name)

enum { YOUNG, OLD, STAFF, VISITOR, LEVELS };

static const struct policy_level levels[LEVELS] = {
    [YOUNG] = {.name = "young", .block = BIT(GAMING) | BIT(SELF_HARM), .unless_approved = BIT(NEWSGROUPS)},
    [OLD] = {.name = "old", .block = BIT(SELF_HARM), .hold = BIT(GENERATIVE_AI)},
    [STAFF] = {.name = "staff", .log_only = BIT(SELF_HARM)},
    [VISITOR] = {.name = "visitor", .block = UINT64_MAX},
};

enum { ANN, BOB, CAT, DAN, EVE, FLO, PEOPLE };

static const struct policy_person people[PEOPLE] = {
    [ANN] = {.user = "ann", .group = POLICY_GROUP_DEFAULT, .level = OLD},
    [BOB] = {.user = "SCHOOL\\Bob", .group = 1, .level = POLICY_NO_LEVEL},
    [CAT] = {.user = "cat@school.example", .group = POLICY_GROUP_DEFAULT, .level = POLICY_NO_LEVEL, .block = BIT(NEWS)},
    [DAN] = {.user = "dan",
             .group = POLICY_GROUP_DEFAULT,
             .level = POLICY_NO_LEVEL,
             .allow = BIT(SELF_HARM) | BIT(NEWSGROUPS) | BIT(MALWARE) | BIT(ILLEGAL)},
    [EVE] = {.user = "eve", .group = 1, .level = STAFF, .block = BIT(GAMING), .until_s = 1000},
    [FLO] = {.user = "flo",
             .group = POLICY_GROUP_DEFAULT,
             .level = POLICY_NO_LEVEL,
             .block = BIT(SELF_HARM),
             .allow = BIT(SELF_HARM)},
};

static struct site {
    struct policy *policy;
    struct policy_moment *moment;
    struct prefix access, networks[2];
    struct policy_group groups[2];
} site;

static int make(void **state)
{
    (void)state;
    assert_int_equal(prefix_from_text("10.0.0.0/8", &site.access), 0);
    assert_int_equal(prefix_from_text("10.1.0.0/16", &site.networks[0]), 0);
    assert_int_equal(prefix_from_text("10.2.0.0/16", &site.networks[1]), 0);
    site.groups[0] = (struct policy_group){"pupils", YOUNG, &site.networks[0], 1, false};
    site.groups[1] = (struct policy_group){"office", STAFF, &site.networks[1], 1, false};
    const struct policy_opts opts = {.levels = levels,
                                     .level_count = LEVELS,
                                     .groups = site.groups,
                                     .group_count = 2,
                                     .people = people,
                                     .person_count = PEOPLE,
                                     .restricted_level = VISITOR,
                                     .default_level = VISITOR,
                                     .access = &site.access,
                                     .access_count = 1};
    assert_int_equal(policy_new(&opts, &site.policy), 0);
    return policy_moment_new(site.policy, 0, &site.moment);
}

static int unmake(void **state)
{
    (void)state;
    policy_moment_free(site.moment);
    policy_free(site.policy);
    return 0;
}

static struct policy_standing stand(const char *address, uint32_t person, int64_t now_s)
{
    struct ipaddr addr;
    struct policy_standing standing;
    assert_int_equal(ipaddr_from_text(address, &addr), 0);
    policy_standing(site.policy, &addr, person, now_s, &standing);
    return standing;
}

static const char *level_of(const struct policy_standing *standing)
{
    return policy_level_at(site.moment, standing->profile)->name;
}

static struct verdict decide(const struct policy_standing *standing, uint64_t categories)
{
    const struct policy_facts facts = {.categories = categories, .listed = categories, .ready = 1};
    return policy_decide(site.policy, site.moment, standing->profile, &facts);
}

static void a_user_is_found_without_case_domain_and_realm(void **state)
{
    static const struct {
        const char *user;
        uint32_t person;
    } rows[] = {
        {"ann", ANN},
        {"ANN", ANN},
        {"school\\ann", ANN},
        {"ann@other.example", ANN},
        {"bob", BOB},
        {"Bob@x", BOB},
        {"cat", CAT},
        {"OTHER\\CAT", CAT},
        {"", POLICY_NOBODY},
        {"an", POLICY_NOBODY},
        {"annn", POLICY_NOBODY},
        {"\\", POLICY_NOBODY},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(policy_person_find(site.policy, rows[i].user), rows[i].person);
    char longest[2000];
    memset(longest, 'a', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(policy_person_find(site.policy, longest), POLICY_NOBODY);
}

static void names_are_compared_whole_where_realms_matter(void **state)
{
    static const struct policy_person two[] = {{.user = "a@x"}, {.user = "a@y"}};
    struct person_table *table;
    (void)state;
    assert_int_equal(person_table_new(two, 2, POLICY_USERS_BARE, &table), ERR_INVAL); /* the same user twice */
    assert_int_equal(person_table_new(two, 2, POLICY_USERS_WHOLE, &table), 0);
    assert_int_equal(person_table_find(table, "A@Y"), 1);
    assert_int_equal(person_table_find(table, "a"), UINT32_MAX);
    person_table_free(table);
}

static void the_network_stands_for_who_is_unknown(void **state)
{
    (void)state;
    struct policy_standing standing = stand("10.1.0.1", POLICY_NOBODY, 0);
    assert_int_equal(standing.group, 0);
    assert_string_equal(level_of(&standing), "young");
    assert_true(standing.until_s == INT64_MAX);
    standing = stand("10.9.0.1", POLICY_NOBODY, 0);
    assert_int_equal(standing.group, POLICY_GROUP_DEFAULT);
    assert_string_equal(level_of(&standing), "visitor");
    assert_int_equal(standing.profile, policy_group_profile(site.policy, POLICY_GROUP_DEFAULT));
}

static void a_person_goes_before_the_network(void **state)
{
    (void)state;
    struct policy_standing standing = stand("10.1.0.1", ANN, 0);
    assert_int_equal(standing.group, 0); /* his entry has no group */
    assert_string_equal(level_of(&standing), "old");
    standing = stand("10.1.0.1", BOB, 0);
    assert_int_equal(standing.group, 1);
    assert_string_equal(level_of(&standing), "staff"); /* the group's */
    standing = stand("10.9.0.1", EVE, 0);
    assert_int_equal(standing.group, 1);
    assert_true(standing.until_s == 1000);
}

static void nobody_is_let_in_from_outside(void **state)
{
    (void)state;
    struct policy_standing standing = stand("192.0.2.1", EVE, 0);
    assert_int_equal(standing.group, POLICY_GROUP_DENIED);
    assert_int_equal(standing.profile, POLICY_PROFILE_DENIED);
    assert_int_equal(decide(&standing, 0).action, VERDICT_REFUSED);
}

static void whose_time_is_over_has_the_level_for_that(void **state)
{
    (void)state;
    struct policy_standing standing = stand("10.2.0.1", EVE, 999);
    assert_string_equal(level_of(&standing), "staff");
    standing = stand("10.2.0.1", EVE, 1000);
    assert_string_equal(level_of(&standing), "visitor");
    assert_true(standing.until_s == INT64_MAX);
    assert_int_equal(decide(&standing, BIT(NEWS)).reason, REASON_CATEGORY);
}

static void a_persons_own_rules_are_laid_over_the_level(void **state)
{
    (void)state;
    struct policy_standing cat = stand("10.2.0.1", CAT, 0), dan = stand("10.1.0.1", DAN, 0);
    struct verdict v = decide(&cat, BIT(NEWS));
    assert_int_equal(v.reason, REASON_CATEGORY);
    assert_int_equal(v.category, CATEGORY_NEWS);
    assert_int_equal(decide(&cat, BIT(SPORTS)).action, VERDICT_RESOLVE);
    assert_int_equal(decide(&dan, BIT(SELF_HARM)).reason, REASON_CATEGORY_ALLOWED);
    assert_int_equal(decide(&dan, BIT(NEWSGROUPS)).reason, REASON_CATEGORY_ALLOWED);
    assert_int_equal(decide(&dan, BIT(SELF_HARM) | BIT(GAMING)).category, CATEGORY_GAMING);
}

static void what_is_stricter_wins_within_one_persons_rules(void **state)
{
    (void)state;
    struct policy_standing flo = stand("10.2.0.1", FLO, 0);
    assert_int_equal(decide(&flo, BIT(SELF_HARM)).reason, REASON_CATEGORY);
}

static void no_persons_rule_opens_what_must_stay_shut(void **state)
{
    static const struct policy_level shut = {.name = "shut", .block = UINT64_MAX};
    static const struct policy_person all = {
        .user = "all", .group = POLICY_GROUP_DEFAULT, .level = POLICY_NO_LEVEL, .allow = UINT64_MAX};
    struct policy_opts opts = {.levels = &shut, .level_count = 1, .people = &all, .person_count = 1};
    struct policy *policy;
    struct policy_moment *moment;
    struct policy_standing standing;
    struct ipaddr addr;
    struct prefix access;
    (void)state;
    assert_int_equal(ipaddr_from_text("10.1.0.1", &addr), 0);
    assert_int_equal(prefix_from_text("10.0.0.0/8", &access), 0);
    opts.access = &access;
    opts.access_count = 1;
    assert_int_equal(policy_new(&opts, &policy), 0);
    assert_int_equal(policy_moment_new(policy, 0, &moment), 0);
    policy_standing(policy, &addr, 0, 0, &standing);
    for (unsigned id = 0; id < CATEGORY_MAX; id++) {
        const struct policy_facts facts = {.categories = CATEGORY_BIT(id), .ready = 1};
        bool shut_always = (POLICY_NEVER_OPENED & CATEGORY_BIT(id)) != 0;
        struct verdict v = policy_decide(policy, moment, standing.profile, &facts);
        assert_int_equal(v.reason, shut_always ? REASON_CATEGORY : REASON_CATEGORY_ALLOWED);
    }
    const struct policy_facts statutory = {.statutory = 1, .ready = 1};
    assert_int_equal(policy_decide(policy, moment, standing.profile, &statutory).reason, REASON_STATUTORY);
    policy_moment_free(moment);
    policy_free(policy);
}

static void modes_say_why_a_category_is_shut(void **state)
{
    (void)state;
    struct policy_standing young = stand("10.1.0.1", POLICY_NOBODY, 0), old = stand("10.1.0.1", ANN, 0);
    assert_int_equal(decide(&young, BIT(NEWSGROUPS)).reason, REASON_UNLESS_APPROVED);
    assert_int_equal(decide(&young, BIT(NEWSGROUPS)).action, VERDICT_NOTICE);
    assert_int_equal(decide(&young, BIT(NEWSGROUPS) | BIT(GAMING)).reason, REASON_CATEGORY);
    assert_int_equal(decide(&old, BIT(GENERATIVE_AI)).reason, REASON_HOLD);
    assert_int_equal(decide(&old, BIT(GENERATIVE_AI)).category, CATEGORY_GENERATIVE_AI);
}

static void without_a_moment_nothing_is_open(void **state)
{
    (void)state;
    struct policy_standing staff = stand("10.2.0.1", POLICY_NOBODY, 0);
    const struct policy_facts facts = {.ready = 1};
    assert_int_equal(policy_decide(site.policy, NULL, staff.profile, &facts).action, VERDICT_NOT_READY);
    assert_true(policy_level_at(NULL, staff.profile)->default_block);
    const struct policy_facts help = {.ready = 1, .special = POLICY_SPECIAL_HELP};
    assert_int_equal(policy_decide(site.policy, NULL, staff.profile, &help).reason, REASON_PROTECTED_HELP);
}

static void impossible_people_are_refused(void **state)
{
    static const struct policy_person bad[][2] = {
        {{.user = "a", .group = 0, .level = 0}},
        {{.user = "a", .group = POLICY_GROUP_DEFAULT, .level = LEVELS}},
        {{.user = "", .group = POLICY_GROUP_DEFAULT, .level = 0}},
        {{.user = "a", .group = POLICY_GROUP_DEFAULT}, {.user = "A", .group = POLICY_GROUP_DEFAULT}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct policy *policy;
        const struct policy_opts opts = {
            .levels = levels, .level_count = LEVELS, .people = bad[i], .person_count = bad[i][1].user == NULL ? 1 : 2};
        assert_int_equal(policy_new(&opts, &policy), ERR_INVAL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_user_is_found_without_case_domain_and_realm),
        cmocka_unit_test(names_are_compared_whole_where_realms_matter),
        cmocka_unit_test(the_network_stands_for_who_is_unknown),
        cmocka_unit_test(a_person_goes_before_the_network),
        cmocka_unit_test(nobody_is_let_in_from_outside),
        cmocka_unit_test(whose_time_is_over_has_the_level_for_that),
        cmocka_unit_test(a_persons_own_rules_are_laid_over_the_level),
        cmocka_unit_test(what_is_stricter_wins_within_one_persons_rules),
        cmocka_unit_test(no_persons_rule_opens_what_must_stay_shut),
        cmocka_unit_test(modes_say_why_a_category_is_shut),
        cmocka_unit_test(without_a_moment_nothing_is_open),
        cmocka_unit_test(impossible_people_are_refused),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
