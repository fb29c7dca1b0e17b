#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "control/pace.h"

static void pace_tells_of_the_last_minute(void **state)
{
    static struct metrics sum;
    struct pace pace = {.count = 0};
    (void)state;
    assert_int_equal(pace_recent(&pace, &sum, 7).span_ms, 0);
    pace_sample(&pace, &sum, 0);
    sum.value[METRIC_QUERIES_UDP] = 40;
    assert_int_equal(pace_recent(&pace, &sum, 2000).span_ms, 2000);
    assert_int_equal(pace_recent(&pace, &sum, 2000).queries[PACE_UDP], 40);
    for (int64_t at_ms = PACE_STEP_MS; at_ms <= 100 * PACE_STEP_MS; at_ms += PACE_STEP_MS) {
        sum.value[METRIC_QUERIES_UDP] += 10;
        sum.value[METRIC_QUERIES_DOH] += 1;
        pace_sample(&pace, &sum, at_ms);
    }
    const struct pace_recent recent = pace_recent(&pace, &sum, 100 * PACE_STEP_MS);
    assert_int_equal(recent.span_ms, (PACE_SAMPLES - 1) * PACE_STEP_MS);
    assert_int_equal(recent.queries[PACE_UDP], 10 * (PACE_SAMPLES - 1));
    assert_int_equal(recent.queries[PACE_DOH], PACE_SAMPLES - 1);
    assert_int_equal(recent.queries[PACE_TCP], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(pace_tells_of_the_last_minute)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
