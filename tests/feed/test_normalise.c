#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dns/name.h"
#include "feed/normalise.h"
#include "feed/punycode.h"

#define L63  "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0"
#define L61  "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxy"
#define T253 L63 "." L63 "." L63 "." L61

static void normalise_gives_one_form_to_every_spelling(void **state)
{
    static const struct {
        const char *text, *name;
    } rows[] = {
        {"Example.COM", "example.com"},
        {"example.com.", "example.com"},
        {"com", "com"},
        {"_dmarc.example.com", "_dmarc.example.com"},
        {"abbyfaer_rkoa.tripod.com", "abbyfaer_rkoa.tripod.com"},
        {"-lead.example.com", "-lead.example.com"},
        {"trail-.example.com", "trail-.example.com"},
        {"xn--zz.com", "xn--zz.com"},
        {"1.2.3.example", "1.2.3.example"},
        {L63 ".com", L63 ".com"},
        {T253, T253},
        {T253 ".", T253},
        {"b\xc3\xbc"
         "cher.example",
         "xn--bcher-kva.example"},
        {"B\xc3\x9c"
         "CHER.Example",
         "xn--bcher-kva.example"},
        {"fa\xc3\x9f.de", "xn--fa-hia.de"},                          /* non-transitional: sharp s stays */
        {"\xe4\xbe\x8b\xe3\x80\x82\xe4\xbe\x8b", "xn--fsq.xn--fsq"}, /* ideographic full stop */
        {"\xef\xbd\x85xample.com", "example.com"},                   /* full-width letter */
        {"\xe2\x98\x83.net", "xn--n3h.net"},                         /* emoji: refused by IDNA, sold all the same */
        {"a\xcc\x88.example", "xn--4ca.example"},                    /* decomposed umlaut */
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct listed_name name;
        uint8_t wire[NAME_MAX_LEN];
        struct name_key key;
        assert_int_equal(normalise_name(span_of(rows[i].text), &name), REFUSED_NONE);
        assert_string_equal(name.text, rows[i].name);
        assert_true(name_from_text(name.text, name.text_len, wire) > 0);
        name_key_make(wire, &key);
        assert_int_equal(name.key.len, key.len);
        assert_int_equal(name.key.labels, key.labels);
        assert_memory_equal(name.key.bytes, key.bytes, key.len);
    }
}

static void normalise_says_why_a_name_is_refused(void **state)
{
    static const struct {
        const char *text;
        enum refusal why;
    } rows[] = {
        {"", REFUSED_EMPTY_LABEL},
        {".", REFUSED_EMPTY_LABEL},
        {"a..b", REFUSED_EMPTY_LABEL},
        {".example.com", REFUSED_EMPTY_LABEL},
        {"example.com..", REFUSED_EMPTY_LABEL},
        {"a" L63 ".com", REFUSED_LABEL_LENGTH},
        {"com.a" L63, REFUSED_LABEL_LENGTH},
        {"a" T253, REFUSED_NAME_LENGTH},
        {"192.0.2.1", REFUSED_ADDRESS},
        {"2001:db8::1", REFUSED_ADDRESS},
        {"192.0.2.0/24", REFUSED_ADDRESS},
        {"192.0.2.1:80", REFUSED_ADDRESS},
        {"1.2.3", REFUSED_TLD},
        {"example.123", REFUSED_TLD},
        {"example.-com", REFUSED_TLD},
        {"example.com-", REFUSED_TLD},
        {"example.com/path", REFUSED_URL},
        {"http://example.com", REFUSED_URL},
        {"example.com:8080", REFUSED_PORT},
        {"*.example.com", REFUSED_WILDCARD},
        {"exam ple.com", REFUSED_CHARACTER},
        {"exam\\112le.com", REFUSED_CHARACTER},
        {"caf\xe9.example", REFUSED_ENCODING}, /* Latin-1 */
        {"\xc0\xaf.example", REFUSED_ENCODING},
        {"\xed\xa0\x80.example", REFUSED_ENCODING},
        {"b\xc3\xbc"
         "cher..example",
         REFUSED_EMPTY_LABEL},
        {"zero\xe2\x80\x8bwidth.b\xc3\xbc.example", REFUSED_NONE}, /* UTS #46 maps U+200B to nothing */
        {"\xc2\xa0.example", REFUSED_CHARACTER},                   /* a blank that does not break, mapped to a blank */
        {"\xc2\x85\xe2\x98\x83.example", REFUSED_IDNA},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct listed_name name;
        enum refusal why = normalise_name(span_of(rows[i].text), &name);
        if (why != rows[i].why)
            print_message("row %zu: %s gives %s\n", i, rows[i].text, refusal_name(why));
        assert_int_equal(why, rows[i].why);
    }
}

static void normalise_refuses_a_zero_byte(void **state)
{
    struct listed_name name;
    (void)state;
    assert_int_equal(normalise_name((struct span){(const uint8_t *)"exa\0ple.com", 11}, &name), REFUSED_NUL_BYTE);
    assert_int_equal(normalise_name((struct span){(const uint8_t *)"\xc3\xbc\0.com", 7}, &name), REFUSED_NUL_BYTE);
}

static void punycode_agrees_with_the_samples_of_rfc_3492(void **state)
{
    static const struct {
        uint32_t points[24];
        size_t count;
        const char *text;
    } rows[] = {
        {{0x2603}, 1, "n3h"},
        {{'b', 0xfc, 'c', 'h', 'e', 'r'}, 6, "bcher-kva"},
        {{0x4ed6, 0x4eec, 0x4e3a, 0x4ec0, 0x4e48, 0x4e0d, 0x8bf4, 0x4e2d, 0x6587}, 9, "ihqwcrb4cv8a8dqg056pqjye"},
        {{0x305d, 0x306e, 0x30b9, 0x30d4, 0x30fc, 0x30c9, 0x3067}, 7, "d9juau41awczczp"},
    };
    char out[64];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int len = punycode_write(rows[i].points, rows[i].count, out, sizeof out);
        assert_int_equal(len, strlen(rows[i].text));
        assert_memory_equal(out, rows[i].text, (size_t)len);
        assert_int_equal(punycode_write(rows[i].points, rows[i].count, out, (size_t)len - 1), ERR_LIMIT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(normalise_gives_one_form_to_every_spelling),
        cmocka_unit_test(normalise_says_why_a_name_is_refused),
        cmocka_unit_test(normalise_refuses_a_zero_byte),
        cmocka_unit_test(punycode_agrees_with_the_samples_of_rfc_3492),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
