/* What devices call themselves, made fit to be kept and shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "identity/clean.h"

static const struct {
    const char *from, *to;
} rows[] = {
    {"", ""},
    {"LIBRARY-PC-3", "LIBRARY-PC-3"},
    {"Tom's iPad", "Tom's iPad"},
    {"Si\xc3\xa2n", "Si\xc3\xa2n"},
    {"\xe5\xad\xa6\xe6\xa0\xa1", "\xe5\xad\xa6\xe6\xa0\xa1"},
    {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
    {"  two  \t words \r\n", "two words"},
    {"a\nb", "a b"},
    {"a\x1b[31mred", "a[31mred"},
    {"a\x07\x7f\x01z", "az"},
    {"a\xc2\x9b", "a"},                                       /* CSI in one character */
    {"a\xe2\x80\xaegpj.exe", "agpj.exe"},                     /* U+202E */
    {"a\xe2\x81\xa6z", "az"},                                 /* U+2066 */
    {"\xef\xbb\xbfname", "name"},                             /* U+FEFF */
    {"a\xe2\x80\xa8z", "a z"},                                /* U+2028 */
    {"a\xe2\x80\x8bz", "az"},                                 /* U+200B */
    {"a\xf3\xa0\x81\x81z", "az"},                             /* U+E0041 */
    {"a\xff", "a\xef\xbf\xbd"},                               /* no UTF-8 */
    {"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},                 /* overlong */
    {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"}, /* half a surrogate pair */
    {"ab\xe5\xad", "ab\xef\xbf\xbd\xef\xbf\xbd"},             /* cut short */
    {"=HYPERLINK(\"x\")", "=HYPERLINK(\"x\")"},               /* not ours to change: whoever shows it escapes it */
};

static void a_name_keeps_its_letters_and_loses_what_hides_or_turns(void **state)
{
    char out[128];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t len = clean_name(rows[i].from, strlen(rows[i].from), out, sizeof out);
        assert_string_equal(out, rows[i].to);
        assert_int_equal(len, strlen(rows[i].to));
    }
}

static void what_is_clean_stays_as_it_is(void **state)
{
    char once[128], twice[128];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t len = clean_name(rows[i].from, strlen(rows[i].from), once, sizeof once);
        assert_int_equal(clean_name(once, len, twice, sizeof twice), len);
        assert_string_equal(once, twice);
    }
}

static void a_long_name_is_cut_between_characters(void **state)
{
    char out[6];
    (void)state;
    assert_int_equal(clean_name("abcdefgh", 8, out, sizeof out), 5);
    assert_string_equal(out, "abcde");
    assert_int_equal(clean_name("abcd\xc3\xa2", 6, out, sizeof out), 4);
    assert_string_equal(out, "abcd");
    assert_int_equal(clean_name("abcd ef", 7, out, sizeof out), 4); /* no space at the end */
    assert_string_equal(out, "abcd");
    assert_int_equal(clean_name("abc", 3, out, 1), 0);
    assert_string_equal(out, "");
}

static void a_zero_byte_ends_nothing(void **state)
{
    char out[16];
    (void)state;
    assert_int_equal(clean_name("a\0b", 3, out, sizeof out), 2);
    assert_string_equal(out, "ab");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_keeps_its_letters_and_loses_what_hides_or_turns),
        cmocka_unit_test(what_is_clean_stays_as_it_is),
        cmocka_unit_test(a_long_name_is_cut_between_characters),
        cmocka_unit_test(a_zero_byte_ends_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
