/* The form of a risk assessment, as it is shipped and as people fill it in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/assessment_file.h"

static char message[1024];

static int read_text(const char *text, struct assessment *out)
{
    struct config_errors errors = {0};
    char path[] = "/tmp/belisha-assessment-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    int err = assessment_file_read(path, out, &errors);
    unlink(path);
    snprintf(message, sizeof message, "%s", errors.count > 0 ? errors.text[0] : "");
    config_errors_done(&errors);
    return err;
}

static void the_form_that_is_shipped_is_one_and_wants_to_be_filled_in(void **state)
{
    struct assessment read;
    struct config_errors errors = {0};
    (void)state;
    assert_int_equal(assessment_file_read(BELISHA_DATA "/risk-assessment.yaml", &read, &errors), ERR_CONFIG);
    config_errors_done(&errors);
}

static void what_is_filled_in_is_read(void **state)
{
    struct assessment read;
    (void)state;
    assert_int_equal(read_text("purpose: art\nbenefit: |\n  two\n  lines\nage_minimum: 13\nterms_checked: yes\n"
                               "review: 2027-06-01\n",
                               &read),
                     0);
    assert_string_equal(read.purpose, "art");
    assert_string_equal(read.benefit, "two\nlines\n");
    assert_int_equal(read.age_minimum, 13);
    assert_true(read.terms_checked);
    assert_int_equal(read_text("age_minimum: none\n", &read), 0);
    assert_int_equal(read.age_minimum, ASSESSMENT_AGE_NONE);
}

static void mistakes_are_told_with_their_place(void **state)
{
    static const struct {
        const char *text, *said;
    } rows[] = {
        {"age_minimum: none\ncolour: red\n", ":2:1: error: "},
        {"purpose: x\n", "say the sites' minimum age"},
        {"age_minimum: thirteen\n", ":1:14: error: age_minimum must be a number of years or none, not 'thirteen'"},
        {"age_minimum: 130\n", "not '130'"},
        {"age_minimum: 1\nreview: next week\n", ":2:9: error: review must be a day such as 2027-06-01"},
        {"age_minimum: 1\nterms_checked: maybe\n", "terms_checked must be true or false"},
        {"[a]\n", "must hold a mapping"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct assessment read;
        assert_int_equal(read_text(rows[i].text, &read), ERR_CONFIG);
        if (strstr(message, rows[i].said) == NULL)
            fail_msg("%s: %s", rows[i].text, message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_form_that_is_shipped_is_one_and_wants_to_be_filled_in),
        cmocka_unit_test(what_is_filled_in_is_read),
        cmocka_unit_test(mistakes_are_told_with_their_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
