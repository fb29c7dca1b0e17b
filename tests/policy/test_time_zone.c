/* Time zones: the system's files against glibc's own reading of them, rules, and files that are damaged. */
#include "policy/time_zone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "policy/civil.h"

static size_t read_zone(const char *name, uint8_t bytes[TIME_ZONE_FILE_MAX])
{
    char path[256];
    snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return 0;
    size_t len = fread(bytes, 1, TIME_ZONE_FILE_MAX, file);
    fclose(file);
    return len;
}

static int64_t instant(int32_t year, unsigned month, unsigned day, int64_t seconds)
{
    return (int64_t)civil_day((struct civil_date){year, (uint8_t)month, (uint8_t)day}) * CIVIL_DAY_S + seconds;
}

static void days_have_numbers_and_numbers_days(void **state)
{
    (void)state;
    assert_int_equal(civil_day((struct civil_date){1970, 1, 1}), 0);
    assert_int_equal(civil_weekday(0), 3);
    assert_int_equal(civil_weekday(-4), 6);
    for (int32_t day = -800000; day < 800000; day++) {
        struct civil_date date = civil_date(day);
        assert_true(civil_is_date(date));
        assert_int_equal(civil_day(date), day);
    }
    assert_false(civil_is_date((struct civil_date){2026, 2, 29}));
    assert_true(civil_is_date((struct civil_date){2028, 2, 29}));
    assert_false(civil_is_date((struct civil_date){2100, 2, 29}));
    assert_true(civil_is_date((struct civil_date){2000, 2, 29}));
}

/* Behind what the file lists (2037) its rule is used, so the years go on to 2060. */
static void offsets_are_those_of_the_system(void **state)
{
    static const char *const names[] = {"Europe/London",
                                        "Europe/Berlin",
                                        "America/New_York",
                                        "Australia/Lord_Howe",
                                        "America/St_Johns",
                                        "Asia/Kathmandu",
                                        "Pacific/Apia",
                                        "Africa/Casablanca",
                                        "America/Sao_Paulo",
                                        "Pacific/Auckland",
                                        "UTC"};
    static uint8_t bytes[TIME_ZONE_FILE_MAX];
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct time_zone *zone;
        size_t len = read_zone(names[i], bytes);
        if (len == 0)
            continue;
        assert_int_equal(time_zone_parse(bytes, len, &zone), 0);
        setenv("TZ", names[i], 1);
        tzset();
        for (int64_t at = instant(1970, 1, 1, 0); at < instant(2060, 1, 1, 0); at += 7 * 3600 + 1) {
            time_t t = (time_t)at;
            struct tm tm;
            localtime_r(&t, &tm);
            if (time_zone_offset_s(zone, at) != tm.tm_gmtoff)
                fail_msg("%s at %lld: %d, the system says %ld", names[i], (long long)at, time_zone_offset_s(zone, at),
                         tm.tm_gmtoff);
        }
        time_zone_free(zone);
    }
    unsetenv("TZ");
}

static void the_next_change_is_where_the_offset_changes(void **state)
{
    static const char *const rules[] = {
        "GMT0BST,M3.5.0/1,M10.5.0", "NZST-12NZDT,M9.5.0,M4.1.0/3", "<-03>3",
        "EST5EDT,M3.2.0,M11.1.0",   "XST-2XDT,J60/1,J300/25",      "YST-2YDT,59,299/-1"};
    (void)state;
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        struct time_zone *zone;
        assert_int_equal(time_zone_from_rule(rules[i], &zone), 0);
        int64_t at = instant(2026, 1, 1, 0);
        for (int n = 0; n < 20; n++) {
            int64_t next = time_zone_next_s(zone, at);
            if (next == INT64_MAX)
                break;
            assert_true(next > at);
            assert_int_equal(time_zone_offset_s(zone, next - 1), time_zone_offset_s(zone, at));
            assert_int_not_equal(time_zone_offset_s(zone, next - 1), time_zone_offset_s(zone, next));
            at = next;
        }
        time_zone_free(zone);
    }
}

