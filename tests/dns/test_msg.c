#include "dns/msg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "packet.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Parses an exact-sized copy, so that AddressSanitizer sees a byte read past the end. */
static int parse(const void *bytes, size_t len, struct request *out)
{
    uint8_t *exact = malloc(len + 1);
    memcpy(exact + 1, bytes, len);
    int result = request_parse(exact + 1, len, out);
    free(exact);
    return result;
}

static int parse_packet(const struct packet *p, struct request *out)
{
    return parse(p->bytes, p->len, out);
}

static void request_parse_reads_a_plain_question(void **state)
{
    struct packet p;
    struct request request;
    (void)state;
    packet_begin(&p, MSG_RD | MSG_CD, 1, 0, 0, 0);
    packet_question(&p, "wWw.Example.COM", DNS_TYPE_AAAA);
    memset(&request, 0xee, sizeof request);
    assert_int_equal(parse_packet(&p, &request), 0);
    assert_int_equal(request.id, 0x1234);
    assert_int_equal(request.flags, MSG_RD | MSG_CD);
    assert_int_equal(request.question_end, p.len);
    assert_true(request.has_question);
    assert_int_equal(request.question.type, DNS_TYPE_AAAA);
    assert_int_equal(request.question.class, DNS_CLASS_IN);
    assert_int_equal(request.question.name_len, 17);
    assert_int_equal(request.question.labels, 3);
    assert_memory_equal(request.question.name, "\3www\7example\3com", 17);
    assert_false(request.edns.present);
    assert_false(request.edns.dnssec_ok);
    assert_int_equal(request.options_len, 0);
    assert_int_equal(request.edns.version, 0);
    assert_int_equal(request.edns.udp_size, 0);
    assert_int_equal(request.edns.cookie_len, 0);
}

static void request_parse_reads_the_root_and_the_longest_name(void **state)
{
    struct packet p;
    struct request request;
    uint8_t labels[256];
    (void)state;
    packet_begin(&p, 0, 1, 0, 0, 0);
    packet_question(&p, ".", DNS_TYPE_NS);
    assert_int_equal(parse_packet(&p, &request), 0);
    assert_int_equal(request.question.name_len, 1);
    assert_int_equal(request.question.labels, 0);

    for (size_t i = 0; i < sizeof labels; i++)
        labels[i] = i % 2 == 0 ? 1 : 'A';
    packet_begin(&p, 0, 1, 0, 0, 0);
    packet_bytes(&p, labels, 254);
    packet_bytes(&p, "\0\0\1\0\1", 5);
    assert_int_equal(parse_packet(&p, &request), 0);
    assert_int_equal(request.question.name_len, 255);
    assert_int_equal(request.question.labels, NAME_MAX_LABELS);

    for (size_t last_len = 1; last_len <= 2; last_len++) { /* 257 bytes, then 256 */
        packet_begin(&p, 0, 1, 0, 0, 0);
        packet_bytes(&p, labels, last_len == 1 ? 254 : 252);
        packet_bytes(&p, last_len == 1 ? "\1a" : "\2ab", last_len + 1);
        packet_bytes(&p, "\0\0\1\0\1", 5);
        assert_int_equal(parse_packet(&p, &request), DNS_RCODE_FORMERR);
        assert_false(request.has_question);
    }
}

static void request_parse_answers_nothing_to_answers_and_scraps(void **state)
{
    struct packet p;
    struct request request;
    struct request untouched;
    (void)state;
    memset(&request, 0xee, sizeof request);
    memset(&untouched, 0xee, sizeof untouched);
    packet_begin(&p, MSG_QR, 1, 0, 0, 0);
    packet_question(&p, "example.com", DNS_TYPE_A);
    assert_int_equal(parse_packet(&p, &request), ERR_MALFORMED);
    for (size_t len = 0; len < MSG_HEADER_LEN; len++)
        assert_int_equal(parse(p.bytes, len, &request), ERR_MALFORMED);
    assert_memory_equal(&request, &untouched, sizeof request);
}

