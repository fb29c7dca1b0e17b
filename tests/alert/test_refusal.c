#include "make.h"

#include <stdio.h>
#include <string.h>

#include "alert/refusal.h"

static struct refusals refusals;

static int set_up(void **state)
{
    (void)state;
    refusals_init(&refusals);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    refusals_done(&refusals);
    return 0;
}

static void note(const char *target, int64_t now_s)
{
    const struct outbox_result result = {.id = "a", .target = target, .outcome = OUTCOME_REFUSED, .why = "550 no"};
    refusals_note(&refusals, &result, now_s);
}

static void each_recipient_is_told_of_once_a_day(void **state)
{
    struct refusal r;
    (void)state;
    assert_false(refusals_next(&refusals, NOW, &r));
    note("mail:gone@school.example", NOW);
    note("mail:gone@school.example", NOW + 1);
    note("mail:other@school.example", NOW + 1);
    assert_true(refusals_next(&refusals, NOW + 2, &r));
    assert_string_equal(r.target, "mail:gone@school.example");
    assert_string_equal(r.why, "550 no");
    assert_true(refusals_next(&refusals, NOW + 2, &r));
    assert_string_equal(r.target, "mail:other@school.example");
    assert_false(refusals_next(&refusals, NOW + 2, &r));
    note("mail:gone@school.example", NOW + 3600); /* also of the word of its own refusal */
    assert_false(refusals_next(&refusals, NOW + 3600, &r));
    note("mail:gone@school.example", NOW + 2 + 86400);
    assert_true(refusals_next(&refusals, NOW + 2 + 86400, &r));
}

static void the_table_has_a_bound(void **state)
{
    struct refusal r;
    unsigned count = 0;
    (void)state;
    for (int i = 0; i < 2 * REFUSALS_MAX; i++) {
        char target[40];
        snprintf(target, sizeof target, "mail:u%d@school.example", i);
        note(target, NOW);
    }
    while (refusals_next(&refusals, NOW, &r))
        count++;
    assert_int_equal(count, REFUSALS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_recipient_is_told_of_once_a_day, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_table_has_a_bound, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
