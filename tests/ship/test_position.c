/* How far a destination is, on disk. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "ship/position.h"

static char dir[] = "/tmp/belisha-position-XXXXXX";

static int set_up(void **state)
{
    (void)state;
    strcpy(dir + strlen(dir) - 6, "XXXXXX");
    assert_non_null(mkdtemp(dir));
    return 0;
}

static int tear_down(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", dir);
    return system(command);
}

static void put_file(const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/shipping", dir);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/shipping/region.json", dir);
    FILE *to = fopen(path, "w");
    assert_non_null(to);
    fputs(text, to);
    fclose(to);
}

static void without_a_file_it_is_the_beginning(void **state)
{
    struct position position = {.segment = 7};
    (void)state;
    assert_int_equal(position_load(dir, "region", &position), 0);
    assert_int_equal(position.segment, 0);
    assert_int_equal(position.rows_sent, 0);
}

static void everything_comes_back(void **state)
{
    const struct position saved = {.segment = 17,
                                   .rows = UINT64_C(1) << 40,
                                   .gaps = 3,
                                   .newest_ns = INT64_C(1795912345000000007),
                                   .node = "node-1",
                                   .rows_sent = 5,
                                   .bytes_sent = 6,
                                   .batches = 7,
                                   .retries = 8,
                                   .segments_removed = 9,
                                   .rows_damaged = 10,
                                   .rows_closed = 11,
                                   .begun_anew = 12,
                                   .sent_s = 13,
                                   .failing_s = 14,
                                   .why = "127.0.0.1 says \"no\"",
                                   .wait_s = 15};
    struct position read;
    (void)state;
    assert_int_equal(position_save(dir, "region", &saved), 0);
    assert_int_equal(position_save(dir, "trust", &(struct position){.segment = 1}), 0);
    assert_int_equal(position_load(dir, "region", &read), 0);
    assert_memory_equal(&read, &saved, sizeof read);
}

static void a_file_that_is_none_is_no_beginning(void **state)
{
    static const char *const wrong[] = {
        "", "{}", "{\"version\":1", "[1]", "{\"version\":1,\"segment\":-1}", "{\"version\":1,\"segment\":\"x\"}"};
    struct position position = {.segment = 7};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        put_file(wrong[i]);
        assert_true(position_load(dir, "region", &position) < 0);
        assert_int_equal(position.segment, 7);
    }
    put_file("{\"version\":2}");
    assert_int_equal(position_load(dir, "region", &position), ERR_FORMAT_VERSION);
}

static void one_program_has_a_destination(void **state)
{
    int first, second;
    (void)state;
    assert_int_equal(position_lock(dir, "region", &first), 0);
    assert_int_equal(position_lock(dir, "region", &second), ERR_BUSY);
    assert_int_equal(position_lock(dir, "trust", &second), 0);
    close(second);
    close(first);
    assert_int_equal(position_lock(dir, "region", &first), 0);
    close(first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(without_a_file_it_is_the_beginning, set_up, tear_down),
        cmocka_unit_test_setup_teardown(everything_comes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_is_none_is_no_beginning, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_program_has_a_destination, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
