#include "policy/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/category.h"
#include "base/verdict.h"
#include "dns/name.h"
#include "policy/moment.h"

#define BIT(name) CATEGORY_BIT(CATEGORY_##name)

/* ---- one policy for all tests ---- */

enum level { PUPILS, STAFF, GARDEN };

static const struct policy_level levels[] = {
    [PUPILS] = {.name = "pupils",
                .block = BIT(LOCAL) | BIT(GAMBLING) | BIT(PORNOGRAPHY) | BIT(ADVERTISING),
                .allow = BIT(NEWS),
                .log_only = BIT(SPORTS)},
    [STAFF] = {.name = "staff", .block = BIT(MALWARE), .allow = BIT(ILLEGAL), .log_only = BIT(GAMBLING)},
    [GARDEN] = {.name = "garden", .allow = BIT(NEWS), .log_only = BIT(SPORTS), .default_block = true},
};

static const char *const group_names[] = {"pupils", "staff", "garden"};

/* text, kind, below, index, filtered */
static const struct special_row {
    const char *name;
    enum policy_special special;
    bool below;
    uint16_t index;
    bool filtered;
} specials[] = {
    {"help.example", POLICY_SPECIAL_HELP, true, 0, false},
    {"test", POLICY_SPECIAL_NXDOMAIN, true, 0, false},
    {"local", POLICY_SPECIAL_NXDOMAIN, true, 0, false},
    {"resolver.arpa", POLICY_SPECIAL_NODATA, true, 0, false},
    {"hello.school.test", POLICY_SPECIAL_RECORD, false, 7, false},
    {"school.test", POLICY_SPECIAL_NODATA, false, 0, false},
    {"ad.school.local", POLICY_SPECIAL_ZONE, true, 3, false},
    {"filtered.local", POLICY_SPECIAL_ZONE, true, 4, true},
    {"sub.filtered.local", POLICY_SPECIAL_ZONE, true, 5, false},
    {"www.ad.school.local", POLICY_SPECIAL_RECORD, false, 9, false},
    {"blocked.example", POLICY_SPECIAL_BLOCK, true, 0, false},
    {"fine.blocked.example", POLICY_SPECIAL_ALLOW, true, 0, false},
    {"blocked.filtered.local", POLICY_SPECIAL_BLOCK, true, 0, false},
    {"allowed.example", POLICY_SPECIAL_ALLOW, true, 0, false},
    {"help.blocked.example", POLICY_SPECIAL_HELP, true, 0, false},
    {"help.ad.school.local", POLICY_SPECIAL_HELP, true, 0, false},
};

#define SPECIAL_COUNT (sizeof specials / sizeof specials[0])

static uint8_t special_wire[SPECIAL_COUNT][NAME_MAX_LEN];
static struct policy_name names[SPECIAL_COUNT];

static struct prefix prefix_of(const char *text)
{
    struct prefix p;
    assert_int_equal(prefix_from_text(text, &p), 0);
    return p;
}

static int make(void **state)
{
    static struct prefix access[2];
    static struct prefix networks[3];
    static struct policy_group groups[3];
    access[0] = prefix_of("10.0.0.0/8");
    access[1] = prefix_of("fd00::/8");
    networks[0] = prefix_of("10.1.0.0/16");
    networks[1] = prefix_of("10.2.0.0/16");
    networks[2] = prefix_of("10.3.0.0/16");
    for (uint16_t i = 0; i < 3; i++)
        groups[i] = (struct policy_group){group_names[i], i, &networks[i], 1, false};
    for (size_t i = 0; i < SPECIAL_COUNT; i++) {
        assert_true(name_from_text(specials[i].name, strlen(specials[i].name), special_wire[i]) > 0);
        names[i] = (struct policy_name){special_wire[i], specials[i].below, specials[i].special, specials[i].index,
                                        specials[i].filtered};
    }
    const struct policy_opts opts = {.levels = levels,
                                     .level_count = 3,
                                     .groups = groups,
                                     .group_count = 3,
                                     .access = access,
                                     .access_count = 2,
                                     .names = names,
                                     .name_count = SPECIAL_COUNT,
                                     .nxdomain = BIT(ADVERTISING),
                                     .version = 42};
    struct policy *policy;
    assert_int_equal(policy_new(&opts, &policy), 0);
    *state = policy;
    return 0;
}

