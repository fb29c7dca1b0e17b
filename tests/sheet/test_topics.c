#include "sheet/topics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/category.h"

static void every_category_has_words_of_its_own(void **state)
{
    (void)state;
    for (unsigned i = 0; i < CATEGORY_MAX; i++) {
        if (category_name(i) == NULL)
            continue;
        if (strcmp(topic_words(i), topic_words(CATEGORY_NONE)) == 0)
            fail_msg("%s has no words", category_name(i));
        for (unsigned k = 0; k < i; k++)
            assert_string_not_equal(topic_words(i), topic_words(k));
    }
}

static void what_is_no_category_has_words_too(void **state)
{
    (void)state;
    assert_string_equal(topic_words(CATEGORY_NONE), "no category");
    assert_string_equal(topic_words(CATEGORY_MAX), "no category");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_category_has_words_of_its_own),
        cmocka_unit_test(what_is_no_category_has_words_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
