#include "dns/rr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void type_text_is_the_mnemonic_or_its_number(void **state)
{
    static const struct {
        uint16_t type;
        const char *text;
    } rows[] = {
        {DNS_TYPE_A, "A"},
        {DNS_TYPE_AAAA, "AAAA"},
        {DNS_TYPE_HTTPS, "HTTPS"},
        {DNS_TYPE_SVCB, "SVCB"},
        {DNS_TYPE_DNSKEY, "DNSKEY"},
        {DNS_TYPE_AXFR, "AXFR"},
        {DNS_TYPE_ANY, "ANY"},
        {257, "CAA"},
        {0, "TYPE0"},
        {1234, "TYPE1234"},
        {65535, "TYPE65535"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[DNS_TYPE_TEXT_MAX];
        assert_string_equal(dns_type_to_text(rows[i].type, text), rows[i].text);
    }
}

static void type_text_leads_back_to_every_number(void **state)
{
    (void)state;
    for (int type = 0; type <= UINT16_MAX; type++) {
        char text[DNS_TYPE_TEXT_MAX];
        assert_int_equal(dns_type_from_text(dns_type_to_text((uint16_t)type, text)), type);
    }
}

static void type_from_text_takes_any_case_and_refuses_the_rest(void **state)
{
    static const struct {
        const char *text;
        int type;
    } rows[] = {
        {"aaaa", 28},      {"Https", 65}, {"type65", 65},  {"TYPE00001", 1}, {"TYPE65535", 65535},
        {"TYPE65536", -1}, {"TYPE", -1},  {"TYPE-1", -1},  {"TYPE1 ", -1},   {"TYPE000001", -1},
        {"", -1},          {"AAAAA", -1}, {"nothing", -1}, {"65", -1},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        if (dns_type_from_text(rows[i].text) != rows[i].type)
            fail_msg("%s", rows[i].text);
}

static void rcode_text_is_the_mnemonic_or_its_number(void **state)
{
    static const struct {
        unsigned rcode;
        const char *text;
    } rows[] = {
        {0, "NOERROR"},  {2, "SERVFAIL"},   {3, "NXDOMAIN"}, {5, "REFUSED"},      {12, "RCODE12"},
        {16, "BADVERS"}, {23, "BADCOOKIE"}, {24, "RCODE24"}, {4095, "RCODE4095"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[DNS_TYPE_TEXT_MAX];
        assert_string_equal(dns_rcode_to_text(rows[i].rcode, text), rows[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(type_text_is_the_mnemonic_or_its_number),
        cmocka_unit_test(type_text_leads_back_to_every_number),
        cmocka_unit_test(type_from_text_takes_any_case_and_refuses_the_rest),
        cmocka_unit_test(rcode_text_is_the_mnemonic_or_its_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
