#include "base/plain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void expect(const char *text, const char *printed)
{
    char *bytes = NULL;
    size_t len;
    FILE *to = open_memstream(&bytes, &len);
    assert_non_null(to);
    plain_print(text, to);
    assert_int_equal(fclose(to), 0);
    assert_string_equal(bytes, printed);
    free(bytes);
}

static void words_are_as_they_were(void **state)
{
    (void)state;
    expect(NULL, "");
    expect("", "");
    expect("No\xc3\xabl asked <b>", "No\xc3\xabl asked <b>");
}

static void nothing_steers_a_terminal_or_ends_a_line(void **state)
{
    (void)state;
    expect("a\x1b]0;b\x07"
           "c\nd\te\x7f",
           "a ]0;b c d e ");
    expect("a\xc2\x9b"
           "31mb",
           "a 31mb"); /* CSI of 8 bits */
    expect("\xc2\xa3", "\xc2\xa3");
}

static void what_is_no_utf8_is_seen(void **state)
{
    (void)state;
    expect("a\x9b"
           "b\xff",
           "a?b?");
    expect("a\xe2\x82", "a??"); /* cut off */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_as_they_were),
        cmocka_unit_test(nothing_steers_a_terminal_or_ends_a_line),
        cmocka_unit_test(what_is_no_utf8_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