static void request_parse_refuses_every_cut_of_a_request(void **state)
{
    struct packet p;
    struct request request;
    (void)state;
    packet_begin(&p, MSG_RD, 1, 0, 0, 1);
    packet_question(&p, "www.example.com", DNS_TYPE_A);
    size_t question_end = p.len;
    packet_opt(&p, 1232, EDNS_DO, "\0\12\0\10abcdefgh", 12);
    assert_int_equal(parse_packet(&p, &request), 0);
    for (size_t len = MSG_HEADER_LEN; len < p.len; len++) {
        assert_int_equal(parse(p.bytes, len, &request), DNS_RCODE_FORMERR);
        assert_int_equal(request.has_question, len >= question_end);
        assert_int_equal(request.id, 0x1234);
    }
}

static void request_parse_refuses_broken_questions(void **state)
{
    static const struct {
        const char *fault;
        unsigned count;
        const char *bytes;
        size_t len;
    } rows[] = {
        {"no question", 0, "", 0},
        {"none counted", 0, "\1a\0\0\1\0\1", 7},
        {"two questions", 2, "\1a\0\0\1\0\1\1b\0\0\1\0\1", 14},
        {"two counted, one there", 2, "\1a\0\0\1\0\1", 7},
        {"65535 counted", 65535, "\1a\0\0\1\0\1", 7},
        {"pointer to itself", 1, "\300\14\0\1\0\1", 6},
        {"pointer forwards", 1, "\300\22\0\1\0\1\0", 7},
        {"pointer to the header", 1, "\1a\300\0\0\1\0\1", 8},
        {"pointer behind a label", 1, "\1a\300\14\0\1\0\1", 8},
        {"label of 64", 1, "\100a\0\0\1\0\1", 7},
        {"label of 191", 1, "\277a\0\0\1\0\1", 7},
        {"no root", 1, "\1a", 2},
        {"no type", 1, "\1a\0", 3},
        {"half a class", 1, "\1a\0\0\1\0", 6},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct packet p;
        struct request request;
        packet_begin(&p, 0, rows[i].count, 0, 0, 0);
        packet_bytes(&p, rows[i].bytes, rows[i].len);
        if (parse_packet(&p, &request) != DNS_RCODE_FORMERR || request.has_question ||
            request.question_end != MSG_HEADER_LEN)
            fail_msg("accepted: %s", rows[i].fault);
    }
}

static void request_parse_refuses_broken_records(void **state)
{
    static const struct {
        const char *fault;
        unsigned answers, authorities, additionals;
        const char *bytes;
        size_t len;
    } rows[] = {
        {"byte behind the question", 0, 0, 0, "\0", 1},
        {"answer record", 1, 0, 0, "\1a\0\0\1\0\1\0\0\0\0\0\0", 13},
        {"answer counted", 1, 0, 0, "", 0},
        {"authority counted", 0, 1, 0, "", 0},
        {"additional counted", 0, 0, 1, "", 0},
        {"owner points to itself", 0, 1, 0, "\300\35\0\1\0\1\0\0\0\0\0\0", 12},
        {"rdata past the end", 0, 0, 1, "\0\0\1\0\1\0\0\0\0\0\1", 11},
        {"byte behind the records", 0, 0, 1, "\0\0\1\0\1\0\0\0\0\0\0x", 12},
        {"two OPT", 0, 0, 2, "\0\0\51\4\320\0\0\0\0\0\0\0\0\51\4\320\0\0\0\0\0\0", 22},
        {"OPT not at the root", 0, 0, 1, "\1a\0\0\51\4\320\0\0\0\0\0\0", 13},
        {"OPT at a pointer to the root", 0, 0, 1, "\300\30\0\51\4\320\0\0\0\0\0\0", 12},
        {"OPT option past the end", 0, 0, 1, "\0\0\51\4\320\0\0\0\0\0\5\0\3\0\2x", 16},
        {"cookie of 7 bytes", 0, 0, 1, "\0\0\51\4\320\0\0\0\0\0\13\0\12\0\7abcdefg", 22},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct packet p;
        struct request request;
        packet_begin(&p, 0, 1, rows[i].answers, rows[i].authorities, rows[i].additionals);
        packet_question(&p, "example.com", DNS_TYPE_A);
        packet_bytes(&p, rows[i].bytes, rows[i].len);
        if (parse_packet(&p, &request) != DNS_RCODE_FORMERR)
            fail_msg("accepted: %s", rows[i].fault);
        assert_true(request.has_question);
    }
}

