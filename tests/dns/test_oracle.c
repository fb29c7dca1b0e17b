/*
 * The wire code against ldns, over random messages from fixed seeds: what ldns builds we read, and what we build ldns
 * reads, with the same content.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <ldns/ldns.h>

#include "dns/answer.h"
#include "dns/msg.h"
#include "random.h"

#define NAMES       4000
#define MESSAGES    3000
#define RECORDS_MAX 12

static ldns_rdf *rdf_of(const uint8_t *name)
{
    return ldns_dname_new_frm_data((uint16_t)name_len(name), name);
}

static void assert_same_name(const ldns_rdf *theirs, const uint8_t *ours)
{
    assert_int_equal(ldns_rdf_size(theirs), name_len(ours));
    assert_memory_equal(ldns_rdf_data(theirs), ours, name_len(ours));
}

static void names_have_the_same_text_and_bytes(void **state)
{
    struct random random = {.state = 101};
    (void)state;
    for (int i = 0; i < NAMES; i++) {
        uint8_t name[NAME_MAX_LEN];
        uint8_t again[NAME_MAX_LEN];
        char text[NAME_TEXT_MAX];
        ldns_rdf *from_text = NULL;
        size_t len = random_name(&random, name);
        ldns_rdf *rdf = rdf_of(name);

        char *ldns_text = ldns_rdf2str(rdf);
        assert_int_equal(name_from_text(ldns_text, strlen(ldns_text), again), len);
        assert_memory_equal(again, name, len);
        assert_int_equal(ldns_str2rdf_dname(&from_text, name_to_text(name, text)), LDNS_STATUS_OK);
        assert_same_name(from_text, name);
        assert_int_equal(ldns_dname_label_count(rdf), name_label_count(name));
        ldns_dname2canonical(rdf);
        name_lower(name, name, len);
        assert_same_name(rdf, name);

        free(ldns_text);
        ldns_rdf_deep_free(from_text);
        ldns_rdf_deep_free(rdf);
    }
}

/* What the random EDNS part of a message says. */
struct random_edns {
    bool present, dnssec_ok;
    uint16_t udp_size;
    uint8_t cookie_len;
    uint8_t cookie[EDNS_COOKIE_MAX];
};

static struct random_edns random_edns(struct random *random)
{
    struct random_edns edns = {
        .present = random_below(random, 3) > 0,
        .dnssec_ok = random_below(random, 2) > 0,
        .udp_size = (uint16_t)(1 + random_below(random, UINT16_MAX)),
    };
    if (random_below(random, 2) > 0)
        edns.cookie_len = (uint8_t)(random_below(random, 2) > 0 ? 8 : 16 + random_below(random, 25));
    for (size_t i = 0; i < edns.cookie_len; i++)
        edns.cookie[i] = (uint8_t)random_next(random);
    return edns;
}

static void push_option(ldns_edns_option_list *list, unsigned code, size_t len, const void *data)
{
    assert_true(ldns_edns_option_list_push(list, ldns_edns_new_from_data(code, len, data)));
}

static void packet_set_edns(ldns_pkt *packet, const struct random_edns *edns)
{
    if (!edns->present)
        return;
    ldns_pkt_set_edns_udp_size(packet, edns->udp_size);
    ldns_pkt_set_edns_do(packet, edns->dnssec_ok);
    if (edns->cookie_len > 0) {
        ldns_edns_option_list *list = ldns_edns_option_list_new();
        push_option(list, EDNS_OPTION_PADDING, 3, "\0\0\0");
        push_option(list, EDNS_OPTION_COOKIE, edns->cookie_len, edns->cookie);
        ldns_pkt_set_edns_option_list(packet, list);
    }
}

