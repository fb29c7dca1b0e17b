#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "delivery/route.h"

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
        cmocka_unit_test(a_target_finds_its_route),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
