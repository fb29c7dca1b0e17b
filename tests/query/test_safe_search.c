/*
 * Every row of the shipped table of search engines, in every mode, against an upstream that the test plays: what a client
 * gets of each host and type, and that nothing beside the table is ever led elsewhere.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "config/search_table.h"
#include "dns/msg.h"
#include "policy/moment.h"
#include "query/stage.h"

static struct arena *arena;
static struct search_table table;
static struct stage stage;

/* ---- set-up ---- */

static const char *const clients[] = {
    [POLICY_SAFE_OFF] = "10.1.0.1", [POLICY_SAFE_MODERATE] = "10.2.0.1", [POLICY_SAFE_STRICT] = "10.3.0.1"};

static void add_level(enum policy_safe_mode mode, const char *name, const char *network)
{
    struct policy_level *level = &stage.levels[stage.policy_opts.level_count];
    struct policy_group *group = &stage.groups[stage.policy_opts.group_count];
    struct prefix *prefix = &stage.networks[stage.policy_opts.group_count];
    assert_int_equal(prefix_from_text(network, prefix), 0);
    *level = (struct policy_level){.name = name,
                                   .safe_strict = mode == POLICY_SAFE_STRICT ? UINT64_MAX : 0,
                                   .safe_moderate = mode == POLICY_SAFE_MODERATE ? UINT64_MAX : 0};
    *group = (struct policy_group){
        .name = name, .networks = prefix, .network_count = 1, .level = (uint16_t)stage.policy_opts.level_count};
    stage.policy_opts.level_count++;
    stage.policy_opts.group_count++;
}

static int make(void **state)
{
    const struct schema_list none = {0};
    struct config_errors errors = {0};
    struct schema_list rows;
    (void)state;
    arena = arena_new();
    assert_non_null(arena);
    int rc = search_table_parse(arena, "shipped", (const char *)search_table_shipped, search_table_shipped_len, &errors,
                                &rows);
    config_errors_print(&errors, stderr);
    assert_int_equal(rc, 0);
    assert_int_equal(search_table_build(arena, &rows, &none, &errors, &table), 0);
    config_errors_print(&errors, stderr);
    assert_int_equal(errors.count, 0);
    stage_init(&stage);
    assert_int_equal(endpoint_from_text("192.0.2.53", 53, &stage.servers[0].at), 0);
    stage.servers[0].name = "upstream";
    stage.opts.server_count = 1;
    stage.zones[0].server_count = 1;
    stage.opts.searches = table.searches;
    stage.opts.search_count = table.search_count;
    stage.policy_opts.names = table.hosts;
    stage.policy_opts.name_count = table.host_count;
    stage.opts.has_sinkhole_v4 = false;
    add_level(POLICY_SAFE_OFF, "off", "10.1.0.0/16");
    add_level(POLICY_SAFE_MODERATE, "moderate", "10.2.0.0/16");
    add_level(POLICY_SAFE_STRICT, "strict", "10.3.0.0/16");
    stage_start(&stage);
    return 0;
}

static int unmake(void **state)
{
    (void)state;
    stage_done(&stage);
    arena_free(arena);
    return 0;
}

/* ---- the upstream ---- */

static uint32_t address_of(const uint8_t *name)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < name_len(name); i++)
        hash = (hash ^ name[i]) * 16777619u;
    return 0xc6336400u | (hash & 0xff); /* 198.51.100.x */
}

static size_t put_record(uint8_t *out, uint16_t type, uint32_t ttl_s, const uint8_t *name)
{
    size_t len = type == DNS_TYPE_A ? 4 : 16;
    msg_put_u16(out, 0xc00c);
    msg_put_u16(out + 2, type);
    msg_put_u16(out + 4, DNS_CLASS_IN);
    msg_put_u32(out + 6, ttl_s);
    msg_put_u16(out + 10, (unsigned)len);
    memset(out + 12, 0x20, len);
    msg_put_u32(out + 12 + len - 4, address_of(name));
    return 12 + len;
}

