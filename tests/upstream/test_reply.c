/* Replies are written by ldns and the cleaned messages read back by it: two opinions on every byte. */
#include "upstream/reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <ldns/ldns.h>

struct scene {
    const char *qname;
    uint16_t qtype;
    ldns_pkt_rcode rcode;
    const char *answer[8];
    const char *authority[4];
    const char *additional[4];
    bool dnssec;
    bool edns;
    bool ad;
    bool helpless; /* RA is clear */
};

static void push_all(ldns_pkt *pkt, ldns_pkt_section section, const char *const *texts, size_t max)
{
    for (size_t i = 0; i < max && texts[i] != NULL; i++) {
        ldns_rr *rr = NULL;
        assert_int_equal(ldns_rr_new_frm_str(&rr, texts[i], 0, NULL, NULL), LDNS_STATUS_OK);
        ldns_pkt_push_rr(pkt, section, rr);
    }
}

static size_t scene_write(const struct scene *s, uint8_t **out)
{
    ldns_pkt *pkt =
        ldns_pkt_query_new(ldns_dname_new_frm_str(s->qname), (ldns_rr_type)s->qtype, LDNS_RR_CLASS_IN, LDNS_RD);
    size_t len;
    ldns_pkt_set_qr(pkt, true);
    ldns_pkt_set_ra(pkt, !s->helpless);
    ldns_pkt_set_id(pkt, 4711);
    ldns_pkt_set_rcode(pkt, (uint8_t)s->rcode);
    push_all(pkt, LDNS_SECTION_ANSWER, s->answer, 8);
    push_all(pkt, LDNS_SECTION_AUTHORITY, s->authority, 4);
    push_all(pkt, LDNS_SECTION_ADDITIONAL, s->additional, 4);
    ldns_pkt_set_ad(pkt, s->ad);
    if (s->edns)
        ldns_pkt_set_edns_udp_size(pkt, 1232);
    assert_int_equal(ldns_pkt2wire(out, pkt, &len), LDNS_STATUS_OK);
    ldns_pkt_free(pkt);
    return len;
}

static void question_make(const struct scene *s, struct question *q)
{
    int len = name_from_text(s->qname, strlen(s->qname), q->name);
    assert_true(len > 0);
    name_lower(q->name, q->name, (size_t)len);
    q->name_len = (uint8_t)len;
    q->labels = (uint8_t)name_label_count(q->name);
    q->type = s->qtype;
    q->class = 1;
}

static uint8_t cleaned[65535];

static int clean(const struct scene *s, struct reply *reply)
{
    struct question q;
    uint8_t *msg = NULL;
    size_t len = scene_write(s, &msg);
    question_make(s, &q);
    assert_true(reply_matches(msg, len, 4711, &q));
    int code = reply_clean(msg, len, &q, s->dnssec, cleaned, sizeof cleaned, reply);
    free(msg);
    return code;
}

/* The cleaned message has exactly these answer and authority records, in presentation form, in order. */
static void expect_records(const struct reply *reply, const char *const *answer, const char *const *authority)
{
    ldns_pkt *pkt = NULL;
    const char *const *want[2] = {answer, authority};
    assert_int_equal(ldns_wire2pkt(&pkt, cleaned, reply->len), LDNS_STATUS_OK);
    ldns_rr_list *lists[2] = {ldns_pkt_answer(pkt), ldns_pkt_authority(pkt)};
    for (int section = 0; section < 2; section++) {
        size_t i = 0;
        for (; want[section] != NULL && want[section][i] != NULL; i++) {
            ldns_rr *rr = NULL;
            assert_true(i < ldns_rr_list_rr_count(lists[section]));
            assert_int_equal(ldns_rr_new_frm_str(&rr, want[section][i], 0, NULL, NULL), LDNS_STATUS_OK);
            char *wanted = ldns_rr2str(rr);
            char *got = ldns_rr2str(ldns_rr_list_rr(lists[section], i));
            assert_string_equal(got, wanted);
            free(wanted);
            free(got);
            ldns_rr_free(rr);
        }
        assert_int_equal(ldns_rr_list_rr_count(lists[section]), i);
    }
    assert_int_equal(ldns_rr_list_rr_count(ldns_pkt_additional(pkt)), 0);
    assert_false(ldns_pkt_edns(pkt));
    for (size_t i = 0; i < reply->ttl_count; i++)
        assert_true(msg_u32(cleaned + reply->ttl_at[i]) <= 86400);
    ldns_pkt_free(pkt);
}