static void request_parse_ignores_records_that_mean_nothing_in_a_request(void **state)
{
    struct packet p;
    struct request request;
    (void)state;
    packet_begin(&p, MSG_TC, 1, 0, 1, 3);
    packet_question(&p, "example.com", DNS_TYPE_A);
    packet_rr(&p, "a.example", DNS_TYPE_SOA, "whatever", 8);
    packet_rr(&p, "key.example", 250, "signature", 9);
    packet_opt(&p, 1400, 0, "", 0);
    packet_pointer(&p, MSG_HEADER_LEN);
    packet_rr_fixed(&p, DNS_TYPE_A, DNS_CLASS_IN, 1, 4);
    packet_bytes(&p, "abcd", 4);
    assert_int_equal(parse_packet(&p, &request), 0);
    assert_true(request.edns.present);
    assert_int_equal(request.edns.udp_size, 1400);
}

/* RFC 6891, 6.1.1: it belongs in the additional section. */
static void request_parse_refuses_an_opt_in_the_authority_section(void **state)
{
    struct packet p;
    struct request request;
    (void)state;
    packet_begin(&p, 0, 1, 0, 1, 0);
    packet_question(&p, "example.com", DNS_TYPE_A);
    packet_opt(&p, 4096, 0, "", 0);
    assert_int_equal(parse_packet(&p, &request), DNS_RCODE_FORMERR);
    assert_false(request.edns.present);
}

/* RFC 7873, 5.4: with a cookie, and nothing else, there need be no question. */
static void request_parse_knows_who_asks_for_a_cookie(void **state)
{
    struct packet p;
    struct request request;
    (void)state;
    packet_begin(&p, MSG_RD, 0, 0, 0, 1);
    packet_opt(&p, 1232, 0, "\0\12\0\10abcdefgh", 12);
    assert_int_equal(parse_packet(&p, &request), DNS_RCODE_FORMERR);
    assert_true(request.asks_cookie);
    assert_false(request.has_question);
    packet_begin(&p, MSG_RD, 0, 0, 0, 1);
    packet_opt(&p, 1232, 0, "", 0);
    assert_int_equal(parse_packet(&p, &request), DNS_RCODE_FORMERR);
    assert_false(request.asks_cookie);
    packet_begin(&p, DNS_OPCODE_UPDATE << 11, 0, 0, 0, 1);
    packet_opt(&p, 1232, 0, "\0\12\0\10abcdefgh", 12);
    assert_int_equal(parse_packet(&p, &request), DNS_RCODE_NOTIMP);
}

static void request_parse_reads_only_so_many_records(void **state)
{
    (void)state;
    for (unsigned authorities = 0; authorities <= REQUEST_RECORDS_MAX; authorities += REQUEST_RECORDS_MAX / 2) {
        for (unsigned over = 0; over <= 1; over++) {
            struct packet p;
            struct request request;
            packet_begin(&p, 0, 1, 0, authorities, REQUEST_RECORDS_MAX - authorities + over);
            packet_question(&p, "example.com", DNS_TYPE_A);
            for (unsigned i = 0; i < REQUEST_RECORDS_MAX + over; i++)
                packet_rr(&p, ".", DNS_TYPE_TXT, "", 0);
            assert_int_equal(parse_packet(&p, &request), over == 0 ? 0 : DNS_RCODE_FORMERR);
            assert_true(request.has_question);
        }
    }
}

