#include "dns/edns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dns/msg.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define OPT_LEN      11

static const uint8_t plain[8] = {0, 41, 0x04, 0xd0, 0, 0, 0, 0};
static const uint8_t cookie[EDNS_COOKIE_MAX] = "0123456789abcdefghijklmnopqrstuvwxyzABCD";

static int parse_options(const void *options, size_t len, struct edns *out)
{
    uint8_t *exact = malloc(len + 1);
    memcpy(exact + 1, options, len);
    int result = edns_parse(plain, exact + 1, len, out);
    free(exact);
    return result;
}

static void edns_parse_reads_the_fixed_fields(void **state)
{
    static const struct {
        uint8_t fixed[8];
        uint16_t udp_size;
        uint8_t version;
        bool dnssec_ok;
    } rows[] = {
        {{0, 41, 0x04, 0xd0, 0, 0, 0, 0}, 1232, 0, false},
        {{0, 41, 0x00, 0x00, 0, 0, 0x80, 0}, 0, 0, true},
        {{0, 41, 0xff, 0xff, 0, 0, 0x7f, 0xff}, 65535, 0, false},
        {{0, 41, 0x10, 0x00, 0xff, 255, 0xff, 0xff}, 4096, 255, true},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct edns edns;
        assert_int_equal(edns_parse(rows[i].fixed, (const uint8_t *)"", 0, &edns), 0);
        assert_true(edns.present);
        assert_int_equal(edns.udp_size, rows[i].udp_size);
        assert_int_equal(edns.version, rows[i].version);
        assert_int_equal(edns.dnssec_ok, rows[i].dnssec_ok);
        assert_int_equal(edns.cookie_len, 0);
    }
}

static void edns_parse_takes_cookies_of_8_or_16_to_40_bytes(void **state)
{
    (void)state;
    for (size_t len = 0; len <= 60; len++) {
        uint8_t option[4 + 60] = {0, EDNS_OPTION_COOKIE, 0, (uint8_t)len};
        struct edns edns = {.present = false};
        memset(option + 4, 'c', len);
        bool good = len == 8 || (len >= 16 && len <= 40);
        assert_int_equal(parse_options(option, 4 + len, &edns), good ? 0 : ERR_MALFORMED);
        assert_int_equal(edns.present, good);
        assert_int_equal(edns.cookie_len, good ? len : 0);
        if (good)
            assert_memory_equal(edns.cookie, option + 4, len);
    }
}

static void edns_parse_finds_the_first_cookie_between_other_options(void **state)
{
    static const uint8_t options[] = "\0\10\0\4\0\1\0\0"  /* client subnet */
                                     "\0\12\0\10abcdefgh" /* cookie */
                                     "\0\12\0\3bad"       /* a second one counts for nothing */
                                     "\0\14\0\0"          /* padding */
                                     "\377\377\0\1x";
    struct edns edns;
    (void)state;
    assert_int_equal(parse_options(options, sizeof options - 1, &edns), 0);
    assert_int_equal(edns.cookie_len, 8);
    assert_memory_equal(edns.cookie, "abcdefgh", 8);
}

static void edns_parse_refuses_options_past_the_end(void **state)
{
    static const struct {
        const char *options;
        size_t len;
    } rows[] = {{"\0", 1}, {"\0\14\0", 3}, {"\0\14\0\1", 4}, {"\0\14\0\0\0", 5}, {"\0\14\377\377x", 5}};
    struct edns edns;
    struct edns untouched;
    (void)state;
    memset(&edns, 0xee, sizeof edns);
    memset(&untouched, 0xee, sizeof untouched);
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(parse_options(rows[i].options, rows[i].len, &edns), ERR_MALFORMED);
    assert_memory_equal(&edns, &untouched, sizeof edns);
}

static void edns_parse_reads_only_so_many_options(void **state)
{
    static const uint8_t options[4 * (EDNS_OPTIONS_MAX + 1)];
    struct edns edns;
    (void)state;
    assert_int_equal(parse_options(options, 4 * EDNS_OPTIONS_MAX, &edns), 0);
    assert_int_equal(parse_options(options, sizeof options, &edns), ERR_MALFORMED);
}

