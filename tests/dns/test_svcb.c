/* Well-formed data are written by ldns; broken ones byte by byte. */
#include "dns/svcb.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <ldns/ldns.h>

#include "dns/name.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BYTES(text)  ((const uint8_t *)(text)), sizeof(text) - 1
#define ECH          "\0\4\xff\0\0\0"
#define ECH_TEXT     "AAT/AAAA"

/* Data of the record, on a heap block of its own size: reading past the end is seen. */
static uint8_t *data_of(const char *text, size_t *out_len)
{
    ldns_rr *rr = NULL;
    char line[512];
    snprintf(line, sizeof line, "a.test. 60 IN HTTPS %s", text);
    assert_int_equal(ldns_rr_new_frm_str(&rr, line, 0, NULL, NULL), LDNS_STATUS_OK);
    *out_len = 0;
    for (size_t i = 0; i < ldns_rr_rd_count(rr); i++)
        *out_len += ldns_rdf_size(ldns_rr_rdf(rr, i));
    uint8_t *bytes = malloc(*out_len);
    size_t at = 0;
    for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
        memcpy(bytes + at, ldns_rdf_data(ldns_rr_rdf(rr, i)), ldns_rdf_size(ldns_rr_rdf(rr, i)));
        at += ldns_rdf_size(ldns_rr_rdf(rr, i));
    }
    ldns_rr_free(rr);
    return bytes;
}

static void assert_value(const struct svcb_value *value, const char *bytes, size_t len)
{
    assert_int_equal(value->bytes == NULL, bytes == NULL);
    assert_int_equal(value->len, len);
    if (bytes != NULL)
        assert_memory_equal(value->bytes, bytes, len);
}

static void svcb_parse_finds_what_ldns_wrote(void **state)
{
    struct svcb s;
    size_t len;
    (void)state;
    uint8_t *data = data_of("16 Foo.example. mandatory=ipv4hint,ech alpn=h2,h3 no-default-alpn port=8443"
                            " ipv4hint=192.0.2.1,192.0.2.2 ech=" ECH_TEXT " ipv6hint=2001:db8::1 key65400=any",
                            &len);
    assert_int_equal(svcb_parse(data, len, &s), 0);
    assert_int_equal(s.priority, 16);
    assert_int_equal(s.target_len, 13);
    assert_memory_equal(s.target, "\3Foo\7example", 13);
    assert_value(&s.mandatory, "\0\4\0\5", 4);
    assert_value(&s.ipv4hint, "\xc0\0\2\1\xc0\0\2\2", 8);
    assert_value(&s.ipv6hint, "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16);
    assert_value(&s.ech, ECH, 6);
    free(data);
}

static void svcb_parse_takes_records_without_parameters(void **state)
{
    static const char *const texts[] = {"0 b.test.", "0 .", "1 .", "65535 ."};
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct svcb s;
        size_t len;
        uint8_t *data = data_of(texts[i], &len);
        assert_int_equal(svcb_parse(data, len, &s), 0);
        assert_int_equal(s.target_len, len - 2);
        assert_value(&s.ech, NULL, 0);
        assert_value(&s.ipv4hint, NULL, 0);
        free(data);
    }
}