static int unmake(void **state)
{
    policy_free(*state);
    return 0;
}

#define NO_GENERATION UINT64_MAX /* as a row's categories */

static void facts_of(const struct policy *policy, const char *text, uint64_t categories, struct policy_facts *out)
{
    uint8_t name[NAME_MAX_LEN];
    const struct blockdb_match match = {.categories = categories, .listed = categories};
    assert_true(name_from_text(text, strlen(text), name) > 0);
    name_lower(name, name, name_len(name));
    policy_facts_from_match(policy, name, categories == NO_GENERATION ? NULL : &match, 1, 5, out);
}

static struct verdict verdict_for(const struct policy *policy, uint16_t group, const struct policy_facts *facts)
{
    struct policy_moment *moment;
    assert_int_equal(policy_moment_new(policy, 0, &moment), 0);
    struct verdict v = policy_decide(policy, moment, policy_group_profile(policy, group), facts);
    policy_moment_free(moment);
    return v;
}

static const char *level_name(const struct policy *policy, uint16_t group)
{
    static char name[32];
    struct policy_moment *moment;
    assert_int_equal(policy_moment_new(policy, 0, &moment), 0);
    snprintf(name, sizeof name, "%s", policy_level_at(moment, policy_group_profile(policy, group))->name);
    policy_moment_free(moment);
    return name;
}

/* ---- the truth table ---- */

