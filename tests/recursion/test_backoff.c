#include "recursion/backoff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void the_first_start_is_soon_and_each_next_one_later(void **state)
{
    struct backoff backoff = {0};
    int64_t before_ms = backoff_note_end(&backoff, 10);
    (void)state;
    assert_int_equal(before_ms, BACKOFF_FIRST_MS);
    for (int i = 0; i < 7; i++) {
        int64_t wait_ms = backoff_note_end(&backoff, 10);
        assert_int_equal(wait_ms, 2 * before_ms);
        before_ms = wait_ms;
    }
}

static void no_pause_is_longer_than_the_longest(void **state)
{
    struct backoff backoff = {0};
    int64_t wait_ms = 0;
    (void)state;
    for (int i = 0; i < 5000; i++) {
        wait_ms = backoff_note_end(&backoff, 10);
        assert_in_range(wait_ms, BACKOFF_FIRST_MS, BACKOFF_MAX_MS);
    }
    assert_int_equal(wait_ms, BACKOFF_MAX_MS);
}

static void who_has_lived_long_begins_anew(void **state)
{
    struct backoff backoff = {0};
    (void)state;
    for (int i = 0; i < 20; i++)
        backoff_note_end(&backoff, BACKOFF_PROVEN_MS - 1);
    assert_false(backoff_holds(&backoff));
    assert_int_equal(backoff_note_end(&backoff, BACKOFF_PROVEN_MS), BACKOFF_FIRST_MS);
    assert_true(backoff_holds(&backoff));
}

static void questions_wait_for_the_first_starts_only(void **state)
{
    struct backoff backoff = {0};
    (void)state;
    assert_true(backoff_holds(&backoff));
    for (int i = 0; i < BACKOFF_HELD_TIMES; i++) {
        backoff_note_end(&backoff, 0);
        assert_true(backoff_holds(&backoff));
    }
    backoff_note_end(&backoff, 0);
    assert_false(backoff_holds(&backoff));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_start_is_soon_and_each_next_one_later),
        cmocka_unit_test(no_pause_is_longer_than_the_longest),
        cmocka_unit_test(who_has_lived_long_begins_anew),
        cmocka_unit_test(questions_wait_for_the_first_starts_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
