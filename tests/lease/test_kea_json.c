#include "lease/kea_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "lease/shelf.h"

static int read_page(const char *text, struct shelf *shelf, struct kea_page *page)
{
    *shelf = (struct shelf){.count = 0};
    return kea_page_read(text, strlen(text), shelf_put, shelf, page);
}

static void a_page_is_read(void **state)
{
    /* as Kea 2.2.0 says it */
    static const char text[] =
        "{ \"arguments\": { \"count\": 1, \"leases\": [ { \"client-id\": \"01:22:e8:21:14:7a:b1\", \"cltt\": "
        "1795914235, "
        "\"fqdn-fwd\": false, \"fqdn-rev\": false, \"hostname\": \"laptop-7\", \"hw-address\": \"22:e8:21:14:7a:b1\", "
        "\"ip-address\": \"10.5.0.10\", \"state\": 0, \"subnet-id\": 1, \"valid-lft\": 60 } ] }, \"result\": 0, "
        "\"text\": \"1 IPv4 lease(s) found.\" }";
    struct shelf shelf;
    struct kea_page page;
    (void)state;
    assert_int_equal(read_page(text, &shelf, &page), 0);
    assert_int_equal(page.count, 1);
    assert_int_equal(shelf.count, 1);
    assert_string_equal(shelf_line(&shelf.leases[0]), "10.5.0.10 22:e8:21:14:7a:b1 laptop-7 1795914235..1795914295");
    assert_true(ipaddr_equal(&page.last, &shelf.leases[0].address));
}

static void leases_that_do_not_hold_are_told(void **state)
{
    static const char text[] =
        "{\"result\": 0, \"arguments\": {\"leases\": [{\"ip-address\": \"10.5.0.1\", \"cltt\": 9, \"valid-lft\": 60, "
        "\"state\": 1}, {\"ip-address\": \"10.5.0.2\", \"cltt\": 9, \"valid-lft\": 0}, "
        "{\"ip-address\": \"10.5.0.3\", \"cltt\": 9, \"valid-lft\": 4294967295, \"state\": 0}, "
        "{\"ip-address\": \"fd05:1::\", \"type\": \"IA_PD\", \"cltt\": 9, \"valid-lft\": 60}]}}";
    struct shelf shelf;
    struct kea_page page;
    (void)state;
    assert_int_equal(read_page(text, &shelf, &page), 0);
    assert_int_equal(page.count, 4);
    assert_int_equal(shelf.count, 3);
    assert_string_equal(shelf_line(&shelf.leases[0]), "10.5.0.1 free");
    assert_string_equal(shelf_line(&shelf.leases[1]), "10.5.0.2 free");
    assert_string_equal(shelf_line(&shelf.leases[2]), "10.5.0.3 - - 9..0");
}

static void ipv6_leases_have_a_duid(void **state)
{
    static const char text[] = "{\"result\": 0, \"arguments\": {\"leases\": [{\"ip-address\": \"fd05::10\", \"duid\": "
                               "\"00:03:00:01:de:cd:7c:0b:2f:f2\", \"cltt\": 9, \"valid-lft\": 60, \"type\": "
                               "\"IA_NA\", \"hostname\": \"x.\"}]}}";
    struct shelf shelf;
    struct kea_page page;
    (void)state;
    assert_int_equal(read_page(text, &shelf, &page), 0);
    assert_string_equal(shelf_line(&shelf.leases[0]), "fd05::10 de:cd:7c:0b:2f:f2 x 9..69");
}

static void an_empty_page_is_the_end(void **state)
{
    struct shelf shelf;
    struct kea_page page;
    (void)state;
    assert_int_equal(
        read_page("{\"arguments\": {\"count\": 0, \"leases\": []}, \"result\": 3, \"text\": \"0\"}", &shelf, &page), 0);
    assert_int_equal(page.count, 0);
}

static void what_kea_refuses_is_told(void **state)
{
    struct shelf shelf;
    struct kea_page page;
    (void)state;
    assert_int_equal(
        read_page("{\"result\": 2, \"text\": \"'lease4-get-page' command not supported.\"}", &shelf, &page),
        ERR_UNSUPPORTED);
    assert_int_equal(read_page("{\"result\": 1, \"text\": \"no\\nway\"}", &shelf, &page), ERR_INVAL);
    assert_string_equal(page.text, "no way");
}

static void what_is_no_answer_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "{",
        "[]",
        "7",
        "{}",
        "{\"result\": \"0\"}",
        "{\"result\": -1}",
        "{\"result\": null}",
        "{\"result\": 0, \"arguments\": {\"leases\": [7]}}",
        "{\"result\": 0, \"arguments\": {\"leases\": [{\"ip-address\": 7}]}}",
        "{\"result\": 0, \"arguments\": {\"leases\": [{\"ip-address\": \"10.5.0.1\", \"cltt\": -1}]}}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct shelf shelf;
        struct kea_page page;
        assert_int_equal(read_page(texts[i], &shelf, &page), ERR_MALFORMED);
        assert_int_equal(shelf.count, 0);
    }
}

static void commands_go_on_behind_an_address(void **state)
{
    char text[KEA_COMMAND_MAX] = "";
    struct ipaddr address;
    (void)state;
    size_t len = kea_page_command(AF_INET, NULL, text);
    assert_int_equal(len, strlen(text));
    assert_string_equal(text,
                        "{\"command\": \"lease4-get-page\", \"arguments\": {\"from\": \"start\", \"limit\": 1000}}");
    assert_int_equal(ipaddr_from_text("fd05::10", &address), 0);
    kea_page_command(AF_INET6, &address, text);
    assert_string_equal(text,
                        "{\"command\": \"lease6-get-page\", \"arguments\": {\"from\": \"fd05::10\", \"limit\": 1000}}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_is_read),
        cmocka_unit_test(leases_that_do_not_hold_are_told),
        cmocka_unit_test(ipv6_leases_have_a_duid),
        cmocka_unit_test(an_empty_page_is_the_end),
        cmocka_unit_test(what_kea_refuses_is_told),
        cmocka_unit_test(what_is_no_answer_is_refused),
        cmocka_unit_test(commands_go_on_behind_an_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
