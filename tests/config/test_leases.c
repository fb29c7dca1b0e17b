/* Sources of leases and the report of silent devices, as they are written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "config/written.h"

static void without_a_word_nothing_is_read_and_nobody_is_reported(void **state)
{
    (void)state;
    struct config *config = written_load("");
    assert_non_null(config);
    assert_int_equal(config->leases.source_count, 0);
    assert_false(config->leases.silence.enabled);
    config_free(config);
}

static void each_entry_is_a_source(void **state)
{
    static const struct lease_source expected[] = {{LEASE_KEA, "/var/lib/kea/kea-leases4.csv"},
                                                   {LEASE_ISC, "/state/dhcpd.leases"},
                                                   {LEASE_DNSMASQ, "/d"},
                                                   {LEASE_KEA_SOCKET, "/run/kea/kea4-ctrl-socket"}};
    (void)state;
    struct config *config = written_load("state_dir: /state\n"
                                 "identity:\n"
                                 "  leases:\n"
                                 "    - { kea: /var/lib/kea/kea-leases4.csv }\n"
                                 "    - { isc: dhcpd.leases }\n"
                                 "    - { dnsmasq: /d }\n"
                                 "    - { kea_socket: /run/kea/kea4-ctrl-socket }\n");
    assert_non_null(config);
    assert_int_equal(config->leases.source_count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(config->leases.sources[i].kind, expected[i].kind);
        assert_string_equal(config->leases.sources[i].path, expected[i].path);
    }
    config_free(config);
}

static void what_is_wrong_is_told(void **state)
{
    static const struct {
        const char *text, *expected;
    } wrong[] = {
        {"identity: {leases: [{}]}\n", "none is given"},
        {"identity: {leases: [{kea: /a, isc: /b}]}\n", "write each as an entry of its own"},
        {"identity: {leases: [{dhcpd: /a}]}\n", "dhcpd"},
        {"identity: {leases: [{kea_socket: /"
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
         "aaaaaa}]}\n",
         "at most 107 bytes"},
        {"identity: {silence: {after: 5m}}\n", "10m"},
        {"identity: {silence: {after: 3h}}\n", "150m"},
        {"identity: {silence: {few: 7}}\n", "6"},
        {"identity: {silence: {networks: [10.0.0.1/8]}}\n", "10.0.0.1/8"},
        {"identity: {silence: {during: lessons}}\n", "the policy's calendar has no lessons"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_null(written_load(wrong[i].text));
        if (strstr(written_message, wrong[i].expected) == NULL)
            fail_msg("%s: %s", wrong[i].text, written_message);
    }
}

static void sources_have_a_bound(void **state)
{
    char text[2000];
    (void)state;
    for (size_t count = LEASE_SOURCES_MAX; count <= LEASE_SOURCES_MAX + 1; count++) {
        size_t len = (size_t)snprintf(text, sizeof text, "identity:\n  leases:\n");
        for (size_t i = 0; i < count; i++)
            len += (size_t)snprintf(text + len, sizeof text - len, "    - { kea: /a%zu }\n", i);
        struct config *config = written_load(text);
        assert_int_equal(config != NULL, count == LEASE_SOURCES_MAX);
        config_free(config);
    }
    assert_non_null(strstr(written_message, "more than 16 sources"));
}

static void silence_is_filled_in(void **state)
{
    (void)state;
    struct config *config = written_load("identity:\n"
                                 "  silence: { report: true, few: 2, networks: [10.0.0.0/8], except: [10.0.0.9] }\n");
    assert_non_null(config);
    const struct silence_opts *silence = &config->leases.silence;
    assert_true(silence->enabled);
    assert_int_equal(silence->after_s, 45 * 60);
    assert_int_equal(silence->few, 2);
    assert_int_equal(silence->network_count, 1);
    assert_int_equal(silence->except_count, 1);
    assert_int_equal(silence->except[0].bits, 128);
    config_free(config);
}

static void lessons_are_those_of_the_calendar(void **state)
{
    (void)state;
    struct config *config = written_load("policy:\n"
                                 "  levels: [{name: all}]\n"
                                 "  calendar: {time_zone: UTC, lessons: [{name: first, when: Mon-Fri 09:00-10:00}]}\n"
                                 "identity: {silence: {during: lessons}}\n");
    if (config == NULL)
        fail_msg("%s", written_message);
    assert_true(config->leases.silence_in_lessons);
    config_free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_word_nothing_is_read_and_nobody_is_reported),
        cmocka_unit_test(each_entry_is_a_source),
        cmocka_unit_test(what_is_wrong_is_told),
        cmocka_unit_test(sources_have_a_bound),
        cmocka_unit_test(silence_is_filled_in),
        cmocka_unit_test(lessons_are_those_of_the_calendar),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
