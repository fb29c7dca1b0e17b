/* What is written of times, and what is wrong with it. */
#include "policy/window.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define AT(hour, minute) ((hour)*3600 + (minute)*60)

static const struct window p1_windows[] = {{AT(9, 0), AT(10, 0), 0x0f}, {AT(9, 30), AT(10, 15), 0x10}};
static const struct window_lesson lessons[] = {{"p1", p1_windows, 2}, {"Mon-Fri-late", p1_windows, 1}};

static void times_and_days_are_read(void **state)
{
    static const struct {
        const char *text;
        struct window want;
    } rows[] = {
        {"Mon-Fri 12:30-13:20", {AT(12, 30), AT(13, 20), 0x1f}},
        {"mon-fri 8:05-9:00", {AT(8, 5), AT(9, 0), 0x1f}},
        {"Monday-Friday 12:30-13:20", {AT(12, 30), AT(13, 20), 0x1f}},
        {"Sat,Sun", {0, AT(24, 0), 0x60}},
        {"  Sat ,Sun", {0, 0, 0}}, /* a blank ends the days */
        {"Mon,Wed-Fri 00:00-24:00", {0, AT(24, 0), 0x1d}},
        {"Sat-Mon 10:00-11:00", {AT(10, 0), AT(11, 0), 0x61}},
        {"Sun-Thu 21:30-06:00", {AT(21, 30), AT(6, 0), 0x4f}},
        {"08:50-15:20", {AT(8, 50), AT(15, 20), WINDOW_EVERY_DAY}},
        {"22:00-00:00", {AT(22, 0), 0, WINDOW_EVERY_DAY}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct window out[WINDOWS_MAX];
        struct window_fault fault;
        int count = window_parse(rows[i].text, NULL, 0, out, &fault);
        if (rows[i].want.days == 0) {
            assert_int_equal(count, ERR_MALFORMED);
            continue;
        }
        assert_int_equal(count, 1);
        assert_int_equal(out[0].from_s, rows[i].want.from_s);
        assert_int_equal(out[0].to_s, rows[i].want.to_s);
        assert_int_equal(out[0].days, rows[i].want.days);
    }
}

static void a_lesson_stands_for_its_times(void **state)
{
    struct window out[WINDOWS_MAX];
    struct window_fault fault;
    (void)state;
    assert_int_equal(window_parse("p1", lessons, 2, out, &fault), 2);
    assert_int_equal(out[1].from_s, AT(9, 30));
    assert_int_equal(window_parse("Tue-Thu p1", lessons, 2, out, &fault), 1);
    assert_int_equal(out[0].days, 0x0e);
    assert_int_equal(window_parse("Sat p1", lessons, 2, out, &fault), ERR_MALFORMED);
    assert_int_equal(fault.at, 4);
    assert_int_equal(window_parse("Mon-Fri-late", lessons, 2, out, &fault), 1);
    assert_int_equal(out[0].days, 0x0f);
}

static void what_is_wrong_is_pointed_at(void **state)
{
    static const struct {
        const char *text;
        size_t at, len;
    } rows[] = {
        {"", 0, 0},
        {"Mon-Fry 12:30-13:20", 0, 7},
        {"Mon- 12:30-13:20", 0, 4},
        {"Mon, 12:30-13:20", 0, 4},
        {"Mon-Fri 12:30", 8, 5},
        {"Mon-Fri 12:30-", 8, 6},
        {"Mon-Fri 12:30-12:30", 8, 11},
        {"Mon-Fri 24:00-12:30", 8, 11},
        {"Mon-Fri 12:60-13:00", 8, 11},
        {"Mon-Fri 12:30-24:01", 8, 11},
        {"Mon-Fri 12:30-13:20x", 8, 12},
        {"Mon-Fri 12.30-13.20", 8, 11},
        {"Mon-Fri p2", 8, 2},
        {"p2", 0, 2},
        {"Mon-Fri 12:30-13:20 13:40-14:00", 20, 11},
        {"12:30-13:20 Mon", 12, 3},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct window out[WINDOWS_MAX];
        struct window_fault fault;
        assert_int_equal(window_parse(rows[i].text, lessons, 1, out, &fault), ERR_MALFORMED);
        if (fault.at != rows[i].at || fault.len != rows[i].len)
            fail_msg("'%s': pointed at %zu+%zu", rows[i].text, fault.at, fault.len);
        assert_non_null(fault.want);
    }
}

static void a_window_past_midnight_belongs_to_the_day_it_began(void **state)
{
    static const struct window night = {AT(21, 30), AT(6, 0), 0x01}; /* Monday; day 4 is one */
    int32_t began = 0;
    (void)state;
    assert_true(window_is_open(&night, 4, AT(21, 30), &began));
    assert_int_equal(began, 4);
    assert_true(window_is_open(&night, 5, AT(5, 59), &began));
    assert_int_equal(began, 4);
    assert_false(window_is_open(&night, 5, AT(6, 0), &began));
    assert_false(window_is_open(&night, 4, AT(5, 59), &began));
    assert_false(window_is_open(&night, 5, AT(21, 30), &began));
    static const struct window whole = {0, AT(24, 0), 0x01};
    assert_true(window_is_open(&whole, 4, 0, &began));
    assert_true(window_is_open(&whole, 4, AT(24, 0) - 1, &began));
    assert_false(window_is_open(&whole, 5, 0, &began));
    assert_false(window_is_open(&whole, 3, AT(24, 0) - 1, &began));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_and_days_are_read),
        cmocka_unit_test(a_lesson_stands_for_its_times),
        cmocka_unit_test(what_is_wrong_is_pointed_at),
        cmocka_unit_test(a_window_past_midnight_belongs_to_the_day_it_began),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
