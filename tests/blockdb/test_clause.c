/* Clauses: when they hold, what they do to categories, and which one decides the answer. */
#include "blockdb/blockdb.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/ipaddr.h"
#include "dns/name.h"
#include "dns/rr.h"
#include "support/generation.h"

#define GAMES CATEGORY_BIT(CATEGORY_GAMING)
#define NEWS  CATEGORY_BIT(CATEGORY_NEWS)
#define ADS   CATEGORY_BIT(CATEGORY_ADVERTISING)

static const struct generation_clause TYPED = {.type = DNS_TYPE_AAAA};
static const struct generation_clause OTHER = {.type = DNS_TYPE_A, .flags = BLOCKDB_CLAUSE_OTHER};
static const struct generation_clause LEFT_OUT = {.left_out = "ok.left.example"};
static const struct generation_clause GLOB = {.pattern = "(?:^|\\.)ads.*\\.glob\\.example$"};
static const struct generation_clause FLOAT = {.pattern = "banner[0-9]", .literal = "banner"};
static const struct generation_clause BLIND = {.pattern = "^x[0-9]\\."};
static const struct generation_clause SLOW = {.pattern = "(a+)+$", .literal = "aaa"};
static const struct generation_clause FLOAT_OK = {
    .kind = BLOCKDB_CLAUSE_ALLOW, .pattern = "^good\\.banner", .literal = "banner"};
static const struct generation_clause TO = {.kind = BLOCKDB_CLAUSE_RECORD,
                                            .flags = BLOCKDB_CLAUSE_IMPORTANT,
                                            .record_type = DNS_TYPE_A,
                                            .rdata = "\xc0\x00\x02\x01",
                                            .rdata_len = 4};
static const struct generation_clause TO_TOO = {.kind = BLOCKDB_CLAUSE_RECORD,
                                                .flags = BLOCKDB_CLAUSE_IMPORTANT,
                                                .record_type = DNS_TYPE_A,
                                                .rdata = "\xc0\x00\x02\x02",
                                                .rdata_len = 4};
static const struct generation_clause NOT_TO = {.kind = BLOCKDB_CLAUSE_NO_REWRITE};
static const struct generation_clause ZONE_NX = {.kind = BLOCKDB_CLAUSE_NXDOMAIN, .flags = BLOCKDB_CLAUSE_ZONE};
static const struct generation_clause ZONE_PASS = {.kind = BLOCKDB_CLAUSE_ALLOW, .flags = BLOCKDB_CLAUSE_ZONE};
static const struct generation_clause ZONE_DROP = {.kind = BLOCKDB_CLAUSE_DROP, .flags = BLOCKDB_CLAUSE_ZONE};

