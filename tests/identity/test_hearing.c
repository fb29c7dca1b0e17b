#include "identity/hearing.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MIN 60
#define T   (100000 * 300) /* the beginning of a step */

static struct hearing *new_hearing(void)
{
    struct hearing *hearing;
    assert_int_equal(hearing_new(10, &hearing), 0);
    return hearing;
}

static void what_was_never_asked_is_never(void **state)
{
    struct hearing *hearing = new_hearing();
    struct heard heard = hearing_of(hearing, 3);
    (void)state;
    assert_int_equal(heard.asked_s, 0);
    assert_int_equal(heard.evaded_s, 0);
    assert_int_equal(heard_steps_since(&heard, 0), 0);
    assert_int_equal(heard_steps_since(&heard, T), 0);
    hearing_free(hearing);
}

static void the_last_minute_and_the_steps_are_kept(void **state)
{
    struct hearing *hearing = new_hearing();
    (void)state;
    hearing_note(hearing, 3, T + 1, false);
    hearing_note(hearing, 3, T + 61, false);
    hearing_note(hearing, 3, T + 6 * MIN, false);
    hearing_note(hearing, 3, T + 29 * MIN + 59, true);
    struct heard heard = hearing_of(hearing, 3);
    assert_int_equal(heard.asked_s, T + 29 * MIN);
    assert_int_equal(heard.evaded_s, T + 29 * MIN);
    assert_int_equal(heard.steps, 1 | 1 << 4 | 1 << 5);
    assert_int_equal(heard_steps_since(&heard, T), 3);
    assert_int_equal(heard_steps_since(&heard, T - 1), 3);
    assert_int_equal(heard_steps_since(&heard, T + 5 * MIN), 2);
    assert_int_equal(heard_steps_since(&heard, T + 10 * MIN), 1);
    assert_int_equal(heard_steps_since(&heard, T + 30 * MIN - 1), 1);
    assert_int_equal(heard_steps_since(&heard, T + 30 * MIN), 0);
    assert_int_equal(heard_steps_since(&heard, 0), 3);
    assert_int_equal(hearing_of(hearing, 2).asked_s, 0);
    hearing_free(hearing);
}

static void steps_are_forgotten_after_their_time(void **state)
{
    struct hearing *hearing = new_hearing();
    (void)state;
    hearing_note(hearing, 3, T, false);
    hearing_note(hearing, 3, T + 31 * 5 * MIN, false);
    assert_int_equal(hearing_of(hearing, 3).steps, 1 | UINT32_C(1) << 31);
    hearing_note(hearing, 3, T + 63 * 5 * MIN, false);
    assert_int_equal(hearing_of(hearing, 3).steps, 1);
    hearing_note(hearing, 3, T, false); /* the clock was set back */
    assert_int_equal(hearing_of(hearing, 3).steps, 1);
    assert_int_equal(hearing_of(hearing, 3).asked_s, T);
    hearing_free(hearing);
}

static void a_worker_that_is_a_moment_behind_takes_nothing_back(void **state)
{
    struct hearing *hearing = new_hearing();
    (void)state;
    hearing_note(hearing, 3, T - 1, false);
    hearing_note(hearing, 3, T, false);
    hearing_note(hearing, 3, T - 1, false);
    assert_int_equal(hearing_of(hearing, 3).asked_s, T);
    assert_int_equal(hearing_of(hearing, 3).steps, 3);
    hearing_free(hearing);
}

static void numbers_beyond_the_last_are_not_noted(void **state)
{
    struct hearing *hearing = new_hearing();
    (void)state;
    hearing_note(hearing, 10, T, true);
    hearing_note(hearing, 11, T, true);
    hearing_note(hearing, UINT32_MAX, T, true);
    assert_int_equal(hearing_of(hearing, 10).asked_s, T);
    assert_int_equal(hearing_of(hearing, 11).asked_s, 0);
    assert_int_equal(hearing_of(hearing, 0).asked_s, 0);
    hearing_free(hearing);
}

static void *note_all(void *arg)
{
    for (int64_t i = 0; i < 20000; i++)
        hearing_note(arg, (uint32_t)(i % 10) + 1, T + i, i % 3 == 0);
    return NULL;
}

static void workers_note_at_the_same_time(void **state)
{
    struct hearing *hearing = new_hearing();
    pthread_t threads[4];
    (void)state;
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, note_all, hearing), 0);
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    for (uint32_t device = 1; device <= 10; device++)
        assert_int_equal(hearing_of(hearing, device).asked_s, T + 19999 / 60 * 60);
    hearing_free(hearing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_never_asked_is_never),
        cmocka_unit_test(the_last_minute_and_the_steps_are_kept),
        cmocka_unit_test(steps_are_forgotten_after_their_time),
        cmocka_unit_test(a_worker_that_is_a_moment_behind_takes_nothing_back),
        cmocka_unit_test(numbers_beyond_the_last_are_not_noted),
        cmocka_unit_test(workers_note_at_the_same_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
