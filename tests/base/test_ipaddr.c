#include "base/ipaddr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void endpoint_reads_every_form_a_technician_types(void **state)
{
    static const struct {
        const char *text, *printed;
    } rows[] = {
        {"192.0.2.1", "192.0.2.1:53"},
        {"192.0.2.1:5353", "192.0.2.1:5353"},
        {"192.0.2.1@5353", "192.0.2.1:5353"},
        {"2001:db8::1", "[2001:db8::1]:53"},
        {"[2001:db8::1]:853", "[2001:db8::1]:853"},
        {"2001:DB8::1@853", "[2001:db8::1]:853"},
        {"::ffff:192.0.2.1", "192.0.2.1:53"},
        {"fe80::1%1", "[fe80::1%1]:53"},
        {"[fe80::1%lo]:5353", "[fe80::1%1]:5353"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct endpoint e;
        char text[ENDPOINT_TEXT_MAX];
        assert_int_equal(endpoint_from_text(rows[i].text, 53, &e), 0);
        assert_string_equal(endpoint_to_text(&e, text), rows[i].printed);
    }
}

static void endpoint_refuses_what_is_no_address(void **state)
{
    static const char *const rows[] = {"", "example.com", "192.0.2.1:", "192.0.2.1:0", "1.2.3", "192.0.2.1:65536",
                                       "[2001:db8::1", "[::1]x", "1.2.3.4 ", "1.2.3.4:53:53", "1.2.3.4:5a",
                                       /* link-local addresses and interfaces go together */
                                       "fe80::1", "fe80::1%", "fe80::1%0", "fe80::1%1x", "fe80::1%-1",
                                       "fe80::1%none such", "::1%1", "192.0.2.1%1", "fe80::1%4294967297"};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct endpoint e;
        assert_int_equal(endpoint_from_text(rows[i], 53, &e), ERR_MALFORMED);
    }
}

static void prefix_contains_exactly_its_addresses(void **state)
{
    static const struct {
        const char *prefix, *addr;
        bool in;
    } rows[] = {
        {"10.0.0.0/8", "10.255.255.255", true},
        {"10.0.0.0/8", "11.0.0.0", false},
        {"10.20.4.0/22", "10.20.7.255", true},
        {"10.20.4.0/22", "10.20.8.0", false},
        {"0.0.0.0/0", "203.0.113.9", true},
        {"0.0.0.0/0", "2001:db8::1", false},
        {"::/0", "2001:db8::1", true},
        {"2001:db8::/33", "2001:db8:7fff::", true},
        {"2001:db8::/33", "2001:db8:8000::", false},
        {"192.0.2.1", "192.0.2.1", true},
        {"192.0.2.1", "192.0.2.2", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct prefix p;
        struct ipaddr a;
        assert_int_equal(prefix_from_text(rows[i].prefix, &p), 0);
        assert_int_equal(ipaddr_from_text(rows[i].addr, &a), 0);
        assert_int_equal(prefix_contains(&p, &a), rows[i].in);
    }
}

static void prefix_refuses_host_bits_and_bad_lengths(void **state)
{
    static const char *const rows[] = {"10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "2001:db8::1/32", "/8", "10/8"};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct prefix p;
        assert_int_equal(prefix_from_text(rows[i], &p), ERR_MALFORMED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(endpoint_reads_every_form_a_technician_types),
        cmocka_unit_test(endpoint_refuses_what_is_no_address),
        cmocka_unit_test(prefix_contains_exactly_its_addresses),
        cmocka_unit_test(prefix_refuses_host_bits_and_bad_lengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
