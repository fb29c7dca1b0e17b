#include "lease/silence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define MIN         60
#define START       (1000 * 3600) /* listening since then */
#define AFTER       (30 * MIN)
#define TEN_O_CLOCK (START + 10 * 3600)

static const struct silence_opts opts = {.enabled = true, .after_s = AFTER};

static struct ipaddr address(uint8_t last)
{
    const uint8_t v4[4] = {10, 0, 0, last};
    return ipaddr_from_v4(v4);
}

/* A device that asked once at asked_s (0: never) and renewed its lease at renewed_s, whom we know since the start. */
static struct sign sign_of(uint32_t device, int64_t asked_s, int64_t renewed_s)
{
    return (struct sign){.device = device,
                         .lease = {.address = address((uint8_t)device),
                                   .active = true,
                                   .renewed_s = renewed_s,
                                   .until_s = renewed_s + 2 * 3600},
                         .first_s = START,
                         .heard = {.asked_s = asked_s, .steps = asked_s == 0 ? 0 : 1}};
}

static bool is_silent(const struct silence_opts *o, const struct sign *sign, int64_t now_s)
{
    struct silent out;
    return silence_is_silent(o, sign, START, now_s, NULL, NULL, &out);
}

static void who_renews_without_asking_is_silent(void **state)
{
    struct sign sign = sign_of(1, TEN_O_CLOCK, TEN_O_CLOCK + 40 * MIN);
    struct silent out;
    (void)state;
    assert_true(silence_is_silent(&opts, &sign, START, TEN_O_CLOCK + 41 * MIN, NULL, NULL, &out));
    assert_int_equal(out.device, 1);
    assert_int_equal(out.from_s, TEN_O_CLOCK);
    assert_int_equal(out.asked_s, TEN_O_CLOCK);
    assert_int_equal(out.steps, 0);
    assert_false(out.evaded);
}

static void who_sleeps_is_not(void **state)
{
    struct sign sign = sign_of(1, TEN_O_CLOCK, TEN_O_CLOCK + 20 * MIN);
    (void)state;
    for (int64_t min = 0; min < 120; min++)
        assert_false(is_silent(&opts, &sign, TEN_O_CLOCK + min * MIN));
}

static void who_asks_again_is_not(void **state)
{
    struct sign sign = sign_of(1, TEN_O_CLOCK, TEN_O_CLOCK + 40 * MIN);
    (void)state;
    assert_true(is_silent(&opts, &sign, TEN_O_CLOCK + 50 * MIN));
    sign.heard = (struct heard){.asked_s = TEN_O_CLOCK + 45 * MIN, .steps = 1U << 9 | 1};
    assert_false(is_silent(&opts, &sign, TEN_O_CLOCK + 50 * MIN));
}

static void whose_lease_has_ended_is_not(void **state)
{
    struct sign sign = sign_of(1, TEN_O_CLOCK, TEN_O_CLOCK + 40 * MIN);
    (void)state;
    sign.lease.until_s = TEN_O_CLOCK + 60 * MIN;
    assert_true(is_silent(&opts, &sign, TEN_O_CLOCK + 60 * MIN - 1));
    assert_false(is_silent(&opts, &sign, TEN_O_CLOCK + 60 * MIN));
}

static void who_was_never_heard_is_silent_once_it_was_here_long_enough(void **state)
{
    struct sign sign = sign_of(1, 0, TEN_O_CLOCK);
    (void)state;
    sign.first_s = TEN_O_CLOCK - AFTER + 1;
    assert_false(is_silent(&opts, &sign, TEN_O_CLOCK));
    sign.first_s = TEN_O_CLOCK - AFTER;
    assert_true(is_silent(&opts, &sign, TEN_O_CLOCK));
    sign.lease.renewed_s = 0; /* nobody knows when it was awake */
    assert_false(is_silent(&opts, &sign, TEN_O_CLOCK));
}

static void nobody_is_silent_before_we_have_listened_long_enough(void **state)
{
    struct sign sign = sign_of(1, 0, START + AFTER - 1);
    (void)state;
    sign.first_s = START - 7200;
    assert_false(is_silent(&opts, &sign, START + AFTER));
    sign.lease.renewed_s = START + AFTER;
    assert_true(is_silent(&opts, &sign, START + AFTER));
}

