/* What holds for a name, a group, a second. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decision/table.h"
#include "dns/name_map.h"

#define NOW 1000

static void set_name(const char *text, uint8_t out[NAME_MAX_LEN])
{
    assert_true(name_from_text(text, strlen(text), out) > 1);
}

/* "year-9" is group 9; there is no other. Users and devices are "a" with number 1 to "z". */
static int64_t number(void *ctx, enum decision_scope scope, const char *name)
{
    (void)ctx;
    if (scope == DECISION_GROUP)
        return strcmp(name, "year-9") == 0 ? 9 : -1;
    return name[0] >= 'a' && name[0] <= 'z' && name[1] == '\0' ? name[0] - 'a' + 1 : -1;
}

static struct table *table_of(const struct decision *const rows[], size_t count, uint32_t version)
{
    static const uint8_t platform[] = "\x02lp\x06school\x04test";
    static const uint8_t *const spared[] = {platform};
    const struct table_opts opts = {.decisions = rows,
                                    .count = count,
                                    .spared = spared,
                                    .spared_count = 1,
                                    .grant_never = 2,
                                    .now_s = NOW,
                                    .version = version,
                                    .number = number};
    struct table *table = NULL;
    assert_int_equal(table_new(&opts, &table), 0);
    return table;
}

static struct table_who group_only(uint32_t group)
{
    return (struct table_who){.group = group};
}

static const struct {
    enum decision_kind kind;
    const char *name;
    bool below;
    const char *group;
    int64_t until_s, revoked_s;
} made[] = {
    {DECISION_BLOCK, "tree.example", true, "", 0, 0},            /* 1 */
    {DECISION_BLOCK, "exact.example", false, "", 2000, 0},       /* 2 */
    {DECISION_ALLOW, "deep.tree.example", true, "", 2000, 0},    /* 3 */
    {DECISION_ALLOW, "lesson.example", true, "year-9", 2000, 0}, /* 4 */
    {DECISION_ALLOW, "lesson.example", true, "gone", 2000, 0},   /* 5 */
    {DECISION_BLOCK, "over.example", true, "", NOW, 0},          /* 6 */
    {DECISION_BLOCK, "revoked.example", true, "", 0, 900},       /* 7 */
    {DECISION_BLOCK, "twice.example", true, "", 1500, 0},        /* 8 */
    {DECISION_BLOCK, "twice.example", true, "", 1800, 0},        /* 9 */
    {DECISION_BLOCK, "shorter.example", true, "", 1800, 0},      /* 10 */
    {DECISION_BLOCK, "shorter.example", true, "", 1500, 0},      /* 11 */
};
#define MADE_COUNT (sizeof made / sizeof made[0])

static struct table *make_table(void)
{
    static struct decision decisions[MADE_COUNT];
    const struct decision *rows[MADE_COUNT];
    for (size_t i = 0; i < MADE_COUNT; i++) {
        decisions[i] = (struct decision){.id = (uint32_t)i + 1,
                                         .kind = made[i].kind,
                                         .below = made[i].below,
                                         .until_s = made[i].until_s,
                                         .revoked_s = made[i].revoked_s};
        set_name(made[i].name, decisions[i].name);
        snprintf(decisions[i].whom, sizeof decisions[i].whom, "%s", made[i].group);
        decisions[i].scope = made[i].group[0] == '\0' ? DECISION_EVERYONE : DECISION_GROUP;
        rows[i] = &decisions[i];
    }
    return table_of(rows, MADE_COUNT, 7);
}

static const struct {
    const char *name;
    uint16_t group;
    int64_t now_s;
    uint32_t block, allow;
    uint8_t block_labels;
} asked[] = {
    {"tree.example", 1, NOW, 1, 0, 2},
    {"a.b.tree.example", 1, NOW, 1, 0, 2},
    {"example", 1, NOW, 0, 0, 0},
    {"notatree.example", 1, NOW, 0, 0, 0},
    {"exact.example", 1, NOW, 2, 0, 2},
    {"www.exact.example", 1, NOW, 0, 0, 0},
    /* to the second */
    {"exact.example", 1, 1999, 2, 0, 2},
    {"exact.example", 1, 2000, 0, 0, 0},
    /* a block of the parent and an allow below: both are told, the policy knows which goes first */
    {"x.deep.tree.example", 1, NOW, 1, 3, 2},
    {"lesson.example", 9, NOW, 0, 4, 0},
    {"lesson.example", 1, NOW, 0, 0, 0},
    {"over.example", 1, NOW, 0, 0, 0},
    {"revoked.example", 1, NOW, 0, 0, 0},
    /* of two about one name the one that lasts */
    {"twice.example", 1, NOW, 9, 0, 2},
    {"shorter.example", 1, NOW, 10, 0, 2},
    {"shorter.example", 1, 1600, 10, 0, 2},
};