static const struct generation_clause_rule RULES[] = {
    {{"typed.example", GENERATION_SUBDOMAINS, GENERATION_BLOCK, GAMES, 0}, &TYPED},
    {{"other.example", GENERATION_EXACT, GENERATION_BLOCK, GAMES, 0}, &OTHER},
    {{"left.example", GENERATION_SUBDOMAINS, GENERATION_BLOCK, GAMES, 0}, &LEFT_OUT},
    {{"ok.left.example", GENERATION_EXACT, GENERATION_BLOCK, NEWS, 1}, NULL},
    {{"glob.example", GENERATION_SUBDOMAINS, GENERATION_BLOCK, ADS, 0}, &GLOB},
    {{NULL, GENERATION_SUBDOMAINS, GENERATION_BLOCK, ADS, 0}, &FLOAT},
    {{NULL, GENERATION_SUBDOMAINS, GENERATION_BLOCK, ADS, 0}, &FLOAT_OK},
    {{NULL, GENERATION_SUBDOMAINS, GENERATION_BLOCK, NEWS, 1}, &BLIND},
    {{NULL, GENERATION_SUBDOMAINS, GENERATION_BLOCK, ADS, 0}, &SLOW},
    {{"to.example", GENERATION_SUBDOMAINS, GENERATION_BLOCK, GAMES, 0}, &TO},
    {{"to.example", GENERATION_SUBDOMAINS, GENERATION_BLOCK, GAMES, 0}, &TO_TOO},
    {{"to.example", GENERATION_SUBDOMAINS, GENERATION_ALLOW, GAMES, 0}, NULL},
    {{"not.to.example", GENERATION_SUBDOMAINS, GENERATION_BLOCK, GAMES, 0}, &NOT_TO},
    {{"zone.example", GENERATION_SUBDOMAINS, GENERATION_BLOCK, GAMES, 2}, &ZONE_NX},
    {{"pass.zone.example", GENERATION_SUBDOMAINS, GENERATION_BLOCK, GAMES, 2}, &ZONE_PASS},
    {{"again.pass.zone.example", GENERATION_EXACT, GENERATION_BLOCK, GAMES, 2}, &ZONE_DROP},
    {{"drop.example", GENERATION_EXACT, GENERATION_BLOCK, GAMES, 3}, &ZONE_DROP},
    {{"drop.example", GENERATION_EXACT, GENERATION_BLOCK, GAMES, 0}, NULL},
    {{"drop.example", GENERATION_EXACT, GENERATION_BLOCK, GAMES, 2}, &ZONE_NX},
    {{"order.example", GENERATION_EXACT, GENERATION_BLOCK, GAMES, 2}, &ZONE_NX},
    {{"order.example", GENERATION_EXACT, GENERATION_BLOCK, GAMES | NEWS, 3}, &ZONE_PASS},
    {{"order.example", GENERATION_EXACT, GENERATION_BLOCK, NEWS, 4}, &ZONE_DROP},
    {{"@203.0.113.0/24", GENERATION_EXACT, GENERATION_BLOCK, ADS, 0}, NULL},
    {{"@203.0.113.9", GENERATION_EXACT, GENERATION_BLOCK, ADS, 1}, NULL},
    {{"@198.51.100.0/24", GENERATION_EXACT, GENERATION_BLOCK, ADS, 2}, &ZONE_NX},
    {{"@198.51.100.7", GENERATION_EXACT, GENERATION_BLOCK, ADS, 2}, &ZONE_PASS},
    {{"@2001:db8::/32", GENERATION_EXACT, GENERATION_BLOCK, NEWS, 1}, NULL},
};

static struct generation generation;
static struct blockdb *db;

static int set_up(void **state)
{
    (void)state;
    generation_init_clauses(&generation, RULES, sizeof RULES / sizeof RULES[0]);
    return blockdb_open(generation.path, &db, NULL, 0);
}

static int tear_down(void **state)
{
    (void)state;
    blockdb_close(db);
    generation_done(&generation);
    return 0;
}

static void look_up(const char *text, uint16_t type, struct blockdb_match *out)
{
    uint8_t name[NAME_MAX_LEN];
    struct name_key key;
    assert_true(name_from_text(text, strlen(text), name) > 0);
    name_key_make(name, &key);
    blockdb_lookup_type(db, &key, type, out);
}

static void clauses_hold_under_their_conditions(void **state)
{
    static const struct {
        const char *name;
        uint16_t type;
        uint64_t categories;
        bool typed;
    } rows[] = {
        {"typed.example", DNS_TYPE_A, 0, true},
        {"typed.example", DNS_TYPE_AAAA, GAMES, true},
        {"x.typed.example", DNS_TYPE_AAAA, GAMES, true},
        {"other.example", DNS_TYPE_A, 0, true},
        {"other.example", DNS_TYPE_MX, GAMES, true},
        {"x.other.example", DNS_TYPE_MX, 0, false},
        {"left.example", DNS_TYPE_A, GAMES, false},
        {"x.left.example", DNS_TYPE_A, GAMES, false},
        {"ok.left.example", DNS_TYPE_A, NEWS, false},
        {"x.ok.left.example", DNS_TYPE_A, 0, false},
        {"notok.left.example", DNS_TYPE_A, GAMES, false},
        {"ads.glob.example", DNS_TYPE_A, ADS, false},
        {"ads1.x.glob.example", DNS_TYPE_A, ADS, false},
        {"myads.glob.example", DNS_TYPE_A, 0, false},
        {"glob.example", DNS_TYPE_A, 0, false},
        {"banner1.example", DNS_TYPE_A, ADS, false},
        {"the-BANNER1.test", DNS_TYPE_A, ADS, false},
        {"good.banner1.example", DNS_TYPE_A, 0, false},
        {"banner.example", DNS_TYPE_A, 0, false},
        {"x1.example", DNS_TYPE_A, NEWS, false},
        {"xx1.example", DNS_TYPE_A, 0, false},
        {"x", DNS_TYPE_A, 0, false},
        {"order.example", DNS_TYPE_A, GAMES, false}, /* the first zone that says something decides */
        {"banner1.typed.example", DNS_TYPE_AAAA, ADS | GAMES, true},
        /* SLOW is given up: what may be blocked is */
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaa.b", DNS_TYPE_A, ADS, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct blockdb_match match;
        look_up(rows[i].name, rows[i].type, &match);
        if (match.categories != rows[i].categories || match.typed != rows[i].typed)
            fail_msg("%s %u: %#llx", rows[i].name, rows[i].type, (unsigned long long)match.categories);
    }
}