static void request_parse_names_other_opcodes_and_versions(void **state)
{
    struct packet p;
    struct request request;
    (void)state;
    for (unsigned opcode = 1; opcode < 16; opcode++) {
        packet_begin(&p, opcode << 11, 1, 0, 0, 1);
        packet_question(&p, "example.com", DNS_TYPE_SOA);
        packet_opt(&p, 1232, 0, "", 0);
        assert_int_equal(parse_packet(&p, &request), DNS_RCODE_NOTIMP);
        assert_true(request.has_question);
        assert_true(request.edns.present);
    }
    packet_begin(&p, DNS_OPCODE_UPDATE << 11, 0, 1, 0, 0);
    assert_int_equal(parse_packet(&p, &request), DNS_RCODE_NOTIMP);
    assert_false(request.has_question);

    packet_begin(&p, 0, 1, 0, 0, 1);
    packet_question(&p, "example.com", DNS_TYPE_SOA);
    packet_opt(&p, 1232, 0x00010000, "\1\2\3", 3); /* options of version 1 need not look like ours */
    assert_int_equal(parse_packet(&p, &request), DNS_RCODE_BADVERS);
    assert_true(request.has_question);
    assert_true(request.edns.present);
    assert_int_equal(request.edns.version, 1);
}

/* A message of MSG_HEADER_LEN bytes and then what a row says: the name is read at `pos`. */
static void msg_name_unpack_follows_only_pointers_to_what_came_before(void **state)
{
    static const struct {
        const char *fault;
        const char *bytes;
        size_t len, pos;
        int used;
        const char *name;
    } rows[] = {
        {"plain", "\1a\0", 3, 12, 3, "a"},
        {"case kept", "\2Ab\0", 4, 12, 4, "Ab"},
        {"pointer", "\1a\0\300\14", 5, 15, 2, "a"},
        {"label and pointer", "\1a\0\1b\300\14", 7, 15, 4, "b.a"},
        {"pointer into a name", "\1a\1b\0\1c\300\16", 9, 17, 4, "c.b"},
        {"pointer to the root", "\1a\0\300\16", 5, 15, 2, "."},
        {"pointer to a pointer", "\1a\0\300\14\300\17", 7, 17, 2, "a"},
        {"bytes behind", "\1a\0\300\14junk", 9, 15, 2, "a"},
        {"to itself", "\300\14", 2, 12, ERR_MALFORMED, NULL},
        {"forwards", "\300\16\1a\0", 5, 12, ERR_MALFORMED, NULL},
        {"past the end", "\1a\0\377\377", 5, 15, ERR_MALFORMED, NULL},
        {"to its own label", "\1a\300\14", 4, 12, ERR_MALFORMED, NULL},
        {"into its own label", "\2\1a\300\15", 5, 12, ERR_MALFORMED, NULL},
        {"loop of two", "\300\16\300\14", 4, 14, ERR_MALFORMED, NULL},
        {"loop through a label", "\1a\300\20\1b\300\14", 8, 16, ERR_MALFORMED, NULL},
        {"into the header", "\1a\300\0", 4, 12, ERR_MALFORMED, NULL},
        {"into the header's last byte", "\300\13", 2, 12, ERR_MALFORMED, NULL},
        {"half a pointer", "\1a\0\300", 4, 15, ERR_TRUNCATED, NULL},
        {"half a pointer behind a label", "\1a\300", 3, 12, ERR_TRUNCATED, NULL},
        {"no end", "\1a", 2, 12, ERR_TRUNCATED, NULL},
        {"label past the end", "\5abc", 4, 12, ERR_TRUNCATED, NULL},
        {"at the end", "\1a\0", 3, 15, ERR_TRUNCATED, NULL},
        {"behind the end", "\1a\0", 3, 400, ERR_TRUNCATED, NULL},
        {"label type 01", "\101a\0", 3, 12, ERR_MALFORMED, NULL},
        {"label type 10", "\201a\0", 3, 12, ERR_MALFORMED, NULL},
        {"label type 01 behind a pointer", "\101a\0\300\14", 5, 15, ERR_MALFORMED, NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t len = MSG_HEADER_LEN + rows[i].len;
        uint8_t *msg = calloc(1, len);
        uint8_t name[NAME_MAX_LEN];
        uint8_t untouched[NAME_MAX_LEN];
        memset(name, 0xee, sizeof name);
        memset(untouched, 0xee, sizeof untouched);
        memcpy(msg + MSG_HEADER_LEN, rows[i].bytes, rows[i].len);
        int used = msg_name_unpack(msg, len, rows[i].pos, name);
        if (used != rows[i].used || msg_name_skip(msg, len, rows[i].pos) != used)
            fail_msg("%s: %d", rows[i].fault, used);
        if (used < 0) {
            assert_memory_equal(name, untouched, sizeof name);
        } else {
            char text[NAME_TEXT_MAX];
            assert_string_equal(name_to_text(name, text), rows[i].name);
        }
        free(msg);
    }
}

static void msg_name_unpack_counts_the_bytes_behind_pointers(void **state)
{
    static const struct {
        const char *label;
        size_t label_bytes;
        int used;
    } rows[] = {{"\1a", 2, 4}, {"\2ab", 3, ERR_MALFORMED}};
    uint8_t label[NAME_LABEL_MAX];
    (void)state;
    memset(label, 'x', sizeof label);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct packet p;
        uint8_t name[NAME_MAX_LEN];
        packet_begin(&p, 0, 0, 0, 0, 0);
        for (int k = 0; k < 4; k++) { /* labels of 63, 63, 63 and 59: 253 bytes */
            uint8_t label_len = k < 3 ? 63 : 59;
            packet_bytes(&p, &label_len, 1);
            packet_bytes(&p, label, label_len);
        }
        packet_bytes(&p, "", 1);
        size_t pos = p.len;
        packet_bytes(&p, rows[i].label, rows[i].label_bytes);
        packet_pointer(&p, MSG_HEADER_LEN);
        assert_int_equal(msg_name_unpack(p.bytes, p.len, pos, name), rows[i].used);
        if (rows[i].used > 0)
            assert_int_equal(name_check(name, sizeof name), NAME_MAX_LEN);
    }
}

