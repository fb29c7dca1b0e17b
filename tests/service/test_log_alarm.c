#include "service/log_alarm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static enum log_alarm_event look(struct log_alarm *alarm, uint64_t lost, int error, int64_t now_ms, uint64_t *out)
{
    struct qlog_stats stats = {.lost = lost, .last_error = error};
    return log_alarm_look(alarm, &stats, now_ms, out);
}

static void a_log_without_trouble_is_not_mentioned(void **state)
{
    struct log_alarm alarm = {0};
    uint64_t lost = 77;
    (void)state;
    for (int64_t t = 0; t < 100000; t += 1000)
        assert_int_equal(look(&alarm, 0, 0, t, &lost), LOG_ALARM_NONE);
    assert_int_equal(lost, 77);
}

static void trouble_is_told_when_it_begins_each_minute_and_when_it_is_over(void **state)
{
    struct log_alarm alarm = {0};
    uint64_t lost = 0;
    (void)state;
    assert_int_equal(look(&alarm, 3, 0, 1000, &lost), LOG_ALARM_BEGINS);
    assert_int_equal(lost, 3);
    for (uint64_t i = 2; i < 61; i++)
        assert_int_equal(look(&alarm, 3 + i, 0, (int64_t)i * 1000, &lost), LOG_ALARM_NONE);
    assert_int_equal(look(&alarm, 100, 0, 61000, &lost), LOG_ALARM_GOES_ON);
    assert_int_equal(lost, 100);
    assert_int_equal(look(&alarm, 100, 0, 65999, &lost), LOG_ALARM_NONE);
    assert_int_equal(look(&alarm, 100, 0, 66000, &lost), LOG_ALARM_OVER);
    assert_int_equal(lost, 100);
    assert_int_equal(look(&alarm, 100, 0, 67000, &lost), LOG_ALARM_NONE);
    /* the next trouble counts from its own beginning */
    assert_int_equal(look(&alarm, 102, 0, 68000, &lost), LOG_ALARM_BEGINS);
    assert_int_equal(lost, 2);
}

static void an_error_without_a_loss_is_trouble_too(void **state)
{
    struct log_alarm alarm = {0};
    uint64_t lost = 9;
    (void)state;
    assert_int_equal(look(&alarm, 0, ERR_NOSPACE, 1000, &lost), LOG_ALARM_BEGINS);
    assert_int_equal(lost, 0);
    assert_int_equal(look(&alarm, 0, ERR_NOSPACE, 30000, &lost), LOG_ALARM_NONE);
    assert_int_equal(look(&alarm, 0, 0, 31000, &lost), LOG_ALARM_NONE);
    assert_int_equal(look(&alarm, 0, 0, 35000, &lost), LOG_ALARM_OVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_log_without_trouble_is_not_mentioned),
        cmocka_unit_test(trouble_is_told_when_it_begins_each_minute_and_when_it_is_over),
        cmocka_unit_test(an_error_without_a_loss_is_trouble_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