/* A request written by ldns; *out_wire is the caller's to free. */
static size_t random_request(struct random *random, const uint8_t *name, unsigned type, const struct random_edns *edns,
                             uint8_t **out_wire)
{
    size_t len = 0;
    ldns_pkt *packet =
        ldns_pkt_query_new(rdf_of(name), type, LDNS_RR_CLASS_IN, (uint16_t)(random_below(random, 2) > 0 ? LDNS_RD : 0));
    ldns_pkt_set_id(packet, (uint16_t)random_next(random));
    ldns_pkt_set_cd(packet, random_below(random, 2) > 0);
    packet_set_edns(packet, edns);
    assert_int_equal(ldns_pkt2wire(out_wire, packet, &len), LDNS_STATUS_OK);
    ldns_pkt_free(packet);
    return len;
}

static void requests_of_ldns_are_read(void **state)
{
    struct random random = {.state = 103};
    (void)state;
    for (int i = 0; i < MESSAGES; i++) {
        uint8_t name[NAME_MAX_LEN];
        uint8_t *wire;
        struct request request;
        size_t name_bytes = random_name(&random, name);
        unsigned type = 1 + random_below(&random, 300);
        struct random_edns edns = random_edns(&random);
        size_t len = random_request(&random, name, type, &edns, &wire);

        assert_int_equal(request_parse(wire, len, &request), 0);
        name_lower(name, name, name_bytes);
        assert_int_equal(request.question.name_len, name_bytes);
        assert_memory_equal(request.question.name, name, name_bytes);
        assert_int_equal(request.question.labels, name_label_count(name));
        assert_int_equal(request.question.type, type);
        assert_int_equal(request.edns.present, edns.present);
        if (edns.present) {
            assert_int_equal(request.edns.udp_size, edns.udp_size);
            assert_int_equal(request.edns.dnssec_ok, edns.dnssec_ok);
            assert_int_equal(request.edns.cookie_len, edns.cookie_len);
            assert_memory_equal(request.edns.cookie, edns.cookie, edns.cookie_len);
        }
        free(wire);
    }
}

static void damaged_questions_that_we_accept_mean_the_same_to_ldns(void **state)
{
    static const struct random_edns none;
    struct random random = {.state = 107};
    int accepted = 0;
    (void)state;
    for (int i = 0; i < MESSAGES; i++) {
        uint8_t name[NAME_MAX_LEN];
        uint8_t *wire;
        struct request request;
        ldns_pkt *packet = NULL;
        (void)random_name(&random, name);
        size_t len = random_request(&random, name, DNS_TYPE_A, &none, &wire);
        for (unsigned left = 1 + random_below(&random, 3); left > 0; left--)
            wire[random_below(&random, (unsigned)len)] = (uint8_t)random_next(&random);

        if (request_parse(wire, len, &request) == 0) {
            accepted++;
            assert_int_equal(ldns_wire2pkt(&packet, wire, len), LDNS_STATUS_OK);
            ldns_rr *question = ldns_rr_list_rr(ldns_pkt_question(packet), 0);
            ldns_dname2canonical(ldns_rr_owner(question));
            assert_same_name(ldns_rr_owner(question), request.question.name);
            assert_int_equal(ldns_rr_get_type(question), request.question.type);
            assert_int_equal(ldns_rr_get_class(question), request.question.class);
            ldns_pkt_free(packet);
        }
        free(wire);
    }
    assert_in_range(accepted, MESSAGES / 10, MESSAGES);
}

