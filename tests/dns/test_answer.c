#include "dns/answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "packet.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const uint8_t address[4] = {192, 0, 2, 1};
static const struct edns_reply our_edns = {.udp_size = MSG_UDP_EDNS, .ede = EDE_NONE};

/* A question for "WwW.example.com" A, as its own message and parsed. */
static void ask(struct packet *p, struct request *request, unsigned flags)
{
    packet_begin(p, flags, 1, 0, 0, 0);
    packet_question(p, "WwW.example.com", DNS_TYPE_A);
    assert_int_equal(request_parse(p->bytes, p->len, request), 0);
}

static void answer_limit_follows_the_client(void **state)
{
    static const struct {
        bool edns;
        uint16_t udp_size;
        size_t udp_limit;
    } rows[] = {
        {false, 0, 512},  {true, 0, 512},     {true, 511, 512},   {true, 512, 512},
        {true, 513, 513}, {true, 1232, 1232}, {true, 1233, 1232}, {true, 65535, 1232},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct request request = {.edns = {.present = rows[i].edns, .udp_size = rows[i].udp_size}};
        assert_int_equal(answer_limit(&request, false), rows[i].udp_limit);
        assert_int_equal(answer_limit(&request, true), MSG_MAX_LEN);
    }
}

static void answer_begins_with_the_question_as_it_came(void **state)
{
    static const struct {
        unsigned asked, rcode, answered;
    } rows[] = {
        {0, DNS_RCODE_NOERROR, MSG_QR | MSG_RA},
        {MSG_RD, DNS_RCODE_NXDOMAIN, MSG_QR | MSG_RA | MSG_RD | 3},
        {MSG_RD | MSG_CD, DNS_RCODE_NOERROR, MSG_QR | MSG_RA | MSG_RD | MSG_CD},
        {MSG_AA | MSG_TC | MSG_RA | MSG_AD | 0x40 | MSG_RCODE, DNS_RCODE_REFUSED, MSG_QR | MSG_RA | 5},
        {0, DNS_RCODE_BADVERS, MSG_QR | MSG_RA},
        {0, DNS_RCODE_BADCOOKIE, MSG_QR | MSG_RA | 7},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct packet p;
        struct request request;
        struct answer a;
        uint8_t out[512];
        ask(&p, &request, rows[i].asked);
        answer_begin(&a, out, sizeof out, sizeof out, p.bytes, &request, rows[i].rcode);
        assert_int_equal(answer_end(&a, NULL), p.len);
        assert_int_equal(msg_u16(out), 0x1234);
        assert_int_equal(msg_u16(out + 2), rows[i].answered);
        assert_memory_equal(out + 4, "\0\1\0\0\0\0\0\0", 8);
        assert_memory_equal(out + MSG_HEADER_LEN, p.bytes + MSG_HEADER_LEN, p.len - MSG_HEADER_LEN);
    }
}

static void answer_without_a_question_is_a_bare_header(void **state)
{
    struct packet p;
    struct request request;
    struct answer a;
    uint8_t out[MSG_HEADER_LEN + 64];
    (void)state;
    packet_begin(&p, DNS_OPCODE_UPDATE << 11, 3, 1, 0, 0);
    assert_int_equal(request_parse(p.bytes, p.len, &request), DNS_RCODE_NOTIMP);
    answer_begin(&a, out, sizeof out, 512, p.bytes, &request, DNS_RCODE_NOTIMP);
    assert_int_equal(answer_end(&a, NULL), MSG_HEADER_LEN);
    assert_memory_equal(out, "\x12\x34\xa8\x84\0\0\0\0\0\0\0\0", MSG_HEADER_LEN);
}

static void answer_add_writes_records_section_by_section(void **state)
{
    static const uint8_t expected[] = "\300\14\0\5\0\1\0\0\0\12\0\3\1b\0"
                                      "\1b\0\0\1\0\1\377\377\377\377\0\4\300\0\2\1"
                                      "\300\14\0\2\0\1\0\0\0\12\0\0";
    struct packet p;
    struct request request;
    struct answer a;
    uint8_t out[512];
    (void)state;
    ask(&p, &request, MSG_RD);
    answer_begin(&a, out, sizeof out, sizeof out, p.bytes, &request, 0);
    answer_add(&a, MSG_ANSWER, NULL, DNS_TYPE_CNAME, 10, (const uint8_t *)"\1b", 3);
    answer_add(&a, MSG_ANSWER, (const uint8_t *)"\1b", DNS_TYPE_A, UINT32_MAX, address, sizeof address);
    answer_add(&a, MSG_AUTHORITY, NULL, DNS_TYPE_NS, 10, NULL, 0);
    assert_int_equal(answer_end(&a, &our_edns), p.len + sizeof expected - 1 + 11);
    assert_memory_equal(out + 4, "\0\1\0\2\0\1\0\1", 8);
    assert_memory_equal(out + p.len, expected, sizeof expected - 1);
    assert_memory_equal(out + p.len + sizeof expected - 1, "\0\0\51\4\320\0\0\0\0\0", 11);
}