#define SOA "example.com. 900 IN SOA ns.example.com. host.example.com. 1 2 3 4 600"

static void a_plain_answer_is_kept_as_it_is(void **state)
{
    const struct scene s = {.qname = "www.Example.com.",
                            .qtype = DNS_TYPE_A,
                            .edns = true,
                            .answer = {"www.example.com. 200 IN A 192.0.2.1", "www.example.com. 200 IN A 192.0.2.2"}};
    struct reply r;
    (void)state;
    assert_int_equal(clean(&s, &r), 0);
    expect_records(&r, s.answer, NULL);
    assert_int_equal(r.ttl_min_s, 200);
    assert_int_equal(r.ttl_count, 2);
    assert_false(r.negative);
    assert_true(r.had_edns);
    assert_int_equal(r.chain_count, 0);
}

static void the_chain_is_followed_and_told(void **state)
{
    const struct scene s = {.qname = "a.example.com.",
                            .qtype = DNS_TYPE_A,
                            .answer = {"a.example.com. 300 IN CNAME B.example.net.",
                                       "B.example.net. 60 IN CNAME c.example.org.",
                                       "c.example.org. 30 IN A 192.0.2.1"}};
    struct reply r;
    char text[NAME_TEXT_MAX];
    (void)state;
    assert_int_equal(clean(&s, &r), 0);
    expect_records(&r, s.answer, NULL);
    assert_int_equal(r.chain_count, 2);
    assert_string_equal(name_to_text(r.chain[0], text), "b.example.net");
    assert_string_equal(name_to_text(r.chain[1], text), "c.example.org");
    assert_int_equal(r.ttl_min_s, 30);
}

static void a_chain_in_another_order_is_put_in_order(void **state)
{
    const struct scene s = {.qname = "a.example.com.",
                            .qtype = DNS_TYPE_A,
                            .answer = {"c.example.org. 30 IN A 192.0.2.1", "b.example.net. 60 IN CNAME c.example.org.",
                                       "a.example.com. 300 IN CNAME b.example.net."}};
    const char *want[] = {s.answer[2], s.answer[1], s.answer[0], NULL};
    struct reply r;
    (void)state;
    assert_int_equal(clean(&s, &r), 0);
    expect_records(&r, want, NULL);
    assert_int_equal(r.chain_count, 2);
    assert_false(r.negative);
}

static void records_of_other_names_are_dropped(void **state)
{
    const struct scene s = {.qname = "www.example.com.",
                            .qtype = DNS_TYPE_MX,
                            .answer = {"bank.example.org. 300 IN A 203.0.113.66",
                                       "www.example.com. 300 IN MX 10 mail.example.com.",
                                       "www.example.com. 300 IN A 203.0.113.66"},
                            .authority = {"example.com. 300 IN NS ns.evil.example."},
                            .additional = {"mail.example.com. 300 IN A 203.0.113.66"}};
    const char *want[] = {"www.example.com. 300 IN MX 10 mail.example.com.", NULL};
    struct reply r;
    (void)state;
    assert_int_equal(clean(&s, &r), 0);
    expect_records(&r, want, NULL);
}

static void a_rebuilt_answer_keeps_names_inside_its_data(void **state)
{
    const struct scene s = {.qname = "example.com.",
                            .qtype = DNS_TYPE_SRV,
                            .answer = {"x.example.com. 300 IN A 203.0.113.66",
                                       "example.com. 300 IN SRV 1 2 5060 sip.example.com.",
                                       "example.com. 300 IN SRV 1 2 5060 sip2.example.com."}};
    const char *want[] = {"example.com. 300 IN SRV 1 2 5060 sip.example.com.",
                          "example.com. 300 IN SRV 1 2 5060 sip2.example.com.", NULL};
    struct reply r;
    (void)state;
    assert_int_equal(clean(&s, &r), 0);
    expect_records(&r, want, NULL);
}

