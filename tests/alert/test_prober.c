/* A thread that asks, one that looks what it was told, and an end while a question is under way. */
#include "alert/prober.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#define WAIT_MS 20000

struct asked {
    atomic_uint count;
    atomic_bool ended;
    long takes_ms;
};

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

static void probe(void *ctx, struct text *out)
{
    struct asked *asked = ctx;
    unsigned number = atomic_fetch_add(&asked->count, 1);
    pause_ms(asked->takes_ms);
    text_printf(out, "answer %u", number);
    atomic_store(&asked->ended, true);
}

static void wait_for_answer(struct prober *prober, struct text *out)
{
    for (int waited = 0; waited < WAIT_MS; waited += 2) {
        if (prober_answer(prober, out))
            return;
        pause_ms(2);
    }
    fail_msg("no answer within %d ms", WAIT_MS);
}

static void each_answer_is_told_once(void **state)
{
    struct asked asked = {0};
    struct prober *prober;
    (void)state;
    assert_int_equal(prober_start(probe, &asked, 1, &prober), 0);
    for (unsigned i = 0; i < 2; i++) {
        struct text got = {0};
        char expected[32];
        snprintf(expected, sizeof expected, "answer %u", i);
        wait_for_answer(prober, &got);
        assert_string_equal(got.bytes, expected);
        text_done(&got);
    }
    prober_stop(prober);
}

static void nothing_is_told_before_it_is_there(void **state)
{
    struct asked asked = {.takes_ms = 50};
    struct text got = {0};
    struct prober *prober;
    (void)state;
    assert_int_equal(prober_start(probe, &asked, 3600, &prober), 0);
    while (!prober_answer(prober, &got))
        pause_ms(1);
    assert_true(atomic_load(&asked.ended));
    assert_string_equal(got.bytes, "answer 0");
    assert_false(prober_answer(prober, &got));
    text_done(&got);
    prober_stop(prober);
}

static void its_end_waits_for_a_question_but_for_no_pause(void **state)
{
    struct asked asked = {.takes_ms = 50};
    struct prober *prober;
    (void)state;
    assert_int_equal(prober_start(probe, &asked, 3600, &prober), 0);
    while (atomic_load(&asked.count) == 0)
        pause_ms(1);
    prober_stop(prober);
    assert_true(atomic_load(&asked.ended));
    assert_int_equal(atomic_load(&asked.count), 1);
    prober_stop(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_answer_is_told_once),
        cmocka_unit_test(nothing_is_told_before_it_is_there),
        cmocka_unit_test(its_end_waits_for_a_question_but_for_no_pause),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