/* Answers all open questions. A and AAAA: an address that tells the name; else no data. Returns how many there were. */
static unsigned answer_all(const uint8_t *expected)
{
    unsigned count = 0;
    for (size_t i = 0; i < stage.ask_count; i++) {
        struct caught_ask *ask = &stage.asks[i];
        struct request r;
        uint8_t reply[1500];
        if (ask->gone)
            continue;
        ask->gone = true;
        count++;
        assert_int_equal(request_parse(ask->msg, ask->len, &r), 0);
        if (!name_equal(r.question.name, expected)) {
            char want[NAME_TEXT_MAX], got[NAME_TEXT_MAX];
            fail_msg("asked for %s, not %s", name_to_text(r.question.name, got), name_to_text(expected, want));
        }
        size_t len = r.question_end;
        memcpy(reply, ask->msg, len);
        msg_put_u16(reply + 2, MSG_QR | MSG_RD | MSG_RA);
        memset(reply + 6, 0, 6);
        if (r.question.type == DNS_TYPE_A || r.question.type == DNS_TYPE_AAAA) {
            msg_put_u16(reply + 6, 1);
            len += put_record(reply + len, r.question.type, 300, r.question.name);
        }
        query_reply(stage.engine, ask->slot, ask->server, reply, len, stage.now);
    }
    stage.ask_count = 0;
    return count;
}

/* ---- a client ---- */

static struct caught_answer *ask(enum policy_safe_mode mode, const uint8_t *name, uint16_t type,
                                 const uint8_t *upstream)
{
    static struct query_source source = {.token = 7};
    uint8_t msg[300] = {0xbe, 0xef, 1, 0, 0, 1};
    size_t len = name_len(name);
    assert_int_equal(endpoint_from_text(clients[mode], 40000, &source.client), 0);
    memcpy(msg + 12, name, len);
    msg_put_u16(msg + 12 + len, type);
    msg_put_u16(msg + 14 + len, DNS_CLASS_IN);
    stage.answer_count = stage.ask_count = 0;
    stage_ask(&stage, &source, msg, len + 16);
    if (upstream != NULL)
        answer_all(upstream);
    assert_int_equal(stage.ask_count, 0);
    assert_int_equal(stage.answer_count, 1);
    assert_memory_equal(stage.answers[0].msg + 12, msg + 12, len + 4); /* letters as they were */
    return &stage.answers[0];
}

/* The answer section: an alias (NULL: none) and one address (NULL: none), whose owner is the alias's target. */
static void check_answer(const struct caught_answer *answer, const uint8_t *alias, uint16_t type, const void *address)
{
    struct msg_walk walk;
    struct msg_rr rr;
    uint8_t name[NAME_MAX_LEN];
    unsigned count = (alias != NULL) + (address != NULL);
    assert_int_equal(msg_u16(answer->msg + 2) & (MSG_RCODE | MSG_AD), 0);
    assert_int_equal(msg_u16(answer->msg + 6), count);
    assert_int_equal(msg_walk_begin(&walk, answer->msg, answer->len), 0);
    if (alias != NULL) {
        assert_true(msg_walk_next(&walk, &rr) > 0);
        assert_int_equal(rr.type, DNS_TYPE_CNAME);
        assert_true(msg_name_unpack(answer->msg, answer->len, rr.rdata_pos, name) > 0);
        assert_true(name_equal(name, alias));
        assert_in_range(rr.ttl, 1, 60);
    }
    if (address != NULL) {
        size_t len = type == DNS_TYPE_A ? 4 : 16;
        assert_true(msg_walk_next(&walk, &rr) > 0);
        assert_int_equal(rr.type, type);
        assert_int_equal(rr.rdata_len, len);
        assert_memory_equal(answer->msg + rr.rdata_pos, address, len);
        assert_true(msg_name_unpack(answer->msg, answer->len, rr.name_pos, name) > 0);
        if (alias != NULL)
            assert_true(name_equal(name, alias));
    }
    if (count == 0) { /* NODATA that may be kept */
        assert_int_equal(msg_u16(answer->msg + 8), 1);
        assert_true(msg_walk_next(&walk, &rr) > 0);
        assert_int_equal(rr.type, DNS_TYPE_SOA);
    }
}