static void nxdomain_keeps_its_soa_and_says_for_how_long(void **state)
{
    const struct scene s = {
        .qname = "no.example.com.", .qtype = DNS_TYPE_A, .rcode = LDNS_RCODE_NXDOMAIN, .authority = {SOA}};
    const char *want[] = {"example.com. 600 IN SOA ns.example.com. host.example.com. 1 2 3 4 600", NULL};
    struct reply r;
    (void)state;
    assert_int_equal(clean(&s, &r), 0);
    expect_records(&r, NULL, want);
    assert_true(r.negative);
    assert_true(r.has_soa);
    assert_int_equal(r.soa_minimum_s, 600);
    assert_int_equal(r.rcode, DNS_RCODE_NXDOMAIN);
}

static void an_soa_of_a_stranger_is_dropped(void **state)
{
    const struct scene s = {.qname = "no.example.com.",
                            .qtype = DNS_TYPE_A,
                            .rcode = LDNS_RCODE_NXDOMAIN,
                            .authority = {"example.org. 900 IN SOA ns.example.org. host.example.org. 1 2 3 4 600"}};
    struct reply r;
    (void)state;
    assert_int_equal(clean(&s, &r), 0);
    expect_records(&r, NULL, NULL);
    assert_false(r.has_soa);
}

static void nodata_behind_a_cname_is_negative(void **state)
{
    const struct scene s = {.qname = "a.example.com.",
                            .qtype = DNS_TYPE_AAAA,
                            .answer = {"a.example.com. 300 IN CNAME b.example.com."},
                            .authority = {SOA}};
    struct reply r;
    (void)state;
    assert_int_equal(clean(&s, &r), 0);
    assert_true(r.negative);
    assert_true(r.has_soa);
    assert_int_equal(r.ttl_min_s, 300);
    assert_int_equal(r.chain_count, 1);
}

static void a_cname_that_was_asked_for_is_not_followed(void **state)
{
    const struct scene s = {
        .qname = "a.example.com.", .qtype = DNS_TYPE_CNAME, .answer = {"a.example.com. 300 IN CNAME b.example.com."}};
    struct reply r;
    (void)state;
    assert_int_equal(clean(&s, &r), 0);
    expect_records(&r, s.answer, NULL);
    assert_int_equal(r.chain_count, 0);
    assert_false(r.negative);
}

static void signatures_come_only_with_do(void **state)
{
#define SIG "www.example.com. 300 IN RRSIG A 13 3 300 20300101000000 20200101000000 1 example.com. AAAA"
    struct scene s = {
        .qname = "www.example.com.", .qtype = DNS_TYPE_A, .answer = {"www.example.com. 300 IN A 192.0.2.1", SIG}};
    const char *without[] = {"www.example.com. 300 IN A 192.0.2.1", NULL};
    struct reply r;
    (void)state;
    assert_int_equal(clean(&s, &r), 0);
    expect_records(&r, without, NULL);
    s.dnssec = true;
    assert_int_equal(clean(&s, &r), 0);
    expect_records(&r, s.answer, NULL);
}

#define ECH       "ech=AAT/AAAA"
#define HTTPS_SIG "a.example.com. 300 IN RRSIG HTTPS 13 3 300 20300101000000 20200101000000 1 example.com. AAAA"

static void service_records_are_kept_and_ech_is_told(void **state)
{
    const struct scene s = {.qname = "www.example.com.",
                            .qtype = DNS_TYPE_HTTPS,
                            .answer = {"www.example.com. 300 IN HTTPS 1 . alpn=h2 ipv4hint=192.0.2.1",
                                       "www.example.com. 300 IN HTTPS 2 b.example.com. alpn=h3 " ECH}};
    struct scene without = s;
    struct reply r;
    (void)state;
    assert_int_equal(clean(&s, &r), 0);
    expect_records(&r, s.answer, NULL);
    assert_true(r.has_ech);
    without.answer[1] = NULL;
    assert_int_equal(clean(&without, &r), 0);
    assert_false(r.has_ech);
    assert_false(r.withheld);
}