static void a_table_finds_what_holds(void **state)
{
    struct table *table = make_table();
    (void)state;
    assert_int_equal(table_version(table), 7);
    assert_int_equal(table_count(table), 6);
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        uint8_t name[NAME_MAX_LEN];
        struct table_found found;
        set_name(asked[i].name, name);
        const struct table_who who = group_only(asked[i].group);
        table_find(table, name, &who, asked[i].now_s, &found);
        if (found.block.id != asked[i].block || found.allow.id != asked[i].allow ||
            found.block.labels != asked[i].block_labels)
            fail_msg("%s for group %d at %d: block %u, allow %u", asked[i].name, asked[i].group, (int)asked[i].now_s,
                     found.block.id, found.allow.id);
        if (found.block.id != 0 || found.allow.id != 0)
            assert_true(table_concerns(table, name));
    }
    table_free(table);
}

static void an_empty_table_concerns_nothing(void **state)
{
    struct table *table = table_of(NULL, 0, 1);
    const struct table_who who = group_only(1);
    uint8_t name[NAME_MAX_LEN];
    struct table_found found;
    (void)state;
    set_name("a.example", name);
    assert_false(table_concerns(table, name));
    assert_false(table_pauses(table));
    table_find(table, name, &who, NOW, &found);
    assert_int_equal(found.block.id + found.allow.id + found.grant.id + found.pause.id, 0);
    assert_int_equal(found.change_s, INT64_MAX);
    table_free(table);
}

static struct table *make_many(size_t count)
{
    struct decision *decisions = calloc(count, sizeof *decisions);
    const struct decision **rows = calloc(count, sizeof *rows);
    for (size_t i = 0; i < count; i++) {
        char text[64];
        snprintf(text, sizeof text, "host-%zu.zone-%zu.test", i, i % 100);
        decisions[i] = (struct decision){.id = (uint32_t)i + 1, .kind = DECISION_BLOCK, .below = true};
        set_name(text, decisions[i].name);
        rows[i] = &decisions[i];
    }
    struct table *table = table_of(rows, count, 1);
    free(rows);
    free(decisions);
    return table;
}

/* The walk ends at the first label that leads nowhere, so ten thousand decisions cost a name as many steps as ten. */
static void the_number_of_decisions_costs_a_name_nothing(void **state)
{
    static const char *const names[] = {"www.example.org", "host-3.zone-3.test", "a.b.host-3.zone-3.test",
                                        "other.test"};
    static const size_t counts[] = {10, 10000};
    unsigned steps[2][4];
    (void)state;
    for (size_t t = 0; t < 2; t++) {
        uint8_t(*bytes)[NAME_MAX_LEN] = calloc(counts[t], sizeof *bytes);
        const uint8_t **keys = calloc(counts[t], sizeof *keys);
        struct name_map *map = NULL;
        for (size_t i = 0; i < counts[t]; i++) {
            char text[64];
            snprintf(text, sizeof text, "host-%zu.zone-%zu.test", i, i % 100);
            set_name(text, bytes[i]);
            keys[i] = bytes[i];
        }
        assert_int_equal(name_map_new(keys, counts[t], &map), 0);
        for (size_t n = 0; n < 4; n++) {
            struct name_map_hit hits[NAME_MAX_LABELS];
            uint8_t name[NAME_MAX_LEN];
            set_name(names[n], name);
            assert_int_equal(name_map_find(map, name, hits, &steps[t][n]), n == 1 || n == 2);
        }
        name_map_free(map);
        free(keys);
        free(bytes);
    }
    assert_memory_equal(steps[0], steps[1], sizeof steps[0]);
    assert_int_equal(steps[0][0], 1);
}

static void ten_thousand_decisions_are_all_found(void **state)
{
    struct table *table = make_many(10000);
    (void)state;
    assert_int_equal(table_count(table), 10000);
    for (size_t i = 0; i < 10000; i++) {
        char text[64];
        uint8_t name[NAME_MAX_LEN];
        struct table_found found;
        snprintf(text, sizeof text, "www.host-%zu.zone-%zu.test", i, i % 100);
        set_name(text, name);
        const struct table_who who = group_only(0);
        table_find(table, name, &who, NOW, &found);
        assert_int_equal(found.block.id, i + 1);
    }
    table_free(table);
}

