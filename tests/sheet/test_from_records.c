#include "sheet/from_records.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    struct arena *arena;
    struct sheet sheet;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->arena = arena_new();
    f->sheet.period = (struct period){.from_s = 1000, .to_s = 2000};
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    arena_free(f->arena);
    free(f);
    return 0;
}

static void feeds_in_trouble_come_first(void **state)
{
    struct fixture *f = *state;
    json_t *run = json_loads("{\"feeds\":[{\"name\":\"b\",\"state\":\"fresh\",\"fetched_s\":400},"
                             "{\"name\":\"c\",\"state\":\"missing\",\"problem\":\"gone\"},{\"name\":\"a\",\"state\":"
                             "\"fresh\",\"fetched_s\":2500}, 7]}",
                             0, NULL);
    assert_int_equal(from_run(f->arena, run, 1000, &f->sheet), 0);
    assert_int_equal(f->sheet.feed_count, 4);
    assert_string_equal(f->sheet.feeds[0].name, "c");
    assert_true(f->sheet.feeds[0].is_trouble);
    assert_int_equal(f->sheet.feeds[0].age_s, -1);
    assert_string_equal(f->sheet.feeds[3].name, "b");
    assert_int_equal(f->sheet.feeds[3].age_s, 600);
    assert_int_equal(f->sheet.feeds[2].age_s, 0); /* of a time yet to come */
    json_decref(run);
}

static void without_a_run_there_are_no_feeds(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(from_run(f->arena, NULL, 1000, &f->sheet), 0);
    assert_int_equal(f->sheet.feed_count, 0);
}

static void checks_are_those_of_the_period_newest_first(void **state)
{
    struct fixture *f = *state;
    char path[] = "/tmp/belisha-register-XXXXXX";
    FILE *to = fdopen(mkstemp(path), "w");
    fputs("{\"time_s\":900,\"good\":true}\n{\"time_s\":1100,\"good\":true,\"feeds\":[{\"tests\":[{\"blocked\":true}],"
          "\"alarms\":[]}],\"alarms\":[]}\n"
          "half a line\n[]\n{\"time_s\":1200,\"good\":false,\"feeds\":[{\"alarms\":[\"its copy is too "
          "old\"]}],\"alarms\":[]}\n{\"time_s\":2000,\"good\":true}\n",
          to);
    fclose(to);
    assert_int_equal(from_register(f->arena, path, &f->sheet), 0);
    unlink(path);
    assert_int_equal(f->sheet.check_count, 2);
    assert_false(f->sheet.checks[0].good);
    assert_string_equal(f->sheet.checks[0].result, "NO: its copy is too old");
    assert_string_equal(f->sheet.checks[1].result, "yes: 1 list in force, 1 of their test pages blocked");
}

static void no_register_is_no_error(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(from_register(f->arena, "/nowhere/register", &f->sheet), 0);
    assert_int_equal(f->sheet.check_count, 0);
}

static void what_the_resolver_says_is_passed_on(void **state)
{
    static const struct {
        const char *status, *state;
    } rows[] = {
        {"{\"health\":{\"reasons\":[]},\"log\":{\"trouble\":null},\"policy\":{\"version\":12},\"generation\":{"
         "\"number\":7}}",
         ""},
        {"{\"health\":{\"reasons\":[\"no upstream server "
         "answers\",\"b\"]},\"policy\":{\"version\":12},\"generation\":{\"number\":7}}",
         "no upstream server answers; b"},
        {"{\"log\":{\"trouble\":\"disk full\"},\"policy\":{\"version\":12},\"generation\":{\"number\":7}}",
         "the log can't be written: disk full"},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        json_t *status = json_loads(rows[i].status, 0, NULL);
        assert_int_equal(from_status(f->arena, status, &f->sheet), 0);
        assert_string_equal(f->sheet.origin.state, rows[i].state);
        assert_string_equal(f->sheet.origin.policy, "version 12");
        assert_int_equal(f->sheet.origin.generation, 7);
        json_decref(status);
    }
    assert_int_equal(from_status(f->arena, NULL, &f->sheet), 0);
    assert_non_null(strstr(f->sheet.origin.state, "did not answer"));
}

int main(void)
{
#define IN_FIXTURE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_FIXTURE(feeds_in_trouble_come_first),
        IN_FIXTURE(without_a_run_there_are_no_feeds),
        IN_FIXTURE(checks_are_those_of_the_period_newest_first),
        IN_FIXTURE(no_register_is_no_error),
        IN_FIXTURE(what_the_resolver_says_is_passed_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
