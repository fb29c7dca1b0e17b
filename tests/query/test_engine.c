/*
 * The engine under thousands of random events, against a simple model: clients ask, servers answer well, badly or not
 * at all, connections break, time passes, lists, policies and options change under the questions that wait.
 *
 * Checked all along: every question gets one answer, with its own id and name; no answer from a server reaches a client
 * that the list and the policy of that moment keep it from, no pupil gets ECH or a search engine's own answer; at the end nothing waits and every place is free again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#include "belisha/category.h"
#include "blockdb/blockdb.h"
#include "cache/cache.h"
#include "dns/msg.h"
#include "dns/svcb.h"
#include "metrics/metrics.h"
#include "policy/policy.h"
#include "qlog/record.h"
#include "qlog/writer.h"
#include "query/query.h"
#include "support/generation.h"

#define ROUNDS         6000
#define NAMES          48
#define CLIENTS        12
#define ASKS_KEPT      256
#define PER_CLIENT_MAX 20
#define PENDING_MAX    60
#define GENERATIONS    3
#define POLICIES       4
#define OPTIONS        4
#define UDP_ROOM       4096

static uint64_t dice_state;

static unsigned dice(unsigned sides)
{
    dice_state = dice_state * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (unsigned)(dice_state >> 33) % sides;
}

/* ---- the world ---- */

/* Which names a generation lists: gambling (staff may), malware (nobody may). */
static uint64_t listed_as(unsigned generation, unsigned name)
{
    if (name >= NAMES)
        return 0;
    if ((name + generation) % 6 == 0)
        return CATEGORY_BIT(CATEGORY_GAMBLING);
    if ((name + 2 * generation) % 7 == 0)
        return CATEGORY_BIT(CATEGORY_MALWARE);
    return 0;
}

static const char *const PARENTS[] = {"a.test", "b.test", "c.test"};

static void name_text(unsigned name, char out[32])
{
    snprintf(out, 32, "n%u.%s", name, PARENTS[name % 3]);
}

static size_t name_wire(unsigned name, uint8_t out[NAME_MAX_LEN])
{
    char text[32];
    name_text(name, text);
    int len = name_from_text(text, strlen(text), out);
    assert_true(len > 0);
    return (size_t)len;
}

/* -1: none of our names, as where a server's reply was damaged. */
static int name_number(const uint8_t *wire)
{
    char text[NAME_TEXT_MAX];
    char again[32];
    unsigned number;
    if (sscanf(name_to_text(wire, text), "n%5u.", &number) != 1)
        return -1;
    name_text(number, again);
    return strcasecmp(text, again) == 0 ? (int)number : -1;
}

enum role { PUPIL, STAFF, DENIED };

/* Even clients are in 10.1, odd ones in 10.2; what that means is the policy's: groups move, go, and lose access. */
static enum role role_of(unsigned policy, unsigned client)
{
    if (policy == 3 && client % 2 == 0)
        return DENIED;
    return client % 2 == 1 ? STAFF : PUPIL;
}

/* ---- SafeSearch: some names are hosts of an engine, which leads pupils to another name, by policy ---- */

static bool is_host(unsigned name)
{
    return name % 4 == 3 && name < NAMES - 2;
}

static unsigned target_of(unsigned policy)
{
    return policy == 1 ? NAMES - 2 : NAMES - 1;
}

static size_t hosts_make(struct policy_name out[NAMES], uint8_t bytes[NAMES][NAME_MAX_LEN])
{
    size_t count = 0;
    for (unsigned name = 0; name < NAMES; name++) {
        if (!is_host(name))
            continue;
        name_wire(name, bytes[count]);
        out[count] = (struct policy_name){.name = bytes[count], .special = POLICY_SPECIAL_SAFE_SEARCH};
        count++;
    }
    return count;
}