static void the_first_feed_with_an_answer_decides(void **state)
{
    static const struct {
        const char *name;
        enum blockdb_clause_kind kind; /* BLOCK: no clause, or a plain one */
        unsigned count, feed;
        uint64_t categories;
    } rows[] = {
        {"to.example", BLOCKDB_CLAUSE_RECORD, 2, 0, GAMES},
        {"x.to.example", BLOCKDB_CLAUSE_RECORD, 2, 0, GAMES},
        {"not.to.example", BLOCKDB_CLAUSE_BLOCK, 0, 0, 0},
        {"zone.example", BLOCKDB_CLAUSE_NXDOMAIN, 1, 2, GAMES},
        {"x.zone.example", BLOCKDB_CLAUSE_NXDOMAIN, 1, 2, GAMES},
        {"pass.zone.example", BLOCKDB_CLAUSE_BLOCK, 0, 0, 0},
        {"again.pass.zone.example", BLOCKDB_CLAUSE_DROP, 1, 2, GAMES},
        {"x.again.pass.zone.example", BLOCKDB_CLAUSE_BLOCK, 0, 0, 0},
        {"drop.example", BLOCKDB_CLAUSE_NXDOMAIN, 1, 2, GAMES},
        {"ads.glob.example", BLOCKDB_CLAUSE_BLOCK, 1, 0, ADS},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct blockdb_match match;
        struct blockdb_clause clause = {.kind = BLOCKDB_CLAUSE_BLOCK};
        uint8_t labels;
        look_up(rows[i].name, DNS_TYPE_A, &match);
        if (match.clause_count > 0)
            assert_int_equal(blockdb_clause(db, match.clauses[0], &clause), 0);
        if (match.clause_count != rows[i].count || clause.kind != rows[i].kind ||
            match.categories != rows[i].categories)
            fail_msg("%s: %u clauses, kind %u", rows[i].name, match.clause_count, clause.kind);
        if (match.clause_count > 0)
            assert_int_equal(blockdb_match_feed(db, &match, (unsigned)__builtin_ctzll(rows[i].categories), &labels),
                             rows[i].feed);
    }
}

static void addresses_are_found_by_their_prefixes(void **state)
{
    static const struct {
        const char *addr;
        uint64_t categories;
    } rows[] = {
        {"203.0.113.0", ADS},   {"203.0.113.9", ADS},        {"203.0.112.255", 0},  {"203.0.114.0", 0},
        {"198.51.100.6", ADS},  {"198.51.100.7", 0},         {"2001:db8::1", NEWS}, {"2001:db9::", 0},
        {"2001:db7:ffff::", 0}, {"::ffff:203.0.113.1", ADS},
    };
    (void)state;
    assert_true(blockdb_lists_addresses(db, BLOCKDB_ADDRESS_ANSWER));
    assert_false(blockdb_lists_addresses(db, BLOCKDB_ADDRESS_CLIENT));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ipaddr addr;
        struct blockdb_match match;
        assert_int_equal(ipaddr_from_text(rows[i].addr, &addr), 0);
        blockdb_lookup_address(db, BLOCKDB_ADDRESS_ANSWER, addr.bytes, &match);
        if (match.categories != rows[i].categories)
            fail_msg("%s: %#llx", rows[i].addr, (unsigned long long)match.categories);
        blockdb_lookup_address(db, BLOCKDB_ADDRESS_CLIENT, addr.bytes, &match);
        assert_true(match.listed == 0);
    }
}

