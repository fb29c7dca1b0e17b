#include "make.h"

#include <stdlib.h>

static struct spells spells;

static int set_up(void **state)
{
    (void)state;
    return spells_init(&spells);
}

static int tear_down(void **state)
{
    (void)state;
    spells_done(&spells);
    return 0;
}

/* Of user 17, s seconds after NOW. */
static int see(size_t rule, double s, uint32_t name)
{
    const struct alert_person person = {.user = 17};
    unsigned questions;
    return spells_see(&spells, rule, &RULES[rule], &person, NOW * NS + (int64_t)(s * 1e9), name, &questions);
}

static void what_belongs_together_is_told_once(void **state)
{
    (void)state;
    assert_int_equal(see(HARM, 0, 1), 1);
    for (int minute = 1; minute < 20 * 60; minute += 59) /* all day, never an hour apart */
        assert_int_equal(see(HARM, minute * 60.0, (uint32_t)minute), 0);
    assert_int_equal(see(HARM, 20 * 3600 + 3601, 1), 1); /* and after an hour of quiet again */
}

static void what_goes_on_for_a_day_is_told_again(void **state)
{
    unsigned told = 0;
    (void)state;
    for (int minute = 0; minute < 3 * 24 * 60; minute += 30)
        told += see(MALWARE, minute * 60.0, 1) == 1;
    assert_int_equal(told, 3);
}

static void a_threshold_takes_questions_and_names(void **state)
{
    (void)state;
    assert_int_equal(see(WAYS_ROUND, 0, 1), 0);
    assert_int_equal(see(WAYS_ROUND, 20, 1), 0);
    assert_int_equal(see(WAYS_ROUND, 40, 1), 0); /* three questions, one name */
    assert_int_equal(see(WAYS_ROUND, 60, 2), 1);
}

static void what_is_too_long_ago_does_not_count(void **state)
{
    (void)state;
    assert_int_equal(see(WAYS_ROUND, 0, 1), 0);
    assert_int_equal(see(WAYS_ROUND, 300, 2), 0);
    assert_int_equal(see(WAYS_ROUND, 601, 3), 0); /* the first is out of the ten minutes */
    assert_int_equal(see(WAYS_ROUND, 620, 4), 1);
}

static void one_visit_is_one_question(void **state)
{
    (void)state;
    for (int i = 0; i < 9; i++)
        assert_int_equal(see(WAYS_ROUND, i * 0.01, 1), 0); /* A, AAAA, HTTPS, again */
    for (int i = 0; i < 9; i++)
        assert_int_equal(see(WAYS_ROUND, 5 + i * 0.01, 2), 0);
    assert_int_equal(see(WAYS_ROUND, 30, 1), 1);
}

static void rows_read_again_change_nothing(void **state)
{
    (void)state;
    assert_int_equal(see(WAYS_ROUND, 0, 1), 0);
    assert_int_equal(see(WAYS_ROUND, 20, 2), 0);
    assert_int_equal(see(WAYS_ROUND, 0, 1), 0);
    assert_int_equal(see(WAYS_ROUND, 20, 2), 0);
    assert_int_equal(see(WAYS_ROUND, 40, 3), 1);
    assert_int_equal(see(WAYS_ROUND, 0, 1), 0);
    assert_int_equal(see(WAYS_ROUND, 40, 3), 0);
}

static void people_and_rules_are_apart(void **state)
{
    const struct alert_person other = {.device = 17};
    unsigned questions;
    (void)state;
    assert_int_equal(see(HARM, 0, 1), 1);
    assert_int_equal(see(MALWARE, 0, 1), 1);
    assert_int_equal(spells_see(&spells, HARM, &RULES[HARM], &other, NOW * NS, 1, &questions), 1);
}

static void what_is_over_is_forgotten_and_what_is_not_is_kept(void **state)
{
    (void)state;
    assert_int_equal(see(HARM, 0, 1), 1);
    spells_prune(&spells, RULES, (NOW + 3600) * NS);
    assert_int_equal(spells.count, 1); /* rows may come late */
    assert_int_equal(see(HARM, 3500, 1), 0);
    spells_prune(&spells, RULES, (NOW + 3600) * NS);
    assert_int_equal(spells.count, 1);
    spells_prune(&spells, RULES, (NOW + 3500 + 3600 + 61) * NS);
    assert_int_equal(spells.count, 0);
    assert_int_equal(see(HARM, 9000, 1), 1);
}

static void the_table_has_a_bound_and_the_quietest_go(void **state)
{
    unsigned questions;
    (void)state;
    for (uint32_t i = 0; i < SPELLS_MAX + 100; i++) {
        const struct alert_person person = {.user = i + 1};
        assert_int_equal(spells_see(&spells, HARM, &RULES[HARM], &person, (NOW + i) * NS, 1, &questions), 1);
    }
    assert_true(spells.count <= SPELLS_MAX);
    const struct alert_person newest = {.user = SPELLS_MAX + 100};
    assert_int_equal(spells_see(&spells, HARM, &RULES[HARM], &newest, (NOW + SPELLS_MAX + 100) * NS, 1, &questions), 0);
}

/* Against a plain model: with one question to reach it, it is told exactly when the hour of quiet or the day is over. */
static void it_agrees_with_a_plain_model(void **state)
{
    int64_t last[8], told[8];
    (void)state;
    for (int i = 0; i < 8; i++)
        last[i] = told[i] = INT64_MIN / 2;
    srand(17);
    int64_t now = 0;
    for (int step = 0; step < 20000; step++) {
        int who = rand() % 8;
        unsigned questions;
        const struct alert_person person = {.user = (uint32_t)who + 1};
        now += rand() % 1200;
        bool expected = now - last[who] > 3600 || now - told[who] > SPELL_DAY_S;
        int got = spells_see(&spells, HARM, &RULES[HARM], &person, (NOW + now) * NS, (uint32_t)rand(), &questions);
        assert_int_equal(got, expected);
        last[who] = now;
        told[who] = expected ? now : told[who];
        if (step % 50 == 0)
            spells_prune(&spells, RULES, (NOW + now) * NS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_belongs_together_is_told_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_goes_on_for_a_day_is_told_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_threshold_takes_questions_and_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_too_long_ago_does_not_count, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_visit_is_one_question, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rows_read_again_change_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(people_and_rules_are_apart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_over_is_forgotten_and_what_is_not_is_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_table_has_a_bound_and_the_quietest_go, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_agrees_with_a_plain_model, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
