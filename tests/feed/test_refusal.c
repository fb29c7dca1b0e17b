#include "feed/refusal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "feed/format.h"

static char *reference(void)
{
    size_t cap = 1 << 16;
    char *text = calloc(1, cap);
    FILE *file = fopen("../../docs/reference/feeds.md", "re");
    assert_non_null(text);
    assert_non_null(file);
    assert_true(fread(text, 1, cap - 1, file) > 0);
    fclose(file);
    return text;
}

/* Whether two texts are the same but for the reference's `quotes`. */
static bool same_words(const char *marked, const char *plain)
{
    while (*plain != '\0') {
        if (*marked == '`')
            marked++;
        else if (*marked++ != *plain++)
            return false;
    }
    return true;
}

static void every_refusal_is_in_the_reference(void **state)
{
    char *text = reference();
    (void)state;
    for (enum refusal i = REFUSED_SYNTAX; i < REFUSAL_COUNT; i++) {
        char row[64];
        snprintf(row, sizeof row, "| `%s` | ", refusal_name(i));
        const char *at = strstr(text, row);
        if (at == NULL)
            fail_msg("docs/reference/feeds.md lacks %s", row);
        if (!same_words(at + strlen(row), refusal_sentence(i)))
            fail_msg("docs/reference/feeds.md says something else about %s", refusal_name(i));
    }
    free(text);
}

static void every_format_is_in_the_reference(void **state)
{
    char *text = reference();
    (void)state;
    for (size_t i = 0; feed_format_at(i) != NULL; i++) {
        char row[64];
        snprintf(row, sizeof row, "\n| `%s` | ", feed_format_at(i)->name);
        if (strstr(text, row) == NULL)
            fail_msg("docs/reference/feeds.md lacks the format %s", feed_format_at(i)->name);
    }
    free(text);
}

static void refusal_names_are_unique(void **state)
{
    (void)state;
    for (int i = 0; i < REFUSAL_COUNT; i++) {
        for (int j = 0; j < i; j++)
            assert_string_not_equal(refusal_name(i), refusal_name(j));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_refusal_is_in_the_reference),
        cmocka_unit_test(every_format_is_in_the_reference),
        cmocka_unit_test(refusal_names_are_unique),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
