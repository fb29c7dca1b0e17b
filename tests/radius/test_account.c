/* What access points, controllers and switches say, in their spellings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "radius/account.h"
#include "radius/request.h"

#define NOW INT64_C(1795913000)

static int read_request(struct request *request, struct radius_account *out)
{
    struct radius_packet packet;
    request_sign(request, "secret", 0);
    assert_int_equal(radius_packet_parse(request->bytes, request->len, &packet), 0);
    return radius_account_read(&packet, NOW, out);
}

static void begin(struct request *request, uint32_t event)
{
    request_begin(request, RADIUS_ACCOUNTING_REQUEST, 1);
    request_add_number(request, RADIUS_ACCT_STATUS_TYPE, event);
    request_add_text(request, RADIUS_ACCT_SESSION_ID, "5F3A");
}

static void radius_account_read_tells_who_and_where(void **state)
{
    struct request request;
    struct radius_account account;
    (void)state;
    begin(&request, RADIUS_START);
    request_add_text(&request, RADIUS_USER_NAME, "SCHOOL\\anna");
    request_add_text(&request, RADIUS_CALLING_STATION_ID, "0A-1B-2C-3D-4E-5F");
    request_add(&request, RADIUS_FRAMED_IP_ADDRESS, "\x0a\x14\x00\x07", 4);
    request_add(&request, RADIUS_FRAMED_IPV6_ADDRESS, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07", 16);
    request_add(&request, RADIUS_NAS_IP_ADDRESS, "\x0a\x00\x00\x05", 4);
    request_add_text(&request, RADIUS_NAS_IDENTIFIER, "controller");
    assert_int_equal(read_request(&request, &account), 0);
    assert_int_equal(account.event, RADIUS_START);
    assert_string_equal(account.id, "5F3A");
    assert_string_equal(account.user, "SCHOOL\\anna");
    assert_string_equal(account.nas, "10.0.0.5");
    assert_true(account.has_mac);
    assert_int_equal(account.address_count, 2);
    char text[IPADDR_TEXT_MAX];
    assert_string_equal(ipaddr_to_text(&account.addresses[0], text), "10.20.0.7");
    assert_string_equal(ipaddr_to_text(&account.addresses[1], text), "2001:db8::7");
    assert_int_equal(account.at_s, NOW);
}

static void radius_account_read_takes_no_address_that_is_nobodys(void **state)
{
    static const char *const v4[] = {"\0\0\0\0", "\xff\xff\xff\xff", "\xff\xff\xff\xfe", "\xe0\0\0\x01"};
    struct request request;
    struct radius_account account;
    (void)state;
    for (size_t i = 0; i < sizeof v4 / sizeof v4[0]; i++) {
        begin(&request, RADIUS_START);
        request_add(&request, RADIUS_FRAMED_IP_ADDRESS, v4[i], 4);
        assert_int_equal(read_request(&request, &account), 0);
        assert_int_equal(account.address_count, 0);
    }
    begin(&request, RADIUS_START);
    request_add(&request, RADIUS_FRAMED_IP_ADDRESS, "\x0a\0\0", 3);
    request_add(&request, RADIUS_FRAMED_IPV6_ADDRESS, "\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\x01", 16);
    request_add(&request, RADIUS_FRAMED_IPV6_ADDRESS, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\x01", 16);
    assert_int_equal(read_request(&request, &account), 0);
    assert_int_equal(account.address_count, 0);
}

static void radius_account_read_joins_a_prefix_and_an_interface(void **state)
{
    struct request request;
    struct radius_account account;
    char text[IPADDR_TEXT_MAX];
    (void)state;
    begin(&request, RADIUS_INTERIM);
    request_add(&request, RADIUS_FRAMED_IPV6_PREFIX, "\0\x40\x20\x01\x0d\xb8\0\x01\0\x02", 10);
    request_add(&request, RADIUS_FRAMED_INTERFACE_ID, "\0\0\0\0\0\0\0\x09", 8);
    assert_int_equal(read_request(&request, &account), 0);
    assert_int_equal(account.address_count, 1);
    assert_string_equal(ipaddr_to_text(&account.addresses[0], text), "2001:db8:1:2::9");
}

static void radius_account_read_holds_as_many_addresses_as_it_says(void **state)
{
    struct request request;
    struct radius_account account;
    uint8_t v6[16] = {0x20, 0x01, 0x0d, 0xb8};
    (void)state;
    begin(&request, RADIUS_INTERIM);
    for (uint8_t i = 1; i < 40; i++) {
        v6[15] = i / 2; /* each twice */
        request_add(&request, RADIUS_FRAMED_IPV6_ADDRESS, v6, 16);
    }
    assert_int_equal(read_request(&request, &account), 0);
    assert_int_equal(account.address_count, RADIUS_ADDRESSES_MAX);
}

