/* Enough people, each in one role. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "change/consent.h"

enum { TECHNICAL, EDUCATIONAL, LEADER };

#define T UINT64_C(1) << TECHNICAL
#define E UINT64_C(1) << EDUCATIONAL
#define L UINT64_C(1) << LEADER

static const struct rules_rule rule_rows[] = {
    {.opens = 4, .approvals = {{LEADER}, 1}},
    {.opens = UINT64_MAX, .approvals = {{EDUCATIONAL, EDUCATIONAL}, 2}},
};
static const struct rules rules = {
    .controlled = true, .approvals = {{TECHNICAL, EDUCATIONAL}, 2}, .rules = rule_rows, .rule_count = 2};

static void rules_add_to_what_is_usual(void **state)
{
    struct consent_needed needed;
    (void)state;
    consent_needed(&rules, 0, &needed);
    assert_int_equal(needed.count, 2);
    consent_needed(&rules, 8, &needed); /* one more teacher */
    assert_int_equal(needed.count, 3);
    consent_needed(&rules, 4, &needed);
    assert_int_equal(needed.count, 4);
    assert_int_equal(needed.roles[2], LEADER);
}

static void everybody_counts_for_one_role_as_well_as_can_be(void **state)
{
    static const struct {
        uint64_t approved[4];
        size_t count, missing;
        uint8_t role; /* the first that is missing */
    } rows[] = {
        {{0}, 0, 2, TECHNICAL},      {{T | E}, 1, 1, EDUCATIONAL}, /* one person is one role */
        {{T | E, T}, 2, 0, 0},                                     /* the first had better stand for the other */
        {{T | E, E}, 2, 0, 0},                                     /* ... and here not */
        {{T, T}, 2, 1, EDUCATIONAL}, {{L, E}, 2, 1, TECHNICAL},    {{L, T | L, T | E | L}, 3, 0, 0},
    };
    static const struct consent_needed needed = {{TECHNICAL, EDUCATIONAL}, 2};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct consent_needed missing;
        consent_missing(&needed, rows[i].approved, rows[i].count, &missing);
        assert_int_equal(missing.count, rows[i].missing);
        if (missing.count > 0)
            assert_int_equal(missing.roles[0], rows[i].role);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_add_to_what_is_usual),
        cmocka_unit_test(everybody_counts_for_one_role_as_well_as_can_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