static const struct verdict_row {
    const char *name;
    uint64_t categories;
    uint16_t group;
    enum verdict_action action;
    enum verdict_reason reason;
    unsigned category;
} rows[] = {
    /* the level over the categories */
    {"www.example", 0, PUPILS, VERDICT_RESOLVE, REASON_DEFAULT, CATEGORY_NONE},
    {"www.example", BIT(GAMBLING), PUPILS, VERDICT_NOTICE, REASON_CATEGORY, CATEGORY_GAMBLING},
    {"www.example", BIT(NEWS), PUPILS, VERDICT_RESOLVE, REASON_CATEGORY_ALLOWED, CATEGORY_NEWS},
    {"www.example", BIT(SPORTS), PUPILS, VERDICT_RESOLVE, REASON_LOG_ONLY, CATEGORY_SPORTS},
    {"www.example", BIT(WEBMAIL), PUPILS, VERDICT_RESOLVE, REASON_CATEGORY_ALLOWED, CATEGORY_WEBMAIL},
    {"www.example", BIT(GAMBLING), STAFF, VERDICT_RESOLVE, REASON_LOG_ONLY, CATEGORY_GAMBLING},
    {"www.example", BIT(ADVERTISING), PUPILS, VERDICT_NXDOMAIN, REASON_CATEGORY, CATEGORY_ADVERTISING},
    /* several categories: block before log-only before allow, the lowest id speaks */
    {"www.example", BIT(GAMBLING) | BIT(NEWS) | BIT(SPORTS), PUPILS, VERDICT_NOTICE, REASON_CATEGORY,
     CATEGORY_GAMBLING},
    {"www.example", BIT(GAMBLING) | BIT(PORNOGRAPHY), PUPILS, VERDICT_NOTICE, REASON_CATEGORY, CATEGORY_PORNOGRAPHY},
    {"www.example", BIT(NEWS) | BIT(SPORTS), PUPILS, VERDICT_RESOLVE, REASON_LOG_ONLY, CATEGORY_SPORTS},
    {"www.example", BIT(NEWS) | BIT(WEBMAIL), PUPILS, VERDICT_RESOLVE, REASON_CATEGORY_ALLOWED, CATEGORY_NEWS},
    {"www.example", BIT(LOCAL) | BIT(ILLEGAL), PUPILS, VERDICT_NOTICE, REASON_CATEGORY, CATEGORY_ILLEGAL},
    /* no level can let illegal content through */
    {"www.example", BIT(ILLEGAL) | BIT(NEWS), STAFF, VERDICT_NOTICE, REASON_CATEGORY, CATEGORY_ILLEGAL},
    {"allowed.example", BIT(ILLEGAL), STAFF, VERDICT_NOTICE, REASON_CATEGORY, CATEGORY_ILLEGAL},
    {"hello.school.test", BIT(ILLEGAL), STAFF, VERDICT_NOTICE, REASON_CATEGORY, CATEGORY_ILLEGAL},
    {"pc1.ad.school.local", BIT(ILLEGAL), STAFF, VERDICT_NOTICE, REASON_CATEGORY, CATEGORY_ILLEGAL},
    {"a.test", BIT(ILLEGAL), STAFF, VERDICT_NOTICE, REASON_CATEGORY, CATEGORY_ILLEGAL},
    /* a walled garden */
    {"www.example", 0, GARDEN, VERDICT_NOTICE, REASON_DEFAULT, CATEGORY_NONE},
    {"www.example", BIT(WEBMAIL), GARDEN, VERDICT_NOTICE, REASON_DEFAULT, CATEGORY_WEBMAIL},
    {"www.example", BIT(NEWS), GARDEN, VERDICT_RESOLVE, REASON_CATEGORY_ALLOWED, CATEGORY_NEWS},
    {"www.example", BIT(SPORTS), GARDEN, VERDICT_RESOLVE, REASON_LOG_ONLY, CATEGORY_SPORTS},
    {"allowed.example", 0, GARDEN, VERDICT_RESOLVE, REASON_EXCEPTION, CATEGORY_NONE},
    {"www.help.example", 0, GARDEN, VERDICT_RESOLVE, REASON_PROTECTED_HELP, CATEGORY_NONE},
    /* help before all */
    {"help.example", BIT(PORNOGRAPHY), PUPILS, VERDICT_RESOLVE, REASON_PROTECTED_HELP, CATEGORY_NONE},
    {"WWW.Help.Example", BIT(ILLEGAL), PUPILS, VERDICT_RESOLVE, REASON_PROTECTED_HELP, CATEGORY_NONE},
    {"help.blocked.example", 0, PUPILS, VERDICT_RESOLVE, REASON_PROTECTED_HELP, CATEGORY_NONE},
    {"nohelp.example", BIT(PORNOGRAPHY), PUPILS, VERDICT_NOTICE, REASON_CATEGORY, CATEGORY_PORNOGRAPHY},
    /* network duties and local records before lists; the longest name speaks */
    {"a.test", BIT(GAMBLING), PUPILS, VERDICT_LOCAL, REASON_NETWORK_DUTY, CATEGORY_NONE},
    {"resolver.arpa", BIT(GAMBLING), PUPILS, VERDICT_LOCAL, REASON_NETWORK_DUTY, CATEGORY_NONE},
    {"hello.school.test", BIT(GAMBLING), PUPILS, VERDICT_LOCAL, REASON_LOCAL_RECORD, CATEGORY_NONE},
    {"below.hello.school.test", 0, PUPILS, VERDICT_LOCAL, REASON_NETWORK_DUTY, CATEGORY_NONE},
    {"pc1.ad.school.local", BIT(GAMBLING), PUPILS, VERDICT_RESOLVE, REASON_CONDITIONAL_ZONE, CATEGORY_NONE},
    {"www.ad.school.local", 0, PUPILS, VERDICT_LOCAL, REASON_LOCAL_RECORD, CATEGORY_NONE},
    {"school.local", 0, PUPILS, VERDICT_LOCAL, REASON_NETWORK_DUTY, CATEGORY_NONE},
    /* a filtered zone is no duty: the lists decide, and what would be NXDOMAIN is asked */
    {"pc1.filtered.local", 0, PUPILS, VERDICT_RESOLVE, REASON_DEFAULT, CATEGORY_NONE},
    {"pc1.filtered.local", BIT(GAMBLING), PUPILS, VERDICT_NOTICE, REASON_CATEGORY, CATEGORY_GAMBLING},
    {"blocked.filtered.local", 0, PUPILS, VERDICT_NOTICE, REASON_LOCAL_BLOCK, CATEGORY_LOCAL},
    {"a.sub.filtered.local", BIT(GAMBLING), PUPILS, VERDICT_RESOLVE, REASON_CONDITIONAL_ZONE, CATEGORY_NONE},
    /* local block before local allow before categories */
    {"blocked.example", BIT(NEWS), STAFF, VERDICT_NOTICE, REASON_LOCAL_BLOCK, CATEGORY_LOCAL},
    {"www.blocked.example", 0, PUPILS, VERDICT_NOTICE, REASON_LOCAL_BLOCK, CATEGORY_LOCAL},
    {"fine.blocked.example", 0, PUPILS, VERDICT_NOTICE, REASON_LOCAL_BLOCK, CATEGORY_LOCAL},
    {"unblocked.example", 0, PUPILS, VERDICT_RESOLVE, REASON_DEFAULT, CATEGORY_NONE},
    {"allowed.example", BIT(PORNOGRAPHY), PUPILS, VERDICT_RESOLVE, REASON_EXCEPTION, CATEGORY_NONE},
    {"www.allowed.example", BIT(GAMBLING), PUPILS, VERDICT_RESOLVE, REASON_EXCEPTION, CATEGORY_NONE},
    /* without a list only what needs none is answered */
    {"www.example", NO_GENERATION, PUPILS, VERDICT_NOT_READY, REASON_NOT_READY, CATEGORY_NONE},
    {"allowed.example", NO_GENERATION, PUPILS, VERDICT_NOT_READY, REASON_NOT_READY, CATEGORY_NONE},
    {"pc1.filtered.local", NO_GENERATION, PUPILS, VERDICT_NOT_READY, REASON_NOT_READY, CATEGORY_NONE},
    {"help.example", NO_GENERATION, PUPILS, VERDICT_RESOLVE, REASON_PROTECTED_HELP, CATEGORY_NONE},
    {"hello.school.test", NO_GENERATION, PUPILS, VERDICT_LOCAL, REASON_LOCAL_RECORD, CATEGORY_NONE},
    {"a.test", NO_GENERATION, PUPILS, VERDICT_LOCAL, REASON_NETWORK_DUTY, CATEGORY_NONE},
    {"pc1.ad.school.local", NO_GENERATION, PUPILS, VERDICT_RESOLVE, REASON_CONDITIONAL_ZONE, CATEGORY_NONE},
    {"blocked.example", NO_GENERATION, PUPILS, VERDICT_NOTICE, REASON_LOCAL_BLOCK, CATEGORY_LOCAL},
    /* who may not ask gets nothing, not even help */
    {"www.example", 0, POLICY_GROUP_DENIED, VERDICT_REFUSED, REASON_ACCESS, CATEGORY_NONE},
    {"help.example", 0, POLICY_GROUP_DENIED, VERDICT_REFUSED, REASON_ACCESS, CATEGORY_NONE},
    {"hello.school.test", 0, POLICY_GROUP_DENIED, VERDICT_REFUSED, REASON_ACCESS, CATEGORY_NONE},
    /* clients in no group have the default level, here the first */
    {"www.example", BIT(GAMBLING), POLICY_GROUP_DEFAULT, VERDICT_NOTICE, REASON_CATEGORY, CATEGORY_GAMBLING},
    {".", 0, PUPILS, VERDICT_RESOLVE, REASON_DEFAULT, CATEGORY_NONE},
};

