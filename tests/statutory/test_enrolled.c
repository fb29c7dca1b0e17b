#include "statutory/enrolled.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "belisha/statutory_format.h"

static void touch(const char *path)
{
    FILE *to = fopen(path, "w");
    assert_non_null(to);
    fclose(to);
}

static void either_marker_says_that_the_tier_was_set_up(void **state)
{
    char folder[] = "/tmp/belisha-enrolled-XXXXXX";
    char tier[64], current[80], inside[80], outside[80];
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(tier, sizeof tier, "%s/" STATUTORY_FOLDER, folder);
    snprintf(current, sizeof current, "%s/current", tier);
    snprintf(inside, sizeof inside, "%s/" STATUTORY_MARKER_FILE, tier);
    snprintf(outside, sizeof outside, "%s/" STATUTORY_MARKER_COPY, folder);
    assert_false(enrolled_is_set_up(current)); /* no such folder */
    touch(outside);
    assert_true(enrolled_is_set_up(current)); /* the folder was deleted by hand, and that is noticed */
    assert_int_equal(mkdir(tier, 0700), 0);
    touch(inside);
    assert_true(enrolled_is_set_up(current));
    unlink(outside);
    assert_true(enrolled_is_set_up(current));
    unlink(inside);
    assert_false(enrolled_is_set_up(current));
    assert_false(enrolled_is_set_up(""));
    assert_false(enrolled_is_set_up("current"));
    rmdir(tier);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(either_marker_says_that_the_tier_was_set_up)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
