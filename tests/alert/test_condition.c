#include "make.h"

#include <stdio.h>
#include <string.h>

#include "alert/condition.h"

static void what_lasts_is_told_once_and_once_more_when_it_is_over(void **state)
{
    struct conditions c = {.count = 0};
    char text[CONDITION_TEXT_MAX];
    bool over;
    (void)state;
    conditions_look(&c, "no upstream server answers\nthe log\n", 0);
    assert_false(conditions_next(&c, 120, 0, text, &over));
    conditions_look(&c, "no upstream server answers\n", 60); /* the other was short */
    assert_false(conditions_next(&c, 120, 60, text, &over));
    conditions_look(&c, "no upstream server answers\n", 120);
    assert_true(conditions_next(&c, 120, 120, text, &over));
    assert_string_equal(text, "no upstream server answers");
    assert_false(over);
    conditions_look(&c, "no upstream server answers\n", 180);
    assert_false(conditions_next(&c, 120, 180, text, &over));
    conditions_look(&c, "", 240);
    assert_true(conditions_next(&c, 120, 240, text, &over));
    assert_true(over);
    assert_false(conditions_next(&c, 120, 240, text, &over));
    assert_int_equal(c.count, 0);
}

static void it_has_a_bound(void **state)
{
    struct conditions c = {.count = 0};
    char lines[4000] = "", line[40];
    (void)state;
    for (int i = 0; i < 2 * CONDITIONS_MAX; i++) {
        snprintf(line, sizeof line, "condition %d\n", i);
        strcat(lines, line);
    }
    conditions_look(&c, lines, 0);
    assert_int_equal(c.count, CONDITIONS_MAX);
    memset(lines, 'x', sizeof lines - 1);
    lines[sizeof lines - 1] = '\0';
    conditions_look(&c, lines, 0); /* the others go */
    conditions_look(&c, lines, 1);
    assert_int_equal(c.count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_lasts_is_told_once_and_once_more_when_it_is_over),
        cmocka_unit_test(it_has_a_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