/* RFC 7828, 3.1 and 3.2.1: empty in a question. */
static void edns_parse_sees_an_empty_keepalive(void **state)
{
    struct edns edns;
    (void)state;
    assert_int_equal(parse_options("\0\x0b\0\0", 4, &edns), 0);
    assert_true(edns.keepalive);
    assert_false(edns.keepalive_timed);
    assert_int_equal(parse_options("\0\x0b\0\x02\0\x64", 6, &edns), 0);
    assert_false(edns.keepalive);
    assert_true(edns.keepalive_timed);
    assert_int_equal(parse_options("\0\x0c\0\0", 4, &edns), 0);
    assert_false(edns.keepalive);
}

static void edns_write_says_how_long_a_connection_may_be_idle(void **state)
{
    struct edns_reply reply = {.ede = EDE_NONE, .keepalive = true, .keepalive_100ms = 100};
    uint8_t out[40];
    (void)state;
    assert_int_equal(edns_write(&reply, out, sizeof out), OPT_LEN + 6);
    assert_memory_equal(out + 9, "\0\x06\0\x0b\0\x02\0\x64", 8);
    assert_int_equal(edns_write(&reply, out, OPT_LEN + 5), OPT_LEN); /* no room */
}

/* RFC 8467, 4.1: to a multiple of the block, the option's own header counted. */
static void edns_write_pads_the_message_to_whole_blocks(void **state)
{
    static const struct {
        uint16_t before_len;
        size_t cap;
        int len;
    } cases[] = {
        {100, 1000, 368},                             /* 468 in all */
        {468 - OPT_LEN - 4, 1000, OPT_LEN + 4},       /* fits as it is: an empty option */
        {468 - OPT_LEN - 3, 1000, 468 + OPT_LEN + 3}, /* one byte too long: the next block */
        {100, 367, OPT_LEN},                          /* no room for all of it */
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct edns_reply reply = {
            .ede = EDE_NONE, .padding_block = EDNS_PADDING_BLOCK, .before_len = cases[i].before_len};
        uint8_t out[1000];
        memset(out, 0xff, sizeof out);
        assert_int_equal(edns_write(&reply, out, cases[i].cap), cases[i].len);
        assert_int_equal(out[9] << 8 | out[10], cases[i].len - OPT_LEN);
        for (int at = OPT_LEN + 4; at < cases[i].len; at++)
            assert_int_equal(out[at], 0);
    }
}

static void edns_parse_sees_who_pads(void **state)
{
    struct edns edns;
    (void)state;
    assert_int_equal(parse_options("\0\x0c\0\0", 4, &edns), 0);
    assert_true(edns.padding);
    assert_int_equal(parse_options("\0\x0b\0\0", 4, &edns), 0);
    assert_false(edns.padding);
}

static void edns_option_next_stops_at_the_end_and_at_what_is_broken(void **state)
{
    static const uint8_t options[] = "\0\12\0\2ab" /* two bytes */
                                     "\0\14\0\0"   /* none */
                                     "\0\14\0\1";  /* past the end */
    struct edns_option option;
    size_t pos = 0;
    (void)state;
    assert_int_equal(edns_option_next(options, sizeof options - 1, &pos, &option), 1);
    assert_int_equal(option.code, EDNS_OPTION_COOKIE);
    assert_int_equal(option.len, 2);
    assert_memory_equal(option.data, "ab", 2);
    assert_int_equal(edns_option_next(options, sizeof options - 1, &pos, &option), 1);
    assert_int_equal(option.code, EDNS_OPTION_PADDING);
    assert_int_equal(pos, 10);
    assert_int_equal(edns_option_next(options, sizeof options - 1, &pos, &option), ERR_MALFORMED);
    assert_int_equal(pos, 10);
    assert_int_equal(edns_option_next(options, 10, &pos, &option), 0);
    for (size_t len = 11; len < 14; len++)
        assert_int_equal(edns_option_next(options, len, &pos, &option), ERR_MALFORMED);
}

