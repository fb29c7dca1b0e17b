/*
 * The precedence: every pair of rules that can meet at one name, and what comes of it (docs/policy.md, "Which rule wins").
 *
 * Each rule is a way to arrange a policy, a client and a name. The table has them by rank: of two that meet, the one that
 * stands first decides, but for the pairs that the second table names. A third test arranges any three of them and looks at
 * what must hold whatever meets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/category.h"
#include "base/verdict.h"
#include "dns/name.h"
#include "dns/rr.h"
#include "policy/moment.h"
#include "policy/policy.h"

#define BIT(name) CATEGORY_BIT(CATEGORY_##name)
#define OPENED    (BIT(GAMING) | BIT(GENERATIVE_AI) | BIT(NEWSGROUPS) | BIT(SOCIAL_MEDIA) | BIT(CHAT))
#define NAMES_MAX 16
#define ENGINE    3

enum { BASE, EXAM, LEVELS };

/* One policy, client and name, as the rules arrange them. */
struct scene {
    struct policy_level levels[LEVELS];
    struct policy_schedule schedules[4];
    size_t schedule_count;
    struct policy_name names[NAMES_MAX];
    size_t name_count;
    struct policy_person person;
    struct policy_decided decided;
    uint64_t categories; /* of the name */
    bool statutory, closed, no_list, outside;
};

static const uint8_t wire[] = "\1x\7example";
static const struct window always = {0, 86400, WINDOW_EVERY_DAY};

static void add_name(struct scene *s, enum policy_special special, uint16_t index)
{
    assert_true(s->name_count < NAMES_MAX);
    s->names[s->name_count++] = (struct policy_name){.name = wire, .below = true, .special = special, .index = index};
}

static struct policy_schedule *add_schedule(struct scene *s)
{
    struct policy_schedule *schedule = &s->schedules[s->schedule_count++];
    *schedule = (struct policy_schedule){.name = "s",
                                         .times = {.windows = &always, .window_count = 1, .dates = SCHEDULE_ALL_DATES},
                                         .level = POLICY_NO_LEVEL};
    return schedule;
}

/* ---- the rules ---- */

static void outside(struct scene *s)
{
    s->outside = true;
}
static void help(struct scene *s)
{
    add_name(s, POLICY_SPECIAL_HELP, 0);
}
static void statutory(struct scene *s)
{
    s->statutory = true;
}
static void unread(struct scene *s)
{
    s->closed = true;
}
static void illegal(struct scene *s)
{
    s->categories |= BIT(ILLEGAL);
}
static void record(struct scene *s)
{
    add_name(s, POLICY_SPECIAL_RECORD, 4);
}
static void zone(struct scene *s)
{
    add_name(s, POLICY_SPECIAL_ZONE, 2);
}
static void duty_nodata(struct scene *s)
{
    add_name(s, POLICY_SPECIAL_NODATA, 0);
}
static void duty_nxdomain(struct scene *s)
{
    add_name(s, POLICY_SPECIAL_NXDOMAIN, 0);
}
static void pause_all(struct scene *s)
{
    s->decided.pause = 9;
}
static void decided_block(struct scene *s)
{
    s->decided.block = 7;
}
static void configured_block(struct scene *s)
{
    add_name(s, POLICY_SPECIAL_BLOCK, 0);
}
static void no_list(struct scene *s)
{
    s->no_list = true;
}
static void decided_allow(struct scene *s)
{
    s->decided.allow = 8;
}
static void configured_allow(struct scene *s)
{
    add_name(s, POLICY_SPECIAL_ALLOW, 0);
}

static void own_block(struct scene *s)
{
    s->person.block |= BIT(SOCIAL_MEDIA);
    s->categories |= BIT(SOCIAL_MEDIA);
}

static void schedule_block(struct scene *s)
{
    add_schedule(s)->block = BIT(CHAT);
    s->categories |= BIT(CHAT);
}

static void exam(struct scene *s)
{
    add_schedule(s)->level = EXAM;
}

static void own_allow(struct scene *s)
{
    s->person.allow |= OPENED;
    s->categories |= BIT(GAMING);
}

static void schedule_allow(struct scene *s)
{
    add_schedule(s)->allow = OPENED;
    s->categories |= BIT(GAMING);
}

static void level_block(struct scene *s)
{
    s->levels[BASE].block |= BIT(GAMING);
    s->categories |= BIT(GAMING);
}

