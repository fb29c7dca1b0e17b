#include "notice/host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void host_reads_names_and_addresses(void **state)
{
    static const struct {
        const char *header, *text;
        bool is_address;
    } rows[] = {
        {"example.com", "example.com", false},
        {"WWW.Example.COM:8080", "www.example.com", false},
        {"example.com.", "example.com", false},
        {"example.com:", "example.com", false},
        {"xn--caf-dma.example", "xn--caf-dma.example", false},
        {"under_score.example", "under_score.example", false},
        {"localhost", "localhost", false},
        {"192.0.2.1", "192.0.2.1", true},
        {"192.0.2.1:80", "192.0.2.1", true},
        {"[2001:DB8::1]", "2001:db8::1", true},
        {"[2001:db8::1]:80", "2001:db8::1", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct host host;
        assert_int_equal(host_parse(rows[i].header, &host), 0);
        assert_string_equal(host.text, rows[i].text);
        assert_int_equal(host.is_address, rows[i].is_address);
        uint8_t name[NAME_MAX_LEN];
        if (!rows[i].is_address) {
            assert_true(name_from_text(rows[i].text, strlen(rows[i].text), name) > 0);
            assert_true(name_equal(host.name, name));
        }
    }
}

static void host_refuses_what_names_no_host(void **state)
{
    static const char *const rows[] = {
        "", ".", "a..b", ":80", "example.com:80x", "[::1", "[]", "[name]:80", "[::1]80", "a\\046b.example", "a:b:c"};
    char longest[300];
    struct host host;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(host_parse(rows[i], &host), ERR_MALFORMED);
    assert_int_equal(host_parse(NULL, &host), ERR_MALFORMED);
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(host_parse(longest, &host), ERR_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(host_reads_names_and_addresses),
        cmocka_unit_test(host_refuses_what_names_no_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
