#include "net/address.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/loop.h"

#define LOOPBACK_INTERFACE 1
#define NO_INTERFACE       INT32_MAX

static struct endpoint endpoint_of(const char *text)
{
    struct endpoint at = loop_endpoint(text, 0);
    at.scope = ipaddr_is_link_local(&at.addr) ? LOOPBACK_INTERFACE : 0;
    return at;
}

static int open_bound(int type, const struct endpoint *at, int *out_err)
{
    int fd = socket(ipaddr_is_v4(&at->addr) ? AF_INET : AF_INET6, type, 0);
    assert_true(fd >= 0);
    *out_err = address_bind(fd, at);
    return fd;
}

static void address_binds_before_the_machine_has_it(void **state)
{
    static const char *const rows[] = {"192.0.2.1", "2001:db8::1", "fe80::1", "127.0.0.1", "::1", "0.0.0.0", "::"};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct endpoint at = endpoint_of(rows[i]);
        int err;
        int fd = open_bound(SOCK_DGRAM, &at, &err);
        assert_int_equal(err, 0);
        close(fd);
        fd = open_bound(SOCK_STREAM, &at, &err);
        assert_int_equal(err, 0);
        assert_int_equal(listen(fd, 1), 0);
        close(fd);
    }
}

static void address_bind_says_that_there_is_no_such_interface(void **state)
{
    struct endpoint at = endpoint_of("fe80::1");
    int err;
    (void)state;
    at.scope = NO_INTERFACE;
    close(open_bound(SOCK_DGRAM, &at, &err));
    assert_int_equal(err, -ENODEV);
}

static void address_bind_tells_of_an_address_in_use(void **state)
{
    struct endpoint at = loop_endpoint("127.0.0.1", 0);
    struct endpoint taken;
    int fd = loop_listen(SOCK_DGRAM, &at, &taken);
    int err;
    (void)state;
    close(open_bound(SOCK_DGRAM, &taken, &err));
    assert_int_equal(err, -EADDRINUSE);
    close(fd);
}

static void address_is_here_tells_what_the_machine_has(void **state)
{
    static const struct {
        const char *text;
        bool here;
    } rows[] = {
        {"127.0.0.1", true}, {"127.0.0.2", true},  {"::1", true},          {"0.0.0.0", true},
        {"::", true},        {"192.0.2.1", false}, {"2001:db8::1", false}, {"fe80::1", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct endpoint at = endpoint_of(rows[i].text);
        assert_int_equal(address_is_here(&at), rows[i].here);
    }
}

static void address_is_wildcard_knows_both_families(void **state)
{
    static const struct {
        const char *text;
        bool wildcard;
    } rows[] = {{"0.0.0.0", true}, {"::", true}, {"127.0.0.1", false}, {"::1", false}, {"1.0.0.0", false}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct endpoint at = endpoint_of(rows[i].text);
        assert_int_equal(address_is_wildcard(&at.addr), rows[i].wildcard);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(address_binds_before_the_machine_has_it),
        cmocka_unit_test(address_bind_says_that_there_is_no_such_interface),
        cmocka_unit_test(address_bind_tells_of_an_address_in_use),
        cmocka_unit_test(address_is_here_tells_what_the_machine_has),
        cmocka_unit_test(address_is_wildcard_knows_both_families),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
