#include "lease/reading.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lease/shelf.h"

/* As dhcpd 4.4.3 writes it. */
static const char written[] = "# The format of this file is documented in the dhcpd.leases(5) manual page.\n"
                              "# This lease file was written by isc-dhcp-4.4.3-P1\n"
                              "\n"
                              "# authoring-byte-order entry is generated, DO NOT DELETE\n"
                              "authoring-byte-order little-endian;\n"
                              "\n"
                              "server-duid \"\\000\\001\\000\\0012\\2366\\216\\336\\315|\\013/\\362\";\n"
                              "\n"
                              "lease 10.5.0.10 {\n"
                              "  starts 0 2026/11/29 01:04:18;\n"
                              "  ends 0 2026/11/29 01:06:18;\n"
                              "  cltt 0 2026/11/29 01:04:19;\n"
                              "  binding state active;\n"
                              "  next binding state free;\n"
                              "  rewind binding state free;\n"
                              "  hardware ethernet 06:d8:d4:3a:6b:fa;\n"
                              "  uid \"\\001\\006\\330\\324:k\\372\";\n"
                              "  set vendor-class-identifier = \"udhcp 1.35.0\";\n"
                              "  client-hostname \"laptop-7\";\n"
                              "}\n"
                              "ia-na \"\\221\\001\\000\\000\\000\\003\\000\\001\\006\\330\\324:k\\372\" {\n"
                              "  cltt 0 2026/11/29 01:04:18;\n"
                              "  iaaddr fd05::10 {\n"
                              "    binding state active;\n"
                              "    preferred-life 375;\n"
                              "    max-life 600;\n"
                              "    ends 0 2026/11/29 01:06:18;\n"
                              "  }\n"
                              "  iaaddr fd05::11 {\n"
                              "    binding state expired;\n"
                              "    ends 0 2026/11/29 01:06:18;\n"
                              "  }\n"
                              "}\n";

static void assert_read(const char *text, const char *expected)
{
    for (size_t piece = 1; piece < 200; piece += 66) {
        struct shelf shelf = {.count = 0};
        struct reading r;
        assert_int_equal(shelf_read(&shelf, &r, READING_ISC, text, strlen(text), piece), 0);
        if (r.refused_why != NULL)
            fprintf(stderr, "%s: %s\n", text, r.refused_why);
        assert_int_equal(r.refused_count, 0);
        assert_int_equal(shelf.count, 1);
        assert_string_equal(shelf_line(&shelf.leases[0]), expected);
    }
}

static void assert_refused(const char *text)
{
    struct shelf shelf = {.count = 0};
    struct reading r;
    assert_int_equal(shelf_read(&shelf, &r, READING_ISC, text, strlen(text), 4096), 0);
    assert_int_equal(shelf.count, 0);
    assert_int_equal(r.refused_count, 1);
}

static void what_dhcpd_writes_is_read(void **state)
{
    (void)state;
    for (size_t piece = 1; piece < 2 * sizeof written; piece *= 2) {
        struct shelf shelf = {.count = 0};
        struct reading r;
        assert_int_equal(shelf_read(&shelf, &r, READING_ISC, written, sizeof written - 1, piece), 1);
        assert_int_equal(r.refused_count, 0);
        assert_int_equal(shelf.count, 3);
        assert_string_equal(shelf_line(&shelf.leases[0]),
                            "10.5.0.10 06:d8:d4:3a:6b:fa laptop-7 1795914259..1795914378");
        assert_string_equal(shelf_line(&shelf.leases[1]), "fd05::10 06:d8:d4:3a:6b:fa - 1795914258..1795914378");
        assert_string_equal(shelf_line(&shelf.leases[2]), "fd05::11 free");
    }
}

static void only_active_bindings_are_leases(void **state)
{
    static const char *const states[] = {"free", "backup", "expired", "released", "reset", "bootp", "abandoned"};
    (void)state;
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        char text[200];
        snprintf(text, sizeof text, "lease 10.5.0.10 { ends epoch 100; binding state %s; next binding state active; }",
                 states[i]);
        assert_read(text, "10.5.0.10 free");
    }
    assert_read("lease 10.5.0.10 { ends never; abandoned; }", "10.5.0.10 free");
    assert_read("lease 10.5.0.10 { binding state free; }", "10.5.0.10 free");
}

