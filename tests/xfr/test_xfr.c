#include "xfr/xfr.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <ldns/ldns.h>

#include "dns/msg.h"

#define ID 0x1234

static const uint8_t zone[] = "\4zone\7example";

/*
 * An answer to `type` about the zone: records in master file form, cut at ";", each starting a new message where it
 * begins with "/". Feeds the messages to xfr and returns the last step, or the error.
 */
static int feed(struct xfr *xfr, const char *type, const char *records, enum xfr_step *out_step)
{
    char text[2048], *state = NULL;
    int err = 0;
    ldns_pkt *pkt = NULL;
    snprintf(text, sizeof text, "%s", records);
    char *word = strtok_r(text, ";", &state);
    while (err == 0 && word != NULL) {
        uint8_t *wire;
        size_t len;
        pkt = ldns_pkt_query_new(ldns_dname_new_frm_str("zone.example."), ldns_get_rr_type_by_name(type),
                                 LDNS_RR_CLASS_IN, LDNS_QR | LDNS_AA);
        ldns_pkt_set_id(pkt, ID);
        for (bool first = true; word != NULL && (first || word[0] != '/'); first = false) {
            ldns_rr *rr = NULL;
            assert_int_equal(ldns_rr_new_frm_str(&rr, word + (word[0] == '/'), 60, NULL, NULL), LDNS_STATUS_OK);
            ldns_pkt_push_rr(pkt, LDNS_SECTION_ANSWER, rr);
            word = strtok_r(NULL, ";", &state);
        }
        assert_int_equal(ldns_pkt2wire(&wire, pkt, &len), LDNS_STATUS_OK);
        err = xfr_message(xfr, wire, len, out_step);
        LDNS_FREE(wire);
        ldns_pkt_free(pkt);
    }
    return err;
}

#define S(serial) "zone.example. SOA ns.zone.example. host.zone.example. " #serial " 1 1 1 1"
#define R(name)   #name ".zone.example. 60 CNAME ."

static int count_lines(const struct zonecopy *copy, const char *const names[])
{
    int count = 0;
    for (size_t i = 0; names[i] != NULL; i++) {
        char line[128];
        snprintf(line, sizeof line, "%s.zone.example.\t60\tIN\tCNAME\t.", names[i]);
        struct zonecopy *writable = (struct zonecopy *)(uintptr_t)copy;
        if (zonecopy_del(writable, line, strlen(line)) == 1)
            count++;
    }
    return count;
}

struct row {
    const char *records;
    int err; /* or the step, which is not negative */
    const char *names[4];
};

static void check(enum xfr_kind kind, const char *type, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct zonecopy *copy;
        struct xfr xfr;
        enum xfr_step step = XFR_MORE;
        assert_int_equal(zonecopy_new(1 << 16, 1000, &copy), 0);
        if (kind == XFR_IXFR) {
            assert_int_equal(zonecopy_add(copy, "a.zone.example.\t60\tIN\tCNAME\t.", 29), 1);
            assert_int_equal(zonecopy_add(copy, "b.zone.example.\t60\tIN\tCNAME\t.", 29), 1);
        }
        xfr_init(&xfr, kind, zone, copy, 1, ID);
        int got = feed(&xfr, type, rows[i].records, &step);
        if (got == 0)
            got = (int)step;
        if (got != rows[i].err)
            print_message("%s: %d, %s\n", rows[i].records, got, xfr.why);
        assert_int_equal(got, rows[i].err);
        assert_true(got >= 0 || xfr.why[0] != '\0');
        if (got == XFR_DONE || got == XFR_CURRENT) {
            uint64_t lines = zonecopy_count(copy);
            int expected = 0;
            while (rows[i].names[expected] != NULL)
                expected++;
            assert_int_equal(count_lines(copy, rows[i].names), expected);
            assert_int_equal(lines, expected);
        }
        xfr_done(&xfr);
        zonecopy_free(copy);
    }
}

static void axfr_takes_all_between_two_soas(void **state)
{
    static const struct row rows[] = {
        {S(2) ";" R(a) ";" R(b) ";" S(2), XFR_DONE, {"a", "b", NULL}},
        {S(2) ";/" R(a) ";/" R(B) ";/" S(2), XFR_DONE, {"a", "b", NULL}},
        {S(2) ";" R(a) ";" R(a) ";" S(2), XFR_DONE, {"a", NULL}},
        {S(2) ";" S(2), XFR_DONE, {NULL}},
        {S(2) ";" R(a), XFR_MORE, {NULL}},
        {S(2), XFR_MORE, {NULL}},
        {S(2) ";" R(a) ";" S(3), ERR_MALFORMED, {NULL}},
        {R(a) ";" S(2), ERR_MALFORMED, {NULL}},
        {S(2) ";" S(2) ";" R(a), ERR_MALFORMED, {NULL}},
        {S(2) ";a.example. CNAME .;" S(2), ERR_MALFORMED, {NULL}},
        {S(2) ";xzone.example. CNAME .;" S(2), ERR_MALFORMED, {NULL}},
        {S(2) ";a.zone.example. CH TXT x;" S(2), ERR_MALFORMED, {NULL}},
        {"sub." S(2), ERR_MALFORMED, {NULL}},
    };
    (void)state;
    check(XFR_AXFR, "AXFR", rows, sizeof rows / sizeof rows[0]);
}