/* RFC 9460, 2.2 and 4.3. The data begin with priority 1 and the root, but where the name is what is broken. */
static void svcb_parse_judges_every_rule_of_the_format(void **state)
{
    static const struct {
        const char *what;
        const uint8_t *data;
        size_t len;
        int code;
    } rows[] = {
        {"nothing", BYTES(""), ERR_TRUNCATED},
        {"half a priority", BYTES("\0"), ERR_TRUNCATED},
        {"no name", BYTES("\0\1"), ERR_TRUNCATED},
        {"a name without an end", BYTES("\0\1\3foo"), ERR_TRUNCATED},
        {"a compressed name", BYTES("\0\1\xc0\x0c"), ERR_MALFORMED},
        {"a compressed end of a name", BYTES("\0\1\3foo\xc0\x0c"), ERR_MALFORMED},
        {"a key alone", BYTES("\0\1\0\0\4"), ERR_TRUNCATED},
        {"half a length", BYTES("\0\1\0\0\4\0"), ERR_TRUNCATED},
        {"a value past the end", BYTES("\0\1\0\0\4\0\4\1\2\3"), ERR_TRUNCATED},
        {"bytes behind the last", BYTES("\0\1\0\0\4\0\4\1\2\3\4\0"), ERR_TRUNCATED},
        {"two of a key", BYTES("\0\1\0\0\4\0\4\1\2\3\4\0\4\0\4\1\2\3\4"), ERR_MALFORMED},
        {"keys that fall", BYTES("\0\1\0\0\4\0\4\1\2\3\4\0\3\0\2\0\x50"), ERR_MALFORMED},
        {"unknown keys, empty and not", BYTES("\0\1\0\0\x2a\0\0\xff\xff\0\1\0"), 0},
        {"an IPv4 hint", BYTES("\0\1\0\0\4\0\4\1\2\3\4"), 0},
        {"an empty IPv4 hint", BYTES("\0\1\0\0\4\0\0"), ERR_MALFORMED},
        {"five bytes of IPv4 hints", BYTES("\0\1\0\0\4\0\5\1\2\3\4\5"), ERR_MALFORMED},
        {"an empty IPv6 hint", BYTES("\0\1\0\0\6\0\0"), ERR_MALFORMED},
        {"an IPv6 hint of four bytes", BYTES("\0\1\0\0\6\0\4\1\2\3\4"), ERR_MALFORMED},
        {"a port", BYTES("\0\1\0\0\3\0\2\0\x50"), 0},
        {"a port of one byte", BYTES("\0\1\0\0\3\0\1\x50"), ERR_MALFORMED},
        {"two protocols", BYTES("\0\1\0\0\1\0\6\2h2\2h3"), 0},
        {"no protocol", BYTES("\0\1\0\0\1\0\0"), ERR_MALFORMED},
        {"a protocol without a name", BYTES("\0\1\0\0\1\0\1\0"), ERR_MALFORMED},
        {"a protocol past the value", BYTES("\0\1\0\0\1\0\3\3h2"), ERR_MALFORMED},
        {"no default protocol, with a value", BYTES("\0\1\0\0\2\0\1x"), ERR_MALFORMED},
        {"ech", BYTES("\0\1\0\0\5\0\6" ECH), 0},
        {"an empty ech", BYTES("\0\1\0\0\5\0\0"), ERR_MALFORMED},
        {"an ech without a config", BYTES("\0\1\0\0\5\0\2\0\0"), ERR_MALFORMED},
        {"an ech of another length", BYTES("\0\1\0\0\5\0\6\0\5\xff\0\0\0"), ERR_MALFORMED},
        {"a mandatory key that is there", BYTES("\0\1\0\0\0\0\2\0\3\0\3\0\2\0\x50"), 0},
        {"no mandatory key", BYTES("\0\1\0\0\0\0\0\0\3\0\2\0\x50"), ERR_MALFORMED},
        {"half a mandatory key", BYTES("\0\1\0\0\0\0\1\0\0\3\0\2\0\x50"), ERR_MALFORMED},
        {"mandatory is mandatory", BYTES("\0\1\0\0\0\0\2\0\0\0\3\0\2\0\x50"), ERR_MALFORMED},
        {"mandatory keys that fall", BYTES("\0\1\0\0\0\0\4\0\4\0\3\0\3\0\2\0\x50\0\4\0\4\1\2\3\4"), ERR_MALFORMED},
        {"a mandatory key twice", BYTES("\0\1\0\0\0\0\4\0\3\0\3\0\3\0\2\0\x50"), ERR_MALFORMED},
        {"a mandatory key that is not there", BYTES("\0\1\0\0\0\0\2\0\2\0\3\0\2\0\x50"), ERR_MALFORMED},
        {"the last one is not there", BYTES("\0\1\0\0\0\0\4\0\3\0\5\0\3\0\2\0\x50"), ERR_MALFORMED},
        {"AliasMode with broken parameters", BYTES("\0\0\3foo\0\0\4\0\1\1"), ERR_MALFORMED},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct svcb s;
        uint8_t *exact = malloc(rows[i].len + (rows[i].len == 0));
        memcpy(exact, rows[i].data, rows[i].len);
        int code = svcb_parse(exact, rows[i].len, &s);
        if (code != rows[i].code)
            fail_msg("%s: %d instead of %d", rows[i].what, code, rows[i].code);
        free(exact);
    }
}

