#include "qlog/code.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t name[] = "\7example\3com";
static const uint8_t other[] = "\7example\3org";

static struct ipaddr client_of(const char *text)
{
    struct ipaddr client;
    assert_int_equal(ipaddr_from_text(text, &client), 0);
    return client;
}

static void code_matches_its_client_name_and_quarter_of_an_hour(void **state)
{
    const struct ipaddr client = client_of("10.20.3.4");
    const struct ipaddr neighbour = client_of("10.20.3.5");
    /* The last: a minute before the 20 bits of the minute begin anew. */
    static const int64_t times[] = {1700000000, 1700000039, 60, (INT64_C(1) << 20) * 60 + 59};
    (void)state;
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        char text[QLOG_CODE_TEXT_MAX];
        struct qlog_code code;
        int64_t minute = times[i] / 60 * 60;
        assert_string_equal(qlog_code_make(&client, name, times[i], text), text);
        assert_int_equal(strlen(text), 9);
        assert_int_equal(text[4], '-');
        assert_int_equal(qlog_code_parse(text, &code), 0);
        assert_true(qlog_code_matches(&code, &client, name, times[i]));
        assert_true(qlog_code_matches(&code, &client, name, minute - 15 * 60));
        assert_false(qlog_code_matches(&code, &client, name, minute - 15 * 60 - 1));
        assert_false(qlog_code_matches(&code, &client, name, minute + 60));
        assert_false(qlog_code_matches(&code, &neighbour, name, times[i]));
        assert_false(qlog_code_matches(&code, &client, other, times[i]));
    }
}

static void code_reads_what_people_type(void **state)
{
    static const char *const same[] = {"10AB-01CD", "10ab-01cd", "10AB01CD", "IOAB-OLCD", "ioabolcd"};
    static const char *const wrong[] = {"",          "10AB-01C",  "10AB-01CDE", "10AU-01CD", "10AB--01CD",
                                        "10A-B01CD", "-10AB01CD", "10AB01CD-",  "10AB 01CD"};
    struct qlog_code first;
    struct qlog_code code;
    (void)state;
    assert_int_equal(qlog_code_parse(same[0], &first), 0);
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        assert_int_equal(qlog_code_parse(same[i], &code), 0);
        assert_int_equal(code.minute, first.minute);
        assert_int_equal(code.hash, first.hash);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(qlog_code_parse(wrong[i], &code), ERR_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(code_matches_its_client_name_and_quarter_of_an_hour),
        cmocka_unit_test(code_reads_what_people_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
