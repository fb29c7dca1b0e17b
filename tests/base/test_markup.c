#include "base/markup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void markup_writes_figures_as_people_read_them(void **state)
{
    static const struct {
        uint64_t count;
        const char *text;
    } rows[] = {{0, "0"}, {999, "999"}, {1000, "1,000"}, {12345678, "12,345,678"}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[64] = "";
        FILE *to = fmemopen(text, sizeof text, "w");
        markup_count(rows[i].count, to);
        fclose(to);
        assert_string_equal(text, rows[i].text);
    }
}

static void markup_text_has_nothing_of_others_as_markup(void **state)
{
    char text[256] = "";
    FILE *to = fmemopen(text, sizeof text, "w");
    (void)state;
    markup_text("<script>a & 'b' \"c\"\x1b[1m\x7f</script>", to);
    fclose(to);
    assert_string_equal(text,
                        "&lt;script&gt;a &amp; &#39;b&#39; &quot;c&quot;\xef\xbf\xbd[1m\xef\xbf\xbd&lt;/script&gt;");
}

static void markup_text_shows_what_is_no_utf8_as_such(void **state)
{
    char text[64] = "";
    FILE *to = fmemopen(text, sizeof text, "w");
    (void)state;
    markup_text("a\xff\xc3(\xc3\xa9", to);
    fclose(to);
    assert_string_equal(text, "a\xef\xbf\xbd\xef\xbf\xbd(\xc3\xa9");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(markup_writes_figures_as_people_read_them),
        cmocka_unit_test(markup_text_has_nothing_of_others_as_markup),
        cmocka_unit_test(markup_text_shows_what_is_no_utf8_as_such),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
