/* The policy on a real generation file: facts from it, and feeds and labels back from it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dns/name.h"
#include "dns/rr.h"
#include "policy/moment.h"
#include "policy/policy.h"
#include "support/generation.h"

#define BIT(name) CATEGORY_BIT(CATEGORY_##name)

static const struct generation_rule rules[] = {
    {"casino.example", GENERATION_SUBDOMAINS, GENERATION_BLOCK, BIT(GAMBLING), 0},
    {"bad.casino.example", GENERATION_SUBDOMAINS, GENERATION_BLOCK, BIT(MALWARE), 1},
    {"fair.casino.example", GENERATION_EXACT, GENERATION_ALLOW, BIT(GAMBLING), 0},
    {"exact.example", GENERATION_EXACT, GENERATION_BLOCK, BIT(NEWS), 2},
};

static struct site {
    struct generation generation;
    struct blockdb *db;
    struct policy *policy;
    struct policy_moment *moment;
} site;

static int site_make(void **state)
{
    static const struct policy_level level = {.name = "all", .block = UINT64_MAX};
    static const uint8_t help[] = "\4help\6casino\7example";
    static const struct policy_name name = {.name = help, .below = true, .special = POLICY_SPECIAL_HELP};
    struct prefix everyone;
    (void)state;
    assert_int_equal(prefix_from_text("0.0.0.0/0", &everyone), 0);
    const struct policy_opts opts = {
        .levels = &level, .level_count = 1, .access = &everyone, .access_count = 1, .names = &name, .name_count = 1};
    generation_init(&site.generation, rules, sizeof rules / sizeof rules[0]);
    assert_int_equal(blockdb_open(site.generation.current, &site.db, NULL, 0), 0);
    assert_int_equal(policy_new(&opts, &site.policy), 0);
    return policy_moment_new(site.policy, 0, &site.moment);
}

static int site_remove(void **state)
{
    (void)state;
    policy_moment_free(site.moment);
    policy_free(site.policy);
    blockdb_close(site.db);
    generation_done(&site.generation);
    return 0;
}

static void a_block_tells_its_feed_and_its_listed_name(void **state)
{
    static const struct {
        const char *name;
        uint8_t action;
        uint8_t category;
        const char *feed; /* NULL: none */
        uint8_t labels;
    } rows[] = {
        {"casino.example", VERDICT_NOTICE, CATEGORY_GAMBLING, "feed-0", 2},
        {"a.b.casino.example", VERDICT_NOTICE, CATEGORY_GAMBLING, "feed-0", 2},
        {"x.bad.casino.example", VERDICT_NOTICE, CATEGORY_GAMBLING, "feed-0", 2},
        {"exact.example", VERDICT_NOTICE, CATEGORY_NEWS, "feed-2", 2},
        {"www.exact.example", VERDICT_RESOLVE, CATEGORY_NONE, NULL, 0},
        {"fair.casino.example", VERDICT_RESOLVE, CATEGORY_NONE, NULL, 0},
        {"help.casino.example", VERDICT_RESOLVE, CATEGORY_NONE, NULL, 3},
        {"example", VERDICT_RESOLVE, CATEGORY_NONE, NULL, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t name[NAME_MAX_LEN];
        struct name_key key;
        struct policy_facts facts;
        assert_true(name_from_text(rows[i].name, strlen(rows[i].name), name) > 0);
        name_key_make(name, &key);
        policy_facts(site.policy, site.db, name, &key, DNS_TYPE_A, &facts);
        assert_int_equal(facts.ready, 1);
        assert_int_equal(facts.generation, 1);
        struct verdict v =
            policy_decide(site.policy, site.moment, policy_group_profile(site.policy, POLICY_GROUP_DEFAULT), &facts);
        policy_explain(site.db, &key, DNS_TYPE_A, &v);
        const struct blockdb_feed *feed = blockdb_feed(site.db, v.feed);
        if (v.action != rows[i].action || v.category != rows[i].category || v.match_labels != rows[i].labels)
            fail_msg("%s: action %u, category %u, %u labels", rows[i].name, v.action, v.category, v.match_labels);
        if (rows[i].feed == NULL)
            assert_null(feed);
        else
            assert_string_equal(feed->name, rows[i].feed);
    }
}

static void an_exception_in_the_list_is_told_from_not_listed(void **state)
{
    uint8_t name[NAME_MAX_LEN];
    struct name_key key;
    struct policy_facts facts;
    (void)state;
    assert_true(name_from_text("fair.casino.example", 19, name) > 0);
    name_key_make(name, &key);
    policy_facts(site.policy, site.db, name, &key, DNS_TYPE_A, &facts);
    assert_true(facts.categories == 0);
    assert_true(facts.listed == BIT(GAMBLING));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_tells_its_feed_and_its_listed_name),
        cmocka_unit_test(an_exception_in_the_list_is_told_from_not_listed),
    };
    return cmocka_run_group_tests(tests, site_make, site_remove);
}
