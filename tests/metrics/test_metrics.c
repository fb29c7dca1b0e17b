#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "metrics/metrics.h"

static struct metrics a, b, sum;
static const struct metrics *const workers[] = {&a, &b};

static int start(void **state)
{
    (void)state;
    a = b = sum = (struct metrics){0};
    return 0;
}

static void answer(struct metrics *m, enum verdict_action action, enum verdict_reason reason, unsigned category,
                   unsigned rcode)
{
    const struct verdict v = {.action = (uint8_t)action, .reason = (uint8_t)reason, .category = (uint8_t)category};
    metrics_add_answer(m, &v, rcode);
}

static void metrics_sum_adds_the_workers_up(void **state)
{
    (void)state;
    metrics_add(&a, METRIC_QUERIES_UDP, 3);
    metrics_add(&a, METRIC_QUERIES_UDP, 1);
    metrics_add(&b, METRIC_QUERIES_UDP, UINT64_C(1) << 40);
    metrics_add(&b, METRIC_TCP_REFUSED, 7);
    histogram_add(&a.at_once, 1, 2);
    histogram_add(&b.at_once, 1, 3);
    sum.value[METRIC_REBINDING] = 99;
    metrics_sum(workers, 2, &sum);
    assert_true(sum.value[METRIC_QUERIES_UDP] == (UINT64_C(1) << 40) + 4);
    assert_int_equal(sum.value[METRIC_TCP_REFUSED], 7);
    assert_int_equal(sum.value[METRIC_REBINDING], 0);
    assert_int_equal(histogram_total(&sum.at_once), 5);
    metrics_sum(workers, 0, &sum);
    assert_int_equal(sum.value[METRIC_QUERIES_UDP], 0);
}

static void metrics_count_answers_by_action_reason_rcode_and_category(void **state)
{
    (void)state;
    answer(&a, VERDICT_RESOLVE, REASON_DEFAULT, CATEGORY_NONE, 0);
    answer(&a, VERDICT_RESOLVE, REASON_LOG_ONLY, CATEGORY_GAMING, 3);
    answer(&b, VERDICT_NOTICE, REASON_CATEGORY, CATEGORY_GAMBLING, 0);
    answer(&b, VERDICT_NXDOMAIN, REASON_CATEGORY, CATEGORY_GAMBLING, 3);
    answer(&b, VERDICT_REFUSED, REASON_ACCESS, CATEGORY_NONE, 5);
    answer(&b, VERDICT_REFUSED, REASON_CATEGORY, CATEGORY_MALWARE, 5);
    answer(&b, VERDICT_ERROR, REASON_BAD_QUESTION, CATEGORY_NONE, METRICS_RCODES - 1);
    metrics_sum(workers, 2, &sum);
    assert_int_equal(metrics_answers(&sum), 7);
    assert_int_equal(metrics_blocked(&sum), 3);
    assert_int_equal(metrics_by_action(&sum, VERDICT_RESOLVE), 2);
    assert_int_equal(metrics_by_action(&sum, VERDICT_REFUSED), 2);
    assert_int_equal(metrics_by_reason(&sum, REASON_CATEGORY), 3);
    assert_int_equal(sum.rcode[0], 2);
    assert_int_equal(sum.rcode[3], 2);
    assert_int_equal(sum.rcode[METRICS_RCODES - 1], 1);
    assert_int_equal(sum.blocked[CATEGORY_GAMBLING], 2);
    assert_int_equal(sum.blocked[CATEGORY_MALWARE], 1);
    assert_int_equal(sum.blocked[CATEGORY_GAMING], 0); /* was let through */
}

/* Whoever asks a name and reads the figures before and after must not learn that it is on a statutory list. */
static void metrics_count_a_statutory_block_as_one_of_the_school(void **state)
{
    (void)state;
    answer(&a, VERDICT_NOTICE, REASON_STATUTORY, CATEGORY_ILLEGAL, 0);
    answer(&a, VERDICT_NOTICE, REASON_CATEGORY, CATEGORY_ILLEGAL, 0);
    answer(&b, VERDICT_NOTICE, REASON_LOCAL_BLOCK, CATEGORY_LOCAL, 0);
    assert_int_equal(a.verdict[VERDICT_NOTICE][REASON_LOCAL_BLOCK], 2);
    assert_int_equal(a.blocked[CATEGORY_LOCAL], 2);
    metrics_sum(workers, 2, &sum);
    assert_int_equal(metrics_by_reason(&sum, REASON_LOCAL_BLOCK), 3);
    assert_int_equal(metrics_by_reason(&sum, REASON_STATUTORY), 0);
    assert_int_equal(sum.blocked[CATEGORY_LOCAL], 3);
    assert_int_equal(sum.blocked[CATEGORY_ILLEGAL], 0);
}

static void metrics_tell_of_no_question_for_help(void **state)
{
    (void)state;
    answer(&a, VERDICT_RESOLVE, REASON_PROTECTED_HELP, CATEGORY_NONE, 0);
    metrics_sum(workers, 2, &sum);
    assert_int_equal(metrics_by_reason(&sum, REASON_PROTECTED_HELP), 0);
    assert_int_equal(metrics_by_reason(&sum, REASON_DEFAULT), 1);
    assert_int_equal(metrics_answers(&sum), 1);
}

static void metrics_sum_meter_leaves_gauges_to_those_who_know(void **state)
{
    struct meter meter;
    (void)state;
    meter_add(&a.meters[METERS_MAX - 1], METER_ANSWERS, 2);
    meter_add(&b.meters[METERS_MAX - 1], METER_ANSWERS, 3);
    histogram_add(&b.meters[METERS_MAX - 1].rtt, 1000, 1);
    meter_set(&b.meters[METERS_MAX - 1], METER_SRTT_MS, 7);
    metrics_sum_meter(workers, 2, METERS_MAX - 1, &meter);
    assert_int_equal(meter.count[METER_ANSWERS], 5);
    assert_int_equal(histogram_total(&meter.rtt), 1);
    assert_int_equal(meter.gauge[METER_SRTT_MS], 0);
}

static void metrics_names_are_unique_counters(void **state)
{
    (void)state;
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        const char *name = metrics_name((enum metric)i);
        assert_memory_equal(name, "belisha_", 8);
        assert_string_equal(name + strlen(name) - 6, "_total");
        assert_null(strpbrk(metrics_help((enum metric)i), "\n\\"));
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(name, metrics_name((enum metric)k));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(metrics_sum_adds_the_workers_up, start),
        cmocka_unit_test_setup(metrics_count_answers_by_action_reason_rcode_and_category, start),
        cmocka_unit_test_setup(metrics_count_a_statutory_block_as_one_of_the_school, start),
        cmocka_unit_test_setup(metrics_tell_of_no_question_for_help, start),
        cmocka_unit_test_setup(metrics_sum_meter_leaves_gauges_to_those_who_know, start),
        cmocka_unit_test_setup(metrics_names_are_unique_counters, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