static void mix_case(const uint8_t *name, unsigned seed, uint8_t out[NAME_MAX_LEN])
{
    size_t len = name_len(name);
    for (size_t i = 0; i < len; i++) {
        seed = seed * 1103515245u + 12345u;
        out[i] = name[i] >= 'a' && name[i] <= 'z' && (seed >> 16 & 1) ? (uint8_t)(name[i] - 32) : name[i];
    }
}

/* ---- rows ---- */

static const struct ipaddr *address_in(const struct query_target *target, uint16_t type)
{
    for (size_t i = 0; i < target->address_count; i++)
        if (ipaddr_is_v4(&target->addresses[i]) == (type == DNS_TYPE_A))
            return &target->addresses[i];
    return NULL;
}

static void check_host(const uint8_t *host, const struct query_target *target, enum policy_safe_mode mode)
{
    static const uint16_t types[] = {DNS_TYPE_A, DNS_TYPE_AAAA};
    static const uint16_t kept[] = {DNS_TYPE_HTTPS, DNS_TYPE_SVCB, DNS_TYPE_SRV, DNS_TYPE_DNAME, 29, 4711};
    uint8_t rdata[16], asked[NAME_MAX_LEN];
    mix_case(host, (unsigned)mode + host[5], asked);
    for (size_t i = 0; i < 2; i++) {
        const struct ipaddr *literal = address_in(target, types[i]);
        memset(rdata, 0x20, sizeof rdata);
        if (target->name != NULL)
            msg_put_u32(rdata + (types[i] == DNS_TYPE_A ? 0 : 12), address_of(target->name));
        else if (literal != NULL)
            memcpy(rdata, types[i] == DNS_TYPE_A ? ipaddr_v4(literal) : literal->bytes,
                   types[i] == DNS_TYPE_A ? 4 : 16);
        check_answer(ask(mode, asked, types[i], target->name), target->name, types[i],
                     target->name != NULL || literal != NULL ? rdata : NULL);
        assert_int_equal(stage.last_log.verdict.action, VERDICT_REWRITE);
        assert_int_equal(stage.last_log.verdict.reason, REASON_SAFE_SEARCH);
        assert_true(name_equal(stage.last_log.qname, host));
    }
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
        check_answer(ask(mode, asked, kept[i], NULL), NULL, 0, NULL);
    check_answer(ask(mode, asked, DNS_TYPE_CNAME, NULL), target->name, 0, NULL);
}

/* As it is, for who has no SafeSearch, and for what is no way to a host. */
static void check_left_alone(enum policy_safe_mode mode, const uint8_t *name)
{
    uint8_t rdata[4];
    msg_put_u32(rdata, address_of(name));
    check_answer(ask(mode, name, DNS_TYPE_A, name), NULL, DNS_TYPE_A, rdata);
    assert_int_equal(stage.last_log.verdict.reason, REASON_DEFAULT);
}

static void every_host_leads_to_its_engines_target_in_every_mode(void **state)
{
    size_t engines[64] = {0};
    (void)state;
    for (size_t i = 0; i < table.host_count; i++) {
        const struct query_search *search = &table.searches[table.hosts[i].index];
        const uint8_t *host = table.hosts[i].name;
        engines[table.hosts[i].index]++;
        check_host(host, &search->strict, POLICY_SAFE_STRICT);
        check_host(host, &search->moderate, POLICY_SAFE_MODERATE);
        check_left_alone(POLICY_SAFE_OFF, host);
        check_host(host, &search->strict, POLICY_SAFE_STRICT); /* what the cache has of the host is not given */
        assert_int_equal(msg_u16(ask(POLICY_SAFE_STRICT, host, DNS_TYPE_MX, host)->msg + 6), 0);
        assert_int_equal(stage.last_log.verdict.action, VERDICT_RESOLVE);
    }
    for (size_t i = 0; i < table.search_count; i++)
        assert_true(engines[i] > 0);
    assert_int_equal(engines[0], 190);
}

