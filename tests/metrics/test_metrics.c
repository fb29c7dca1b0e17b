#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "metrics/metrics.h"

static void metrics_sum_adds_the_workers_up(void **state)
{
    static struct metrics a, b, sum;
    const struct metrics *workers[] = {&a, &b};
    (void)state;
    metrics_add(&a, METRIC_ANSWERS, 3);
    metrics_add(&a, METRIC_ANSWERS, 1);
    metrics_add(&b, METRIC_ANSWERS, UINT64_C(1) << 40);
    metrics_add(&b, METRIC_TCP_REFUSED, 7);
    sum.value[METRIC_BLOCKED] = 99;
    metrics_sum(workers, 2, &sum);
    assert_true(sum.value[METRIC_ANSWERS] == (UINT64_C(1) << 40) + 4);
    assert_int_equal(sum.value[METRIC_TCP_REFUSED], 7);
    assert_int_equal(sum.value[METRIC_BLOCKED], 0);
    metrics_sum(workers, 0, &sum);
    assert_int_equal(sum.value[METRIC_ANSWERS], 0);
}

static void metrics_names_are_unique_counters(void **state)
{
    (void)state;
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        const char *name = metrics_name((enum metric)i);
        assert_memory_equal(name, "belisha_", 8);
        assert_string_equal(name + strlen(name) - 6, "_total");
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(name, metrics_name((enum metric)k));
    }
}

static void metrics_text_has_help_type_and_value(void **state)
{
    struct metrics m = {0};
    char text[16384];
    (void)state;
    m.value[METRIC_QUERIES_UDP] = UINT64_MAX;
    size_t len = metrics_write_text(&m, text, sizeof text);
    assert_int_equal(len, strlen(text));
    const char *first = "# HELP belisha_queries_udp_total Questions received over UDP\n"
                        "# TYPE belisha_queries_udp_total counter\n"
                        "belisha_queries_udp_total 18446744073709551615\n";
    assert_memory_equal(text, first, strlen(first));
    assert_non_null(strstr(text, "\nbelisha_tcp_refused_total 0\n"));
}

static void metrics_text_says_how_much_room_it_needs(void **state)
{
    struct metrics m = {0};
    char text[16384];
    (void)state;
    size_t len = metrics_write_text(&m, text, sizeof text);
    for (size_t cap = 0; cap < len + 2; cap += 97) {
        /* an exact-sized buffer lets AddressSanitizer see the first byte written past the end */
        char *small = malloc(cap == 0 ? 1 : cap);
        assert_non_null(small);
        assert_int_equal(metrics_write_text(&m, small, cap), len);
        if (cap > 0)
            assert_memory_equal(small, text, (cap < len ? cap : len) - 1);
        free(small);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(metrics_sum_adds_the_workers_up),
        cmocka_unit_test(metrics_names_are_unique_counters),
        cmocka_unit_test(metrics_text_has_help_type_and_value),
        cmocka_unit_test(metrics_text_says_how_much_room_it_needs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