static void few_questions_may_count_as_silence(void **state)
{
    struct silence_opts two = opts;
    struct sign sign = sign_of(1, 0, TEN_O_CLOCK);
    struct silent out;
    (void)state;
    two.few = 2;
    sign.heard = (struct heard){.asked_s = TEN_O_CLOCK - 5 * MIN, .steps = 1 | 1 << 2};
    assert_false(is_silent(&opts, &sign, TEN_O_CLOCK));
    assert_true(silence_is_silent(&two, &sign, START, TEN_O_CLOCK, NULL, NULL, &out));
    assert_int_equal(out.steps, 2);
    assert_int_equal(out.from_s, TEN_O_CLOCK - AFTER);
    sign.heard.steps |= 1 << 4;
    assert_false(is_silent(&two, &sign, TEN_O_CLOCK));
    sign.heard.steps = 1 | 1 << 2 | UINT32_C(0xffffff00); /* before that it may have asked */
    assert_true(is_silent(&two, &sign, TEN_O_CLOCK));
}

static void a_way_round_asked_for_last_is_told(void **state)
{
    struct sign sign = sign_of(1, TEN_O_CLOCK, TEN_O_CLOCK + 40 * MIN);
    struct silent out;
    (void)state;
    sign.heard.evaded_s = TEN_O_CLOCK - 10 * MIN;
    assert_true(silence_is_silent(&opts, &sign, START, TEN_O_CLOCK + 41 * MIN, NULL, NULL, &out));
    assert_true(out.evaded);
    sign.heard.evaded_s = TEN_O_CLOCK - 11 * MIN;
    assert_true(silence_is_silent(&opts, &sign, START, TEN_O_CLOCK + 41 * MIN, NULL, NULL, &out));
    assert_false(out.evaded);
}

static void networks_are_chosen_and_left_out(void **state)
{
    struct prefix here, printer;
    struct silence_opts some = opts;
    struct sign sign = sign_of(7, 0, TEN_O_CLOCK);
    (void)state;
    assert_int_equal(prefix_from_text("10.0.0.0/24", &here), 0);
    assert_int_equal(prefix_from_text("10.0.0.7", &printer), 0);
    some.networks = &here;
    some.network_count = 1;
    assert_true(is_silent(&some, &sign, TEN_O_CLOCK));
    some.except = &printer;
    some.except_count = 1;
    assert_false(is_silent(&some, &sign, TEN_O_CLOCK));
    sign.lease.address.bytes[14] = 1; /* 10.0.1.7 */
    assert_false(is_silent(&some, &sign, TEN_O_CLOCK));
}

static bool is_lesson(void *ctx, int64_t at_s)
{
    (void)ctx;
    return at_s >= TEN_O_CLOCK && at_s < TEN_O_CLOCK + 3600;
}

static void silence_counts_when_all_of_it_is_watched(void **state)
{
    struct silent out;
    (void)state;
    for (int64_t min = -60; min < 120; min++) {
        struct sign sign = sign_of(1, 0, TEN_O_CLOCK + min * MIN);
        bool silent = silence_is_silent(&opts, &sign, START, TEN_O_CLOCK + min * MIN, is_lesson, NULL, &out);
        assert_int_equal(silent, min >= 30 && min < 60);
    }
}

static void switched_off_nobody_is_silent(void **state)
{
    struct silence_opts off = {.after_s = AFTER};
    struct sign sign = sign_of(1, 0, TEN_O_CLOCK);
    (void)state;
    assert_false(is_silent(&off, &sign, TEN_O_CLOCK));
}

static void look(struct silence *silence, struct sign signs[], size_t count, int64_t now_s)
{
    assert_int_equal(silence_look(silence, &opts, signs, count, START, now_s, NULL, NULL), 0);
}

static void the_leases_of_one_device_are_one_sign(void **state)
{
    struct silence silence = {0};
    struct sign signs[] = {sign_of(5, 0, TEN_O_CLOCK), sign_of(3, 0, TEN_O_CLOCK), sign_of(5, 0, TEN_O_CLOCK + 60)};
    (void)state;
    signs[2].first_s = TEN_O_CLOCK; /* its second address is new */
    signs[2].lease.address = address(99);
    look(&silence, signs, 3, TEN_O_CLOCK + 60);
    assert_int_equal(silence.count, 2);
    assert_int_equal(silence.devices[0].device, 3);
    assert_int_equal(silence.devices[1].device, 5);
    assert_int_equal(silence.devices[1].lease.address.bytes[15], 99);
    silence_done(&silence);
}