static void level_hold(struct scene *s)
{
    s->levels[BASE].hold |= BIT(GENERATIVE_AI);
    s->categories |= BIT(GENERATIVE_AI);
}

static void level_unless_approved(struct scene *s)
{
    s->levels[BASE].unless_approved |= BIT(NEWSGROUPS);
    s->categories |= BIT(NEWSGROUPS);
}

static void level_log_only(struct scene *s)
{
    s->levels[BASE].log_only |= BIT(SPORTS);
    s->categories |= BIT(SPORTS);
}

static void level_allow(struct scene *s)
{
    s->levels[BASE].allow |= BIT(NEWS);
    s->categories |= BIT(NEWS);
}

static void garden(struct scene *s)
{
    s->levels[BASE].default_block = true;
}

static void listed(struct scene *s)
{
    s->categories |= BIT(SHOPPING);
}

static void nothing(struct scene *s)
{
    (void)s;
}

/* By rank. */
static const struct rule {
    const char *name;
    void (*arrange)(struct scene *s);
    enum verdict_action action;
    enum verdict_reason reason;
    unsigned category;
    uint32_t number; /* verdict.rule */
} rules[] = {
    {"a client from outside", outside, VERDICT_REFUSED, REASON_ACCESS, CATEGORY_NONE, 0},
    {"protected help", help, VERDICT_RESOLVE, REASON_PROTECTED_HELP, CATEGORY_NONE, 0},
    {"the statutory list", statutory, VERDICT_NOTICE, REASON_STATUTORY, CATEGORY_ILLEGAL, 0},
    {"a statutory list that can't be read", unread, VERDICT_NOT_READY, REASON_NOT_READY, CATEGORY_NONE, 0},
    {"illegal content", illegal, VERDICT_NOTICE, REASON_CATEGORY, CATEGORY_ILLEGAL, 0},
    {"a local record", record, VERDICT_LOCAL, REASON_LOCAL_RECORD, CATEGORY_NONE, 5},
    {"a zone without filter", zone, VERDICT_RESOLVE, REASON_CONDITIONAL_ZONE, CATEGORY_NONE, 0},
    {"a network duty (no data)", duty_nodata, VERDICT_LOCAL, REASON_NETWORK_DUTY, CATEGORY_NONE, 0},
    {"a network duty (no such name)", duty_nxdomain, VERDICT_LOCAL, REASON_NETWORK_DUTY, CATEGORY_NONE, 0},
    {"a pause", pause_all, VERDICT_NOTICE, REASON_SUSPENSION, CATEGORY_NONE, 9},
    {"a recorded block", decided_block, VERDICT_NOTICE, REASON_LOCAL_BLOCK, CATEGORY_LOCAL, 7},
    {"a configured block", configured_block, VERDICT_NOTICE, REASON_LOCAL_BLOCK, CATEGORY_LOCAL, 0},
    {"no list to ask", no_list, VERDICT_NOT_READY, REASON_NOT_READY, CATEGORY_NONE, 0},
    {"an exception", decided_allow, VERDICT_RESOLVE, REASON_EXCEPTION, CATEGORY_NONE, 8},
    {"a configured allow", configured_allow, VERDICT_RESOLVE, REASON_EXCEPTION, CATEGORY_NONE, 0},
    {"a person's own block", own_block, VERDICT_NOTICE, REASON_CATEGORY, CATEGORY_SOCIAL_MEDIA, 0},
    {"a schedule's block", schedule_block, VERDICT_NOTICE, REASON_CATEGORY, CATEGORY_CHAT, 0},
    {"a schedule's level", exam, VERDICT_NOTICE, REASON_DEFAULT, CATEGORY_NONE, 0},
    {"a person's own allow", own_allow, VERDICT_RESOLVE, REASON_CATEGORY_ALLOWED, CATEGORY_GAMING, 0},
    {"a schedule's allow", schedule_allow, VERDICT_RESOLVE, REASON_CATEGORY_ALLOWED, CATEGORY_GAMING, 0},
    {"a level's block", level_block, VERDICT_NOTICE, REASON_CATEGORY, CATEGORY_GAMING, 0},
    {"a level's hold", level_hold, VERDICT_NOTICE, REASON_HOLD, CATEGORY_GENERATIVE_AI, 0},
    {"a level's unless_approved", level_unless_approved, VERDICT_NOTICE, REASON_UNLESS_APPROVED, CATEGORY_NEWSGROUPS,
     0},
    {"a level's log_only", level_log_only, VERDICT_RESOLVE, REASON_LOG_ONLY, CATEGORY_SPORTS, 0},
    {"a level's allow", level_allow, VERDICT_RESOLVE, REASON_CATEGORY_ALLOWED, CATEGORY_NEWS, 0},
    {"a walled garden", garden, VERDICT_NOTICE, REASON_DEFAULT, CATEGORY_NONE, 0},
    {"a category that no level names", listed, VERDICT_RESOLVE, REASON_CATEGORY_ALLOWED, CATEGORY_SHOPPING, 0},
    {"nothing at all", nothing, VERDICT_RESOLVE, REASON_DEFAULT, CATEGORY_NONE, 0},
};