static void answer_add_soa_carries_the_negative_ttl(void **state)
{
    struct packet p;
    struct request request;
    struct answer a;
    struct msg_walk walk;
    struct msg_rr rr;
    uint8_t out[512];
    uint8_t name[NAME_MAX_LEN];
    char text[NAME_TEXT_MAX];
    (void)state;
    ask(&p, &request, 0);
    answer_begin(&a, out, sizeof out, sizeof out, p.bytes, &request, DNS_RCODE_NXDOMAIN);
    answer_add_soa(&a, 77);
    size_t len = answer_end(&a, NULL);

    assert_int_equal(msg_walk_begin(&walk, out, len), 0);
    assert_int_equal(msg_walk_next(&walk, &rr), 1);
    assert_int_equal(rr.section, MSG_AUTHORITY);
    assert_int_equal(rr.type, DNS_TYPE_SOA);
    assert_int_equal(rr.ttl, 77);
    assert_int_equal(msg_name_unpack(out, len, rr.name_pos, name), 2);
    assert_string_equal(name_to_text(name, text), "WwW.example.com");
    int mname_len = msg_name_unpack(out, len, rr.rdata_pos, name);
    assert_string_equal(name_to_text(name, text), "belisha.invalid");
    int rname_len = msg_name_unpack(out, len, rr.rdata_pos + (size_t)mname_len, name);
    assert_string_equal(name_to_text(name, text), "hostmaster.belisha.invalid");
    assert_int_equal(rr.rdata_len, mname_len + rname_len + 20);
    assert_int_equal(msg_u32(out + rr.rdata_pos + rr.rdata_len - 4), 77);
    assert_int_equal(msg_walk_next(&walk, &rr), 0);
    assert_int_equal(walk.pos, len);
}

/* Records of 16 bytes each, as many as asked for. */
static size_t answer_with(struct answer *a, uint8_t *out, size_t cap, size_t limit, unsigned records,
                          const struct edns_reply *edns)
{
    struct packet p;
    struct request request;
    ask(&p, &request, MSG_RD);
    answer_begin(a, out, cap, limit, p.bytes, &request, 0);
    for (unsigned i = 0; i < records; i++)
        answer_add(a, MSG_ANSWER, NULL, DNS_TYPE_A, 10, address, sizeof address);
    return answer_end(a, edns);
}

