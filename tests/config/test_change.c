/* Operators, rights and what a change needs, as they are written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "config/written.h"

static int role_of(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->roles.count; i++)
        if (strcmp(config->roles.names[i], name) == 0)
            return (int)i;
    return -1;
}

static void without_a_word_everyone_may_everything_and_files_are_in_force(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "change_control: none\n", "change_control: {approvals: [none]}\n"};
    for (size_t i = 0; i < 3; i++) {
        struct config *config = written_load(texts[i]);
        assert_non_null(config);
        assert_false(roles_configured(&config->roles));
        assert_false(config->change.controlled);
        assert_string_equal(config->ledger.folder, "/var/lib/belisha/state");
        config_free(config);
    }
}

static void roles_have_their_usual_rights_or_those_that_are_given(void **state)
{
    (void)state;
    struct config *config = written_load("operators:\n"
                                 "  - { user: anna, roles: [technical, teacher] }\n"
                                 "  - { group: 500, roles: governor }\n"
                                 "rights:\n"
                                 "  - { role: governor, may: [read-ledger, approve] }\n"
                                 "  - { role: technical, may: [propose] }\n");
    assert_non_null(config);
    const struct roles *roles = &config->roles;
    assert_int_equal(roles->member_count, 2);
    assert_string_equal(roles->members[0].user, "anna");
    assert_string_equal(roles->members[1].group, "500");
    assert_int_equal(roles->members[1].roles, 1 << role_of(config, "governor"));
    assert_int_equal(roles->acts[role_of(config, "governor")], ACT_BIT(ACT_READ_LEDGER) | ACT_BIT(ACT_APPROVE));
    assert_int_equal(roles->acts[role_of(config, "technical")], ACT_BIT(ACT_PROPOSE));
    assert_int_equal(roles->acts[role_of(config, "teacher")], 0);
    config_free(config);
}

static void the_words_of_acts_are_those_of_the_program(void **state)
{
    char text[256];
    (void)state;
    for (enum act act = 0; act < ACT_COUNT; act++) {
        snprintf(text, sizeof text, "operators: [{user: a, roles: x}]\nrights: [{role: x, may: [%s]}]\n",
                 roles_act_name(act));
        struct config *config = written_load(text);
        assert_non_null(config);
        assert_int_equal(config->roles.acts[0], ACT_BIT(act));
        config_free(config);
    }
}

static void a_change_needs_what_is_written(void **state)
{
    (void)state;
    struct config *config = written_load("operators: [{user: a, roles: [technical, educational, senior-leader]}]\n"
                                 "change_control:\n"
                                 "  approvals: [technical, educational]\n"
                                 "  rules:\n"
                                 "    - { opens: [social-media, video], approvals: senior-leader }\n"
                                 "    - { opens: all, approvals: [educational, educational] }\n"
                                 "  review_max: 90d\n");
    assert_non_null(config);
    const struct rules *rules = &config->change;
    assert_true(rules->controlled);
    assert_int_equal(rules->approvals.count, 2);
    assert_int_equal(rules->approvals.roles[0], role_of(config, "technical"));
    assert_int_equal(rules->rule_count, 2);
    assert_true(rules->rules[0].opens == (CATEGORY_BIT(CATEGORY_SOCIAL_MEDIA) | CATEGORY_BIT(CATEGORY_VIDEO)));
    assert_true(rules->rules[1].opens == UINT64_MAX);
    assert_int_equal(rules->rules[1].approvals.count, 2);
    assert_true(rules->assessment_required);
    assert_int_equal(rules->review_max_s, 90 * 86400);
    config_free(config);
}

static void what_could_not_work_is_refused_with_its_place(void **state)
{
    static const struct {
        const char *text, *said;
    } rows[] = {
        {"operators: [{roles: [a]}]\n", ":1:13: error: an operator is a user or a group: name one of them"},
        {"operators: [{user: a, group: b, roles: [a]}]\n", "name one of them"},
        {"operators: [{user: a}]\n", "roles"},
        {"change_control: {approvals: [technical]}\n", ":1:30: error: nobody could approve as 'technical'"},
        {"change_control: {approvals: none, rules: [{opens: video, approvals: x}]}\n", "mean nothing while"},
        {"rights: [{role: a, may: [fly]}]\n", "'fly'"},
        {"rights: [{role: a, may: []}, {role: a, may: []}]\n", "the rights of 'a' are given twice"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_null(written_load(rows[i].text));
        if (strstr(written_message, rows[i].said) == NULL)
            fail_msg("%s: %s", rows[i].text, written_message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_word_everyone_may_everything_and_files_are_in_force),
        cmocka_unit_test(roles_have_their_usual_rights_or_those_that_are_given),
        cmocka_unit_test(the_words_of_acts_are_those_of_the_program),
        cmocka_unit_test(a_change_needs_what_is_written),
        cmocka_unit_test(what_could_not_work_is_refused_with_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
