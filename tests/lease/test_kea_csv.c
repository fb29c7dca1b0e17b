#include "lease/reading.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lease/shelf.h"

#define HEAD4 "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context\n"
#define HEAD6                                                                                                          \
    "address,duid,valid_lifetime,expire,subnet_id,pref_lifetime,lease_type,iaid,prefix_len,fqdn_fwd,fqdn_rev,"         \
    "hostname,hwaddr,state,user_context\n"

static void assert_read(const char *head, const char *line, const char *expected)
{
    char text[2048];
    struct reading r;
    int len = snprintf(text, sizeof text, "%s%s\n", head, line);
    for (size_t piece = 1; piece <= 64; piece += 63) {
        struct shelf shelf = {.count = 0};
        assert_int_equal(shelf_read(&shelf, &r, READING_KEA, text, (size_t)len, piece), 0);
        if (r.refused_why != NULL)
            fprintf(stderr, "%s: %s\n", line, r.refused_why);
        assert_int_equal(r.refused_count, 0);
        assert_int_equal(shelf.count, 1);
        assert_string_equal(shelf_line(&shelf.leases[0]), expected);
    }
}

static void a_line_is_a_lease(void **state)
{
    (void)state;
    assert_read(HEAD4, "10.5.0.10,22:e8:21:14:7a:b1,01:22:e8:21:14:7a:b1,60,1795914295,1,0,0,laptop-7,0,",
                "10.5.0.10 22:e8:21:14:7a:b1 laptop-7 1795914235..1795914295");
    assert_read(HEAD4, "10.5.0.10,,,60,1795914295,1,0,0,,0,", "10.5.0.10 - - 1795914235..1795914295");
    assert_read(HEAD6,
                "fd05::10,00:01:00:01:32:9e:36:8e:de:cd:7c:0b:2f:f2,60,1795914295,1,40,0,7,128,0,0,Tablet.school.,"
                "22:e8:21:14:7a:b1,0,",
                "fd05::10 22:e8:21:14:7a:b1 Tablet.school 1795914235..1795914295");
}

static void the_end_of_a_line_may_be_that_of_another_system(void **state)
{
    (void)state;
    assert_read(HEAD4, "10.5.0.10,,,60,1795914295,1,0,0,laptop-7,0,\r", "10.5.0.10 - laptop-7 1795914235..1795914295");
}

static void columns_are_found_by_name(void **state)
{
    (void)state;
    assert_read("address,expire,hostname,valid_lifetime\n", "10.5.0.10,100,laptop-7,60",
                "10.5.0.10 - laptop-7 40..100");
    assert_read("address,valid_lifetime,expire,hostname,state,what_comes_later\n", "10.5.0.10,60,100,laptop-7,0,7",
                "10.5.0.10 - laptop-7 40..100");
}

static void commas_come_back_in_names(void **state)
{
    (void)state;
    assert_read(HEAD4, "10.5.0.10,,,60,100,1,0,0,a&#x2cb&#x2C&#x2,0,", "10.5.0.10 - a,b,&#x2 40..100");
}

static void a_lifetime_of_0_takes_the_lease_away(void **state)
{
    (void)state;
    assert_read(HEAD4, "10.5.0.10,22:e8:21:14:7a:b1,,0,1795914295,1,0,0,laptop-7,0,", "10.5.0.10 free");
}

static void only_held_and_registered_addresses_are_leases(void **state)
{
    (void)state;
    assert_read(HEAD4, "10.5.0.10,,,60,100,1,0,0,x,1,", "10.5.0.10 free");
    assert_read(HEAD4, "10.5.0.10,,,60,100,1,0,0,x,2,", "10.5.0.10 free");
    assert_read(HEAD4, "10.5.0.10,,,60,100,1,0,0,x,3,", "10.5.0.10 free");
    assert_read(HEAD4, "10.5.0.10,,,60,100,1,0,0,x,4,", "10.5.0.10 - x 40..100");
    assert_read(HEAD4, "10.5.0.10,,,60,100,1,0,0,x,5,", "10.5.0.10 free");
}

static void the_longest_lifetime_has_no_end(void **state)
{
    (void)state;
    assert_read(HEAD4, "10.5.0.10,,,4294967295,6090881530,1,0,0,x,0,", "10.5.0.10 - x 1795914235..0");
}

static void an_end_of_0_is_no_lease_for_ever(void **state)
{
    (void)state;
    assert_read(HEAD4, "10.5.0.10,,,60,0,1,0,0,x,0,", "10.5.0.10 free");
}

static void a_card_is_told_by_the_duid_where_nothing_else_does(void **state)
{
    (void)state;
    assert_read(HEAD6, "fd05::10,00:01:00:01:32:9e:36:8e:de:cd:7c:0b:2f:f2,60,100,1,40,0,7,128,0,0,x,,0,",
                "fd05::10 de:cd:7c:0b:2f:f2 x 40..100");
    assert_read(HEAD6, "fd05::10,00:03:00:01:de:cd:7c:0b:2f:f2,60,100,1,40,0,7,128,0,0,x,,0,",
                "fd05::10 de:cd:7c:0b:2f:f2 x 40..100");
    assert_read(HEAD6, "fd05::10,00:04:00:01:de:cd:7c:0b:2f:f2,60,100,1,40,0,7,128,0,0,x,,0,", "fd05::10 - x 40..100");
}

