#include "policy/name_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dns/name.h"
#include "policy/special_use.h"

static void find(const struct name_table *table, const char *text, struct name_found *out)
{
    uint8_t name[NAME_MAX_LEN];
    assert_true(name_from_text(text, strlen(text), name) > 0);
    name_table_find(table, name, out);
}

static void an_empty_table_finds_nothing(void **state)
{
    struct name_table *table;
    struct name_found found;
    (void)state;
    assert_int_equal(name_table_new(NULL, 0, &table), 0);
    find(table, "www.example.com", &found);
    assert_int_equal(found.duty_labels + found.help_labels + found.block_labels + found.allow_labels, 0);
    find(table, ".", &found);
    assert_int_equal(found.duty_labels, 0);
    name_table_free(table);
}

static void an_exact_name_goes_before_one_that_covers(void **state)
{
    static const uint8_t apex[] = "\2ab\4arpa";
    static const uint8_t other[] = "\2cd\4arpa";
    const struct policy_name names[] = {{.name = apex, .below = true, .special = POLICY_SPECIAL_NXDOMAIN},
                                        {.name = apex, .special = POLICY_SPECIAL_NODATA},
                                        {.name = other, .below = true, .special = POLICY_SPECIAL_ZONE, .index = 3},
                                        {.name = other, .special = POLICY_SPECIAL_NXDOMAIN}};
    struct name_table *table;
    struct name_found found;
    (void)state;
    assert_int_equal(name_table_new(names, 4, &table), 0);
    find(table, "cd.arpa", &found);
    assert_int_equal(found.duty, POLICY_SPECIAL_NXDOMAIN);
    assert_int_equal(found.zone, 3);
    find(table, "ab.arpa", &found);
    assert_int_equal(found.duty, POLICY_SPECIAL_NODATA);
    find(table, "x.ab.arpa", &found);
    assert_int_equal(found.duty, POLICY_SPECIAL_NXDOMAIN);
    assert_int_equal(found.duty_labels, 2);
    find(table, "xab.arpa", &found);
    assert_int_equal(found.duty_labels, 0);
    find(table, "arpa", &found);
    assert_int_equal(found.duty_labels, 0);
    name_table_free(table);
}

static void the_longest_possible_name_is_walked(void **state)
{
    uint8_t name[NAME_MAX_LEN];
    struct name_table *table;
    struct name_found found;
    (void)state;
    for (size_t i = 0; i < 254; i += 2) {
        name[i] = 1;
        name[i + 1] = 'a';
    }
    name[254] = 0;
    const struct policy_name special = {.name = name, .special = POLICY_SPECIAL_BLOCK};
    assert_int_equal(name_table_new(&special, 1, &table), 0);
    name_table_find(table, name, &found);
    assert_int_equal(found.block_labels, 127);
    name_table_find(table, name + 2, &found);
    assert_int_equal(found.block_labels, 0);
    name_table_free(table);
}

static void a_name_that_is_none_is_refused(void **state)
{
    static const uint8_t bad[NAME_MAX_LEN] = {64};
    const struct policy_name special = {.name = bad, .special = POLICY_SPECIAL_BLOCK};
    struct name_table *table;
    (void)state;
    assert_int_equal(name_table_new(&special, 1, &table), ERR_MALFORMED);
    const struct policy_name root = {.name = (const uint8_t *)"", .special = POLICY_SPECIAL_BLOCK};
    assert_int_equal(name_table_new(&root, 1, &table), ERR_MALFORMED);
}

/* ---- against a look-up that tries every name ---- */

enum { RANDOM_NAMES = 300 };

static size_t random_name(uint8_t out[NAME_MAX_LEN])
{
    size_t len = 0;
    for (int labels = rand() % 5; labels >= 0; labels--) {
        out[len++] = 1;
        out[len++] = (uint8_t)('a' + rand() % 4);
    }
    out[len++] = 0;
    return len;
}

static uint8_t naive_block_labels(const struct policy_name names[], const uint8_t *name)
{
    uint8_t best = 0;
    for (size_t i = 0; i < RANDOM_NAMES; i++) {
        bool matches = names[i].below ? name_is_at_or_below(name, names[i].name) : name_equal(name, names[i].name);
        uint8_t labels = (uint8_t)name_label_count(names[i].name);
        if (matches && labels > best)
            best = labels;
    }
    return best;
}

static void random_names_give_what_trying_each_gives(void **state)
{
    static uint8_t bytes[RANDOM_NAMES][NAME_MAX_LEN];
    struct policy_name names[RANDOM_NAMES];
    struct name_table *table;
    (void)state;
    srand(7);
    for (size_t i = 0; i < RANDOM_NAMES; i++) {
        random_name(bytes[i]);
        names[i] = (struct policy_name){.name = bytes[i], .below = rand() % 3 == 0, .special = POLICY_SPECIAL_BLOCK};
    }
    assert_int_equal(name_table_new(names, RANDOM_NAMES, &table), 0);
    for (int i = 0; i < 5000; i++) {
        uint8_t name[NAME_MAX_LEN];
        struct name_found found;
        random_name(name);
        name_table_find(table, name, &found);
        assert_int_equal(found.block_labels, naive_block_labels(names, name));
    }
    name_table_free(table);
}

static void special_use_names_are_well_formed_and_told_once(void **state)
{
    (void)state;
    for (size_t i = 0; special_use_at(i) != NULL; i++) {
        const struct special_use *row = special_use_at(i);
        uint8_t name[NAME_MAX_LEN];
        assert_true(name_from_text(row->name, strlen(row->name), name) > 0);
        assert_true(row->apex == POLICY_SPECIAL_NXDOMAIN || row->apex == POLICY_SPECIAL_NODATA);
        assert_true(row->below == POLICY_SPECIAL_NXDOMAIN || row->below == POLICY_SPECIAL_NODATA);
        for (size_t other = 0; other < i; other++)
            assert_string_not_equal(row->name, special_use_at(other)->name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_table_finds_nothing),
        cmocka_unit_test(an_exact_name_goes_before_one_that_covers),
        cmocka_unit_test(the_longest_possible_name_is_walked),
        cmocka_unit_test(a_name_that_is_none_is_refused),
        cmocka_unit_test(random_names_give_what_trying_each_gives),
        cmocka_unit_test(special_use_names_are_well_formed_and_told_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
