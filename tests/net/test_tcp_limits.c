#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "net/tcp_limits.h"

static struct ipaddr client_of(uint32_t number)
{
    uint8_t v6[16] = {0x20, 0x01, 0x0d, 0xb8};
    memcpy(v6 + 12, &number, 4);
    return ipaddr_from_v6(v6);
}

static void tcp_limits_hold_both_bounds(void **state)
{
    struct tcp_limits *limits;
    struct ipaddr a = client_of(1), b = client_of(2), c = client_of(3);
    (void)state;
    assert_int_equal(tcp_limits_new(3, 2, &limits), 0);
    assert_true(tcp_limits_take(limits, &a));
    assert_true(tcp_limits_take(limits, &a));
    assert_false(tcp_limits_take(limits, &a));
    assert_true(tcp_limits_take(limits, &b));
    assert_false(tcp_limits_take(limits, &c));
    assert_int_equal(tcp_limits_total(limits), 3);
    tcp_limits_release(limits, &a);
    assert_true(tcp_limits_take(limits, &c));
    tcp_limits_free(limits);
}

/* Against a plain array, with many clients per slot of the table so that entries are pushed and moved back. */
static void tcp_limits_count_as_a_plain_array_does(void **state)
{
    enum { CLIENTS = 40, TOTAL = 64, EACH = 5, STEPS = 20000 };
    struct random_pool random = {0};
    struct tcp_limits *limits;
    size_t model[CLIENTS] = {0};
    size_t total = 0;
    (void)state;
    assert_int_equal(tcp_limits_new(TOTAL, EACH, &limits), 0);
    for (int step = 0; step < STEPS; step++) {
        uint32_t number = random_below(&random, CLIENTS);
        struct ipaddr client = client_of(number);
        if (random_below(&random, 2) == 0) {
            bool granted = total < TOTAL && model[number] < EACH;
            assert_int_equal(tcp_limits_take(limits, &client), granted);
            model[number] += granted;
            total += granted;
        } else if (model[number] > 0) {
            tcp_limits_release(limits, &client);
            model[number]--;
            total--;
        }
        assert_int_equal(tcp_limits_total(limits), total);
    }
    tcp_limits_free(limits);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tcp_limits_hold_both_bounds),
        cmocka_unit_test(tcp_limits_count_as_a_plain_array_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