static void prefixes_for_routers_are_nobodys_address(void **state)
{
    static const char text[] = HEAD6 "fd05:1::,00:03:00:01:de:cd:7c:0b:2f:f2,60,100,1,40,2,7,64,0,0,x,,0,\n";
    struct shelf shelf = {.count = 0};
    struct reading r;
    (void)state;
    assert_int_equal(shelf_read(&shelf, &r, READING_KEA, text, sizeof text - 1, 4096), 0);
    assert_int_equal(shelf.count, 0);
    assert_int_equal(r.refused_count, 0);
}

static void what_is_not_all_there_is_left(void **state)
{
    static const char text[] = HEAD4 "10.5.0.10,,,60,100,1,0,0,x,0,\n10.5.0.11,,,60,100,1,0,0,x";
    struct shelf shelf = {.count = 0};
    struct reading r;
    (void)state;
    assert_int_equal(shelf_read(&shelf, &r, READING_KEA, text, sizeof text - 1, 4096),
                     strlen("10.5.0.11,,,60,100,1,0,0,x"));
    assert_int_equal(shelf.count, 1);
}

static void lines_that_cannot_be_read_cost_no_others(void **state)
{
    static const char text[] = HEAD4 "10.5.0.10,,,60,100,1,0,0,x,0,\n"
                                     "10.5.0.256,,,60,100,1,0,0,x,0,\n"
                                     "\n"
                                     "10.5.0.11,,,sixty,100,1,0,0,x,0,\n"
                                     "10.5.0.11,,,60,-1,1,0,0,x,0,\n"
                                     "10.5.0.11,,,60,99999999999999999999999,1,0,0,x,0,\n"
                                     "10.5.0.11\n"
                                     "10.5.0.11,,,60,100,1,0,0,x,held,\n"
                                     ",,,,,,,,,,\n"
                                     "10.5.0.12,,,60,100,1,0,0,x,0,\n";
    (void)state;
    for (size_t piece = 1; piece < 100; piece += 7) {
        struct shelf shelf = {.count = 0};
        struct reading r;
        assert_int_equal(shelf_read(&shelf, &r, READING_KEA, text, sizeof text - 1, piece), 0);
        assert_int_equal(shelf.count, 2);
        assert_string_equal(shelf_line(&shelf.leases[1]), "10.5.0.12 - x 40..100");
        assert_int_equal(r.refused_count, 7);
        assert_int_equal(r.refused_line, 3);
        assert_string_equal(r.refused_why, "its first column must be an address");
        assert_false(reading_is_foreign(&r));
    }
}

static void another_file_is_told_from_one_of_kea(void **state)
{
    static const char text[] = "1795914384 06:d8:d4:3a:6b:fa 10.5.0.55 * 01:06\n";
    struct shelf shelf = {.count = 0};
    struct reading r;
    (void)state;
    assert_int_equal(shelf_read(&shelf, &r, READING_KEA, text, sizeof text - 1, 4096), 0);
    assert_int_equal(shelf.count, 0);
    assert_true(reading_is_foreign(&r));
    assert_int_equal(r.refused_line, 1);
}

static void a_record_that_is_too_long_is_passed_over(void **state)
{
    static char text[3 * READING_RECORD_MAX];
    struct reading r;
    (void)state;
    int head = snprintf(text, sizeof text, HEAD4 "10.5.0.9,,,60,100,1,0,0,");
    size_t end = (size_t)head + READING_RECORD_MAX;
    memset(text + head, 'x', READING_RECORD_MAX);
    end += (size_t)snprintf(text + end, sizeof text - end, ",0,\n10.5.0.10,,,60,100,1,0,0,x,0,\n");
    for (size_t piece = 100; piece < 2 * end; piece *= 3) {
        struct shelf shelf = {.count = 0};
        assert_int_equal(shelf_read(&shelf, &r, READING_KEA, text, end, piece), 0);
        assert_int_equal(r.refused_count, 1);
        assert_int_equal(r.refused_line, 2);
        assert_int_equal(r.line, 3);
        assert_int_equal(shelf.count, 1);
    }
}

static void names_are_cleaned(void **state)
{
    (void)state;
    assert_read(HEAD4, "10.5.0.10,,,60,100,1,0,0,a\x1b[31mb&#x0a,0,", "10.5.0.10 - a[31mb 40..100");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_a_lease),
        cmocka_unit_test(the_end_of_a_line_may_be_that_of_another_system),
        cmocka_unit_test(columns_are_found_by_name),
        cmocka_unit_test(commas_come_back_in_names),
        cmocka_unit_test(a_lifetime_of_0_takes_the_lease_away),
        cmocka_unit_test(only_held_and_registered_addresses_are_leases),
        cmocka_unit_test(the_longest_lifetime_has_no_end),
        cmocka_unit_test(an_end_of_0_is_no_lease_for_ever),
        cmocka_unit_test(a_card_is_told_by_the_duid_where_nothing_else_does),
        cmocka_unit_test(prefixes_for_routers_are_nobodys_address),
        cmocka_unit_test(what_is_not_all_there_is_left),
        cmocka_unit_test(lines_that_cannot_be_read_cost_no_others),
        cmocka_unit_test(another_file_is_told_from_one_of_kea),
        cmocka_unit_test(a_record_that_is_too_long_is_passed_over),
        cmocka_unit_test(names_are_cleaned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