static void ixfr_changes_the_copy(void **state)
{
    static const struct row rows[] = {
        {S(1), XFR_CURRENT, {"a", "b", NULL}},
        {S(0), XFR_CURRENT, {"a", "b", NULL}},
        {S(3) ";" S(1) ";" R(a) ";" S(3) ";" R(c) ";" S(3), XFR_DONE, {"b", "c", NULL}},
        {S(3) ";/" S(1) ";/" R(a) ";/" S(3) ";/" R(c) ";/" S(3), XFR_DONE, {"b", "c", NULL}},
        {S(3) ";" S(1) ";" S(2) ";" R(c) ";" S(2) ";" R(c) ";" S(3) ";" S(3), XFR_DONE, {"a", "b", NULL}},
        {S(3) ";" S(1) ";" S(3) ";" S(3), XFR_DONE, {"a", "b", NULL}},
        {S(3) ";" R(c) ";" S(3), XFR_DONE, {"c", NULL}},
        {S(3) ";" S(3), XFR_DONE, {NULL}},
        {S(3), XFR_MORE, {NULL}},
        {S(3) ";" S(1) ";" R(x) ";" S(3) ";" S(3), ERR_DAMAGED, {NULL}},
        {S(3) ";" S(1) ";" S(1) ";" S(3), ERR_MALFORMED, {NULL}},
        {S(3) ";" S(1) ";" S(2) ";" S(3), ERR_MALFORMED, {NULL}},
        {S(3) ";" S(2) ";" S(3), ERR_MALFORMED, {NULL}},
        {S(3) ";" S(1) ";" S(3) ";" S(3) ";" R(c), ERR_MALFORMED, {NULL}},
    };
    (void)state;
    check(XFR_IXFR, "IXFR", rows, sizeof rows / sizeof rows[0]);
}

static void a_soa_answer_is_one_record(void **state)
{
    static const struct row rows[] = {
        {S(7), XFR_DONE, {NULL}},
        {S(7) ";" S(7), ERR_MALFORMED, {NULL}},
        {R(a), ERR_MALFORMED, {NULL}},
    };
    (void)state;
    check(XFR_SOA, "SOA", rows, sizeof rows / sizeof rows[0]);
}

static void a_limit_ends_the_transfer(void **state)
{
    struct zonecopy *copy;
    struct xfr xfr;
    enum xfr_step step;
    (void)state;
    assert_int_equal(zonecopy_new(1 << 16, 1, &copy), 0);
    xfr_init(&xfr, XFR_AXFR, zone, copy, 0, ID);
    assert_int_equal(feed(&xfr, "AXFR", S(2) ";" R(a) ";" R(b) ";" S(2), &step), ERR_LIMIT);
    assert_string_equal(xfr.why, "more records or bytes than allowed");
    xfr_done(&xfr);
    zonecopy_free(copy);
}

static void a_request_is_what_ldns_reads(void **state)
{
    uint8_t msg[XFR_REQUEST_MAX];
    struct xfr xfr;
    ldns_pkt *pkt = NULL;
    (void)state;
    xfr_init(&xfr, XFR_IXFR, zone, NULL, 4000000000u, ID);
    assert_int_equal(ldns_wire2pkt(&pkt, msg, xfr_request(&xfr, msg)), LDNS_STATUS_OK);
    assert_int_equal(ldns_pkt_id(pkt), ID);
    assert_int_equal(ldns_pkt_get_opcode(pkt), LDNS_PACKET_QUERY);
    assert_false(ldns_pkt_rd(pkt));
    char *question = ldns_rr_list2str(ldns_pkt_question(pkt)), *authority = ldns_rr_list2str(ldns_pkt_authority(pkt));
    assert_string_equal(question, "zone.example.\tIN\tIXFR\n");
    assert_string_equal(authority, "zone.example.\t0\tIN\tSOA\t. . 4000000000 0 0 0 0\n");
    free(question);
    free(authority);
    ldns_pkt_free(pkt);
}

static void serials_go_round(void **state)
{
    static const struct {
        uint32_t a, b;
        bool later;
    } rows[] = {{1, 0, true},           {0, 1, false},          {5, 5, false},
                {0, UINT32_MAX, true},  {UINT32_MAX, 0, false}, {0x7fffffff, 0, true},
                {0x80000000, 0, false}, {0x80000001, 0, false}, {44, 4294967290u, true}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(xfr_is_later(rows[i].a, rows[i].b), rows[i].later);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(axfr_takes_all_between_two_soas), cmocka_unit_test(ixfr_changes_the_copy),
        cmocka_unit_test(a_soa_answer_is_one_record),      cmocka_unit_test(a_limit_ends_the_transfer),
        cmocka_unit_test(a_request_is_what_ldns_reads),    cmocka_unit_test(serials_go_round),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