/* So that something can be taken out of a record without a look at the others. */
static void with_ech_no_name_leads_to_another_record(void **state)
{
    const struct scene s = {.qname = "a.example.com.",
                            .qtype = DNS_TYPE_HTTPS,
                            .dnssec = true,
                            .answer = {"b.example.com. 60 IN HTTPS 1 . " ECH,
                                       "b.example.com. 60 IN HTTPS 2 . alpn=h2 " ECH,
                                       "a.example.com. 60 IN CNAME b.example.com."}};
    const char *want[] = {s.answer[2], s.answer[0], s.answer[1], NULL};
    struct reply r;
    struct msg_walk walk;
    struct msg_rr rr;
    (void)state;
    assert_int_equal(clean(&s, &r), 0);
    expect_records(&r, want, NULL);
    assert_int_equal(msg_walk_begin(&walk, cleaned, r.len), 0);
    assert_int_equal(msg_walk_next(&walk, &rr), 1);
    assert_int_equal(msg_u16(cleaned + rr.name_pos), 0xc000 | MSG_HEADER_LEN);
    assert_true(name_check(cleaned + rr.rdata_pos, r.len - rr.rdata_pos) > 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(msg_walk_next(&walk, &rr), 1);
        assert_true(name_check(cleaned + rr.name_pos, r.len - rr.name_pos) > 0);
    }
}

/* What we spelt by chance is in every name that ends in the question's; what the server spelt is its own. */
static void a_rebuilt_answer_does_not_have_our_spelling(void **state)
{
    const struct scene s = {.qname = "a.eXAmple.cOm.",
                            .qtype = DNS_TYPE_HTTPS,
                            .answer = {"a.eXAmple.cOm. 60 IN CNAME b.eXAmple.cOm.",
                                       "b.eXAmple.cOm. 60 IN CNAME C.Example.Net.",
                                       "C.Example.Net. 60 IN HTTPS 1 . " ECH}};
    const char *want[] = {"a.example.com. 60 IN CNAME b.example.com.", "b.example.com. 60 IN CNAME C.Example.Net.",
                          "C.Example.Net. 60 IN HTTPS 1 . " ECH, NULL};
    struct reply r;
    (void)state;
    assert_int_equal(clean(&s, &r), 0);
    expect_records(&r, want, NULL);
}

/* As a server writes it that does not compress names: the question's stands in its records once more. */
static void an_answer_kept_as_it_is_does_not_have_our_spelling(void **state)
{
    static const uint8_t msg[] = "\x12\x67\x81\x80\0\1\0\2\0\0\0\0"
                                 "\1a\2bC\0\0\1\0\1"
                                 "\1a\2bC\0\0\5\0\1\0\0\0\x3c\0\6\1X\2bC\0"
                                 "\1X\2bC\0\0\1\0\1\0\0\0\x3c\0\4\300\0\2\1";
    const struct scene s = {.qname = "a.bC.", .qtype = DNS_TYPE_A};
    const char *want[] = {"a.bc. 60 IN CNAME X.bc.", "X.bc. 60 IN A 192.0.2.1", NULL};
    struct question q;
    struct reply r;
    (void)state;
    question_make(&s, &q);
    assert_int_equal(reply_clean(msg, sizeof msg - 1, &q, false, cleaned, sizeof cleaned, &r), 0);
    assert_int_equal(r.len, sizeof msg - 1);
    expect_records(&r, want, NULL);
}

#define LABEL_63 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk"
#define LABEL_61 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghi"

/* Names are compared with the question's by their labels, of which it may have as many and much longer ones. */
static void a_rebuilt_answer_to_the_longest_question(void **state)
{
    const struct scene s = {.qname = LABEL_63 "." LABEL_63 "." LABEL_63 "." LABEL_61 ".",
                            .qtype = DNS_TYPE_HTTPS,
                            .answer = {LABEL_63 "." LABEL_63 "." LABEL_63 "." LABEL_61 ". 60 IN CNAME " LABEL_63
                                                ".A.b.c.d.",
                                       LABEL_63 ".A.b.c.d. 60 IN HTTPS 1 . " ECH}};
    const char *want[] = {s.answer[0], s.answer[1], NULL};
    struct reply r;
    (void)state;
    assert_int_equal(clean(&s, &r), 0);
    expect_records(&r, want, NULL);
}