/* However often somebody decides about one name. */
static void decisions_about_one_name_do_not_pile_up(void **state)
{
    struct decision *decisions = calloc(5000, sizeof *decisions);
    const struct decision **rows = calloc(5000, sizeof *rows);
    (void)state;
    for (size_t i = 0; i < 5000; i++) {
        decisions[i] = (struct decision){.id = (uint32_t)i + 1,
                                         .kind = i % 2 ? DECISION_BLOCK : DECISION_ALLOW,
                                         .below = i % 3 == 0,
                                         .until_s = (int64_t)(NOW + 10000 - i)};
        set_name("one.test", decisions[i].name);
        rows[i] = &decisions[i];
    }
    struct table *table = table_of(rows, 5000, 1);
    assert_in_range(table_count(table), 2, 4);
    table_free(table);
    free(rows);
    free(decisions);
}

/* ---- whom, when, what goes first ---- */

/* A row as made above: "all" for the name pauses everything. */
static struct decision decided(uint32_t id, enum decision_kind kind, const char *name, enum decision_scope scope,
                               const char *whom)
{
    struct decision d = {.id = id, .kind = kind, .scope = scope, .below = true, .until_s = 2000};
    if (strcmp(name, "all") != 0)
        set_name(name, d.name);
    snprintf(d.whom, sizeof d.whom, "%s", whom);
    return d;
}

static struct table_found find(const struct table *table, const char *text, struct table_who who, int64_t now_s)
{
    uint8_t name[NAME_MAX_LEN];
    struct table_found found;
    set_name(text, name);
    table_find(table, name, &who, now_s, &found);
    return found;
}

static struct table *table_of_rows(struct decision *decisions, size_t count)
{
    const struct decision *rows[16];
    for (size_t i = 0; i < count; i++)
        rows[i] = &decisions[i];
    return table_of(rows, count, 1);
}

static void a_scope_is_for_nobody_else(void **state)
{
    struct decision decisions[] = {decided(1, DECISION_BLOCK, "a.test", DECISION_GROUP, "year-9"),
                                   decided(2, DECISION_BLOCK, "b.test", DECISION_USER, "c"),
                                   decided(3, DECISION_BLOCK, "c.test", DECISION_DEVICE, "c"),
                                   decided(4, DECISION_BLOCK, "d.test", DECISION_USER, "nobody")};
    const struct table_who meant = {.group = 9, .user = 3, .device = 3};
    const struct table_who others[] = {{.group = 3, .user = 9, .device = 9}, {.group = 0}, {.group = UINT16_MAX}};
    struct table *table = table_of_rows(decisions, 4);
    (void)state;
    assert_int_equal(find(table, "a.test", meant, NOW).block.id, 1);
    assert_int_equal(find(table, "x.b.test", meant, NOW).block.id, 2);
    assert_int_equal(find(table, "c.test", meant, NOW).block.id, 3);
    assert_int_equal(find(table, "d.test", meant, NOW).block.id, 0);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(find(table, "a.test", others[i], NOW).block.id, 0);
        assert_int_equal(find(table, "b.test", others[i], NOW).block.id, 0);
        assert_int_equal(find(table, "c.test", others[i], NOW).block.id, 0);
    }
    table_free(table);
}