/* draft-ietf-dnsop-structured-dns-error-22, 5.4: an option without data, whose data are ignored; before: an empty EDE. */
static void edns_asks_structured_in_either_form(void **state)
{
    enum { CODE = 65001 };
    static const struct {
        const char *options;
        size_t len;
        uint16_t code;
        bool by_ede, asks;
    } rows[] = {
        {"\375\351\0\0", 4, CODE, false, true},
        {"\375\351\0\3abc", 7, CODE, false, true},                 /* data are ignored */
        {"\0\12\0\10abcdefgh\375\351\0\0", 16, CODE, false, true}, /* behind a cookie */
        {"\375\352\0\0", 4, CODE, false, false},                   /* the next code */
        {"\375\351\0\0", 4, 0, true, false},                       /* no code is set up */
        {"\0\0\0\0", 4, 0, true, false},                           /* ... nor is it this one */
        {"\0\17\0\0", 4, CODE, true, true},                        /* an EDE without anything */
        {"\0\17\0\2\0\0", 6, CODE, true, true},                    /* code 0 without text */
        {"\0\17\0\2\0\17", 6, CODE, true, false},                  /* a code that says something */
        {"\0\17\0\3\0\0x", 7, CODE, true, false},                  /* a text */
        {"\0\17\0\1\0", 5, CODE, true, false},                     /* half a code */
        {"\0\17\0\2\0\0", 6, CODE, false, false},                  /* not wanted */
        {"", 0, CODE, true, false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t *exact = malloc(rows[i].len + 1);
        memcpy(exact + 1, rows[i].options, rows[i].len);
        if (edns_asks_structured(exact + 1, rows[i].len, rows[i].code, rows[i].by_ede) != rows[i].asks)
            fail_msg("row %zu", i);
        free(exact);
    }
}

static void edns_write_gives_each_field_its_place(void **state)
{
    static const struct edns_reply reply = {
        .udp_size = 1232,
        .rcode = DNS_RCODE_BADCOOKIE,
        .dnssec_ok = true,
        .ede = EDE_BLOCKED,
        .ede_text = "no",
        .cookie = cookie,
        .cookie_len = 16,
    };
    static const uint8_t expected[] = "\0"
                                      "\0\51\4\320\1\0\200\0\0\34"
                                      "\0\12\0\20"
                                      "0123456789abcdef"
                                      "\0\17\0\4\0\17no";
    uint8_t out[64];
    (void)state;
    assert_int_equal(edns_write(&reply, out, sizeof out), sizeof expected - 1);
    assert_memory_equal(out, expected, sizeof expected - 1);
}

static void edns_write_leaves_out_the_text_then_the_error(void **state)
{
    static const struct edns_reply reply = {
        .udp_size = 1232,
        .ede = EDE_FORGED_ANSWER,
        .ede_text = "blocked",
        .cookie = cookie,
        .cookie_len = 40,
    };
    enum { BARE = OPT_LEN + 4 + 40, CODE = BARE + 6, WHOLE = CODE + 7 };
    (void)state;
    for (size_t cap = 0; cap <= WHOLE + 1; cap++) {
        uint8_t *out = malloc(cap + 1);
        int expected = cap < BARE ? ERR_LIMIT : cap < CODE ? BARE : cap < WHOLE ? CODE : WHOLE;
        assert_int_equal(edns_write(&reply, out + 1, cap), expected);
        if (expected > 0)
            assert_int_equal(msg_u16(out + 1 + 9), expected - OPT_LEN);
        free(out);
    }
}

static void edns_write_says_the_short_text_where_the_long_one_does_not_fit(void **state)
{
    static const struct edns_reply reply = {
        .ede = EDE_BLOCKED, .ede_text = "{\"s\":5,\"o\":\"School\"}", .ede_short = "{\"s\":5}"};
    enum { CODE = OPT_LEN + 6, SHORT = CODE + 7, WHOLE = CODE + 20 };
    (void)state;
    for (size_t cap = CODE; cap <= WHOLE; cap++) {
        uint8_t out[64];
        assert_int_equal(edns_write(&reply, out, cap), cap < SHORT ? CODE : cap < WHOLE ? SHORT : WHOLE);
        assert_int_equal(out[CODE - 1], EDE_BLOCKED);
    }
}

/* RFC 8914, 2: there may be several. */
static void edns_write_adds_that_a_failure_is_cached(void **state)
{
    static const struct edns_reply reply = {.ede = EDE_NO_REACHABLE_AUTHORITY, .ede_text = "no", .ede_cached = true};
    uint8_t out[64];
    (void)state;
    assert_int_equal(edns_write(&reply, out, sizeof out), OPT_LEN + 8 + 6);
    assert_memory_equal(out + OPT_LEN, "\0\17\0\4\0\26no\0\17\0\2\0\15", 14);
    assert_int_equal(edns_write(&reply, out, OPT_LEN + 8 + 5), OPT_LEN + 8);
}

static void edns_ede_is_cut_where_even_its_code_has_no_room(void **state)
{
    struct edns_reply reply = {.ede = EDE_STALE_ANSWER, .cookie = cookie, .cookie_len = 8};
    enum { CODE = OPT_LEN + 12 + 6 };
    uint8_t out[64];
    (void)state;
    assert_true(edns_ede_is_cut(&reply, CODE - 1));
    assert_int_equal(edns_write(&reply, out, CODE - 1), OPT_LEN + 12);
    assert_false(edns_ede_is_cut(&reply, CODE));
    reply.keepalive = true;
    assert_true(edns_ede_is_cut(&reply, CODE + 5));
    assert_int_equal(edns_write(&reply, out, CODE + 5), OPT_LEN + 12 + 6);
    reply.ede = EDE_NONE;
    assert_false(edns_ede_is_cut(&reply, 0));
}

static void edns_write_leaves_out_text_that_no_option_can_hold(void **state)
{
    struct edns_reply reply = {.ede = EDE_OTHER};
    size_t cap = 3u * UINT16_MAX;
    uint8_t *out = malloc(cap);
    char *text = malloc(2u * UINT16_MAX);
    (void)state;
    memset(text, 'x', 2u * UINT16_MAX);
    text[2u * UINT16_MAX - 1] = '\0';
    reply.ede_text = text;
    assert_int_equal(edns_write(&reply, out, cap), OPT_LEN + 6);
    text[UINT16_MAX - 6] = '\0';
    assert_int_equal(edns_write(&reply, out, cap), OPT_LEN + UINT16_MAX);
    assert_int_equal(msg_u16(out + 9), UINT16_MAX);
    free(text);
    free(out);
}

static void edns_read_what_was_written(void **state)
{
    static const struct edns_reply rows[] = {
        {.udp_size = 512, .ede = EDE_NONE},
        {.udp_size = 4096, .ede = EDE_NONE, .dnssec_ok = true, .rcode = 0xfff},
        {.udp_size = 1232, .ede = EDE_OTHER, .cookie = cookie, .cookie_len = 8},
        {.udp_size = 1232, .ede = EDE_INVALID_DATA, .ede_text = "x", .cookie = cookie, .cookie_len = 40},
        {.udp_size = 1232, .ede = EDE_NONE, .ede_text = "without a code, no text"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t out[128];
        struct edns edns;
        int len = edns_write(&rows[i], out, sizeof out);
        assert_true(len >= OPT_LEN);
        assert_int_equal(edns_parse(out + 1, out + OPT_LEN, (size_t)len - OPT_LEN, &edns), 0);
        assert_int_equal(edns.udp_size, rows[i].udp_size);
        assert_int_equal(edns.dnssec_ok, rows[i].dnssec_ok);
        assert_int_equal(edns.version, 0);
        assert_int_equal(out[5], rows[i].rcode >> 4);
        assert_int_equal(edns.cookie_len, rows[i].cookie_len);
        assert_memory_equal(edns.cookie, cookie, rows[i].cookie_len);
        if (rows[i].ede == EDE_NONE && rows[i].cookie == NULL)
            assert_int_equal(len, OPT_LEN);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edns_parse_reads_the_fixed_fields),
        cmocka_unit_test(edns_parse_takes_cookies_of_8_or_16_to_40_bytes),
        cmocka_unit_test(edns_parse_finds_the_first_cookie_between_other_options),
        cmocka_unit_test(edns_parse_refuses_options_past_the_end),
        cmocka_unit_test(edns_parse_reads_only_so_many_options),
        cmocka_unit_test(edns_parse_sees_an_empty_keepalive),
        cmocka_unit_test(edns_write_says_how_long_a_connection_may_be_idle),
        cmocka_unit_test(edns_write_pads_the_message_to_whole_blocks),
        cmocka_unit_test(edns_parse_sees_who_pads),
        cmocka_unit_test(edns_option_next_stops_at_the_end_and_at_what_is_broken),
        cmocka_unit_test(edns_asks_structured_in_either_form),
        cmocka_unit_test(edns_write_gives_each_field_its_place),
        cmocka_unit_test(edns_write_leaves_out_the_text_then_the_error),
        cmocka_unit_test(edns_write_says_the_short_text_where_the_long_one_does_not_fit),
        cmocka_unit_test(edns_write_adds_that_a_failure_is_cached),
        cmocka_unit_test(edns_ede_is_cut_where_even_its_code_has_no_room),
        cmocka_unit_test(edns_write_leaves_out_text_that_no_option_can_hold),
        cmocka_unit_test(edns_read_what_was_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
