#include "sheet/weeks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "policy/civil.h"

static const struct calendar utc;

static void what_was_kept_is_found_again_and_the_later_line_counts(void **state)
{
    char folder[] = "/tmp/belisha-weeks-XXXXXX", path[80];
    const int32_t monday = civil_day((struct civil_date){2026, 11, 16});
    struct sheet_week weeks[] = {{.first_day = monday - 7}, {.first_day = monday}};
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/weeks", folder);
    assert_int_equal(weeks_load(path, &utc, weeks, 2), 0);
    assert_false(weeks[1].known);
    assert_int_equal(weeks_put(path, &utc, &(struct sheet_week){.first_day = monday, .asked = 5, .concerning = 1}), 0);
    assert_int_equal(
        weeks_put(path, &utc,
                  &(struct sheet_week){.first_day = monday, .asked = 9, .concerning = 2, .other = 3, .requests = 4}),
        0);
    FILE *to = fopen(path, "a");
    fputs("{\"week\":7}\n{\"week\":\"2026-W99\"}\nnothing\n{\"week\":\"2026-W46\",\"asked\":-4}\n", to);
    fclose(to);
    assert_int_equal(weeks_load(path, &utc, weeks, 2), 0);
    assert_true(weeks[0].known);
    assert_int_equal(weeks[0].asked, 0);
    assert_int_equal(weeks[1].asked, 9);
    assert_int_equal(weeks[1].concerning, 2);
    assert_int_equal(weeks[1].other, 3);
    assert_int_equal(weeks[1].requests, 4);
    unlink(path);
    assert_int_equal(rmdir(folder), 0);
}

static void a_folder_that_is_not_there_is_an_error(void **state)
{
    (void)state;
    assert_int_equal(weeks_put("/nowhere/weeks", &utc, &(struct sheet_week){.first_day = 20772}), ERR_NOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_kept_is_found_again_and_the_later_line_counts),
        cmocka_unit_test(a_folder_that_is_not_there_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