static void the_first_of_the_precedence_decides(void **state)
{
    const struct policy *policy = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct policy_facts facts;
        facts_of(policy, rows[i].name, rows[i].categories, &facts);
        struct verdict v = verdict_for(policy, rows[i].group, &facts);
        if (v.action != rows[i].action || v.reason != rows[i].reason || v.category != rows[i].category)
            fail_msg("row %zu, %s: %s because of %s, category %u; wanted %s because of %s, category %u", i,
                     rows[i].name, verdict_action_name(v.action), verdict_reason_name(v.reason), v.category,
                     verdict_action_name(rows[i].action), verdict_reason_name(rows[i].reason), rows[i].category);
        assert_int_equal(v.unattributed, rows[i].reason == REASON_PROTECTED_HELP);
        assert_int_equal(v.feed, VERDICT_NO_FEED);
        assert_true(v.categories == facts.categories);
    }
}

static void the_statutory_list_goes_before_all_but_help(void **state)
{
    static const char *const asked[] = {
        "www.example",         "allowed.example",        "hello.school.test", "a.test",
        "pc1.ad.school.local", "pc1.filtered.local",     "blocked.example",   "resolver.arpa",
        "www.ad.school.local", "below.hello.school.test"};
    const struct policy *policy = *state;
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        struct policy_facts facts;
        facts_of(policy, asked[i], BIT(NEWS), &facts);
        facts.statutory = 1;
        for (uint16_t group = PUPILS; group <= GARDEN; group++) {
            struct verdict v = verdict_for(policy, group, &facts);
            assert_int_equal(v.action, VERDICT_NOTICE);
            assert_int_equal(v.reason, REASON_STATUTORY);
            assert_int_equal(v.category, CATEGORY_ILLEGAL);
            assert_true(v.categories == BIT(ILLEGAL)); /* what else is said of the name could tell which it is */
        }
        facts.statutory = 0;
        facts.closed = 1; /* nobody can tell, so nothing is open */
        assert_int_equal(verdict_for(policy, PUPILS, &facts).action, VERDICT_NOT_READY);
    }
    struct policy_facts help;
    facts_of(policy, "help.example", 0, &help);
    help.statutory = help.closed = 1;
    assert_int_equal(verdict_for(policy, PUPILS, &help).reason, REASON_PROTECTED_HELP);
}

