#include "base/rate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define BURST    32
#define EVERY_MS 5000

static struct ipaddr address(const char *text)
{
    struct ipaddr a;
    assert_int_equal(ipaddr_from_text(text, &a), 0);
    return a;
}

static void rate_lets_a_class_through_at_once_and_then_one_at_a_time(void **state)
{
    static struct rate rate = {.burst = BURST, .every_ms = EVERY_MS};
    struct ipaddr here = address("10.20.3.4");
    struct ipaddr there = address("10.20.3.5");
    int64_t wait_s = 0;
    (void)state;
    for (int i = 0; i < BURST; i++)
        assert_true(rate_take(&rate, &here, 1000, &wait_s));
    assert_false(rate_take(&rate, &here, 1000, &wait_s));
    assert_int_equal(wait_s, EVERY_MS / 1000);
    assert_false(rate_has(&rate, &here, 1000, &wait_s));
    assert_true(rate_has(&rate, &there, 1000, &wait_s));
    assert_true(rate_take(&rate, &there, 1000, &wait_s));
    assert_false(rate_take(&rate, &here, 1000 + EVERY_MS - 1, &wait_s));
    assert_int_equal(wait_s, 1);
    assert_true(rate_take(&rate, &here, 1000 + EVERY_MS, &wait_s));
    assert_false(rate_take(&rate, &here, 1000 + EVERY_MS, &wait_s));
}

static void rate_counts_ipv6_by_network(void **state)
{
    static struct rate rate = {.burst = BURST, .every_ms = EVERY_MS};
    int64_t wait_s;
    (void)state;
    for (int i = 0; i < BURST; i++) {
        char text[64];
        snprintf(text, sizeof text, "2001:db8:0:1::%x", i + 1);
        struct ipaddr a = address(text);
        assert_true(rate_take(&rate, &a, 1, &wait_s));
    }
    struct ipaddr same = address("2001:db8:0:1:ffff::");
    struct ipaddr next = address("2001:db8:0:2::1");
    assert_false(rate_take(&rate, &same, 1, &wait_s));
    assert_true(rate_take(&rate, &next, 1, &wait_s));
}

static void rate_forgets_the_longest_unused_when_full(void **state)
{
    static struct rate rate = {.burst = BURST, .every_ms = EVERY_MS};
    struct ipaddr busy = address("10.255.0.1");
    int64_t wait_s;
    (void)state;
    for (int i = 0; i < BURST; i++)
        assert_true(rate_take(&rate, &busy, 1, &wait_s));
    for (int i = 0; i < RATE_BUCKETS * 2; i++) {
        uint8_t v4[4] = {10, 1, (uint8_t)(i >> 8), (uint8_t)i};
        struct ipaddr a = ipaddr_from_v4(v4);
        assert_true(rate_take(&rate, &a, 2 + i, &wait_s));
        assert_false(rate_take(&rate, &busy, 2 + i, &wait_s));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rate_lets_a_class_through_at_once_and_then_one_at_a_time),
        cmocka_unit_test(rate_counts_ipv6_by_network),
        cmocka_unit_test(rate_forgets_the_longest_unused_when_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
