/* Who has which role, and what it may do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "roles/roles.h"

static const char *const names[] = {"technical", "educational", "teacher", "governor"};
static const uint32_t acts[] = {ACT_BIT(ACT_PROPOSE) | ACT_BIT(ACT_OPERATE), ACT_BIT(ACT_APPROVE), 0, 0};
static const struct roles_member members[] = {
    {.user = "anna", .roles = 1},
    {.user = "4001", .roles = 2},
    {.group = "5001", .roles = 4},
    {.group = "no such group is here", .roles = 8},
};
static const struct roles roles = {.members = members, .member_count = 4, .names = names, .acts = acts, .count = 4};

static struct caller caller_of(uint32_t uid, const char *name, uint32_t gid)
{
    struct caller caller = {.uid = uid, .process_uid = uid, .gid_count = 1, .gids = {gid}};
    snprintf(caller.name, sizeof caller.name, "%s", name);
    return caller;
}

static void users_and_groups_count_by_name_and_by_number(void **state)
{
    struct caller anna = caller_of(4000, "anna", 100), bob = caller_of(4001, "uid 4001", 5001);
    struct caller carl = caller_of(4002, "4001", 100), nobody = caller_of(CALLER_NOBODY, "anna", 5001);
    (void)state;
    assert_int_equal(roles_of(&roles, &anna), 1);
    assert_int_equal(roles_of(&roles, &bob), 2 | 4);
    assert_int_equal(roles_of(&roles, &carl), 0); /* digits are a number, not the name of somebody who is called so */
    assert_int_equal(roles_of(&roles, &nobody), 0);
    assert_true(roles_has(&roles, &bob, "teacher"));
    assert_false(roles_has(&roles, &anna, "teacher"));
    assert_false(roles_has(&roles, &anna, "head of year"));
}

static void a_role_may_what_it_says_and_nothing_else(void **state)
{
    struct caller anna = caller_of(4000, "anna", 100), bob = caller_of(4001, "bob", 5001);
    struct caller stranger = caller_of(4002, "eve", 100);
    (void)state;
    assert_true(roles_may(&roles, &anna, ACT_PROPOSE));
    assert_false(roles_may(&roles, &anna, ACT_APPROVE));
    assert_true(roles_may(&roles, &bob, ACT_APPROVE));
    assert_false(roles_may(&roles, &bob, ACT_OPERATE));
    for (enum act act = 0; act < ACT_COUNT; act++)
        assert_false(roles_may(&roles, &stranger, act));
}

static void root_operates_the_machine_and_decides_nothing(void **state)
{
    struct caller root = caller_of(0, "root", 0);
    (void)state;
    assert_true(roles_may(&roles, &root, ACT_OPERATE));
    assert_false(roles_may(&roles, &root, ACT_PROPOSE));
    assert_false(roles_may(&roles, &root, ACT_READ_LOG));
}

static void without_operators_everyone_may_everything(void **state)
{
    static const struct roles none;
    struct caller stranger = caller_of(4002, "eve", 100);
    (void)state;
    assert_false(roles_configured(&none));
    for (enum act act = 0; act < ACT_COUNT; act++)
        assert_true(roles_may(&none, &stranger, act));
}

static void a_refusal_names_who_may(void **state)
{
    struct caller eve = caller_of(4002, "eve", 100);
    struct text text = {0};
    (void)state;
    roles_refuse(&roles, &eve, ACT_APPROVE, &text);
    assert_string_equal(text.bytes, "eve may not approve: that is for the roles educational (rights)");
    text_done(&text);
    roles_refuse(&roles, &eve, ACT_ROLLBACK, &text);
    assert_string_equal(text.bytes, "eve may not rollback: no role is allowed it (rights)");
    text_done(&text);
    roles_write_json(&roles, 1 | 4, &text);
    assert_string_equal(text.bytes, "[\"technical\",\"teacher\"]");
    text_done(&text);
}

static void a_teacher_and_a_role_of_the_schools_own_may_nothing_unless_it_is_said(void **state)
{
    (void)state;
    assert_int_equal(roles_usual_acts("teacher"), 0);
    assert_int_equal(roles_usual_acts("governor"), 0);
    assert_true(roles_usual_acts("technical") & ACT_BIT(ACT_ACTIVATE));
    assert_false(roles_usual_acts("auditor") & ACT_BIT(ACT_READ_LOG));
    for (enum act act = 0; act < ACT_COUNT; act++)
        assert_non_null(roles_act_name(act));
    assert_null(roles_act_name(ACT_COUNT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(users_and_groups_count_by_name_and_by_number),
        cmocka_unit_test(a_role_may_what_it_says_and_nothing_else),
        cmocka_unit_test(root_operates_the_machine_and_decides_nothing),
        cmocka_unit_test(without_operators_everyone_may_everything),
        cmocka_unit_test(a_refusal_names_who_may),
        cmocka_unit_test(a_teacher_and_a_role_of_the_schools_own_may_nothing_unless_it_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