static void radius_account_read_finds_the_user(void **state)
{
    const struct {
        const char *name, *identity, *mac, *user, *host;
    } rows[] = {
        {"anna", NULL, NULL, "anna", ""},
        {"anna@school.example", NULL, NULL, "anna@school.example", ""},
        {"anna@school.example", "hidden", NULL, "anna@school.example", ""},
        {"anonymous@school.example", NULL, NULL, "", ""},
        {"Anonymous", "anna", NULL, "anna", ""},
        {"@school.example", "anna", NULL, "anna", ""},
        {"anonymouse", NULL, NULL, "anonymouse", ""},
        {NULL, "anna", NULL, "anna", ""},
        {NULL, NULL, NULL, "", ""},
        {"", NULL, NULL, "", ""},
        {"anonymous", "\x01\x02\x80", NULL, "", ""},
        {"0a1b2c3d4e5f", NULL, "0A-1B-2C-3D-4E-5F", "", ""},
        {"0a1b2c3d4e5f", NULL, NULL, "", ""},
        {"0a1b2c3d4e60", NULL, "0A-1B-2C-3D-4E-5F", "0a1b2c3d4e60", ""},
        {"host/pc17.school.example", NULL, NULL, "", "pc17.school.example"},
        {"SCHOOL\\PC17$", NULL, NULL, "", "PC17"},
        {"PC17$@school.example", NULL, NULL, "PC17$@school.example", ""},
        {"Zo\xc3\xab", NULL, NULL, "Zo\xc3\xab", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct request request;
        struct radius_account account;
        begin(&request, RADIUS_START);
        if (rows[i].name != NULL)
            request_add_text(&request, RADIUS_USER_NAME, rows[i].name);
        if (rows[i].identity != NULL)
            request_add_text(&request, RADIUS_CHARGEABLE_USER_IDENTITY, rows[i].identity);
        if (rows[i].mac != NULL)
            request_add_text(&request, RADIUS_CALLING_STATION_ID, rows[i].mac);
        assert_int_equal(read_request(&request, &account), 0);
        assert_string_equal(account.user, rows[i].user);
        assert_string_equal(account.host, rows[i].host);
    }
}

static void radius_account_read_refuses_names_that_are_no_text(void **state)
{
    static const char *const names[] = {"an\nna", "\x1b[31m", "\xff", "an\xc2\x85na", "\x7f"};
    struct request request;
    struct radius_account account;
    char longest[RADIUS_USER_MAX];
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        begin(&request, RADIUS_START);
        request_add_text(&request, RADIUS_USER_NAME, names[i]);
        assert_int_equal(read_request(&request, &account), ERR_MALFORMED);
    }
    begin(&request, RADIUS_START);
    request_add(&request, RADIUS_USER_NAME, "an\0na", 5);
    assert_int_equal(read_request(&request, &account), ERR_MALFORMED);
    begin(&request, RADIUS_START);
    request_add(&request, RADIUS_USER_NAME, "anna\0", 5); /* some count it */
    assert_int_equal(read_request(&request, &account), 0);
    assert_string_equal(account.user, "anna");
    memset(longest, 'a', sizeof longest);
    begin(&request, RADIUS_START);
    request_add(&request, RADIUS_USER_NAME, longest, RADIUS_USER_MAX - 1);
    assert_int_equal(read_request(&request, &account), 0);
    begin(&request, RADIUS_START);
    request_add(&request, RADIUS_USER_NAME, longest, RADIUS_USER_MAX);
    assert_int_equal(read_request(&request, &account), ERR_MALFORMED);
}

static void radius_account_read_needs_an_event_and_a_session(void **state)
{
    struct request request;
    struct radius_account account;
    (void)state;
    request_begin(&request, RADIUS_ACCOUNTING_REQUEST, 1);
    request_add_text(&request, RADIUS_ACCT_SESSION_ID, "1");
    assert_int_equal(read_request(&request, &account), ERR_MALFORMED);
    for (uint32_t event = 1; event <= 3; event++) {
        request_begin(&request, RADIUS_ACCOUNTING_REQUEST, 1);
        request_add_number(&request, RADIUS_ACCT_STATUS_TYPE, event);
        assert_int_equal(read_request(&request, &account), ERR_MALFORMED);
        request_add_text(&request, RADIUS_ACCT_SESSION_ID, "");
        assert_int_equal(read_request(&request, &account), ERR_MALFORMED);
    }
    request_begin(&request, RADIUS_ACCOUNTING_REQUEST, 1);
    request_add_number(&request, RADIUS_ACCT_STATUS_TYPE, RADIUS_ON);
    assert_int_equal(read_request(&request, &account), 0);
    assert_int_equal(account.event, RADIUS_ON);
    request_begin(&request, RADIUS_ACCOUNTING_REQUEST, 1);
    request_add_number(&request, RADIUS_ACCT_STATUS_TYPE, 15);
    assert_int_equal(read_request(&request, &account), 0);
    assert_int_equal(account.event, RADIUS_OTHER);
    begin(&request, RADIUS_START);
    request_add_number(&request, RADIUS_ACCT_STATUS_TYPE, RADIUS_STOP);
    assert_int_equal(read_request(&request, &account), ERR_MALFORMED);
    begin(&request, RADIUS_START);
    request_add_text(&request, RADIUS_ACCT_SESSION_ID, "2");
    assert_int_equal(read_request(&request, &account), ERR_MALFORMED);
}