static struct policy *policy_make(unsigned number)
{
    struct policy_name hosts[NAMES];
    uint8_t bytes[NAMES][NAME_MAX_LEN];
    const struct policy_level levels[] = {{.name = "pupil",
                                           .block = ~UINT64_C(0),
                                           .safe_strict = number == 1 ? 0 : 1,
                                           .safe_moderate = number == 1 ? 1 : 0},
                                          {.name = "staff", .block = CATEGORY_BIT(CATEGORY_MALWARE), .keep_ech = true}};
    struct prefix access, pupils, staff;
    assert_int_equal(prefix_from_text(number == 3 ? "10.2.0.0/16" : "10.0.0.0/8", &access), 0);
    assert_int_equal(prefix_from_text("10.1.0.0/16", &pupils), 0);
    assert_int_equal(prefix_from_text("10.2.0.0/16", &staff), 0);
    const struct policy_group pupil_group = {.name = "pupils", .networks = &pupils, .network_count = 1};
    const struct policy_group staff_group = {.name = "staff", .level = 1, .networks = &staff, .network_count = 1};
    const struct policy_group both[] = {pupil_group, staff_group, pupil_group};
    struct policy_opts opts = {
        .levels = levels,
        .level_count = 2,
        .groups = number == 0 ? both : both + 1,
        .group_count = number == 2 ? 1 : 2,
        .access = &access,
        .access_count = 1,
        .names = hosts,
        .name_count = hosts_make(hosts, bytes),
        .version = number + 1,
    };
    struct policy *policy;
    assert_int_equal(policy_new(&opts, &policy), 0);
    return policy;
}

/* Options with all they point to in one allocation, so that a pointer kept too long is seen. */
struct options {
    struct query_opts opts;
    struct query_server servers[3];
    struct query_zone zones[3];
    uint16_t lists[3][3];
    uint8_t zone_names[3][NAME_MAX_LEN];
    uint8_t targets[2][NAME_MAX_LEN];
    struct query_search search;
};

static void options_zone(struct options *o, const char *name, uint16_t first, size_t count)
{
    size_t at = o->opts.zone_count++;
    assert_true(name_from_text(name, strlen(name), o->zone_names[at]) > 0);
    for (size_t i = 0; i < count; i++)
        o->lists[at][i] = (uint16_t)((first + i) % 3);
    o->zones[at] = (struct query_zone){
        .name = o->zone_names[at], .servers = o->lists[at], .server_count = count, .filtered = true};
}

static struct options *options_make(unsigned number)
{
    struct options *o = calloc(1, sizeof *o);
    assert_non_null(o);
    o->opts = (struct query_opts){
        .servers = o->servers,
        .server_count = 3,
        .zones = o->zones,
        .searches = &o->search,
        .search_count = 1,
        .blocked_ttl_s = 10,
        .has_sinkhole_v4 = true,
        .client_timeout_ms = 4000,
        .try_timeout_ms = 400,
        .pending_max = PENDING_MAX,
        .pending_per_client = PER_CLIENT_MAX,
        .asks_max = 40,
        .ttl_max_s = 86400,
        .negative_ttl_max_s = 3600,
        .failure_ttl_s = 2,
        .serve_stale = number % 2 == 1,
        .stale_max_s = 60,
        .stale_after_ms = 900,
    };
    assert_int_equal(ipaddr_from_text("127.9.9.9", &o->opts.sinkhole_v4), 0);
    for (unsigned i = 0; i < 3; i++)
        o->servers[i] = (struct query_server){.at = {.port = (uint16_t)(1000 + (number == 2 ? 2 - i : i))}};
    name_wire(target_of(0), o->targets[0]);
    name_wire(target_of(1), o->targets[1]);
    o->search =
        (struct query_search){.name = "engine", .strict = {.name = o->targets[0]}, .moderate = {.name = o->targets[1]}};
    options_zone(o, ".", 0, number == 3 ? 0 : 3);
    if (number == 1)
        options_zone(o, "b.test", 1, 2);
    if (number == 2) {
        options_zone(o, "c.test", 2, 1);
        options_zone(o, "b.test", 0, 1);
    }
    return o;
}

struct kept_ask {
    uint16_t server;
    uint32_t slot;
    size_t len;
    uint8_t msg[600];
};

static struct world {
    struct generation files;
    struct blockdb *blockdbs[GENERATIONS];
    unsigned generation, policy_number;
    struct policy *policy;
    struct options *options;
    struct cache *cache;
    struct metrics metrics;
    struct query_engine *engine;
    struct query_time now;
    struct kept_ask asks[ASKS_KEPT];
    size_t ask_count;
    uint32_t last_slot;
    bool net_down;
    /* by id: what was asked and by whom; no name: nothing is owed */
    int owed_name[65536];
    uint8_t owed_client[65536];
    size_t owed, answers, logged, led;
    uint16_t last_id;
} w;

/* ---- what comes out ---- */

/* In place of the real log. */
void qlog_append(struct qlog_writer *writer, const struct qlog_record *record)
{
    (void)writer;
    assert_int_equal(record->qname_len, name_len(record->qname));
    w.logged++;
}