#define RULES (sizeof rules / sizeof rules[0])

/* Pairs of which the later one decides, or whose category is the other's. */
static const struct exception {
    void (*first)(struct scene *s), (*second)(struct scene *s);
    void (*winner)(struct scene *s);
} exceptions[] = {
    /* it stays shut, whoever says so */
    {unread, pause_all, pause_all},
    {unread, decided_block, decided_block},
    /* without a list nobody knows of the category */
    {illegal, no_list, no_list},
    /* what is opened is still written down where the level says so */
    {own_allow, level_log_only, level_log_only},
    {schedule_allow, level_log_only, level_log_only},
};

/* ---- deciding ---- */

static struct verdict decide(const struct scene *s)
{
    struct policy *policy;
    struct policy_moment *moment;
    struct policy_standing standing;
    struct policy_facts facts;
    struct prefix access;
    struct ipaddr client;
    const struct calendar utc = {0};
    const struct blockdb_match match = {.categories = s->categories, .listed = s->categories};
    assert_int_equal(prefix_from_text("10.0.0.0/8", &access), 0);
    assert_int_equal(ipaddr_from_text(s->outside ? "192.0.2.1" : "10.0.0.1", &client), 0);
    const struct policy_opts opts = {.levels = s->levels,
                                     .level_count = LEVELS,
                                     .people = &s->person,
                                     .person_count = 1,
                                     .schedules = s->schedules,
                                     .schedule_count = s->schedule_count,
                                     .calendar = &utc,
                                     .access = &access,
                                     .access_count = 1,
                                     .names = s->names,
                                     .name_count = s->name_count};
    assert_int_equal(policy_new(&opts, &policy), 0);
    assert_int_equal(policy_moment_new(policy, 1000000, &moment), 0);
    policy_standing(policy, &client, 0, 1000000, &standing);
    policy_facts_from_match(policy, wire, s->no_list ? NULL : &match, DNS_TYPE_A, 1, &facts);
    facts.statutory = s->statutory;
    facts.closed = s->closed;
    struct verdict v = policy_decide(policy, moment, standing.profile, &facts);
    if (s->decided.pause != 0 || s->decided.block != 0 || s->decided.allow != 0)
        policy_overrule(policy, moment, standing.profile, &facts, &s->decided, &v);
    policy_moment_free(moment);
    policy_free(policy);
    return v;
}

static struct scene scene_of(const size_t chosen[], size_t count)
{
    struct scene s = {.levels = {{.name = "base"}, {.name = "exam", .default_block = true}},
                      .person = {.user = "u", .group = POLICY_GROUP_DEFAULT, .level = POLICY_NO_LEVEL}};
    for (size_t i = 0; i < count; i++)
        rules[chosen[i]].arrange(&s);
    return s;
}

static const struct rule *winner(size_t first, size_t second)
{
    for (size_t i = 0; i < sizeof exceptions / sizeof exceptions[0]; i++)
        if (exceptions[i].first == rules[first].arrange && exceptions[i].second == rules[second].arrange)
            return exceptions[i].winner == rules[first].arrange ? &rules[first] : &rules[second];
    return &rules[first];
}

/* Of several blocked categories the first is told; a walled garden's block tells the name's, whichever it is. */
static bool is_category(const struct rule *rule, const struct verdict *v, const struct scene *s)
{
    if (rule->reason == REASON_DEFAULT && rule->action == VERDICT_NOTICE)
        return v->category == category_first(s->categories);
    if (rule->reason == REASON_CATEGORY_ALLOWED && v->reason == REASON_CATEGORY_ALLOWED)
        return (s->categories & CATEGORY_BIT(v->category)) != 0;
    const uint64_t blocked = BIT(GAMING) | BIT(SOCIAL_MEDIA) | BIT(CHAT);
    if (rule->reason == REASON_CATEGORY && (blocked & CATEGORY_BIT(rule->category)) != 0)
        return (s->categories & blocked & CATEGORY_BIT(v->category)) != 0;
    return v->category == rule->category;
}

