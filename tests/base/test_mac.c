/* Addresses of cards as people and programs write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mac.h"

static void every_usual_form_is_read(void **state)
{
    static const char *const forms[] = {"3c:22:fb:01:02:ff", "3C-22-FB-01-02-FF", "3c22.fb01.02ff",
                                        "3c22fb0102ff",      "3C22FB-0102FF",     "3c 22 fb 01 02 ff"};
    static const uint8_t expected[MAC_LEN] = {0x3c, 0x22, 0xfb, 1, 2, 0xff};
    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        uint8_t mac[MAC_LEN];
        char text[MAC_TEXT_MAX];
        assert_int_equal(mac_from_text(forms[i], strlen(forms[i]), mac), 0);
        assert_memory_equal(mac, expected, MAC_LEN);
        assert_string_equal(mac_to_text(mac, text), forms[0]);
    }
}

static void what_is_no_card_is_refused(void **state)
{
    static const char *const texts[] = {"",
                                        "3c:22:fb:01:02",
                                        "3c:22:fb:01:02:ff:00",
                                        "3c:22:fb:01:02-ff",
                                        "3c:22:fb:01:02:ff:",
                                        ":3c:22:fb:01:02:ff",
                                        "3c::22:fb:01:02:ff",
                                        "c:22:fb:01:02:ff",
                                        "3c22fb:0102ff",
                                        "3c:22:fb:01:0g:ff",
                                        "3c:22:fb:01:02:f",
                                        "3c22fb0102f",
                                        "3c22fb0102fg",
                                        "3c22.fb01:02ff",
                                        ":::::::::::::::::",
                                        "00:00:00:00:00:00",
                                        "ff:ff:ff:ff:ff:ff",
                                        "01:00:5e:00:00:01"};
    uint8_t mac[MAC_LEN] = {9};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_int_equal(mac_from_text(texts[i], strlen(texts[i]), mac), ERR_MALFORMED);
    assert_int_equal(mac_from_text("3c:22:fb\00001:02:ff", 17, mac), ERR_MALFORMED);
    assert_int_equal(mac[0], 9);
}

static void a_made_up_address_is_told_from_a_makers(void **state)
{
    static const uint8_t maker[MAC_LEN] = {0x3c}, made_up[MAC_LEN] = {0xda};
    (void)state;
    assert_false(mac_is_local(maker));
    assert_true(mac_is_local(made_up));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_usual_form_is_read),
        cmocka_unit_test(what_is_no_card_is_refused),
        cmocka_unit_test(a_made_up_address_is_told_from_a_makers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