static void msg_name_unpack_follows_at_most_as_many_pointers_as_labels(void **state)
{
    struct packet p;
    size_t target = MSG_HEADER_LEN;
    (void)state;
    packet_begin(&p, 0, 0, 0, 0, 0);
    packet_name(&p, "a");
    for (int i = 1; i <= NAME_MAX_LABELS + 1; i++) {
        uint8_t name[NAME_MAX_LEN];
        size_t pos = p.len;
        packet_pointer(&p, (unsigned)target);
        assert_int_equal(msg_name_unpack(p.bytes, p.len, pos, name), i <= NAME_MAX_LABELS ? 2 : ERR_MALFORMED);
        target = pos;
    }
}

static void msg_walk_meets_every_record_once(void **state)
{
    static const struct {
        uint8_t section;
        uint16_t type;
    } rows[] = {
        {MSG_ANSWER, DNS_TYPE_CNAME},
        {MSG_ANSWER, DNS_TYPE_A},
        {MSG_AUTHORITY, DNS_TYPE_NS},
        {MSG_ADDITIONAL, 41},
    };
    struct packet p;
    struct msg_walk walk;
    struct msg_rr rr;
    (void)state;
    packet_begin(&p, MSG_QR, 1, 2, 1, 1);
    packet_question(&p, "www.example.com", DNS_TYPE_A);
    packet_rr(&p, "www.example.com", DNS_TYPE_CNAME, "\1b\300\20", 4);
    size_t second_pos = p.len;
    packet_rr(&p, "b.example.com", DNS_TYPE_A, "\300\0\2\1", 4);
    packet_rr(&p, "example.com", DNS_TYPE_NS, "\300\14", 2);
    packet_opt(&p, 1232, 0, "", 0);

    assert_int_equal(msg_walk_begin(&walk, p.bytes, p.len), 0);
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(msg_walk_next(&walk, &rr), 1);
        assert_int_equal(rr.section, rows[i].section);
        assert_int_equal(rr.type, rows[i].type);
        if (i == 1) {
            assert_int_equal(rr.name_pos, second_pos);
            assert_int_equal(rr.fixed_pos, second_pos + 15);
            assert_int_equal(rr.rdata_pos, second_pos + 25);
            assert_int_equal(rr.rdata_len, 4);
            assert_int_equal(rr.class, DNS_CLASS_IN);
            assert_int_equal(rr.ttl, 300);
        }
    }
    assert_int_equal(msg_walk_next(&walk, &rr), 0);
    assert_int_equal(walk.pos, p.len);
    assert_int_equal(msg_walk_next(&walk, &rr), 0);
}

