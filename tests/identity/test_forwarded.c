/* What forwarders say of their clients: each option as dnsmasq writes it, and what is not believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "identity/forwarded.h"
#include "identity/sightings.h"

static const uint8_t card[6] = {0x3c, 0x22, 0xfb, 1, 2, 0xff};

static struct forwarded said;
static uint8_t options[512];
static size_t options_len;

static int begin(void **state)
{
    (void)state;
    options_len = 0;
    return 0;
}

static void add(unsigned code, const void *data, size_t len)
{
    options[options_len++] = (uint8_t)(code >> 8);
    options[options_len++] = (uint8_t)code;
    options[options_len++] = (uint8_t)(len >> 8);
    options[options_len++] = (uint8_t)len;
    memcpy(options + options_len, data, len);
    options_len += len;
}

static void read_all(void)
{
    forwarded_read(options, options_len, &said);
}

static void a_card_is_read_in_each_of_its_forms(void **state)
{
    static const struct {
        unsigned code;
        const char *data;
        size_t len;
    } forms[] = {
        {65001, "\x3c\x22\xfb\x01\x02\xff", 6},
        {65073, "3c:22:fb:01:02:ff", 17},
        {65073, "PCL7AQL/", 8},
        {65001, "3c:22:fb:01:02:ff", 17},
    };
    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        options_len = 0;
        add(10, "cookie..", 8);
        add(forms[i].code, forms[i].data, forms[i].len);
        read_all();
        assert_true(said.has_mac);
        assert_memory_equal(said.mac, card, 6);
        assert_false(said.has_subnet || said.has_cpe);
    }
}

static void what_is_no_card_was_not_said(void **state)
{
    static const struct {
        unsigned code;
        const char *data;
        size_t len;
    } forms[] = {
        {65001, "", 0},
        {65001, "\x3c\x22\xfb\x01\x02", 5},
        {65001, "\0\0\0\0\0\0", 6},
        {65001, "\xff\xff\xff\xff\xff\xff", 6},
        {65073, "PCL7AQL=", 8},
        {65073, "PCL7AQ\0/", 8},
        {65073, "3c:22:fb:01:02:fg", 17},
        {65073, "\x3c\x22\xfb\x01\x02\xff", 6},
    };
    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        options_len = 0;
        add(forms[i].code, forms[i].data, forms[i].len);
        read_all();
        assert_false(said.has_mac);
    }
}

static void what_is_said_twice_was_not_said(void **state)
{
    (void)state;
    add(65001, card, 6);
    add(65073, "3c:22:fb:01:02:ff", 17);
    add(8, "\0\1\x20\0\x0a\1\2\3", 8);
    add(8, "\0\1\x20\0\x0a\1\2\4", 8);
    add(65074, "library", 7);
    add(65074, "library", 7);
    read_all();
    assert_false(said.has_mac || said.has_subnet || said.has_cpe);
}

static void an_address_is_read_from_the_client_subnet(void **state)
{
    struct ipaddr expected;
    (void)state;
    add(8, "\0\1\x20\0\x0a\1\2\3", 8);
    read_all();
    assert_true(said.has_subnet);
    assert_int_equal(said.subnet.bits, 128);
    assert_int_equal(ipaddr_from_text("10.1.2.3", &expected), 0);
    assert_true(ipaddr_equal(&said.subnet.addr, &expected));
    assert_int_equal(said.subnet_len, 8);
    assert_memory_equal(said.subnet_option, "\0\1\x20\0\x0a\1\2\3", 8);
    options_len = 0;
    add(8, "\0\1\x18\0\x0a\1\2", 7);
    read_all();
    assert_true(said.has_subnet);
    assert_int_equal(said.subnet.bits, 120);
    options_len = 0;
    add(8, "\0\2\x80\0\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 20);
    read_all();
    assert_true(said.has_subnet);
    assert_int_equal(said.subnet.bits, 128);
    assert_int_equal(ipaddr_from_text("2001:db8::1", &expected), 0);
    assert_true(ipaddr_equal(&said.subnet.addr, &expected));
}

static void a_subnet_that_is_not_of_its_form_was_not_said(void **state)
{
    static const struct {
        const char *data;
        size_t len;
    } forms[] = {
        {"", 0},
        {"\0\1\0\0", 4},               /* RFC 7871, 7.1.2: the client does not want it said */
        {"\0\1\x21\0\x0a\1\2\3\4", 9}, /* 33 bits of an IPv4 address */
        {"\0\1\x20\0\x0a\1\2", 7},     /* a byte is missing */
        {"\0\1\x18\0\x0a\1\2\3", 8},   /* ... or too many */
        {"\0\1\x17\0\x0a\1\3", 7},     /* a bit behind the prefix */
        {"\0\1\x20\x20\x0a\1\2\3", 8}, /* a scope, in a question */
        {"\0\3\x20\0\x0a\1\2\3", 8},   /* no family of ours */
        {"\0\2\x81\0\1\2\3\4\5\6\7\x8\x9\xa\xb\xc\xd\xe\xf\x10\x11", 21},
    };
    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        options_len = 0;
        add(8, forms[i].data, forms[i].len);
        read_all();
        assert_false(said.has_subnet);
    }
}

