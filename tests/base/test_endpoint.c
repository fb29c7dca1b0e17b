#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/endpoint.h"

static void addresses_are_plain(void **state)
{
    static const char *const good[] = {"dsl@school.example", "a.b+c@x.school.example", "o'brien@school.example", "a@b"};
    static const char *const bad[] = {"",         "a",           "@b",        "a@",       "a b@c",    "a@b c",
                                      "a@b\r\nc", "<a@b>",       "a@b>",      "a,b@c",    ".a@b",     "a.@b",
                                      "a..b@c",   "a@b..c",      "a@.b",      "a@b.",     "é@b",      "a@b@c",
                                      "\"a\"@b",  "a@[1.2.3.4]", "-oProxy@b", "a@b_c.uk", "a;b@c.uk", "a(b)@c"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(endpoint_is_mail(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(endpoint_is_mail(bad[i]));
}

static void addresses_in_clear_lead_to_this_machine_only(void **state)
{
    static const char *const good[] = {"https://a.example/x",     "http://127.0.0.1/", "http://127.9.9.9:80/x",
                                       "http://localhost:1/?a=b", "http://[::1]:8/x",  "HTTPS://a",
                                       "https://a.example/x@y"};
    static const char *const bad[] = {"",
                                      "http://a.example/",
                                      "http://127.0.0.1.evil.example/",
                                      "http://localhost@evil.example/",
                                      "http://127.0.0.1:80@evil.example/",
                                      "ftp://a",
                                      "https://",
                                      "https://user:word@a.example/x",
                                      "https://a@b.example?x",
                                      "https:///x",
                                      "https://a/ b",
                                      "https://a/\r\nx",
                                      "http://[::2]/",
                                      "http://128.0.0.1/",
                                      "file:///etc/passwd"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(endpoint_is_url(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(endpoint_is_url(bad[i]));
}

static void hosts_are_names_or_addresses(void **state)
{
    static const char *const good[] = {"smtp.school.example", "localhost", "10.1.0.5", "fd10::5", "::1"};
    static const char *const bad[] = {"",
                                      "a b",
                                      "smtp.example\r\nRCPT",
                                      "u@smtp.example",
                                      "smtp.example/x",
                                      "a..b",
                                      "[fd10::5]",
                                      "smtp.example:25",
                                      "a?b",
                                      "fd10::5%eth0"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(endpoint_is_host(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(endpoint_is_host(bad[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_plain),
        cmocka_unit_test(addresses_in_clear_lead_to_this_machine_only),
        cmocka_unit_test(hosts_are_names_or_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