static void msg_walk_stops_at_every_cut(void **state)
{
    struct packet p;
    (void)state;
    packet_begin(&p, MSG_QR, 1, 1, 0, 0);
    packet_question(&p, "example.com", DNS_TYPE_A);
    size_t question_end = p.len;
    packet_rr(&p, "example.com", DNS_TYPE_A, "abcd", 4);
    for (size_t len = 0; len < p.len; len++) {
        struct msg_walk walk;
        struct msg_rr rr = {.type = 0xeeee};
        uint8_t *exact = malloc(len + 1);
        memcpy(exact + 1, p.bytes, len);
        assert_int_equal(msg_walk_begin(&walk, exact + 1, len), len < question_end ? ERR_TRUNCATED : 0);
        if (len >= question_end)
            assert_int_equal(msg_walk_next(&walk, &rr), ERR_TRUNCATED);
        assert_int_equal(rr.type, 0xeeee);
        free(exact);
    }
}

static void msg_walk_passes_any_number_of_questions(void **state)
{
    struct packet p;
    struct msg_walk walk;
    struct msg_rr rr;
    (void)state;
    packet_begin(&p, MSG_QR, 0, 0, 0, 0);
    assert_int_equal(msg_walk_begin(&walk, p.bytes, p.len), 0);
    assert_int_equal(msg_walk_next(&walk, &rr), 0);

    packet_begin(&p, MSG_QR, 0, 1, 0, 0);
    packet_rr(&p, "example.com", DNS_TYPE_A, "abcd", 4);
    assert_int_equal(msg_walk_begin(&walk, p.bytes, p.len), 0);
    assert_int_equal(msg_walk_next(&walk, &rr), 1);

    packet_begin(&p, MSG_QR, 2, 0, 0, 0);
    packet_question(&p, "a.example", DNS_TYPE_A);
    packet_pointer(&p, MSG_HEADER_LEN);
    packet_u16(&p, DNS_TYPE_AAAA);
    packet_u16(&p, DNS_CLASS_IN);
    assert_int_equal(msg_walk_begin(&walk, p.bytes, p.len), 0);
    assert_int_equal(msg_walk_next(&walk, &rr), 0);
    assert_int_equal(walk.pos, p.len);
}

static void messages_over_64_kib_are_refused(void **state)
{
    uint8_t *msg = calloc(1, MSG_MAX_LEN + 1);
    struct msg_walk walk;
    struct request request;
    (void)state;
    assert_int_equal(msg_walk_begin(&walk, msg, MSG_MAX_LEN), 0);
    assert_int_equal(msg_walk_begin(&walk, msg, MSG_MAX_LEN + 1), ERR_MALFORMED);
    assert_int_equal(request_parse(msg, MSG_MAX_LEN, &request), DNS_RCODE_FORMERR);
    assert_int_equal(request_parse(msg, MSG_MAX_LEN + 1, &request), ERR_MALFORMED);
    free(msg);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_parse_reads_a_plain_question),
        cmocka_unit_test(request_parse_reads_the_root_and_the_longest_name),
        cmocka_unit_test(request_parse_answers_nothing_to_answers_and_scraps),
        cmocka_unit_test(request_parse_refuses_every_cut_of_a_request),
        cmocka_unit_test(request_parse_refuses_broken_questions),
        cmocka_unit_test(request_parse_refuses_broken_records),
        cmocka_unit_test(request_parse_ignores_records_that_mean_nothing_in_a_request),
        cmocka_unit_test(request_parse_refuses_an_opt_in_the_authority_section),
        cmocka_unit_test(request_parse_knows_who_asks_for_a_cookie),
        cmocka_unit_test(request_parse_reads_only_so_many_records),
        cmocka_unit_test(request_parse_names_other_opcodes_and_versions),
        cmocka_unit_test(msg_name_unpack_follows_only_pointers_to_what_came_before),
        cmocka_unit_test(msg_name_unpack_counts_the_bytes_behind_pointers),
        cmocka_unit_test(msg_name_unpack_follows_at_most_as_many_pointers_as_labels),
        cmocka_unit_test(msg_walk_meets_every_record_once),
        cmocka_unit_test(msg_walk_stops_at_every_cut),
        cmocka_unit_test(msg_walk_passes_any_number_of_questions),
        cmocka_unit_test(messages_over_64_kib_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
