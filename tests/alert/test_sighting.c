#include "make.h"

#include "base/verdict.h"

static void a_blocked_name_of_a_rule_is_one(void **state)
{
    struct qlog_row row;
    struct sighting s;
    (void)state;
    make_row(&row, 17, 4, "a.harm.example", CATEGORY_SELF_HARM, NOW);
    assert_true(sighting_of(&row, RULES, RULE_COUNT, &s));
    assert_int_equal(s.rule, HARM);
    assert_int_equal(s.category, CATEGORY_SELF_HARM);
    assert_true(s.blocked);
    assert_false(s.statutory);
    assert_int_equal(s.person.user, 17);
    make_row(&row, 17, 4, "game.example", CATEGORY_GAMING, NOW);
    assert_false(sighting_of(&row, RULES, RULE_COUNT, &s));
}

static void help_and_nobody_are_never_one(void **state)
{
    struct qlog_row row;
    struct sighting s;
    (void)state;
    make_row(&row, 17, 4, "help.example", CATEGORY_SELF_HARM, NOW);
    row.record.verdict.reason = REASON_PROTECTED_HELP;
    assert_false(sighting_of(&row, RULES, RULE_COUNT, &s));
    make_row(&row, 17, 4, "help.example", CATEGORY_SELF_HARM, NOW);
    row.record.verdict.unattributed = 1;
    assert_false(sighting_of(&row, RULES, RULE_COUNT, &s));
    make_row(&row, 17, 4, "help.example", CATEGORY_SELF_HARM, NOW);
    row.record.grade = QLOG_GRADE_NONE;
    assert_false(sighting_of(&row, RULES, RULE_COUNT, &s));
    make_row(&row, 17, 4, "gap.example", CATEGORY_SELF_HARM, NOW);
    row.lost = 3;
    assert_false(sighting_of(&row, RULES, RULE_COUNT, &s));
}

/* Every verdict there is: what was kept from somebody or is to be noticed is told, what was allowed only by a rule that says so. */
static void each_verdict_is_told_or_not(void **state)
{
    static const struct {
        uint8_t action, reason;
        bool told, told_if_allowed;
    } cases[] = {
        {VERDICT_NOTICE, REASON_CATEGORY, true, true},      {VERDICT_NXDOMAIN, REASON_CATEGORY, true, true},
        {VERDICT_NODATA, REASON_CATEGORY, true, true},      {VERDICT_NOTICE, REASON_LOCAL_BLOCK, true, true},
        {VERDICT_NOTICE, REASON_STATUTORY, true, true},     {VERDICT_NOTICE, REASON_HOLD, true, true},
        {VERDICT_RESOLVE, REASON_LOG_ONLY, true, true},     {VERDICT_RESOLVE, REASON_CATEGORY_ALLOWED, false, true},
        {VERDICT_RESOLVE, REASON_EXCEPTION, false, true},   {VERDICT_REFUSED, REASON_ACCESS, false, false},
        {VERDICT_DROPPED, REASON_RATE_LIMIT, false, false}, {VERDICT_ERROR, REASON_BAD_QUESTION, false, false},
        {VERDICT_REWRITE, REASON_SAFE_SEARCH, false, true},
    };
    struct config_alert_rule also = RULES[HARM];
    struct qlog_row row;
    struct sighting s;
    (void)state;
    also.allowed = true;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        make_row(&row, 17, 4, "a.harm.example", CATEGORY_SELF_HARM, NOW);
        row.record.verdict.action = cases[i].action;
        row.record.verdict.reason = cases[i].reason;
        assert_int_equal(sighting_of(&row, RULES, RULE_COUNT, &s), cases[i].told);
        assert_int_equal(sighting_of(&row, &also, 1, &s), cases[i].told_if_allowed);
    }
}

static void a_name_of_several_categories_is_found_by_each(void **state)
{
    struct qlog_row row;
    struct sighting s;
    (void)state;
    make_row(&row, 17, 4, "a.harm.example", CATEGORY_CHAT, NOW); /* decided by the other */
    row.record.verdict.categories |= CATEGORY_BIT(CATEGORY_SELF_HARM);
    assert_true(sighting_of(&row, RULES, RULE_COUNT, &s));
    assert_int_equal(s.category, CATEGORY_SELF_HARM);
}

static void the_same_person_is_the_same_user_or_device_or_address(void **state)
{
    struct alert_person a = {.user = 1, .device = 2}, b = {.user = 1, .device = 3}, c = {.device = 2},
                        d = {.device = 2};
    struct alert_person e = {.user = 0}, f = {.user = 0};
    (void)state;
    assert_int_equal(ipaddr_from_text("10.0.0.1", &e.client), 0);
    assert_int_equal(ipaddr_from_text("10.0.0.2", &f.client), 0);
    assert_true(alert_person_equal(&a, &b));
    assert_false(alert_person_equal(&a, &c));
    assert_true(alert_person_equal(&c, &d));
    assert_false(alert_person_equal(&c, &e));
    assert_false(alert_person_equal(&e, &f));
    assert_true(alert_person_equal(&e, &e));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_blocked_name_of_a_rule_is_one),
        cmocka_unit_test(help_and_nobody_are_never_one),
        cmocka_unit_test(each_verdict_is_told_or_not),
        cmocka_unit_test(a_name_of_several_categories_is_found_by_each),
        cmocka_unit_test(the_same_person_is_the_same_user_or_device_or_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