static void what_begins_later_is_told_before(void **state)
{
    struct decision decisions[] = {decided(1, DECISION_ALLOW, "a.test", DECISION_EVERYONE, ""),
                                   decided(2, DECISION_BLOCK, "a.test", DECISION_EVERYONE, "")};
    (void)state;
    decisions[0].from_s = 1100;
    decisions[0].until_s = 1300;
    decisions[1].from_s = 1200;
    struct table *table = table_of_rows(decisions, 2);
    static const struct {
        int64_t now_s, change_s;
        uint32_t allow, block;
    } rows[] = {{NOW, 1100, 0, 0},  {1099, 1100, 0, 0}, {1100, 1200, 1, 0},     {1199, 1200, 1, 0},
                {1200, 1300, 1, 2}, {1300, 2000, 0, 2}, {2000, INT64_MAX, 0, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct table_found found = find(table, "a.test", group_only(0), rows[i].now_s);
        assert_int_equal(found.allow.id, rows[i].allow);
        assert_int_equal(found.block.id, rows[i].block);
        assert_int_equal(found.change_s, rows[i].change_s);
    }
    table_free(table);
}

static void what_is_only_proposed_does_not_hold(void **state)
{
    struct decision decisions[] = {decided(1, DECISION_ALLOW, "a.test", DECISION_EVERYONE, "")};
    (void)state;
    decisions[0].pending = true;
    struct table *table = table_of_rows(decisions, 1);
    assert_int_equal(find(table, "a.test", group_only(0), NOW).allow.id, 0);
    table_free(table);
}

static void a_grant_opens_all_of_its_names_but_those_that_no_grant_reaches(void **state)
{
    struct decision decisions[] = {decided(5, DECISION_GRANT, "site.test", DECISION_GROUP, "year-9")};
    uint8_t other[NAME_MAX_LEN];
    (void)state;
    set_name("cdn.test", other);
    assert_int_equal(decision_name_add(&decisions[0], other, false), 0);
    struct table *table = table_of_rows(decisions, 1);
    struct table_found found = find(table, "www.site.test", group_only(9), NOW);
    assert_int_equal(table_opening(&found, 4).id, 5);
    assert_int_equal(table_opening(&found, 4 | 2).id, 0);
    found = find(table, "cdn.test", group_only(9), NOW);
    assert_int_equal(table_opening(&found, 0).id, 5);
    found = find(table, "x.cdn.test", group_only(9), NOW);
    assert_int_equal(table_opening(&found, 0).id, 0);
    found = find(table, "cdn.test", group_only(8), NOW);
    assert_int_equal(table_opening(&found, 0).id, 0);
    table_free(table);
}

static void a_pause_of_everything_spares_what_lessons_need(void **state)
{
    struct decision decisions[] = {decided(1, DECISION_SUSPEND, "all", DECISION_USER, "b"),
                                   decided(2, DECISION_SUSPEND, "all", DECISION_GROUP, "year-9"),
                                   decided(3, DECISION_SUSPEND, "all", DECISION_DEVICE, "q"),
                                   decided(4, DECISION_SUSPEND, "video.test", DECISION_USER, "e")};
    const struct table_who user = {.group = 1, .user = 2, .device = 8};
    const struct table_who both = {.group = 9, .user = 2};
    const struct table_who device = {.group = 1, .device = 17};
    const struct table_who service = {.group = 1, .user = 5};
    (void)state;
    decisions[1].until_s = 3000;
    decisions[2].from_s = 1500;
    struct table *table = table_of_rows(decisions, 4);
    assert_true(table_pauses(table));
    assert_int_equal(find(table, "any.test", user, NOW).pause.id, 1);
    assert_int_equal(find(table, "any.test", user, NOW).pause.labels, 0);
    assert_int_equal(find(table, "any.test", user, NOW).change_s, 2000);
    assert_int_equal(find(table, "any.test", user, 2000).pause.id, 0);
    assert_int_equal(find(table, "x.lp.school.test", user, NOW).pause.id, 0);
    assert_int_equal(find(table, "school.test", user, NOW).pause.id, 1);
    /* of several, the one that lasts */
    assert_int_equal(find(table, "any.test", both, NOW).pause.id, 2);
    /* the end of the other one changes nothing, but asking again does no harm */
    assert_int_equal(find(table, "any.test", both, NOW).change_s, 2000);
    assert_int_equal(find(table, "any.test", device, NOW).pause.id, 0);
    assert_int_equal(find(table, "any.test", device, NOW).change_s, 1500);
    assert_int_equal(find(table, "any.test", device, 1500).pause.id, 3);
    assert_int_equal(find(table, "any.test", group_only(1), NOW).pause.id, 0);
    /* of one service */
    assert_int_equal(find(table, "www.video.test", service, NOW).pause.id, 4);
    assert_int_equal(find(table, "www.video.test", service, NOW).pause.labels, 2);
    assert_int_equal(find(table, "any.test", service, NOW).pause.id, 0);
    table_free(table);
}

/* Ten thousand paused people are as quick to ask as one. */
static void every_one_of_many_is_paused(void **state)
{
    struct decision *decisions = calloc(10000, sizeof *decisions);
    const struct decision **rows = calloc(10000, sizeof *rows);
    (void)state;
    for (size_t i = 0; i < 10000; i++) {
        decisions[i] = decided((uint32_t)i + 1, DECISION_SUSPEND, "all", DECISION_USER, "");
        snprintf(decisions[i].whom, sizeof decisions[i].whom, "%c", 'a' + (int)(i % 26));
        rows[i] = &decisions[i];
    }
    struct table *table = table_of(rows, 10000, 1);
    for (uint32_t user = 0; user < 40; user++) {
        const struct table_who who = {.user = user};
        assert_int_equal(find(table, "any.test", who, NOW).pause.id != 0, user >= 1 && user <= 26);
    }
    table_free(table);
    free(rows);
    free(decisions);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_finds_what_holds),
        cmocka_unit_test(an_empty_table_concerns_nothing),
        cmocka_unit_test(the_number_of_decisions_costs_a_name_nothing),
        cmocka_unit_test(ten_thousand_decisions_are_all_found),
        cmocka_unit_test(decisions_about_one_name_do_not_pile_up),
        cmocka_unit_test(a_scope_is_for_nobody_else),
        cmocka_unit_test(what_begins_later_is_told_before),
        cmocka_unit_test(what_is_only_proposed_does_not_hold),
        cmocka_unit_test(a_grant_opens_all_of_its_names_but_those_that_no_grant_reaches),
        cmocka_unit_test(a_pause_of_everything_spares_what_lessons_need),
        cmocka_unit_test(every_one_of_many_is_paused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