static void answer_over_the_limit_is_cut_to_the_question(void **state)
{
    enum { HEAD = MSG_HEADER_LEN + 17 + 4, RECORD = 16, OPT = 11 };
    static const struct {
        const char *why;
        size_t cap, limit;
        unsigned records;
        bool edns, cut;
    } rows[] = {
        {"fills the limit", 4096, HEAD + 29 * RECORD, 29, false, false},
        {"a byte over", 4096, HEAD + 29 * RECORD - 1, 29, false, true},
        {"fills the buffer", HEAD + 29 * RECORD, 4096, 29, false, false},
        {"a byte over the buffer", HEAD + 29 * RECORD - 1, 4096, 29, false, true},
        {"fills the limit with OPT", 4096, HEAD + 10 * RECORD + OPT, 10, true, false},
        {"a byte over with OPT", 4096, HEAD + 10 * RECORD + OPT - 1, 10, true, true},
        {"far over", 4096, 512, 200, true, true},
        {"no records", 4096, 512, 0, true, false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct answer a;
        uint8_t *out = malloc(rows[i].cap);
        size_t len = answer_with(&a, out, rows[i].cap, rows[i].limit, rows[i].records, rows[i].edns ? &our_edns : NULL);
        size_t records = rows[i].cut ? 0 : rows[i].records;
        if (len != HEAD + records * RECORD + (rows[i].edns ? OPT : 0))
            fail_msg("%s: %zu bytes", rows[i].why, len);
        assert_int_equal((msg_u16(out + 2) & MSG_TC) != 0, rows[i].cut);
        assert_int_equal(msg_u16(out + 4), 1);
        assert_int_equal(msg_u16(out + 6), records);
        assert_int_equal(msg_u16(out + 8), 0);
        assert_int_equal(msg_u16(out + 10), rows[i].edns);
        free(out);
    }
}

static void answer_stays_cut_when_a_smaller_record_would_fit(void **state)
{
    struct packet p;
    struct request request;
    struct answer a;
    uint8_t out[512];
    static const uint8_t big[600];
    (void)state;
    ask(&p, &request, 0);
    answer_begin(&a, out, sizeof out, sizeof out, p.bytes, &request, 0);
    answer_add(&a, MSG_ANSWER, NULL, DNS_TYPE_TXT, 10, big, sizeof big);
    answer_add(&a, MSG_ANSWER, NULL, DNS_TYPE_A, 10, address, sizeof address);
    assert_int_equal(answer_end(&a, NULL), p.len);
    assert_true((msg_u16(out + 2) & MSG_TC) != 0);
}

static void answer_drops_the_error_text_before_the_records(void **state)
{
    static const struct edns_reply edns = {.udp_size = 1232, .ede = EDE_BLOCKED, .ede_text = "twelve bytes"};
    enum { HEAD = MSG_HEADER_LEN + 17 + 4, FULL = HEAD + 5 * 16 + 11 + 6 + 12 };
    struct answer a;
    uint8_t out[512];
    (void)state;
    assert_int_equal(answer_with(&a, out, sizeof out, FULL, 5, &edns), FULL);
    assert_int_equal(answer_with(&a, out, sizeof out, FULL - 1, 5, &edns), FULL - 12);
    assert_false((msg_u16(out + 2) & MSG_TC) != 0);
    /* Without its error the answer is whole, but says that there was more (RFC 8914, 3). */
    assert_int_equal(answer_with(&a, out, sizeof out, FULL - 13, 5, &edns), FULL - 18);
    assert_int_equal(msg_u16(out + 6), 5);
    assert_true((msg_u16(out + 2) & MSG_TC) != 0);
    assert_int_equal(answer_with(&a, out, sizeof out, FULL - 19, 5, &edns), HEAD + 11 + 6 + 12);
    assert_true((msg_u16(out + 2) & MSG_TC) != 0);
}

static void answer_to_the_longest_question_keeps_the_whole_cookie(void **state)
{
    static const uint8_t cookie[EDNS_COOKIE_MAX];
    static const struct edns_reply edns = {.udp_size = 1232, .ede = EDE_NONE, .cookie = cookie, .cookie_len = 40};
    static const uint8_t address6[16];
    struct packet p;
    struct request request;
    struct answer a;
    uint8_t out[MSG_UDP_DEFAULT];
    (void)state;
    packet_begin(&p, 0, 1, 0, 0, 0);
    for (size_t i = 0; i < NAME_MAX_LABELS; i++)
        packet_bytes(&p, "\1a", 2);
    packet_bytes(&p, "\0\0\34\0\1", 5);
    assert_int_equal(request_parse(p.bytes, p.len, &request), 0);
    answer_begin(&a, out, sizeof out, MSG_UDP_DEFAULT, p.bytes, &request, 0);
    for (int i = 0; i < 7; i++)
        answer_add(&a, MSG_ANSWER, NULL, DNS_TYPE_AAAA, 10, address6, sizeof address6);
    assert_int_equal(answer_end(&a, &edns), 271 + 11 + 4 + 40);
    assert_memory_equal(out + 4, "\0\1\0\0\0\0\0\1", 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answer_limit_follows_the_client),
        cmocka_unit_test(answer_begins_with_the_question_as_it_came),
        cmocka_unit_test(answer_without_a_question_is_a_bare_header),
        cmocka_unit_test(answer_add_writes_records_section_by_section),
        cmocka_unit_test(answer_add_soa_carries_the_negative_ttl),
        cmocka_unit_test(answer_over_the_limit_is_cut_to_the_question),
        cmocka_unit_test(answer_stays_cut_when_a_smaller_record_would_fit),
        cmocka_unit_test(answer_drops_the_error_text_before_the_records),
        cmocka_unit_test(answer_to_the_longest_question_keeps_the_whole_cookie),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