/* A record below one of a few names, so that ldns has something to compress. */
static ldns_rr *random_rr(struct random *random, const uint8_t *question_name)
{
    unsigned labels = name_label_count(question_name);
    ldns_rr *rr = ldns_rr_new();
    uint8_t address[16];
    for (size_t i = 0; i < sizeof address; i++)
        address[i] = (uint8_t)random_next(random);
    ldns_rr_set_owner(rr, rdf_of(name_skip_labels(question_name, random_below(random, labels + 1))));
    ldns_rr_set_class(rr, LDNS_RR_CLASS_IN);
    ldns_rr_set_ttl(rr, random_below(random, 1000000));
    const uint8_t *target = name_skip_labels(question_name, random_below(random, labels + 1));
    switch (random_below(random, 4)) {
    case 0:
        ldns_rr_set_type(rr, LDNS_RR_TYPE_A);
        ldns_rr_push_rdf(rr, ldns_rdf_new_frm_data(LDNS_RDF_TYPE_A, 4, address));
        break;
    case 1:
        ldns_rr_set_type(rr, LDNS_RR_TYPE_AAAA);
        ldns_rr_push_rdf(rr, ldns_rdf_new_frm_data(LDNS_RDF_TYPE_AAAA, 16, address));
        break;
    case 2:
        ldns_rr_set_type(rr, LDNS_RR_TYPE_MX);
        ldns_rr_push_rdf(rr, ldns_native2rdf_int16(LDNS_RDF_TYPE_INT16, 10));
        ldns_rr_push_rdf(rr, rdf_of(target));
        break;
    default:
        ldns_rr_set_type(rr, LDNS_RR_TYPE_CNAME);
        ldns_rr_push_rdf(rr, rdf_of(target));
        break;
    }
    return rr;
}

static void assert_same_rr(const uint8_t *wire, size_t len, const struct msg_rr *ours, const ldns_rr *theirs)
{
    uint8_t name[NAME_MAX_LEN];
    assert_true(msg_name_unpack(wire, len, ours->name_pos, name) > 0);
    assert_int_equal(ldns_rdf_size(ldns_rr_owner(theirs)), name_len(name));
    assert_true(name_equal(ldns_rdf_data(ldns_rr_owner(theirs)), name));
    assert_int_equal(ours->type, ldns_rr_get_type(theirs));
    assert_int_equal(ours->class, ldns_rr_get_class(theirs));
    assert_int_equal(ours->ttl, ldns_rr_ttl(theirs));

    const ldns_rdf *last = ldns_rr_rdf(theirs, ldns_rr_rd_count(theirs) - 1);
    if (ldns_rdf_get_type(last) != LDNS_RDF_TYPE_DNAME) {
        assert_int_equal(ours->rdata_len, ldns_rdf_size(last));
        assert_memory_equal(wire + ours->rdata_pos, ldns_rdf_data(last), ours->rdata_len);
        return;
    }
    size_t before = ours->type == DNS_TYPE_MX ? 2 : 0;
    assert_int_equal(msg_name_unpack(wire, len, ours->rdata_pos + before, name), ours->rdata_len - before);
    assert_int_equal(ldns_rdf_size(last), name_len(name));
    assert_true(name_equal(ldns_rdf_data(last), name));
}

static void compressed_answers_of_ldns_are_walked(void **state)
{
    static const ldns_pkt_section sections[] = {0, LDNS_SECTION_ANSWER, LDNS_SECTION_AUTHORITY,
                                                LDNS_SECTION_ADDITIONAL};
    struct random random = {.state = 109};
    int pointers = 0;
    (void)state;
    for (int i = 0; i < MESSAGES; i++) {
        uint8_t name[NAME_MAX_LEN];
        uint8_t *wire;
        size_t len = 0;
        struct msg_walk walk;
        struct msg_rr rr;
        (void)random_name(&random, name);
        ldns_pkt *packet = ldns_pkt_query_new(rdf_of(name), LDNS_RR_TYPE_A, LDNS_RR_CLASS_IN, LDNS_QR);
        for (unsigned left = random_below(&random, RECORDS_MAX); left > 0; left--)
            assert_true(ldns_pkt_push_rr(packet, sections[1 + random_below(&random, 3)], random_rr(&random, name)));
        assert_int_equal(ldns_pkt2wire(&wire, packet, &len), LDNS_STATUS_OK);

        assert_int_equal(msg_walk_begin(&walk, wire, len), 0);
        for (unsigned section = MSG_ANSWER; section <= MSG_ADDITIONAL; section++) {
            ldns_rr_list *list = ldns_pkt_get_section_clone(packet, sections[section]);
            for (size_t k = 0; k < ldns_rr_list_rr_count(list); k++) {
                assert_int_equal(msg_walk_next(&walk, &rr), 1);
                assert_int_equal(rr.section, section);
                assert_same_rr(wire, len, &rr, ldns_rr_list_rr(list, k));
                pointers += wire[rr.name_pos] >= 0xc0;
            }
            ldns_rr_list_deep_free(list);
        }
        assert_int_equal(msg_walk_next(&walk, &rr), 0);
        assert_int_equal(walk.pos, len);
        ldns_pkt_free(packet);
        free(wire);
    }
    assert_true(pointers > MESSAGES);
}

