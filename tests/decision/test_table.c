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

/* "year-9" is group 9; there is no other. */
static int group_number(void *ctx, const char *name)
{
    (void)ctx;
    return strcmp(name, "year-9") == 0 ? 9 : -1;
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
    struct table *table = NULL;
    for (size_t i = 0; i < MADE_COUNT; i++) {
        decisions[i] = (struct decision){.id = (uint32_t)i + 1,
                                         .kind = made[i].kind,
                                         .below = made[i].below,
                                         .until_s = made[i].until_s,
                                         .revoked_s = made[i].revoked_s};
        set_name(made[i].name, decisions[i].name);
        snprintf(decisions[i].group, sizeof decisions[i].group, "%s", made[i].group);
        rows[i] = &decisions[i];
    }
    assert_int_equal(table_new(rows, MADE_COUNT, NOW, group_number, NULL, 7, &table), 0);
    return table;
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
        table_find(table, name, asked[i].group, asked[i].now_s, &found);
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
    struct table *table = NULL;
    uint8_t name[NAME_MAX_LEN];
    struct table_found found;
    (void)state;
    set_name("a.example", name);
    assert_int_equal(table_new(NULL, 0, NOW, group_number, NULL, 1, &table), 0);
    assert_false(table_concerns(table, name));
    table_find(table, name, 1, NOW, &found);
    assert_int_equal(found.block.id + found.allow.id, 0);
    table_free(table);
}

static struct table *make_many(size_t count)
{
    struct decision *decisions = calloc(count, sizeof *decisions);
    const struct decision **rows = calloc(count, sizeof *rows);
    struct table *table = NULL;
    for (size_t i = 0; i < count; i++) {
        char text[64];
        snprintf(text, sizeof text, "host-%zu.zone-%zu.test", i, i % 100);
        decisions[i] = (struct decision){.id = (uint32_t)i + 1, .kind = DECISION_BLOCK, .below = true};
        set_name(text, decisions[i].name);
        rows[i] = &decisions[i];
    }
    assert_int_equal(table_new(rows, count, NOW, group_number, NULL, 1, &table), 0);
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
        table_find(table, name, 0, NOW, &found);
        assert_int_equal(found.block.id, i + 1);
    }
    table_free(table);
}

/* However often somebody decides about one name. */
static void decisions_about_one_name_do_not_pile_up(void **state)
{
    struct decision *decisions = calloc(5000, sizeof *decisions);
    const struct decision **rows = calloc(5000, sizeof *rows);
    struct table *table = NULL;
    (void)state;
    for (size_t i = 0; i < 5000; i++) {
        decisions[i] = (struct decision){.id = (uint32_t)i + 1,
                                         .kind = i % 2 ? DECISION_BLOCK : DECISION_ALLOW,
                                         .below = i % 3 == 0,
                                         .until_s = (int64_t)(NOW + 10000 - i)};
        set_name("one.test", decisions[i].name);
        rows[i] = &decisions[i];
    }
    assert_int_equal(table_new(rows, 5000, NOW, group_number, NULL, 1, &table), 0);
    assert_in_range(table_count(table), 2, 4);
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