/* RFC 9460, 2.2: the whole set goes, with its signatures, and what is left is unsigned. */
static void a_malformed_service_record_takes_its_set_along(void **state)
{
    static const char *const broken[] = {
        "b.example.com. 300 IN HTTPS \\# 8 0001 00 0004 0005 01",                           /* past the end */
        "b.example.com. 300 IN HTTPS \\# 5 0001 00 0004",                                   /* half a parameter */
        "b.example.com. 300 IN HTTPS \\# 8 0001 00 0004 0001 01",                           /* a hint of one byte */
        "b.example.com. 300 IN HTTPS \\# 19 0001 00 0004 0004 01020304 0004 0004 01020304", /* a key twice */
        "b.example.com. 300 IN HTTPS \\# 9 0001 00 0005 0002 0000",                         /* no config in ech */
    };
    (void)state;
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        const struct scene s = {.qname = "a.example.com.",
                                .qtype = DNS_TYPE_HTTPS,
                                .dnssec = true,
                                .ad = true,
                                .answer = {"a.example.com. 300 IN CNAME b.example.com.",
                                           "b.example.com. 300 IN HTTPS 1 . alpn=h2 " ECH, broken[i], HTTPS_SIG},
                                .authority = {SOA}};
        const char *want[] = {s.answer[0], NULL};
        const char *soa[] = {"example.com. 600 IN SOA ns.example.com. host.example.com. 1 2 3 4 600", NULL};
        struct reply r;
        assert_int_equal(clean(&s, &r), 0);
        expect_records(&r, want, soa);
        assert_true(r.withheld);
        assert_true(r.negative);
        assert_false(r.has_ech);
        assert_false(r.authentic);
        assert_int_equal(msg_u16(cleaned + 2) & MSG_AD, 0);
    }
}

static void what_was_withheld_is_no_referral(void **state)
{
    const struct scene s = {.qname = "a.example.com.",
                            .qtype = DNS_TYPE_HTTPS,
                            .answer = {"a.example.com. 300 IN HTTPS \\# 5 0001 00 0004"},
                            .authority = {"example.com. 300 IN NS ns.example.com."}};
    struct reply r;
    (void)state;
    assert_int_equal(clean(&s, &r), 0);
    expect_records(&r, NULL, NULL);
    assert_true(r.withheld);
    assert_false(r.referral);
}

static void signatures_that_were_asked_for_are_the_answer(void **state)
{
    const struct scene s = {.qname = "www.example.com.",
                            .qtype = DNS_TYPE_RRSIG,
                            .dnssec = true,
                            .answer = {SIG},
                            .authority = {"example.com. 300 IN NS ns.example.com."}};
    struct reply r;
    (void)state;
    assert_int_equal(clean(&s, &r), 0);
    expect_records(&r, s.answer, NULL);
    assert_false(r.negative);
    assert_false(r.referral);
}

static void a_dname_stays_with_the_cname_it_made(void **state)
{
    const struct scene s = {.qname = "a.old.example.",
                            .qtype = DNS_TYPE_A,
                            .answer = {"old.example. 300 IN DNAME new.example.",
                                       "a.old.example. 300 IN CNAME a.new.example.",
                                       "a.new.example. 300 IN A 192.0.2.1"}};
    struct reply r;
    (void)state;
    assert_int_equal(clean(&s, &r), 0);
    expect_records(&r, s.answer, NULL);
}