static void svcb_parse_refuses_every_shorter_piece_that_ends_in_a_parameter(void **state)
{
    size_t whole;
    int accepted = 0;
    (void)state;
    uint8_t *data = data_of("1 b.test. alpn=h2 ipv4hint=192.0.2.1 ech=" ECH_TEXT " ipv6hint=::1", &whole);
    for (size_t len = 0; len <= whole; len++) {
        struct svcb s;
        uint8_t *exact = malloc(len + (len == 0));
        memcpy(exact, data, len);
        accepted += svcb_parse(exact, len, &s) == 0;
        free(exact);
    }
    assert_int_equal(accepted, 5); /* behind the name, and behind each of the four parameters */
    free(data);
}

/* What ldns writes for the first text becomes what it writes for the second; NULL: the record goes. */
static void svcb_strip_ech_leaves_what_ldns_writes_without_it(void **state)
{
    static const struct {
        const char *from, *to;
    } rows[] = {
        {"1 . ech=" ECH_TEXT, "1 ."},
        {"1 . alpn=h2 ech=" ECH_TEXT " ipv6hint=2001:db8::1", "1 . alpn=h2 ipv6hint=2001:db8::1"},
        {"7 b.test. ipv4hint=192.0.2.1 ech=" ECH_TEXT " key65400=x", "7 b.test. ipv4hint=192.0.2.1 key65400=x"},
        {"1 . mandatory=alpn alpn=h2 ech=" ECH_TEXT, "1 . mandatory=alpn alpn=h2"},
        {"1 . alpn=h2", "1 . alpn=h2"},
        {"1 .", "1 ."},
        {"0 b.test.", "0 b.test."},
        {"1 . mandatory=ech ech=" ECH_TEXT, NULL},
        {"1 . mandatory=alpn,ech alpn=h2 ech=" ECH_TEXT, NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t len;
        size_t wanted_len = 0;
        uint8_t *data = data_of(rows[i].from, &len);
        uint8_t *wanted = rows[i].to == NULL ? NULL : data_of(rows[i].to, &wanted_len);
        if (svcb_strip_ech(data, len) != wanted_len)
            fail_msg("%s", rows[i].from);
        if (wanted != NULL)
            assert_memory_equal(data, wanted, wanted_len);
        free(data);
        free(wanted);
    }
}

static void svcb_strip_ech_leaves_nothing_but_the_target_of_an_alias(void **state)
{
    uint8_t data[] = "\0\0\1b\4test\0"
                     "\0\0\0\2\0\5"
                     "\0\5\0\6" ECH;
    (void)state;
    assert_int_equal(svcb_strip_ech(data, sizeof data - 1), 10);
    assert_memory_equal(data, "\0\0\1b\4test", 10);
}

static void svcb_strip_ech_leaves_nothing_of_what_it_cannot_read(void **state)
{
    uint8_t twice[] = "\0\1\0\0\5\0\6" ECH "\0\5\0\6" ECH;
    uint8_t compressed[] = "\0\1\xc0\x0c\0\5\0\6" ECH;
    (void)state;
    assert_int_equal(svcb_strip_ech(twice, sizeof twice - 1), 0);
    assert_int_equal(svcb_strip_ech(compressed, sizeof compressed - 1), 0);
    assert_int_equal(svcb_strip_ech(twice, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(svcb_parse_finds_what_ldns_wrote),
        cmocka_unit_test(svcb_parse_takes_records_without_parameters),
        cmocka_unit_test(svcb_parse_judges_every_rule_of_the_format),
        cmocka_unit_test(svcb_parse_refuses_every_shorter_piece_that_ends_in_a_parameter),
        cmocka_unit_test(svcb_strip_ech_leaves_what_ldns_writes_without_it),
        cmocka_unit_test(svcb_strip_ech_leaves_nothing_but_the_target_of_an_alias),
        cmocka_unit_test(svcb_strip_ech_leaves_nothing_of_what_it_cannot_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