static const ldns_edns_option *find_option(ldns_edns_option_list *list, unsigned code)
{
    for (size_t i = 0; i < ldns_edns_option_list_get_count(list); i++)
        if (ldns_edns_get_code(ldns_edns_option_list_get_option(list, i)) == code)
            return ldns_edns_option_list_get_option(list, i);
    return NULL;
}

static void assert_same_edns(ldns_pkt *packet, const struct edns_reply *edns)
{
    assert_int_equal(ldns_pkt_edns_udp_size(packet), edns->udp_size);
    assert_int_equal(ldns_pkt_edns_do(packet), edns->dnssec_ok);
    assert_int_equal(ldns_pkt_edns_version(packet), 0);
    assert_int_equal(ldns_pkt_edns_extended_rcode(packet), edns->rcode >> 4);

    ldns_edns_option_list *list = ldns_pkt_edns_get_option_list(packet);
    const ldns_edns_option *ede = find_option(list, EDNS_OPTION_EDE);
    const ldns_edns_option *cookie = find_option(list, EDNS_OPTION_COOKIE);
    assert_int_equal(ede != NULL, edns->ede != EDE_NONE);
    assert_int_equal(cookie != NULL, edns->cookie_len > 0);
    if (ede != NULL) {
        size_t text_len = edns->ede_text == NULL ? 0 : strlen(edns->ede_text);
        assert_int_equal(ldns_edns_get_size(ede), 2 + text_len);
        assert_int_equal(msg_u16(ldns_edns_get_data(ede)), edns->ede);
        if (text_len > 0)
            assert_memory_equal(ldns_edns_get_data(ede) + 2, edns->ede_text, text_len);
    }
    if (cookie != NULL) {
        assert_int_equal(ldns_edns_get_size(cookie), edns->cookie_len);
        assert_memory_equal(ldns_edns_get_data(cookie), edns->cookie, edns->cookie_len);
    }
}

static void assert_same_head(const ldns_pkt *packet, const struct request *request, unsigned rcode)
{
    assert_int_equal(ldns_pkt_id(packet), request->id);
    assert_true(ldns_pkt_qr(packet));
    assert_true(ldns_pkt_ra(packet));
    assert_false(ldns_pkt_aa(packet));
    assert_false(ldns_pkt_ad(packet));
    assert_false(ldns_pkt_tc(packet));
    assert_int_equal(ldns_pkt_rd(packet), (request->flags & MSG_RD) != 0);
    assert_int_equal(ldns_pkt_cd(packet), (request->flags & MSG_CD) != 0);
    assert_int_equal(ldns_pkt_get_rcode(packet), rcode & 0xf);
    assert_int_equal(ldns_pkt_qdcount(packet), 1);
}

/* What an answer of ours holds: addresses, the first at the question's name and the others at `target`. */
struct random_answer {
    unsigned address_count;
    bool soa;
    uint32_t ttl;
    uint8_t target[NAME_MAX_LEN];
    struct edns_reply edns;
};

static const uint8_t address[4] = {192, 0, 2, 1};