static void radius_account_read_keeps_different_ids_apart(void **state)
{
    const struct {
        const char *bytes;
        size_t len;
        const char *id;
    } rows[] = {{"5f3a-1", 6, "5f3a-1"}, {"\0\1", 2, "%0001"}, {"%0001", 5, "%2530303031"}, {"a b", 3, "%612062"}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct request request;
        struct radius_account account;
        request_begin(&request, RADIUS_ACCOUNTING_REQUEST, 1);
        request_add_number(&request, RADIUS_ACCT_STATUS_TYPE, RADIUS_START);
        request_add(&request, RADIUS_ACCT_SESSION_ID, rows[i].bytes, rows[i].len);
        assert_int_equal(read_request(&request, &account), 0);
        assert_string_equal(account.id, rows[i].id);
    }
    char longest[RADIUS_VALUE_MAX];
    struct request request;
    struct radius_account account;
    memset(longest, ' ', sizeof longest);
    request_begin(&request, RADIUS_ACCOUNTING_REQUEST, 1);
    request_add_number(&request, RADIUS_ACCT_STATUS_TYPE, RADIUS_START);
    request_add(&request, RADIUS_ACCT_SESSION_ID, longest, sizeof longest);
    assert_int_equal(read_request(&request, &account), 0);
    assert_int_equal(strlen(account.id), 2 * sizeof longest + 1);
}

static void radius_account_read_knows_when_it_happened(void **state)
{
    const struct {
        int64_t stamp; /* 0: none */
        uint32_t delay;
        int64_t at;
        bool has_timestamp;
    } rows[] = {
        {0, 0, NOW, false},
        {0, 90, NOW - 90, false},
        {NOW - 60, 0, NOW - 60, true},
        {NOW - 60, 30, NOW - 60, true}, /* it says when it happened: the delay is in it */
        {NOW + 60, 0, NOW, true},
        {NOW + 86400, 10, NOW - 10, false}, /* no clock */
        {1000, 10, NOW - 10, false},
        {0, UINT32_MAX, NOW - 7 * 86400, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct request request;
        struct radius_account account;
        begin(&request, RADIUS_STOP);
        request_add_number(&request, RADIUS_ACCT_DELAY_TIME, rows[i].delay);
        if (rows[i].stamp != 0)
            request_add_number(&request, RADIUS_EVENT_TIMESTAMP, (uint32_t)rows[i].stamp);
        assert_int_equal(read_request(&request, &account), 0);
        assert_int_equal(account.at_s, rows[i].at);
        assert_int_equal(account.has_timestamp, rows[i].has_timestamp);
    }
}

static void radius_account_read_names_the_nas(void **state)
{
    struct request request;
    struct radius_account account;
    (void)state;
    begin(&request, RADIUS_START);
    request_add(&request, RADIUS_NAS_IP_ADDRESS, "\x7f\0\0\1", 4);
    request_add_text(&request, RADIUS_NAS_IDENTIFIER, "ap-7");
    assert_int_equal(read_request(&request, &account), 0);
    assert_string_equal(account.nas, "ap-7");
    begin(&request, RADIUS_START);
    request_add(&request, RADIUS_NAS_IPV6_ADDRESS, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x05", 16);
    assert_int_equal(read_request(&request, &account), 0);
    assert_string_equal(account.nas, "2001:db8::5");
    begin(&request, RADIUS_START);
    request_add_text(&request, RADIUS_NAS_IDENTIFIER, "ap\n7");
    assert_int_equal(read_request(&request, &account), 0);
    assert_string_equal(account.nas, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(radius_account_read_tells_who_and_where),
        cmocka_unit_test(radius_account_read_takes_no_address_that_is_nobodys),
        cmocka_unit_test(radius_account_read_joins_a_prefix_and_an_interface),
        cmocka_unit_test(radius_account_read_holds_as_many_addresses_as_it_says),
        cmocka_unit_test(radius_account_read_finds_the_user),
        cmocka_unit_test(radius_account_read_refuses_names_that_are_no_text),
        cmocka_unit_test(radius_account_read_needs_an_event_and_a_session),
        cmocka_unit_test(radius_account_read_keeps_different_ids_apart),
        cmocka_unit_test(radius_account_read_knows_when_it_happened),
        cmocka_unit_test(radius_account_read_names_the_nas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