static void london_changes_at_one_in_the_morning(void **state)
{
    struct time_zone *zone;
    (void)state;
    assert_int_equal(time_zone_from_rule("GMT0BST,M3.5.0/1,M10.5.0", &zone), 0);
    assert_int_equal(time_zone_offset_s(zone, instant(2027, 3, 28, 3599)), 0);
    assert_int_equal(time_zone_offset_s(zone, instant(2027, 3, 28, 3600)), 3600);
    assert_int_equal(time_zone_offset_s(zone, instant(2027, 10, 31, 3599)), 3600);
    assert_int_equal(time_zone_offset_s(zone, instant(2027, 10, 31, 3600)), 0);
    assert_true(time_zone_next_s(zone, instant(2027, 6, 1, 0)) == instant(2027, 10, 31, 3600));
    time_zone_free(zone);
}

static void no_zone_is_utc(void **state)
{
    struct time_zone *copy = (struct time_zone *)1;
    (void)state;
    assert_int_equal(time_zone_offset_s(NULL, 0), 0);
    assert_true(time_zone_next_s(NULL, 0) == INT64_MAX);
    assert_int_equal(time_zone_copy(NULL, &copy), 0);
    assert_null(copy);
}

static void damaged_rules_are_refused(void **state)
{
    static const char *const bad[] = {"",
                                      "GM0",
                                      "GMT",
                                      "GMT0BST",
                                      "GMT0BST,M3.5.0",
                                      "GMT25",
                                      "<GMT0",
                                      "GMT0BST,M13.1.0,M1.1.0",
                                      "GMT0BST,M3.6.0,M1.1.0",
                                      "GMT0BST,M3.5.7,M1.1.0",
                                      "GMT0BST,J0,J1",
                                      "GMT0BST,366,1",
                                      "GMT0 ",
                                      "GMT0BST,M3.5.0/168,M10.5.0",
                                      "GMT0BST,M3.5.0,M10.5.0,"};
    struct time_zone *zone;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(time_zone_from_rule(bad[i], &zone), ERR_MALFORMED);
}

static void a_file_cut_anywhere_or_changed_anywhere_does_no_harm(void **state)
{
    static uint8_t bytes[TIME_ZONE_FILE_MAX];
    static uint8_t copy[TIME_ZONE_FILE_MAX];
    struct time_zone *zone;
    size_t len = read_zone("Europe/London", bytes);
    (void)state;
    if (len == 0)
        skip();
    for (size_t cut = 0; cut < len; cut++) { /* on the heap, so that a byte too far is seen */
        uint8_t *exact = malloc(cut + 1);
        memcpy(exact, bytes, cut);
        assert_true(time_zone_parse(exact, cut, &zone) < 0);
        free(exact);
    }
    for (size_t at = 0; at < len; at++) {
        memcpy(copy, bytes, len);
        copy[at] ^= 0xff;
        if (time_zone_parse(copy, len, &zone) < 0)
            continue;
        (void)time_zone_offset_s(zone, instant(2027, 6, 1, 0));
        (void)time_zone_next_s(zone, instant(2050, 6, 1, 0));
        time_zone_free(zone);
    }
    assert_int_equal(time_zone_parse((const uint8_t *)"nonsense", 8, &zone), ERR_FORMAT_VERSION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_have_numbers_and_numbers_days),
        cmocka_unit_test(offsets_are_those_of_the_system),
        cmocka_unit_test(the_next_change_is_where_the_offset_changes),
        cmocka_unit_test(london_changes_at_one_in_the_morning),
        cmocka_unit_test(no_zone_is_utc),
        cmocka_unit_test(damaged_rules_are_refused),
        cmocka_unit_test(a_file_cut_anywhere_or_changed_anywhere_does_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