static bool is_kept_from(unsigned name, unsigned client)
{
    uint64_t listed = listed_as(w.generation, name);
    enum role role = role_of(w.policy_number, client);
    return role == DENIED || (role == PUPIL && listed != 0) || (listed & CATEGORY_BIT(CATEGORY_MALWARE)) != 0;
}

/* Whether an HTTPS record is fit for the client: it can be read, its target is, and its ECH. */
static bool is_service_fit(const uint8_t *rdata, size_t len, unsigned client)
{
    struct svcb service;
    assert_int_equal(svcb_parse(rdata, len, &service), 0);
    if (service.ech.bytes != NULL && role_of(w.policy_number, client) != STAFF)
        return false;
    int target = name_number(service.target);
    return target < 0 || !is_kept_from((unsigned)target, client);
}

static bool is_led(unsigned name, unsigned client)
{
    return is_host(name) && role_of(w.policy_number, client) == PUPIL;
}

/*
 * The first record of an answer for a host of the engine, when it can lead anywhere: an alias, to today's target. false: it
 * is a block, or of a type that leads nowhere.
 */
static bool is_of_an_engine(const uint8_t *msg, size_t len, const struct msg_rr *rr)
{
    uint8_t target[NAME_MAX_LEN];
    uint16_t asked = msg_u16(msg + MSG_HEADER_LEN + name_len(msg + MSG_HEADER_LEN));
    if (asked == DNS_TYPE_TXT || (rr->type == DNS_TYPE_A && msg[rr->rdata_pos] == 127))
        return false;
    assert_int_equal(asked, DNS_TYPE_A); /* HTTPS has no data */
    assert_int_equal(rr->type, DNS_TYPE_CNAME);
    assert_true(msg_name_unpack(msg, len, rr->rdata_pos, target) > 0);
    assert_int_equal(name_number(target), target_of(w.policy_number));
    w.led++;
    return true;
}

/* The question's own name and all it leads to must be fit for the client, if data of a server is in the answer. */
static void check_fit(const uint8_t *msg, size_t len, unsigned name, unsigned client)
{
    struct msg_walk walk;
    struct msg_rr rr;
    bool fit = !is_kept_from(name, client);
    bool from_server = false;
    assert_int_equal(msg_walk_begin(&walk, msg, len), 0);
    while (msg_walk_next(&walk, &rr) == 1) {
        uint8_t target[NAME_MAX_LEN];
        if (rr.section != MSG_ANSWER)
            continue;
        if (is_led(name, client) && is_of_an_engine(msg, len, &rr)) {
            assert_true(fit);
            return; /* where the target leads on to is the engine's own choice */
        }
        from_server = from_server || rr.type != DNS_TYPE_A || msg[rr.rdata_pos] != 127;
        if (rr.type == DNS_TYPE_CNAME && msg_name_unpack(msg, len, rr.rdata_pos, target) > 0 &&
            name_number(target) >= 0)
            fit = fit && !is_kept_from((unsigned)name_number(target), client);
        if (svcb_is_type(rr.type))
            fit = fit && is_service_fit(msg + rr.rdata_pos, rr.rdata_len, client);
    }
    assert_int_equal(walk.pos, len);
    assert_true(fit || !from_server);
}

static void take_answer(const uint8_t *msg, size_t len, bool stream)
{
    assert_true(len >= MSG_HEADER_LEN && len <= (stream ? MSG_MAX_LEN : MSG_UDP_EDNS));
    uint16_t id = msg_u16(msg);
    int name = w.owed_name[id];
    assert_true(name >= 0);
    assert_int_equal(name_number(msg + MSG_HEADER_LEN), name);
    check_fit(msg, len, (unsigned)name, w.owed_client[id]);
    w.owed_name[id] = -1;
    w.owed--;
    w.answers++;
    assert_true(w.logged >= w.answers); /* before it leaves */
}

static void on_answer(void *ctx, const struct query_source *to, const uint8_t *msg, size_t len)
{
    (void)ctx;
    assert_int_equal(to->token, msg_u16(msg));
    take_answer(msg, len, to->stream);
}

static int on_send(void *ctx, const struct query_ask *ask, uint32_t *out_slot)
{
    (void)ctx;
    if (w.net_down || dice(40) == 0)
        return ERR_IO;
    assert_true(ask->server < 3 && ask->msg_len <= sizeof w.asks[0].msg);
    /* streams share a slot for a while, as connections do */
    *out_slot = ask->stream ? 1000000u + ask->server : ++w.last_slot;
    struct kept_ask *k = &w.asks[w.ask_count < ASKS_KEPT ? w.ask_count++ : dice(ASKS_KEPT)];
    *k = (struct kept_ask){.server = ask->server, .slot = *out_slot, .len = ask->msg_len};
    memcpy(k->msg, ask->msg, ask->msg_len);
    return 0;
}

