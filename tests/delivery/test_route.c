#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "delivery/route.h"

static void addresses_are_plain(void **state)
{
    static const char *const good[] = {"dsl@school.example", "a.b+c@x.school.example", "o'brien@school.example", "a@b"};
    static const char *const bad[] = {"",         "a",           "@b",        "a@",       "a b@c",    "a@b c",
                                      "a@b\r\nc", "<a@b>",       "a@b>",      "a,b@c",    ".a@b",     "a.@b",
                                      "a..b@c",   "a@b..c",      "a@.b",      "a@b.",     "é@b",      "a@b@c",
                                      "\"a\"@b",  "a@[1.2.3.4]", "-oProxy@b", "a@b_c.uk", "a;b@c.uk", "a(b)@c"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(route_is_address(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(route_is_address(bad[i]));
}

static void addresses_in_clear_lead_to_this_machine_only(void **state)
{
    static const char *const good[] = {"https://a.example/x",     "http://127.0.0.1/", "http://127.9.9.9:80/x",
                                       "http://localhost:1/?a=b", "http://[::1]:8/x",  "HTTPS://a"};
    static const char *const bad[] = {"",
                                      "http://a.example/",
                                      "http://127.0.0.1.evil.example/",
                                      "http://localhost@evil.example/",
                                      "http://127.0.0.1:80@evil.example/",
                                      "ftp://a",
                                      "https://",
                                      "https:///x",
                                      "https://a/ b",
                                      "https://a/\r\nx",
                                      "http://[::2]/",
                                      "http://128.0.0.1/",
                                      "file:///etc/passwd"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(route_url_is_good(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(route_url_is_good(bad[i]));
}

static void a_target_finds_its_route(void **state)
{
    const struct mail_opts mail = {.server = "smtp.school.example"};
    const struct webhook_opts hooks[] = {{.name = "a"}, {.name = "incidents"}};
    const struct syslog_opts logs[] = {{.name = "siem"}};
    const struct routes routes = {
        .mail = &mail, .webhooks = hooks, .webhook_count = 2, .syslogs = logs, .syslog_count = 1};
    const struct routes none = {.mail = NULL};
    struct route route;
    (void)state;
    assert_int_equal(route_find(&routes, "mail:dsl@school.example", &route), 0);
    assert_ptr_equal(route.mail, &mail);
    assert_string_equal(route.to, "dsl@school.example");
    assert_int_equal(route_find(&routes, "webhook:incidents", &route), 0);
    assert_ptr_equal(route.webhook, &hooks[1]);
    assert_int_equal(route_find(&routes, "syslog:siem", &route), 0);
    assert_ptr_equal(route.syslog, &logs[0]);
    assert_int_equal(route_find(&routes, "folder:/srv", &route), 0);
    assert_string_equal(route.to, "/srv");
    assert_int_equal(route_find(&routes, "webhook:gone", &route), ERR_NOENT);
    assert_int_equal(route_find(&none, "mail:dsl@school.example", &route), ERR_NOENT);
    assert_int_equal(route_find(&routes, "mail:dsl", &route), ERR_MALFORMED);
    assert_int_equal(route_find(&routes, "folder:srv", &route), ERR_MALFORMED);
    assert_int_equal(route_find(&routes, "pigeon:a", &route), ERR_MALFORMED);
    assert_int_equal(route_find(&routes, "mail:", &route), ERR_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_plain),
        cmocka_unit_test(addresses_in_clear_lead_to_this_machine_only),
        cmocka_unit_test(a_target_finds_its_route),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