static struct random_answer random_answer(struct random *random, const struct random_edns *asked)
{
    static const char *const texts[] = {NULL, "", "blocked", "gesperrt: \xc3\xa4\xc3\xb6\xc3\xbc"};
    struct random_answer answer = {
        .address_count = random_below(random, 5),
        .soa = random_below(random, 2) > 0,
        .ttl = random_below(random, 100000),
        .edns =
            {
                .udp_size = MSG_UDP_EDNS,
                .rcode = (uint16_t)random_below(random, asked->present ? 4096 : 16),
                .dnssec_ok = asked->dnssec_ok,
                .ede = (int16_t)((int)random_below(random, 30) - 1),
                .ede_text = texts[random_below(random, 4)],
                .cookie = asked->cookie,
                .cookie_len = asked->cookie_len,
            },
    };
    (void)random_name(random, answer.target);
    return answer;
}

static size_t write_answer(const struct random_answer *answer, const struct request *request, const uint8_t *msg,
                           uint8_t *out, size_t cap)
{
    struct answer a;
    answer_begin(&a, out, cap, cap, msg, request, answer->edns.rcode);
    for (unsigned i = 0; i < answer->address_count; i++)
        answer_add(&a, MSG_ANSWER, i == 0 ? NULL : answer->target, DNS_TYPE_A, answer->ttl, address, sizeof address);
    if (answer->soa)
        answer_add_soa(&a, answer->ttl);
    return answer_end(&a, request->edns.present ? &answer->edns : NULL);
}

static void assert_same_records(const ldns_pkt *packet, const struct random_answer *answer, const uint8_t *name)
{
    const ldns_rr_list *answers = ldns_pkt_answer(packet);
    const ldns_rr_list *authority = ldns_pkt_authority(packet);
    assert_same_name(ldns_rr_owner(ldns_rr_list_rr(ldns_pkt_question(packet), 0)), name);
    assert_int_equal(ldns_rr_list_rr_count(answers), answer->address_count);
    for (unsigned i = 0; i < answer->address_count; i++) {
        const ldns_rr *rr = ldns_rr_list_rr(answers, i);
        assert_same_name(ldns_rr_owner(rr), i == 0 ? name : answer->target);
        assert_int_equal(ldns_rr_get_type(rr), LDNS_RR_TYPE_A);
        assert_int_equal(ldns_rr_get_class(rr), LDNS_RR_CLASS_IN);
        assert_int_equal(ldns_rr_ttl(rr), answer->ttl);
        assert_memory_equal(ldns_rdf_data(ldns_rr_rdf(rr, 0)), address, sizeof address);
    }
    assert_int_equal(ldns_rr_list_rr_count(authority), answer->soa);
    if (answer->soa)
        assert_int_equal(ldns_rdf2native_int32(ldns_rr_rdf(ldns_rr_list_rr(authority, 0), 6)), answer->ttl);
}

static void answers_of_ours_are_read_by_ldns(void **state)
{
    struct random random = {.state = 113};
    (void)state;
    for (int i = 0; i < MESSAGES; i++) {
        uint8_t name[NAME_MAX_LEN];
        uint8_t out[4096];
        uint8_t *wire;
        struct request request;
        ldns_pkt *packet = NULL;
        (void)random_name(&random, name);
        struct random_edns asked = random_edns(&random);
        struct random_answer answer = random_answer(&random, &asked);
        size_t len = random_request(&random, name, DNS_TYPE_A, &asked, &wire);
        assert_int_equal(request_parse(wire, len, &request), 0);

        len = write_answer(&answer, &request, wire, out, sizeof out);
        assert_int_equal(ldns_wire2pkt(&packet, out, len), LDNS_STATUS_OK);
        assert_same_head(packet, &request, answer.edns.rcode);
        assert_same_records(packet, &answer, name);
        assert_int_equal(ldns_pkt_edns(packet), asked.present);
        if (asked.present)
            assert_same_edns(packet, &answer.edns);
        ldns_pkt_free(packet);
        free(wire);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_have_the_same_text_and_bytes),
        cmocka_unit_test(requests_of_ldns_are_read),
        cmocka_unit_test(damaged_questions_that_we_accept_mean_the_same_to_ldns),
        cmocka_unit_test(compressed_answers_of_ldns_are_walked),
        cmocka_unit_test(answers_of_ours_are_read_by_ldns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