static void what_is_over_can_be_seen_for_a_day(void **state)
{
    struct silence silence = {0};
    int64_t now_s = TEN_O_CLOCK + 40 * MIN;
    (void)state;
    for (int64_t min = 0; min < 10; min++) {
        struct sign signs[] = {sign_of(4, TEN_O_CLOCK, now_s), sign_of(2, TEN_O_CLOCK, now_s)};
        look(&silence, signs, 2, now_s + min * MIN);
        assert_int_equal(silence.now_count, 2);
        assert_int_equal(silence.devices[1].reported_s, now_s);
    }
    now_s += 10 * MIN;
    struct sign one = sign_of(4, TEN_O_CLOCK, now_s);
    look(&silence, &one, 1, now_s);
    assert_int_equal(silence.count, 2);
    assert_int_equal(silence.now_count, 1);
    assert_int_equal(silence.devices[0].over_s, now_s);
    assert_int_equal(silence.devices[1].over_s, 0);
    look(&silence, NULL, 0, now_s + SILENCE_KEPT_S - 1);
    assert_int_equal(silence.count, 2);
    assert_int_equal(silence.now_count, 0);
    look(&silence, NULL, 0, now_s + SILENCE_KEPT_S);
    assert_int_equal(silence.count, 1);
    silence_done(&silence);
}

static void who_is_silent_again_is_reported_anew(void **state)
{
    struct silence silence = {0};
    struct sign sign = sign_of(4, TEN_O_CLOCK, TEN_O_CLOCK + 40 * MIN);
    (void)state;
    look(&silence, &sign, 1, TEN_O_CLOCK + 40 * MIN);
    look(&silence, NULL, 0, TEN_O_CLOCK + 50 * MIN);
    sign = sign_of(4, TEN_O_CLOCK + 50 * MIN, TEN_O_CLOCK + 90 * MIN);
    look(&silence, &sign, 1, TEN_O_CLOCK + 90 * MIN);
    assert_int_equal(silence.count, 1);
    assert_int_equal(silence.devices[0].over_s, 0);
    assert_int_equal(silence.devices[0].reported_s, TEN_O_CLOCK + 90 * MIN);
    silence_done(&silence);
}

static void no_more_are_kept_than_can_be_read(void **state)
{
    static struct sign signs[SILENCE_MAX + 100];
    struct silence silence = {0};
    (void)state;
    for (uint32_t i = 0; i < SILENCE_MAX + 100; i++)
        signs[i] = sign_of(i + 1, i < 100 ? TEN_O_CLOCK - AFTER - 60 : TEN_O_CLOCK - 2 * AFTER, TEN_O_CLOCK);
    look(&silence, signs, SILENCE_MAX + 100, TEN_O_CLOCK);
    assert_int_equal(silence.count, SILENCE_MAX);
    assert_int_equal(silence.devices[0].device, 101); /* those who are silent longest stay */
    for (size_t i = 1; i < silence.count; i++)
        assert_true(silence.devices[i - 1].device < silence.devices[i].device);
    silence_done(&silence);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_renews_without_asking_is_silent),
        cmocka_unit_test(who_sleeps_is_not),
        cmocka_unit_test(who_asks_again_is_not),
        cmocka_unit_test(whose_lease_has_ended_is_not),
        cmocka_unit_test(who_was_never_heard_is_silent_once_it_was_here_long_enough),
        cmocka_unit_test(nobody_is_silent_before_we_have_listened_long_enough),
        cmocka_unit_test(few_questions_may_count_as_silence),
        cmocka_unit_test(a_way_round_asked_for_last_is_told),
        cmocka_unit_test(networks_are_chosen_and_left_out),
        cmocka_unit_test(silence_counts_when_all_of_it_is_watched),
        cmocka_unit_test(switched_off_nobody_is_silent),
        cmocka_unit_test(the_leases_of_one_device_are_one_sign),
        cmocka_unit_test(what_is_over_can_be_seen_for_a_day),
        cmocka_unit_test(who_is_silent_again_is_reported_anew),
        cmocka_unit_test(no_more_are_kept_than_can_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
