#include "sheet/daily.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sample.h"

static void the_first_line_has_what_is_to_be_done(void **state)
{
    char *html = sample_written(daily_write, sample_sheet(false));
    (void)state;
    assert_non_null(strstr(html, "4 things are worth a look."));
    assert_non_null(strstr(html, "2 messages wait</a> for an answer."));
    assert_non_null(strstr(html, "3 faults</a> want mending.")); /* gaps, a stale list, a check that failed */
    assert_non_null(strstr(html, "self-harm or suicide, to the safeguarding lead"));
    free(html);
}

static void a_quiet_day_says_so(void **state)
{
    struct sheet *sheet = sample_empty();
    struct sheet_feed feed = {.name = "list", .state = "fresh", .problem = ""};
    (void)state;
    sheet->feeds = &feed;
    sheet->feed_count = 1;
    char *html = sample_written(daily_write, sheet);
    assert_non_null(strstr(html, "Nothing asks for a closer look. Everything was working."));
    free(html);
}

static void texts_from_outside_are_never_markup(void **state)
{
    char *html = sample_written(daily_write, sample_sheet(true));
    (void)state;
    assert_null(strstr(html, "<script"));
    free(html);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_line_has_what_is_to_be_done),
        cmocka_unit_test(a_quiet_day_says_so),
        cmocka_unit_test(texts_from_outside_are_never_markup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
