#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "metrics/histogram.h"

static void histogram_bounds_ascend(void **state)
{
    (void)state;
    assert_true(histogram_bounds_ns[0] > 0);
    for (size_t i = 1; i < HISTOGRAM_BOUNDS; i++)
        assert_true(histogram_bounds_ns[i] > histogram_bounds_ns[i - 1]);
}

static void histogram_puts_each_event_below_its_bound(void **state)
{
    (void)state;
    for (size_t i = 0; i < HISTOGRAM_BOUNDS; i++) {
        struct histogram h = {.sum_ns = 0};
        histogram_add(&h, histogram_bounds_ns[i], 2);
        histogram_add(&h, histogram_bounds_ns[i] + 1, 3);
        assert_int_equal(h.count[i], 2);
        assert_int_equal(h.count[i + 1], 3);
        assert_true(h.sum_ns == (uint64_t)histogram_bounds_ns[i] * 5 + 3);
        assert_int_equal(histogram_total(&h), 5);
    }
}

static void histogram_outlives_a_clock_that_was_set(void **state)
{
    struct histogram h = {.sum_ns = 0};
    (void)state;
    histogram_add(&h, -1, 1);
    histogram_add(&h, INT64_MIN, 1);
    assert_int_equal(h.count[0], 2);
    assert_int_equal(h.sum_ns, 0);
    histogram_add(&h, INT64_C(3600) * 1000000000, 1);
    assert_int_equal(h.count[HISTOGRAM_BOUNDS], 1);
}

static void histogram_estimates_quantiles(void **state)
{
    struct histogram h = {.sum_ns = 0};
    (void)state;
    assert_int_equal(histogram_quantile_ns(&h, 0.5), 0);
    histogram_add(&h, 20000, 100); /* between 10 and 25 us */
    assert_int_equal(histogram_quantile_ns(&h, 0.5), 17500);
    assert_int_equal(histogram_quantile_ns(&h, 1), 25000);
    histogram_add(&h, 40000, 100);
    assert_int_equal(histogram_quantile_ns(&h, 0.5), 25000);
    assert_int_equal(histogram_quantile_ns(&h, 0.75), 37500);
    histogram_add(&h, INT64_C(20000000000), 1000); /* beyond the last bound: no more is known */
    assert_int_equal(histogram_quantile_ns(&h, 0.99), histogram_bounds_ns[HISTOGRAM_BOUNDS - 1]);
}

static void histogram_sum_adds(void **state)
{
    struct histogram h = {.sum_ns = 0}, sum = {.sum_ns = 0};
    (void)state;
    histogram_add(&h, 7000, 2);
    histogram_sum(&h, &sum);
    histogram_sum(&h, &sum);
    assert_int_equal(sum.count[1], 4);
    assert_int_equal(sum.sum_ns, 28000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(histogram_bounds_ascend),
        cmocka_unit_test(histogram_puts_each_event_below_its_bound),
        cmocka_unit_test(histogram_outlives_a_clock_that_was_set),
        cmocka_unit_test(histogram_estimates_quantiles),
        cmocka_unit_test(histogram_sum_adds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
