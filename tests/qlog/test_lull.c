#include "qlog/lull.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define BACKLOG_MAX 1000u
#define RUSH        ((uint64_t)LULL_RUSH_ROWS_S)

static void lull_is_awaited_while_rows_come_in_a_rush(void **state)
{
    struct lull lull = {.rows = 0, .began_ms = 5000};
    (void)state;
    assert_true(lull_is_awaited(&lull, RUSH, 0, BACKLOG_MAX, 6000));
    assert_true(lull_is_awaited(&lull, 2 * RUSH, 0, BACKLOG_MAX, 7000));
    assert_false(lull_is_awaited(&lull, 3 * RUSH - 1000, 0, BACKLOG_MAX, 8000));
    assert_true(lull_is_awaited(&lull, 3 * RUSH - 1000 + RUSH / 2, 0, BACKLOG_MAX, 8500));
}

static void lull_has_come_when_nothing_is_written(void **state)
{
    struct lull lull = {.rows = 700, .began_ms = 5000};
    (void)state;
    assert_false(lull_is_awaited(&lull, 700, 0, BACKLOG_MAX, 6000));
    assert_false(lull_is_awaited(&lull, 700, 999, BACKLOG_MAX, 6000)); /* asked again in the same moment */
}

static void lull_is_judged_by_windows_of_some_milliseconds(void **state)
{
    struct lull lull = {.rows = 0, .began_ms = 0};
    (void)state;
    assert_false(lull_is_awaited(&lull, RUSH, 0, BACKLOG_MAX, LULL_WINDOW_MS - 1)); /* too early to tell */
    assert_true(lull_is_awaited(&lull, RUSH, 0, BACKLOG_MAX, LULL_WINDOW_MS));
    assert_true(lull_is_awaited(&lull, RUSH, 0, BACKLOG_MAX, LULL_WINDOW_MS + 1)); /* the same window */
    assert_false(lull_is_awaited(&lull, RUSH, 0, BACKLOG_MAX, 2 * LULL_WINDOW_MS));
}

static void lull_is_not_awaited_with_a_full_backlog(void **state)
{
    struct lull lull = {.rows = 0, .began_ms = 0};
    (void)state;
    assert_true(lull_is_awaited(&lull, RUSH, BACKLOG_MAX - 1, BACKLOG_MAX, 1000));
    assert_false(lull_is_awaited(&lull, 2 * RUSH, BACKLOG_MAX, BACKLOG_MAX, 2000));
    assert_false(lull_is_awaited(&lull, 3 * RUSH, 0, 0, 3000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lull_is_awaited_while_rows_come_in_a_rush),
        cmocka_unit_test(lull_is_judged_by_windows_of_some_milliseconds),
        cmocka_unit_test(lull_has_come_when_nothing_is_written),
        cmocka_unit_test(lull_is_not_awaited_with_a_full_backlog),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