/* ---- what goes in ---- */

static size_t question_make(uint16_t id, unsigned name, uint8_t out[600])
{
    static const uint16_t types[] = {DNS_TYPE_A, DNS_TYPE_A, DNS_TYPE_A, DNS_TYPE_TXT, DNS_TYPE_HTTPS};
    memset(out, 0, MSG_HEADER_LEN);
    msg_put_u16(out, id);
    msg_put_u16(out + 2, (dice(30) ? MSG_RD : 0) | (dice(10) ? 0 : MSG_CD));
    msg_put_u16(out + 4, 1);
    size_t len = MSG_HEADER_LEN + name_wire(name, out + MSG_HEADER_LEN);
    msg_put_u16(out + len, types[dice(5)]);
    msg_put_u16(out + len + 2, DNS_CLASS_IN);
    len += 4;
    if (dice(2) == 0)
        return len;
    struct edns_reply opt = {.udp_size = 4096, .ede = EDE_NONE, .dnssec_ok = dice(4) == 0};
    int added = edns_write(&opt, out + len, 100);
    assert_true(added > 0);
    msg_put_u16(out + 10, 1);
    return len + (size_t)added;
}

static struct query_source source_make(unsigned client, uint16_t id)
{
    struct query_source source = {.token = id, .stream = dice(4) == 0};
    const uint8_t addr[4] = {10, client % 2 ? 2 : 1, 0, (uint8_t)client};
    source.client.addr = ipaddr_from_v4(addr);
    source.client.port = 40000;
    return source;
}

static struct {
    uint8_t msg[QUERY_BATCH_MAX][600];
    uint8_t out[QUERY_BATCH_MAX][UDP_ROOM];
    uint8_t stream_out[65536];
} room;

/* An id that is not waiting for its answer. */
static uint16_t id_take(unsigned name, unsigned client)
{
    do
        w.last_id++;
    while (w.owed_name[w.last_id] >= 0);
    w.owed_name[w.last_id] = (int)name;
    w.owed_client[w.last_id] = (uint8_t)client;
    w.owed++;
    return w.last_id;
}

static void clients_ask(size_t count)
{
    struct query_item items[QUERY_BATCH_MAX];
    for (size_t i = 0; i < count; i++) {
        unsigned name = dice(3) ? dice(NAMES) : dice(4);
        unsigned client = dice(CLIENTS);
        uint16_t id = id_take(name, client);
        struct query_source source = source_make(client, id);
        source.stream = source.stream && count == 1;
        items[i] = (struct query_item){.source = source,
                                       .msg = room.msg[i],
                                       .msg_len = question_make(id, name, room.msg[i]),
                                       .out = source.stream ? room.stream_out : room.out[i],
                                       .out_cap = source.stream ? MSG_MAX_LEN : UDP_ROOM};
    }
    query_batch(w.engine, items, count, w.now);
    for (size_t i = 0; i < count; i++) {
        assert_int_not_equal(items[i].step, QUERY_DROP);
        if (items[i].step == QUERY_ANSWER)
            take_answer(items[i].out, items[i].out_len, items[i].source.stream);
    }
}

static uint8_t reply[60000];

static size_t add_record(size_t len, const uint8_t *owner, uint16_t type, const uint8_t *rdata, size_t rdata_len)
{
    size_t owner_len = name_len(owner);
    memcpy(reply + len, owner, owner_len);
    len += owner_len;
    msg_put_u16(reply + len, type);
    msg_put_u16(reply + len + 2, DNS_CLASS_IN);
    msg_put_u32(reply + len + 4, dice(12));
    msg_put_u16(reply + len + 8, (unsigned)rdata_len);
    memcpy(reply + len + 10, rdata, rdata_len);
    msg_put_u16(reply + 6, msg_u16(reply + 6) + 1u);
    return len + 10 + rdata_len;
}

