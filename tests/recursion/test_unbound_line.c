#include "recursion/unbound_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void a_line_is_split_into_level_and_text(void **state)
{
    static const struct {
        const char *line;
        enum log_level level;
        const char *text;
    } rows[] = {
        {"[1795898765] unbound[4711:0] info: start of service (unbound 1.17.1).", LOG_LEVEL_INFO,
         "start of service (unbound 1.17.1)."},
        {"[1] unbound[1:1a] notice: init module 0: validator", LOG_LEVEL_INFO, "init module 0: validator"},
        {"[1795898765] unbound[4711:3] warning: increased limit", LOG_LEVEL_WARNING, "increased limit"},
        {"[1795898765] unbound[4711:0] error: can't bind socket", LOG_LEVEL_ERROR, "can't bind socket"},
        {"[1795898765] unbound[4711:0] fatal error: could not open ports", LOG_LEVEL_ERROR, "could not open ports"},
        {"[1795898765] unbound[4711:0] error: ", LOG_LEVEL_ERROR, ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct unbound_line out;
        unbound_line_read(rows[i].line, &out);
        assert_int_equal(out.level, rows[i].level);
        assert_string_equal(out.text, rows[i].text);
    }
}

static void a_line_of_another_form_is_a_warning_as_it_is(void **state)
{
    static const char *const lines[] = {"",
                                        "[",
                                        "[]",
                                        "free(): invalid pointer",
                                        "[12] unbound[",
                                        "[12] unbound[1:0]",
                                        "[12] unbound[1:0] ",
                                        "[12] unbound[1:0] info",
                                        "[12] unbound[1:0] shout: loud",
                                        "[x] unbound[1:0] info: text",
                                        "/x/unbound.conf:3: error: unknown keyword"};
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct unbound_line out;
        unbound_line_read(lines[i], &out);
        assert_int_equal(out.level, LOG_LEVEL_WARNING);
        assert_ptr_equal(out.text, lines[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_split_into_level_and_text),
        cmocka_unit_test(a_line_of_another_form_is_a_warning_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