static void a_site_has_a_name_and_a_place_of_its_own(void **state)
{
    struct prefix discard;
    (void)state;
    add(65074, "library", 7);
    read_all();
    assert_true(said.has_cpe);
    assert_int_equal(said.cpe_len, 7);
    assert_memory_equal(said.cpe, "library", 7);
    struct ipaddr a = forwarded_cpe_address((const uint8_t *)"library", 7);
    struct ipaddr b = forwarded_cpe_address((const uint8_t *)"gym", 3);
    assert_false(ipaddr_equal(&a, &b));
    assert_int_equal(prefix_from_text("100::/64", &discard), 0);
    assert_true(prefix_contains(&discard, &a));
    assert_true(prefix_contains(&discard, &b));
}

static void options_that_are_cut_short_end_the_reading(void **state)
{
    (void)state;
    add(65001, card, 6);
    add(65074, "library", 7);
    options_len -= 3;
    read_all();
    assert_true(said.has_mac);
    assert_false(said.has_cpe);
    forwarded_read(options, 0, &said);
    assert_false(said.has_mac);
}

static void a_sighting_is_taken_once(void **state)
{
    static struct sightings sightings;
    uint8_t mac[6];
    size_t from = 0;
    (void)state;
    assert_false(sightings_take(&sightings, &from, mac));
    sightings_add(&sightings, card);
    sightings_add(&sightings, card);
    from = 0;
    assert_true(sightings_take(&sightings, &from, mac));
    assert_memory_equal(mac, card, 6);
    assert_false(sightings_take(&sightings, &from, mac));
    for (unsigned i = 0; i < 5000; i++)
        sightings_add(&sightings, (uint8_t[6]){2, 0, 0, 0, (uint8_t)(i >> 8), (uint8_t)i});
    size_t taken = 0;
    for (from = 0; sightings_take(&sightings, &from, mac);)
        taken++;
    assert_true(taken > SIGHTINGS_PLACES / 2 && taken <= SIGHTINGS_PLACES);
}

#define CASE(test) cmocka_unit_test_setup(test, begin)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_card_is_read_in_each_of_its_forms),
        CASE(what_is_no_card_was_not_said),
        CASE(what_is_said_twice_was_not_said),
        CASE(an_address_is_read_from_the_client_subnet),
        CASE(a_subnet_that_is_not_of_its_form_was_not_said),
        CASE(a_site_has_a_name_and_a_place_of_its_own),
        CASE(options_that_are_cut_short_end_the_reading),
        CASE(a_sighting_is_taken_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
