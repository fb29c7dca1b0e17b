/* Which sheets are made when, and for whom, as it is written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "config/written.h"

static void without_a_word_sheets_are_left_in_a_folder(void **state)
{
    struct config *config = written_load("");
    (void)state;
    assert_non_null(config);
    assert_string_equal(config->reports.dir, "/var/lib/belisha/reports");
    assert_false(config->reports.pdf);
    for (int i = 0; i < CONFIG_REPORT_KINDS; i++) {
        assert_int_equal(config->reports.kinds[i].to_count, 0);
        assert_int_equal(config->reports.kinds[i].second, 6 * 3600 + 30 * 60);
        assert_false(config->reports.kinds[i].attached);
    }
    assert_int_equal(config->reports.kinds[CONFIG_REPORT_WEEKLY].weekday, 0);
    config_free(config);
}

static void a_school_says_when_and_for_whom(void **state)
{
    struct config *config = written_load("state_dir: /state\n"
                                 "recipients: [{ role: safeguarding, folder: /srv/dsl }]\n"
                                 "reports:\n"
                                 "  folder: /srv/sheets\n"
                                 "  passphrase_file: sheet.pass\n"
                                 "  weekly: { to: [safeguarding], day: Fri, time: '16:05', mail: attached }\n");
    (void)state;
    assert_non_null(config);
    const struct config_report *weekly = &config->reports.kinds[CONFIG_REPORT_WEEKLY];
    assert_string_equal(config->reports.dir, "/srv/sheets");
    assert_string_equal(config->reports.passphrase_file, "/state/sheet.pass");
    assert_int_equal(weekly->weekday, 4);
    assert_int_equal(weekly->second, 16 * 3600 + 5 * 60);
    assert_true(weekly->attached);
    assert_string_equal(weekly->to[0], "safeguarding");
    config_free(config);
}

static void mistakes_say_what_would_be_right(void **state)
{
    static const struct {
        const char *text, *hint;
    } rows[] = {
        {"reports: { weekly: { time: '6:30' } }", "such as 06:30, not '6:30'"},
        {"reports: { weekly: { time: '24:00' } }", "such as 06:30"},
        {"reports: { daily: { time: '12:60' } }", "such as 06:30"},
        {"reports: { daily: { time: 'noon!' } }", "such as 06:30"},
        {"reports: { weekly: { day: Monday } }", "Mon"},
        {"reports: { weekly: { to: [dsl] } }", "no recipient has the role 'dsl'"},
        {"reports: { daily: { mail: attached } }", "passphrase_file"},
        {"reports: { governors: { mail: attached } }", "mail"},
        {"reports: { montly: {} }", "montly"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_null(written_load(rows[i].text));
        if (strstr(written_message, rows[i].hint) == NULL)
            fail_msg("%s: %s", rows[i].text, written_message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_word_sheets_are_left_in_a_folder),
        cmocka_unit_test(a_school_says_when_and_for_whom),
        cmocka_unit_test(mistakes_say_what_would_be_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