static void times_are_written_in_three_ways(void **state)
{
    (void)state;
    assert_read("lease 10.5.0.10 { starts 4 2024/02/29 23:59:60; ends never; }", "10.5.0.10 - - 1709251200..0");
    assert_read("lease 10.5.0.10 { starts epoch 100; # Thu Jan 1\n ends epoch 200; }", "10.5.0.10 - - 100..200");
    assert_read("lease 10.5.0.10 { starts never; ends 4 1970/01/01 00:00:00; }", "10.5.0.10 - - 0..1");
    assert_refused("lease 10.5.0.10 { ends epoch 0; }");
    assert_refused("lease 10.5.0.10 { ends 4 2024/13/29 23:59:60; }");
    assert_refused("lease 10.5.0.10 { ends 4 2024/12/29; }");
    assert_refused("lease 10.5.0.10 { ends; }");
    assert_refused("lease 10.5.0.10 { binding state active; }");
}

static void names_are_strings_with_escapes(void **state)
{
    (void)state;
    assert_read("lease 10.5.0.10 { ends epoch 9; client-hostname \"a;b}\\\"c\\134d\\303\\251\"; }",
                "10.5.0.10 - a;b}\"c\\d\xc3\xa9 0..9");
    assert_read("lease 10.5.0.10 { ends epoch 9; client-hostname \"\"; }", "10.5.0.10 - - 0..9");
    assert_read("lease 10.5.0.10 { ends epoch 9; client-hostname a\\7; }", "10.5.0.10 - - 0..9");
}

static void blocks_within_are_passed_over(void **state)
{
    (void)state;
    assert_read("lease 10.5.0.10 { ends epoch 9; on expiry { ends epoch 8; { } } hardware ethernet 6:1:2:3:4:5; }",
                "10.5.0.10 06:01:02:03:04:05 - 0..9");
}

static void prefixes_and_other_statements_are_none(void **state)
{
    static const char text[] = "ia-pd \"\\001\" { iaprefix fd05:1::/64 { binding state active; ends never; } }\n"
                               "failover peer \"a\" state { my state normal at 0 2026/11/29 01:06:18; }\n"
                               "host x { dynamic; hardware ethernet 06:d8:d4:3a:6b:fa; }\n"
                               "group { } subclass \"x\"; ;";
    struct shelf shelf = {.count = 0};
    struct reading r;
    (void)state;
    assert_int_equal(shelf_read(&shelf, &r, READING_ISC, text, sizeof text - 1, 7), 0);
    assert_int_equal(r.refused_count, 0);
    assert_int_equal(shelf.count, 0);
}

static void statements_that_cannot_be_read_cost_no_others(void **state)
{
    static const char text[] = "lease 10.5.0.1000 { ends never; }\n"
                               "lease 10.5.0.10;\n"
                               "}\n"
                               "lease { ends never; }\n"
                               "lease\n"
                               "10.5.0.11 { ends never; }\n";
    struct shelf shelf = {.count = 0};
    struct reading r;
    (void)state;
    shelf_read(&shelf, &r, READING_ISC, text, sizeof text - 1, 4096);
    assert_int_equal(r.refused_count, 3);
    assert_int_equal(r.refused_line, 1);
    assert_int_equal(shelf.count, 1);
    assert_string_equal(shelf_line(&shelf.leases[0]), "10.5.0.11 - - 0..0");
}

static void what_is_not_all_there_is_left(void **state)
{
    static const char text[] = "lease 10.5.0.11 { ends never; }lease 10.5.0.12 { client-hostname \"}";
    struct shelf shelf = {.count = 0};
    struct reading r;
    (void)state;
    assert_int_equal(shelf_read(&shelf, &r, READING_ISC, text, sizeof text - 1, 4096),
                     strlen("lease 10.5.0.12 { client-hostname \"}"));
    assert_int_equal(shelf.count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_dhcpd_writes_is_read),
        cmocka_unit_test(only_active_bindings_are_leases),
        cmocka_unit_test(times_are_written_in_three_ways),
        cmocka_unit_test(names_are_strings_with_escapes),
        cmocka_unit_test(blocks_within_are_passed_over),
        cmocka_unit_test(prefixes_and_other_statements_are_none),
        cmocka_unit_test(statements_that_cannot_be_read_cost_no_others),
        cmocka_unit_test(what_is_not_all_there_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
