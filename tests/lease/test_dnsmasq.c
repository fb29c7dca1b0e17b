#include "lease/reading.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lease/shelf.h"

static void read_all(const char *text, struct shelf *shelf, struct reading *r)
{
    *shelf = (struct shelf){.count = 0};
    assert_int_equal(shelf_read(shelf, r, READING_DNSMASQ, text, strlen(text), 50), 0);
}

static void both_families_are_in_one_file(void **state)
{
    struct shelf shelf;
    struct reading r;
    (void)state;
    read_all("1795914384 06:d8:d4:3a:6b:fa 10.5.0.55 laptop-7 01:06:d8:d4:3a:6b:fa\n"
             "1795914385 06:d8:d4:3a:6b:fb 10.5.0.56 * *\n"
             "duid 00:01:00:01:32:9e:36:93:de:cd:7c:0b:2f:f2\n"
             "1795914386 13579 fd00:20::55 laptop-7 00:01:00:01:32:9e:36:93:06:d8:d4:3a:6b:fa\n"
             "1795914387 T13579 fd00:20::56 * 00:04:de:ad:be:ef\n",
             &shelf, &r);
    assert_int_equal(r.refused_count, 0);
    assert_int_equal(shelf.count, 4);
    assert_string_equal(shelf_line(&shelf.leases[0]), "10.5.0.55 06:d8:d4:3a:6b:fa laptop-7 0..1795914384");
    assert_string_equal(shelf_line(&shelf.leases[1]), "10.5.0.56 06:d8:d4:3a:6b:fb - 0..1795914385");
    assert_string_equal(shelf_line(&shelf.leases[2]), "fd00:20::55 06:d8:d4:3a:6b:fa laptop-7 0..1795914386");
    assert_string_equal(shelf_line(&shelf.leases[3]), "fd00:20::56 - - 0..1795914387");
}

static void an_end_of_0_is_none(void **state)
{
    struct shelf shelf;
    struct reading r;
    (void)state;
    read_all("0 06:d8:d4:3a:6b:fa 10.5.0.55 laptop-7 *\n", &shelf, &r);
    assert_string_equal(shelf_line(&shelf.leases[0]), "10.5.0.55 06:d8:d4:3a:6b:fa laptop-7 0..0");
}

static void a_card_that_is_no_ethernet_is_not_told(void **state)
{
    struct shelf shelf;
    struct reading r;
    (void)state;
    read_all("5 06-06:d8:d4:3a:6b:fa 10.5.0.55 * *\n5 20-01:02:03:04:05:06:07:08 10.5.0.56 * *\n"
             "5 00:00:00:00:00:00 10.5.0.57 * *\n",
             &shelf, &r);
    assert_int_equal(r.refused_count, 0);
    assert_int_equal(shelf.count, 3);
    for (size_t i = 0; i < shelf.count; i++)
        assert_false(shelf.leases[i].has_mac);
}

static void lines_that_cannot_be_read_cost_no_others(void **state)
{
    struct shelf shelf;
    struct reading r;
    (void)state;
    read_all("then 06:d8:d4:3a:6b:fa 10.5.0.55 * *\n"
             "5 06:d8:d4:3a:6b:fa 10.5.0 * *\n"
             "5 06:d8:d4:3a:6b:fa\n"
             "5 06:d8:d4:3a:6b:fa 10.5.0.55\n"
             "5 06:d8:d4:3a:6b:fa 10.5.0.55 x *\n",
             &shelf, &r);
    assert_int_equal(r.refused_count, 4);
    assert_int_equal(r.refused_line, 1);
    assert_int_equal(shelf.count, 1);
    assert_false(reading_is_foreign(&r));
}

static void another_file_is_told_from_one_of_dnsmasq(void **state)
{
    struct shelf shelf;
    struct reading r;
    (void)state;
    read_all("lease 10.20.0.10 {\n  starts 0 2026/11/29 01:04:18;\n}\n", &shelf, &r);
    assert_true(reading_is_foreign(&r));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_families_are_in_one_file),
        cmocka_unit_test(an_end_of_0_is_none),
        cmocka_unit_test(a_card_that_is_no_ethernet_is_not_told),
        cmocka_unit_test(lines_that_cannot_be_read_cost_no_others),
        cmocka_unit_test(another_file_is_told_from_one_of_dnsmasq),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