/* Many patterns share a literal ("com", "ads"), a name, or have no literal: none is passed over for those beside it. */
static void no_pattern_is_lost_among_many(void **state)
{
    enum { MANY = 100, KINDS = 3 };
    static const struct {
        const char *start, *literal, *name;
    } kinds[KINDS] = {{"many", "many", NULL}, {"hung", NULL, "hung.example"}, {"b", NULL, NULL}};
    static char texts[KINDS * MANY][32];
    static struct generation_clause clauses[KINDS * MANY];
    static struct generation_clause_rule rules[KINDS * MANY];
    struct generation crowd;
    struct blockdb *whole = db;
    (void)state;
    for (unsigned i = 0; i < KINDS * MANY; i++) {
        snprintf(texts[i], sizeof texts[i], "^%s%u\\.", kinds[i / MANY].start, i);
        clauses[i] = (struct generation_clause){.pattern = texts[i], .literal = kinds[i / MANY].literal};
        rules[i] = (struct generation_clause_rule){
            {kinds[i / MANY].name, GENERATION_SUBDOMAINS, GENERATION_BLOCK, ADS, 0}, &clauses[i]};
    }
    generation_init_clauses(&crowd, rules, KINDS * MANY);
    assert_int_equal(blockdb_open(crowd.path, &db, NULL, 0), 0);
    for (unsigned i = 0; i < KINDS * MANY; i++) {
        struct blockdb_match match;
        char name[32];
        snprintf(name, sizeof name, "%s%u.hung.example", kinds[i / MANY].start, i);
        look_up(name, DNS_TYPE_A, &match);
        if (match.categories != ADS)
            fail_msg("%s is not found", name);
    }
    blockdb_close(db);
    generation_done(&crowd);
    db = whole;
}

/* More clauses hold than a look-up keeps: those that find no room block all the same, and are told. */
static void no_block_is_lost_where_clauses_find_no_room(void **state)
{
    enum { MANY = 300 };
    static struct generation_clause clauses[MANY];
    static struct generation_clause_rule rules[MANY];
    struct generation crowd;
    struct blockdb *whole = db;
    struct blockdb_match match;
    (void)state;
    for (unsigned i = 0; i < MANY; i++) {
        clauses[i] = (struct generation_clause){.type = (uint16_t)(1000 + i), .flags = BLOCKDB_CLAUSE_OTHER};
        rules[i] = (struct generation_clause_rule){{"crowd.example", GENERATION_EXACT, GENERATION_BLOCK,
                                                    i % 2 == 0     ? GAMES
                                                    : i < MANY / 2 ? ADS
                                                                   : NEWS,
                                                    0},
                                                   &clauses[i]};
    }
    generation_init_clauses(&crowd, rules, MANY);
    assert_int_equal(blockdb_open(crowd.path, &db, NULL, 0), 0);
    look_up("crowd.example", DNS_TYPE_A, &match);
    assert_true(match.categories == (GAMES | ADS | NEWS));
    assert_true(match.given_up > 0);
    look_up("x.crowd.example", DNS_TYPE_A, &match);
    assert_true(match.categories == 0 && match.given_up == 0);
    blockdb_close(db);
    generation_done(&crowd);
    db = whole;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clauses_hold_under_their_conditions),
        cmocka_unit_test(the_first_feed_with_an_answer_decides),
        cmocka_unit_test(addresses_are_found_by_their_prefixes),
        cmocka_unit_test(no_pattern_is_lost_among_many),
        cmocka_unit_test(no_block_is_lost_where_clauses_find_no_room),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
