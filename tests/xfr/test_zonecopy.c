#include "xfr/zonecopy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define SOA "zone.example.\t60\tIN\tSOA\tns.zone.example. host.zone.example. 4294967295 2 3 4 5"

static const uint8_t zone[] = "\4zone\7example";

struct fixture {
    char path[64];
    struct zonecopy *copy;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    strcpy(f->path, "/tmp/belisha-zonecopy-XXXXXX");
    close(mkstemp(f->path));
    assert_int_equal(zonecopy_new(1 << 20, 1000000, &f->copy), 0);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    zonecopy_free(f->copy);
    unlink(f->path);
    free(f);
    return 0;
}

static int add(struct fixture *f, const char *line)
{
    return zonecopy_add(f->copy, line, strlen(line));
}

static int del(struct fixture *f, const char *line)
{
    return zonecopy_del(f->copy, line, strlen(line));
}

static void assert_file_is(const struct fixture *f, const char *expected)
{
    char text[4096] = "";
    FILE *file = fopen(f->path, "re");
    assert_non_null(file);
    assert_true(fread(text, 1, sizeof text - 1, file) > 0);
    fclose(file);
    assert_string_equal(text, expected);
}

static void a_zone_is_written_in_one_order(void **state)
{
    struct fixture *f = *state;
    uint64_t bytes;
    assert_int_equal(add(f, "b"), 1);
    assert_int_equal(add(f, "a"), 1);
    assert_int_equal(add(f, "ab"), 1);
    assert_int_equal(add(f, "a"), 0);
    assert_int_equal(del(f, "c"), 0);
    assert_int_equal(del(f, "b"), 1);
    assert_int_equal(del(f, "b"), 0);
    assert_int_equal(zonecopy_count(f->copy), 2);
    assert_int_equal(zonecopy_write(f->copy, SOA, strlen(SOA), f->path, &bytes), 0);
    assert_file_is(f, SOA "\na\nab\n");
    assert_int_equal(bytes, strlen(SOA "\na\nab\n"));
}

static void what_was_written_is_read_back(void **state)
{
    struct fixture *f = *state;
    struct zonecopy *again;
    uint64_t bytes;
    uint32_t serial = 0;
    for (int i = 0; i < 5000; i++) {
        char line[32];
        snprintf(line, sizeof line, "line %d", i);
        assert_int_equal(add(f, line), 1);
    }
    for (int i = 0; i < 5000; i += 2) {
        char line[32];
        snprintf(line, sizeof line, "line %d", i);
        assert_int_equal(del(f, line), 1);
    }
    assert_int_equal(zonecopy_write(f->copy, SOA, strlen(SOA), f->path, &bytes), 0);
    assert_int_equal(zonecopy_new(bytes, 2500, &again), 0);
    assert_int_equal(zonecopy_load(again, f->path, zone, &serial), 0);
    assert_int_equal(serial, UINT32_MAX);
    assert_int_equal(zonecopy_count(again), 2500);
    assert_int_equal(zonecopy_del(again, "line 4999", 9), 1);
    assert_int_equal(zonecopy_del(again, "line 4998", 9), 0);
    zonecopy_free(again);
}

static void records_that_come_and_go_take_no_room(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 300000; i++) {
        char line[64];
        snprintf(line, sizeof line, "a line of some length, number %d", i);
        assert_int_equal(add(f, line), 1);
        assert_int_equal(del(f, line), 1);
    }
    assert_int_equal(zonecopy_count(f->copy), 0);
}

static void bounds_are_kept(void **state)
{
    struct zonecopy *copy;
    (void)state;
    assert_int_equal(zonecopy_new(8, 2, &copy), 0);
    assert_int_equal(zonecopy_add(copy, "1234567", 7), 1);
    assert_int_equal(zonecopy_add(copy, "", 0), ERR_LIMIT);
    assert_int_equal(zonecopy_del(copy, "1234567", 7), 1);
    assert_int_equal(zonecopy_add(copy, "12345678", 8), ERR_LIMIT);
    assert_int_equal(zonecopy_add(copy, "1", 1), 1);
    assert_int_equal(zonecopy_add(copy, "2", 1), 1);
    assert_int_equal(zonecopy_add(copy, "3", 1), ERR_LIMIT);
    assert_int_equal(zonecopy_add(copy, "2", 1), 0);
    zonecopy_clear(copy);
    assert_int_equal(zonecopy_add(copy, "3", 1), 1);
    zonecopy_free(copy);
}

static void another_file_is_no_copy(void **state)
{
    static const char *const texts[] = {"",
                                        "\n",
                                        "a.example CNAME .\n",
                                        "zone.example.\t60\tIN\tSOA\tns. host.\n",
                                        "other.example.\t60\tIN\tSOA\tns. host. 1 2 3 4 5\n",
                                        "zone.example.\t60\tIN\tSOX\tns. host. 1 2 3 4 5\n",
                                        "zone.example.\t60\tIN\tSOA\tns. host. 99999999999 2 3 4 5\n",
                                        "zone.example.\t60\tIN\tSOA\tns. host. x 2 3 4 5\n"};
    struct fixture *f = *state;
    uint32_t serial;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        FILE *file = fopen(f->path, "we");
        assert_non_null(file);
        fputs(texts[i], file);
        fclose(file);
        assert_int_equal(zonecopy_load(f->copy, f->path, zone, &serial), ERR_MALFORMED);
        assert_int_equal(zonecopy_count(f->copy), 0);
    }
    assert_int_equal(zonecopy_load(f->copy, "/nonexistent", zone, &serial), ERR_NOENT);
}

static void what_cannot_be_written_is_said(void **state)
{
    struct fixture *f = *state;
    uint64_t bytes;
    assert_int_equal(zonecopy_write(f->copy, SOA, strlen(SOA), "/nonexistent/file", &bytes), ERR_NOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_zone_is_written_in_one_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_written_is_read_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(records_that_come_and_go_take_no_room, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_file_is_no_copy, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_written_is_said, set_up, tear_down),
        cmocka_unit_test(bounds_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