/* Where the service is, with ECH in half of them, which now and then is a must. */
static size_t add_service(size_t len, const uint8_t *owner)
{
    static const uint8_t must[] = {0, SVCB_MANDATORY, 0, 2, 0, SVCB_ECH};
    static const uint8_t ech[] = {0, SVCB_ECH, 0, 6, 0, 4, 0xfe, 0x0d, 0, 0};
    static const uint8_t hint[] = {0, SVCB_IPV6HINT, 0, 16, 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    uint8_t rdata[2 + NAME_MAX_LEN + sizeof must + sizeof ech + sizeof hint] = {0, (uint8_t)dice(3)};
    size_t at = 2;
    at += dice(3) ? 1 : name_wire(dice(NAMES), rdata + at); /* the root, or another name */
    if (dice(2) == 0) {
        size_t must_len = dice(4) ? 0 : sizeof must;
        memcpy(rdata + at, must, must_len);
        memcpy(rdata + at + must_len, ech, sizeof ech);
        at += must_len + sizeof ech;
    }
    memcpy(rdata + at, hint, sizeof hint);
    return add_record(len, owner, DNS_TYPE_HTTPS, rdata, at + sizeof hint);
}

/* Aliases to other names, then records of the type; many long ones now and then. */
static size_t reply_with_data(size_t len, uint16_t type)
{
    static const uint8_t text[200] = {199};
    static const uint8_t addr[4] = {192, 0, 2, 1};
    uint8_t owner[NAME_MAX_LEN];
    memcpy(owner, reply + MSG_HEADER_LEN, name_len(reply + MSG_HEADER_LEN));
    for (unsigned hops = dice(4) ? 0 : 1 + dice(14); hops > 0; hops--) {
        uint8_t target[NAME_MAX_LEN];
        size_t target_len = name_wire(dice(NAMES), target);
        len = add_record(len, owner, DNS_TYPE_CNAME, target, target_len);
        memcpy(owner, target, target_len);
    }
    for (unsigned count = dice(8) ? dice(3) : dice(40); count > 0; count--)
        len = type == DNS_TYPE_HTTPS ? add_service(len, owner)
              : type == DNS_TYPE_A   ? add_record(len, owner, type, addr, sizeof addr)
                                     : add_record(len, owner, type, text, sizeof text);
    return len;
}

static void server_replies(void)
{
    static const uint8_t rcodes[] = {0, 0, 0, 0, 0, 0, 0, 3, 2, 5, 1};
    if (w.ask_count == 0)
        return;
    struct kept_ask *k = &w.asks[dice(2) ? w.ask_count - 1 : dice((unsigned)w.ask_count)];
    struct request r;
    assert_int_equal(request_parse(k->msg, k->len, &r), 0);
    size_t len = r.question_end;
    memcpy(reply, k->msg, len);
    msg_put_u16(reply + 2, MSG_QR | MSG_RA | MSG_RD | (dice(12) ? 0 : MSG_TC) | rcodes[dice(sizeof rcodes)]);
    memset(reply + 6, 0, 6);
    if (dice(6))
        len = reply_with_data(len, r.question.type);
    for (unsigned faults = dice(8) ? 0 : 1 + dice(3); faults > 0; faults--)
        reply[dice((unsigned)len)] ^= (uint8_t)(1u << dice(8));
    if (dice(20) == 0)
        len = dice((unsigned)len);
    uint8_t *exact = malloc(len + 1); /* reading past the end is seen */
    memcpy(exact, reply, len);
    query_reply(w.engine, k->slot, dice(20) ? k->server : (uint16_t)dice(3), exact, len, w.now);
    free(exact);
    if (dice(5)) /* else it answers once more */
        *k = w.asks[--w.ask_count];
}

static void slot_breaks(void)
{
    if (w.ask_count > 0)
        query_slot_failed(w.engine, w.asks[dice((unsigned)w.ask_count)].slot, w.now);
}

static void time_passes(int64_t ms)
{
    w.now.mono_ms += ms;
    w.now.wall_ns += (ms - (dice(50) ? 0 : 7200000)) * 1000000; /* the wall clock may be set back */
    if (query_deadline_ms(w.engine) <= w.now.mono_ms)
        query_tick(w.engine, w.now);
    assert_true(query_deadline_ms(w.engine) > w.now.mono_ms);
}

static struct query_env env_now(void)
{
    return (struct query_env){.opts = &w.options->opts,
                              .policy = w.policy,
                              .blockdb = w.blockdbs[w.generation],
                              .cache = w.cache,
                              .metrics = &w.metrics,
                              .log = (struct qlog_writer *)&w}; /* never looked into: qlog_append() is ours */
}

static void world_changes(unsigned generation, unsigned policy, unsigned options)
{
    struct policy *old_policy = w.policy;
    struct options *old_options = w.options;
    w.generation = generation;
    w.policy_number = policy;
    w.policy = policy_make(policy);
    w.options = options_make(options);
    struct query_env env = env_now();
    query_set_env(w.engine, &env, w.now);
    policy_free(old_policy);
    free(old_options);
}

static void anything_happens(void)
{
    switch (dice(12)) {
    case 0:
    case 1:
    case 2:
        clients_ask(1 + (dice(16) ? dice(3) : dice(QUERY_BATCH_MAX)));
        break;
    case 3:
        time_passes(dice(10) ? dice(300) : dice(9000));
        break;
    case 4:
        if (dice(4) == 0)
            slot_breaks();
        break;
    case 5:
        if (dice(6) == 0)
            world_changes(dice(GENERATIONS), dice(POLICIES), dice(8) ? dice(3) : 3);
        break;
    case 6:
        w.net_down = dice(20) == 0;
        break;
    default:
        for (unsigned count = 1 + dice(4); count > 0; count--)
            server_replies();
    }
    assert_true(query_pending_count(w.engine) <= PENDING_MAX);
    assert_int_equal(query_pending_count(w.engine), w.owed);
}

/* ---- beginning and end ---- */

static void publish(unsigned generation)
{
    struct generation_rule rules[NAMES];
    char texts[NAMES][32];
    char why[200];
    size_t count = 0;
    for (unsigned i = 0; i < NAMES; i++) {
        if (listed_as(generation, i) == 0)
            continue;
        name_text(i, texts[count]);
        rules[count] = (struct generation_rule){texts[count], GENERATION_SUBDOMAINS, GENERATION_BLOCK,
                                                listed_as(generation, i), 0};
        count++;
    }
    if (generation == 0)
        generation_init(&w.files, rules, count);
    else
        generation_next(&w.files, rules, count);
    assert_int_equal(blockdb_open(w.files.path, &w.blockdbs[generation], why, sizeof why), 0);
}

static void world_begin(uint64_t seed)
{
    const struct cache_opts cache_opts = {.bytes = 64 << 10, .shards = 1};
    const struct query_io io = {.send = on_send, .answer = on_answer};
    memset(&w, 0, sizeof w);
    memset(w.owed_name, 0xff, sizeof w.owed_name);
    dice_state = seed;
    w.now = (struct query_time){.mono_ms = 1000000, .wall_ns = INT64_C(1790000000000000000)};
    for (unsigned i = 0; i < GENERATIONS; i++)
        publish(i);
    w.policy = policy_make(0);
    w.options = options_make(0);
    assert_int_equal(cache_new(&cache_opts, &w.cache), 0);
    struct query_env env = env_now();
    assert_int_equal(query_engine_new(&env, &io, &w.engine), 0);
}

/* One client fills its share to the last place: nothing was left behind in the counters. */
static void check_counters(unsigned client)
{
    w.net_down = false;
    for (unsigned i = 0; i < PER_CLIENT_MAX; i++) {
        uint16_t id = id_take(1000 + client * 100 + i, client);
        struct query_item item = {.source = source_make(client, id), .msg = room.msg[0], .out = room.out[0]};
        item.source.stream = false;
        item.out_cap = UDP_ROOM;
        item.msg_len = question_make(id, 1000 + client * 100 + i, room.msg[0]);
        room.msg[0][2] |= MSG_RD >> 8;
        query_batch(w.engine, &item, 1, w.now);
    }
    assert_int_equal(query_pending_count(w.engine), PER_CLIENT_MAX);
    time_passes(5000);
    assert_int_equal(query_pending_count(w.engine), 0);
}

static void world_end(void)
{
    time_passes(5000);
    assert_int_equal(query_pending_count(w.engine), 0);
    assert_int_equal(query_deadline_ms(w.engine), INT64_MAX);
    assert_int_equal(w.owed, 0);
    assert_int_equal(w.logged, w.answers);
    assert_true(w.led > 50);
    world_changes(0, 0, 0);
    for (unsigned i = 0; i < CLIENTS; i++)
        check_counters(i);
    query_engine_free(w.engine);
    cache_free(w.cache);
    policy_free(w.policy);
    free(w.options);
    for (unsigned i = 0; i < GENERATIONS; i++)
        blockdb_close(w.blockdbs[i]);
    generation_done(&w.files);
}

static void engine_answers_each_question_once_and_none_past_the_list(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        world_begin(seed);
        for (int i = 0; i < ROUNDS; i++)
            anything_happens();
        world_end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(engine_answers_each_question_once_and_none_past_the_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