static void facts_tell_the_zone_whatever_else_is_true_of_a_name(void **state)
{
    static const struct {
        const char *name;
        uint16_t zone;
    } zones[] = {
        {"www.example", 0},        {"pc1.ad.school.local", 3},    {"help.ad.school.local", 3}, {"school.local", 0},
        {"pc1.filtered.local", 4}, {"blocked.filtered.local", 4}, {"a.sub.filtered.local", 5}, {"filtered.local", 4},
    };
    for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++) {
        struct policy_facts facts;
        facts_of(*state, zones[i].name, 0, &facts);
        assert_int_equal(facts.zone, zones[i].zone);
    }
}

static void facts_tell_the_record_and_the_matched_labels(void **state)
{
    struct policy_facts facts;
    facts_of(*state, "hello.school.test", BIT(NEWS), &facts);
    assert_int_equal(facts.special, POLICY_SPECIAL_RECORD);
    assert_int_equal(facts.special_index, 7);
    assert_int_equal(facts.special_labels, 3);
    assert_int_equal(facts.generation, 5);
    assert_int_equal(facts.ready, 1);
    assert_true(facts.categories == BIT(NEWS));
    struct verdict v = verdict_for(*state, PUPILS, &facts);
    assert_int_equal(v.rule, 8);
    assert_int_equal(v.match_labels, 3);
    facts_of(*state, "a.b.c.blocked.example", 0, &facts);
    v = verdict_for(*state, PUPILS, &facts);
    assert_int_equal(v.match_labels, 2);
    assert_int_equal(v.match, MATCH_QNAME);
}

