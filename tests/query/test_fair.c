#include "query/fair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct fair fair;

static int start(void **state)
{
    (void)state;
    memset(&fair, 0, sizeof fair);
    return 0;
}

static unsigned granted(uint64_t hash, unsigned asked, uint32_t rate, uint32_t burst, int64_t now_ms)
{
    unsigned count = 0;
    while (asked-- > 0)
        count += fair_take(&fair, hash, rate, burst, now_ms) == FAIR_GRANTED;
    return count;
}

static void a_burst_is_granted_and_then_the_rate(void **state)
{
    (void)state;
    assert_int_equal(granted(7, 1000, 50, 100, 1000000), 100);
    assert_int_equal(granted(7, 1000, 50, 100, 1000019), 0); /* 0.95 of a question */
    assert_int_equal(granted(7, 1000, 50, 100, 1000020), 1);
    assert_int_equal(granted(7, 1000, 50, 100, 1001020), 50);
    assert_int_equal(granted(7, 1000, 50, 100, 9000000), 100); /* never more than the burst */
}

static void the_largest_figures_fit(void **state)
{
    (void)state;
    assert_int_equal(granted(7, 1000001, 1000000, 1000000, 5), 1000000);
    assert_int_equal(granted(7, 1001, 1000000, 1000000, 6), 1000);
    assert_int_equal(granted(7, 1000001, 1000000, 1000000, INT64_C(1) << 40), 1000000);
}

static void one_question_in_a_hundred_ms_is_worth_telling(void **state)
{
    (void)state;
    unsigned told = 0;
    granted(7, 10, 1, 1, 500);
    for (int64_t now_ms = 501; now_ms < 1400; now_ms++)
        for (int n = 0; n < 10; n++)
            told += fair_take(&fair, 7, 1, 1, now_ms) == FAIR_TELL;
    assert_in_range(told, 8, 9);
}

static void clients_do_not_share(void **state)
{
    (void)state;
    struct ipaddr a;
    struct ipaddr b;
    assert_int_equal(ipaddr_from_text("10.0.0.1", &a), 0);
    assert_int_equal(ipaddr_from_text("10.0.0.2", &b), 0);
    granted(fair_hash(&a, 1), 1000, 10, 10, 0);
    assert_int_equal(granted(fair_hash(&b, 1), 1000, 10, 10, 0), 10);
    assert_int_equal(granted(fair_proven(fair_hash(&a, 1)), 1000, 10, 10, 0), 10);
    assert_int_equal(granted(fair_hash(&a, 1), 1000, 10, 10, 0), 0);
}

static void an_ipv6_client_is_its_64(void **state)
{
    (void)state;
    struct ipaddr a;
    struct ipaddr same;
    struct ipaddr other;
    assert_int_equal(ipaddr_from_text("2001:db8:0:1::1", &a), 0);
    assert_int_equal(ipaddr_from_text("2001:db8:0:1:ffff::7", &same), 0);
    assert_int_equal(ipaddr_from_text("2001:db8:0:2::1", &other), 0);
    assert_true(fair_hash(&a, 1) == fair_hash(&same, 1));
    assert_true(fair_hash(&a, 1) != fair_hash(&other, 1));
    assert_true(fair_hash(&a, 1) != fair_hash(&a, 2));
}

static void a_full_set_forgets_the_one_not_seen_for_longest(void **state)
{
    (void)state;
    for (uint64_t client = 1; client <= FAIR_WAYS; client++)
        granted(client << 33, 10, 1, 10, (int64_t)client);
    granted(UINT64_C(9) << 33, 10, 1, 10, 100);
    assert_int_equal(granted(UINT64_C(2) << 33, 10, 1, 10, 100), 0);
    assert_int_equal(granted(UINT64_C(1) << 33, 10, 1, 10, 100), 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_burst_is_granted_and_then_the_rate, start),
        cmocka_unit_test_setup(the_largest_figures_fit, start),
        cmocka_unit_test_setup(one_question_in_a_hundred_ms_is_worth_telling, start),
        cmocka_unit_test_setup(clients_do_not_share, start),
        cmocka_unit_test_setup(an_ipv6_client_is_its_64, start),
        cmocka_unit_test_setup(a_full_set_forgets_the_one_not_seen_for_longest, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