static void check(const struct rule *want, const struct scene *s, const char *first, const char *second)
{
    struct verdict v = decide(s);
    if (v.action != want->action || v.reason != want->reason || !is_category(want, &v, s) || v.rule != want->number)
        fail_msg("%s meets %s: %s because of %s, category %u, rule %u; wanted %s because of %s, category %u, rule %u",
                 first, second, verdict_action_name(v.action), verdict_reason_name(v.reason), v.category, v.rule,
                 verdict_action_name(want->action), verdict_reason_name(want->reason), want->category, want->number);
    assert_int_equal(v.unattributed, want->reason == REASON_PROTECTED_HELP);
}

static void each_rule_decides_where_it_is_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < RULES; i++) {
        struct scene s = scene_of(&i, 1);
        check(&rules[i], &s, rules[i].name, "nobody");
    }
}

static void of_any_two_rules_that_meet_the_first_decides(void **state)
{
    size_t cases = 0;
    (void)state;
    for (size_t i = 0; i < RULES; i++)
        for (size_t j = i + 1; j < RULES; j++) {
            const size_t both[] = {i, j}, turned[] = {j, i};
            struct scene s = scene_of(both, 2);
            check(winner(i, j), &s, rules[i].name, rules[j].name);
            s = scene_of(turned, 2); /* the order in which things are configured says nothing */
            check(winner(i, j), &s, rules[i].name, rules[j].name);
            cases++;
        }
    assert_int_equal(cases, RULES * (RULES - 1) / 2);
    assert_true(cases > 300);
}

/* SafeSearch is laid over what is open, and takes no block back. */
static void safe_search_is_laid_over_what_is_open(void **state)
{
    (void)state;
    for (size_t i = 0; i < RULES; i++) {
        struct scene s = scene_of(&i, 1);
        struct verdict before = decide(&s);
        add_name(&s, POLICY_SPECIAL_SAFE_SEARCH, ENGINE);
        s.levels[BASE].safe_strict = s.levels[EXAM].safe_strict = UINT64_C(1) << ENGINE;
        struct verdict after = decide(&s);
        bool exempt = before.reason == REASON_PROTECTED_HELP || before.reason == REASON_CONDITIONAL_ZONE;
        if (before.action == VERDICT_RESOLVE && !exempt) {
            assert_int_equal(after.action, VERDICT_REWRITE);
            assert_int_equal(after.reason, REASON_SAFE_SEARCH);
            assert_int_equal(policy_safe_engine(after.rule), ENGINE);
        } else if (after.action != before.action || after.reason != before.reason) {
            fail_msg("%s: SafeSearch made %s because of %s of it", rules[i].name, verdict_action_name(after.action),
                     verdict_reason_name(after.reason));
        }
    }
}

static void what_must_hold_holds_whichever_three_meet(void **state)
{
    (void)state;
    for (size_t i = 1; i < RULES; i++) /* without the client from outside */
        for (size_t j = i + 1; j < RULES; j++)
            for (size_t k = j + 1; k < RULES; k++) {
                const size_t three[] = {i, j, k};
                struct scene s = scene_of(three, 3);
                struct verdict v = decide(&s);
                bool is_help = rules[i].arrange == help;
                bool is_listed = s.statutory || s.closed || (!s.no_list && (s.categories & BIT(ILLEGAL)) != 0);
                if (is_help) {
                    assert_int_equal(v.action, VERDICT_RESOLVE);
                    assert_int_equal(v.unattributed, 1);
                } else if (is_listed) { /* whatever else is said, it stays shut */
                    assert_true(verdict_is_block(&v) || v.action == VERDICT_NOT_READY);
                    assert_true(v.rule == 0 || (s.closed && !s.statutory));
                }
                if (s.statutory && !is_help)
                    assert_int_equal(v.reason, REASON_STATUTORY);
                assert_false(v.unattributed && !is_help);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_rule_decides_where_it_is_alone),
        cmocka_unit_test(of_any_two_rules_that_meet_the_first_decides),
        cmocka_unit_test(safe_search_is_laid_over_what_is_open),
        cmocka_unit_test(what_must_hold_holds_whichever_three_meet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