/* Every reason that there is: which of them a recorded decision goes before. */
static void decisions_go_before_the_level_and_behind_the_rest(void **state)
{
    static const struct policy_decided block = {.block = 7, .block_labels = 2, .allow = 8, .allow_labels = 3};
    static const struct policy_decided allow = {.allow = 8, .allow_labels = 3};
    static const struct policy_decided pause = {
        .pause = 9, .block = 7, .block_labels = 2, .allow = 8, .allow_labels = 3};
    static const struct {
        enum verdict_reason reason;
        bool blocked, allowed;
    } reasons[] = {
        {REASON_DEFAULT, true, true},
        {REASON_PROTECTED_HELP, false, false},
        {REASON_STATUTORY, false, false},
        {REASON_NETWORK_DUTY, false, false},
        {REASON_SUSPENSION, false, false},
        {REASON_LOCAL_BLOCK, true, false},
        {REASON_EXCEPTION, true, true},
        {REASON_CATEGORY, true, true},
        {REASON_SAFE_SEARCH, true, true},
        {REASON_LOG_ONLY, true, true},
        {REASON_CATEGORY_ALLOWED, true, true},
        {REASON_ACCESS, false, false},
        {REASON_NOT_READY, true, false},
        {REASON_LOCAL_RECORD, false, false},
        {REASON_RATE_LIMIT, false, false},
        {REASON_BAD_QUESTION, false, false},
        {REASON_REBINDING, false, false},
        {REASON_CONDITIONAL_ZONE, false, false},
        {REASON_HOLD, true, true},
        {REASON_UNLESS_APPROVED, true, true},
    };
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        const struct policy_facts facts = {.categories = BIT(NEWS)};
        const struct verdict before = {
            .reason = (uint8_t)reasons[i].reason, .category = CATEGORY_NEWS, .categories = BIT(NEWS)};
        struct verdict v = before;
        policy_overrule(*state, NULL, 0, &facts, &block, &v);
        assert_int_equal(v.rule, reasons[i].blocked ? 7 : 0);
        assert_int_equal(v.reason, reasons[i].blocked ? REASON_LOCAL_BLOCK : reasons[i].reason);
        assert_true(v.categories == BIT(NEWS));
        v = before;
        policy_overrule(*state, NULL, 0, &facts, &pause, &v);
        assert_int_equal(v.rule, reasons[i].blocked ? 9 : 0);
        assert_int_equal(v.reason, reasons[i].blocked ? REASON_SUSPENSION : reasons[i].reason);
        assert_int_equal(policy_is_above_decisions(&before), !reasons[i].blocked);
        v = before;
        policy_overrule(*state, NULL, 0, &facts, &allow, &v);
        assert_int_equal(v.rule, reasons[i].allowed ? 8 : 0);
        assert_int_equal(v.reason, reasons[i].allowed ? REASON_EXCEPTION : reasons[i].reason);
    }
}

static void no_decision_reaches_illegal_content(void **state)
{
    static const struct policy_decided both = {.block = 7, .allow = 8};
    const struct policy_facts facts = {.categories = CATEGORY_BIT(CATEGORY_ILLEGAL)};
    struct verdict v = {.reason = REASON_CATEGORY, .category = CATEGORY_ILLEGAL};
    policy_overrule(*state, NULL, 0, &facts, &both, &v);
    assert_int_equal(v.reason, REASON_CATEGORY);
    assert_int_equal(v.rule, 0);
}

static void groups_have_names_and_levels(void **state)
{
    const struct policy *policy = *state;
    struct ipaddr client;
    assert_int_equal(ipaddr_from_text("10.2.3.4", &client), 0);
    uint16_t group = policy_group_of(policy, &client);
    assert_string_equal(policy_group_name(policy, group), "staff");
    assert_string_equal(level_name(policy, group), "staff");
    assert_string_equal(policy_group_name(policy, POLICY_GROUP_DEFAULT), "default");
    assert_string_equal(level_name(policy, POLICY_GROUP_DEFAULT), "pupils");
    assert_string_equal(policy_group_name(policy, POLICY_GROUP_DENIED), "-");
    assert_int_equal(policy_version(policy), 42);
}

static void impossible_options_are_refused(void **state)
{
    static const struct policy_group lost = {.name = "lost", .level = 3};
    static const struct policy_opts bad[] = {
        {.levels = levels, .level_count = 0},
        {.levels = levels, .level_count = 3, .default_level = 3},
        {.levels = levels, .level_count = 3, .groups = &lost, .group_count = 1},
    };
    struct policy *policy;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(policy_new(&bad[i], &policy), ERR_INVAL);
    const struct policy_opts many = {.levels = levels, .level_count = 1, .groups = &lost, .group_count = 65534};
    assert_int_equal(policy_new(&many, &policy), ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_statutory_list_goes_before_all_but_help, make, unmake),
        cmocka_unit_test_setup_teardown(the_first_of_the_precedence_decides, make, unmake),
        cmocka_unit_test_setup_teardown(facts_tell_the_zone_whatever_else_is_true_of_a_name, make, unmake),
        cmocka_unit_test_setup_teardown(facts_tell_the_record_and_the_matched_labels, make, unmake),
        cmocka_unit_test_setup_teardown(decisions_go_before_the_level_and_behind_the_rest, make, unmake),
        cmocka_unit_test_setup_teardown(no_decision_reaches_illegal_content, make, unmake),
        cmocka_unit_test_setup_teardown(groups_have_names_and_levels, make, unmake),
        cmocka_unit_test(impossible_options_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
