#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "net/doh_target.h"

static void doh_target_is_its_path_and_nothing_like_it(void **state)
{
    static const struct {
        const char *target;
        bool same;
    } cases[] = {
        {"/dns-query", true},   {"/dns-query?dns=AAAA", true}, {"/dns-query?", true}, {"/dns-queryx", false},
        {"/dns-quer", false},   {"/dns-query/", false},        {"/DNS-QUERY", false}, {"", false},
        {"?/dns-query", false}, {"//dns-query", false},        {"*", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(doh_target_is(cases[i].target, strlen(cases[i].target), "/dns-query"), cases[i].same);
}

static void doh_target_message_is_base64url_without_padding(void **state)
{
    static const struct {
        const char *target;
        int result; /* length, or an error */
        const char *message;
    } cases[] = {
        {"/q", ERR_NOENT, ""},
        {"/q?", ERR_NOENT, ""},
        {"/q?ct=a", ERR_NOENT, ""},
        {"/q?dns", ERR_NOENT, ""},
        {"/q?xdns=AAAA", ERR_NOENT, ""},
        {"/q?dns=", ERR_MALFORMED, ""},
        {"/q?dns=A", ERR_MALFORMED, ""},
        {"/q?dns=AA", 1, "\0"},
        {"/q?dns=AB", ERR_MALFORMED, ""}, /* bits behind the last byte: another text for the same message */
        {"/q?dns=AAA=", ERR_MALFORMED, ""},
        {"/q?dns=AA+A", ERR_MALFORMED, ""},
        {"/q?dns=AA%41A", ERR_MALFORMED, ""},
        {"/q?dns=_-8", 2, "\xff\xef"},
        {"/q?dns=TWFu", 3, "Man"},
        {"/q?a=b&dns=TWFu&c=d", 3, "Man"},
        {"/q?&&dns=TWFu", 3, "Man"},
        {"/q?dns=TWFu&dns=AAAA", 3, "Man"},
        {"/q?dns=TWFuTWFuTWFu", ERR_LIMIT, ""}, /* 9 bytes for 8 */
        {"/q?dns=TWFuTWFuTWE", 8, "ManManMa"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t out[8] = {0};
        int len = doh_target_message(cases[i].target, strlen(cases[i].target), out, sizeof out);
        assert_int_equal(len, cases[i].result);
        if (len > 0)
            assert_memory_equal(out, cases[i].message, (size_t)len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(doh_target_is_its_path_and_nothing_like_it),
        cmocka_unit_test(doh_target_message_is_base64url_without_padding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