static void a_cname_loop_is_refused(void **state)
{
    static const struct scene scenes[] = {
        {.answer = {"a.example.com. 300 IN CNAME A.example.com."}},
        {.answer = {"a.example.com. 300 IN CNAME b.example.com.", "b.example.com. 300 IN CNAME a.example.com."}},
        {.answer = {"a.example.com. 300 IN CNAME b.example.com.", "b.example.com. 300 IN CNAME b.example.com.",
                    "b.example.com. 300 IN A 192.0.2.1"}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof scenes / sizeof scenes[0]; i++) {
        struct scene s = scenes[i];
        struct reply r;
        s.qname = "a.example.com.";
        s.qtype = DNS_TYPE_A;
        assert_int_equal(clean(&s, &r), ERR_LIMIT);
    }
}

static void a_chain_that_is_too_long_is_refused(void **state)
{
    uint8_t msg[4096] = {0x12, 0x67, 0x81, 0x80, 0, 1, 0, REPLY_CHAIN_MAX + 1};
    struct question q = {.type = 1, .class = 1};
    struct reply r;
    size_t len = MSG_HEADER_LEN;
    (void)state;
    q.name_len = (uint8_t)name_from_text("n0.x", 4, q.name);
    memcpy(msg + len, q.name, q.name_len);
    len += q.name_len;
    msg_put_u16(msg + len, 1);
    msg_put_u16(msg + len + 2, 1);
    len += 4;
    for (unsigned i = 0; i <= REPLY_CHAIN_MAX; i++) {
        char text[16];
        uint8_t owner[NAME_MAX_LEN];
        uint8_t target[NAME_MAX_LEN];
        int owner_len = name_from_text(text, (size_t)snprintf(text, sizeof text, "n%u.x", i), owner);
        int target_len = name_from_text(text, (size_t)snprintf(text, sizeof text, "n%u.x", i + 1), target);
        assert_true(owner_len > 0 && target_len > 0);
        memcpy(msg + len, owner, (size_t)owner_len);
        len += (size_t)owner_len;
        msg_put_u16(msg + len, DNS_TYPE_CNAME);
        msg_put_u16(msg + len + 2, 1);
        msg_put_u32(msg + len + 4, 60);
        msg_put_u16(msg + len + 8, (unsigned)target_len);
        memcpy(msg + len + 10, target, (size_t)target_len);
        len += 10 + (size_t)target_len;
    }
    assert_int_equal(reply_clean(msg, len, &q, false, cleaned, sizeof cleaned, &r), ERR_LIMIT);
    msg_put_u16(msg + 6, REPLY_CHAIN_MAX);
    assert_int_equal(reply_clean(msg, len, &q, false, cleaned, sizeof cleaned, &r), 0);
}

static void only_the_same_question_matches(void **state)
{
    const struct scene s = {.qname = "www.example.com.", .qtype = DNS_TYPE_A};
    struct question q;
    uint8_t *msg = NULL;
    size_t len = scene_write(&s, &msg);
    (void)state;
    question_make(&s, &q);
    assert_true(reply_matches(msg, len, 4711, &q));
    assert_false(reply_matches(msg, len, 4712, &q));
    for (size_t cut = 0; cut < len; cut++)
        assert_false(reply_matches(msg, cut, 4711, &q));
    q.type = 28;
    assert_false(reply_matches(msg, len, 4711, &q));
    q.type = 1;
    q.class = 3;
    assert_false(reply_matches(msg, len, 4711, &q));
    q.class = 1;
    q.name[1] = 'v';
    assert_false(reply_matches(msg, len, 4711, &q));
    q.name[1] = 'w';
    msg[2] &= 0x7f; /* QR */
    assert_false(reply_matches(msg, len, 4711, &q));
    free(msg);
}

static void a_ttl_with_the_top_bit_counts_as_zero(void **state)
{
    const struct scene s = {
        .qname = "www.example.com.", .qtype = DNS_TYPE_A, .answer = {"www.example.com. 300 IN A 192.0.2.1"}};
    struct question q;
    struct reply r;
    uint8_t *msg = NULL;
    size_t len = scene_write(&s, &msg);
    (void)state;
    question_make(&s, &q);
    msg[len - 10] = 0x80;
    assert_int_equal(reply_clean(msg, len, &q, false, cleaned, sizeof cleaned, &r), 0);
    assert_int_equal(r.ttl_min_s, 0);
    assert_int_equal(msg_u32(cleaned + r.ttl_at[0]), 0);
    free(msg);
}

static void nxdomain_has_no_records_at_the_end_of_its_chain(void **state)
{
    const struct scene s = {
        .qname = "a.example.com.",
        .qtype = DNS_TYPE_A,
        .rcode = LDNS_RCODE_NXDOMAIN,
        .answer = {"a.example.com. 300 IN CNAME b.example.com.", "b.example.com. 300 IN A 203.0.113.66"},
        .authority = {SOA}};
    const char *want[] = {s.answer[0], NULL};
    const char *want_authority[] = {"example.com. 600 IN SOA ns.example.com. host.example.com. 1 2 3 4 600", NULL};
    struct reply r;
    (void)state;
    assert_int_equal(clean(&s, &r), 0);
    expect_records(&r, want, want_authority);
    assert_true(r.negative);
}

static void a_referral_is_told_from_nodata(void **state)
{
#define NS "example.com. 300 IN NS ns.example.com."
    static const struct {
        struct scene scene;
        bool referral;
    } rows[] = {
        {{.authority = {NS}}, true},
        {{.authority = {NS, SOA}}, false},
        {{.authority = {SOA}}, false},
        {{.edns = true}, false},
        {{.edns = true, .helpless = true}, true},
        {{.helpless = true, .authority = {SOA}}, false},
        {{.answer = {"www.example.com. 300 IN A 192.0.2.1"}, .authority = {NS}}, false},
        {{.answer = {"www.example.com. 300 IN CNAME b.example.org."}, .authority = {NS}}, false},
        {{.rcode = LDNS_RCODE_NXDOMAIN, .authority = {NS}}, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct scene s = rows[i].scene;
        struct reply r;
        s.qname = "www.example.com.";
        s.qtype = DNS_TYPE_A;
        assert_int_equal(clean(&s, &r), 0);
        assert_int_equal(r.referral, rows[i].referral);
    }
}

/* A reply to "www.example.com. A" with these bytes as its records. */
static int clean_bytes(unsigned answers, unsigned additional, const char *records, size_t records_len)
{
    const struct scene s = {.qname = "www.example.com.", .qtype = DNS_TYPE_A};
    uint8_t msg[512];
    struct question q;
    struct reply r;
    uint8_t *head = NULL;
    size_t len = scene_write(&s, &head);
    question_make(&s, &q);
    memcpy(msg, head, len);
    free(head);
    memcpy(msg + len, records, records_len);
    msg_put_u16(msg + 6, answers);
    msg_put_u16(msg + 10, additional);
    return reply_clean(msg, len + records_len, &q, false, cleaned, sizeof cleaned, &r);
}

static void an_address_that_is_cut_or_padded_is_refused(void **state)
{
#define A_OF(length) "\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0" length
    (void)state;
    assert_int_equal(clean_bytes(1, 0, A_OF("\x04") "addr", 16), 0);
    assert_int_equal(clean_bytes(1, 0, A_OF("\0"), 12), ERR_MALFORMED);
    assert_int_equal(clean_bytes(1, 0, A_OF("\x05") "addrx", 17), ERR_MALFORMED);
}

static void there_is_one_opt_and_it_has_its_place(void **state)
{
#define OPT_RR "\0\0\x29\x04\xd0\0\0\0\0\0\0"
    (void)state;
    assert_int_equal(clean_bytes(0, 1, OPT_RR, 11), 0);
    assert_int_equal(clean_bytes(0, 2, OPT_RR OPT_RR, 22), ERR_MALFORMED);
    assert_int_equal(clean_bytes(1, 0, OPT_RR, 11), ERR_MALFORMED);
    assert_int_equal(clean_bytes(0, 1, "\x01x" OPT_RR, 13), ERR_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_answer_is_kept_as_it_is),
        cmocka_unit_test(the_chain_is_followed_and_told),
        cmocka_unit_test(a_chain_in_another_order_is_put_in_order),
        cmocka_unit_test(records_of_other_names_are_dropped),
        cmocka_unit_test(a_rebuilt_answer_keeps_names_inside_its_data),
        cmocka_unit_test(nxdomain_keeps_its_soa_and_says_for_how_long),
        cmocka_unit_test(an_soa_of_a_stranger_is_dropped),
        cmocka_unit_test(nodata_behind_a_cname_is_negative),
        cmocka_unit_test(a_cname_that_was_asked_for_is_not_followed),
        cmocka_unit_test(signatures_come_only_with_do),
        cmocka_unit_test(service_records_are_kept_and_ech_is_told),
        cmocka_unit_test(with_ech_no_name_leads_to_another_record),
        cmocka_unit_test(a_rebuilt_answer_does_not_have_our_spelling),
        cmocka_unit_test(an_answer_kept_as_it_is_does_not_have_our_spelling),
        cmocka_unit_test(a_rebuilt_answer_to_the_longest_question),
        cmocka_unit_test(a_malformed_service_record_takes_its_set_along),
        cmocka_unit_test(what_was_withheld_is_no_referral),
        cmocka_unit_test(signatures_that_were_asked_for_are_the_answer),
        cmocka_unit_test(a_dname_stays_with_the_cname_it_made),
        cmocka_unit_test(a_cname_loop_is_refused),
        cmocka_unit_test(a_chain_that_is_too_long_is_refused),
        cmocka_unit_test(only_the_same_question_matches),
        cmocka_unit_test(a_ttl_with_the_top_bit_counts_as_zero),
        cmocka_unit_test(nxdomain_has_no_records_at_the_end_of_its_chain),
        cmocka_unit_test(a_referral_is_told_from_nodata),
        cmocka_unit_test(an_address_that_is_cut_or_padded_is_refused),
        cmocka_unit_test(there_is_one_opt_and_it_has_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