static bool is_host(const uint8_t *name)
{
    for (size_t i = 0; i < table.host_count; i++)
        if (name_equal(table.hosts[i].name, name))
            return true;
    return false;
}

static void check_neighbour(const char *before, const uint8_t *host, const char *behind)
{
    char text[NAME_TEXT_MAX], neighbour[NAME_TEXT_MAX + 32];
    uint8_t name[NAME_MAX_LEN];
    name_to_text(host, text);
    snprintf(neighbour, sizeof neighbour, "%s%s%s", before, text, behind);
    assert_true(name_from_text(neighbour, strlen(neighbour), name) > 0);
    if (!is_host(name))
        check_left_alone(POLICY_SAFE_STRICT, name);
}

static void neighbours_of_a_host_and_targets_are_left_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < table.host_count; i++) {
        const uint8_t *host = table.hosts[i].name;
        check_neighbour("x.", host, "");
        check_neighbour("www.", host, "");
        check_neighbour("x", host, "");
        check_neighbour("", host, ".example");
        if (name_label_count(host) > 2)
            check_neighbour("", name_skip_labels(host, 1), "");
        if (name_label_count(host) > 2) {
            check_neighbour("images.", name_skip_labels(host, 1), "");
            check_neighbour("accounts.", name_skip_labels(host, 1), "");
        }
    }
    for (size_t i = 0; i < table.search_count; i++) {
        const struct query_search *search = &table.searches[i];
        if (search->strict.name != NULL)
            check_left_alone(POLICY_SAFE_STRICT, search->strict.name);
        if (search->moderate.name != NULL)
            check_left_alone(POLICY_SAFE_MODERATE, search->moderate.name);
    }
}

/* Names made of the pieces that hosts are made of, in any order and number. */
static void no_name_outside_the_table_is_ever_led_elsewhere(void **state)
{
    static const struct blockdb_match nothing = {0};
    struct policy_moment *moment;
    struct policy_standing standing;
    struct ipaddr client;
    unsigned seed = 1, hosts = 0;
    (void)state;
    assert_int_equal(ipaddr_from_text(clients[POLICY_SAFE_STRICT], &client), 0);
    policy_standing(stage.policy, &client, POLICY_NOBODY, 0, &standing);
    assert_int_equal(policy_moment_new(stage.policy, 0, &moment), 0);
    for (unsigned round = 0; round < 60000; round++) {
        uint8_t name[NAME_MAX_LEN];
        size_t len = 0;
        unsigned pieces = 1 + (seed >> 20) % 4;
        for (unsigned p = 0; p < pieces; p++) {
            seed = seed * 1664525u + 1013904223u;
            const uint8_t *host = table.hosts[(seed >> 8) % table.host_count].name;
            unsigned labels = name_label_count(host);
            const uint8_t *from = name_skip_labels(host, (seed >> 5) % labels);
            size_t piece = p + 1 == pieces ? name_len(from) : from[0] + 1u;
            if (len + piece > 200)
                break;
            memcpy(name + len, from, piece);
            len += piece;
            if (p + 1 == pieces)
                len--;
        }
        name[len] = 0;
        struct policy_facts facts;
        policy_facts_from_match(stage.policy, name, &nothing, DNS_TYPE_A, 1, &facts);
        struct verdict v = policy_decide(stage.policy, moment, standing.profile, &facts);
        assert_int_equal(v.action == VERDICT_REWRITE, is_host(name));
        hosts += v.action == VERDICT_REWRITE;
    }
    assert_true(hosts > 100);
    policy_moment_free(moment);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_host_leads_to_its_engines_target_in_every_mode),
        cmocka_unit_test(neighbours_of_a_host_and_targets_are_left_alone),
        cmocka_unit_test(no_name_outside_the_table_is_ever_led_elsewhere),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
