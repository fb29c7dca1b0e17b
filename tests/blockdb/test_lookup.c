/* Look-ups in generations that the compiler's own code has made, against a list that is searched entry by entry. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "belisha/verdict.h"
#include "blockdb/blockdb.h"
#include "dns/name.h"
#include "publish/publish.h"
#include "support/generation.h"
#include "trie/trie.h"

#define GAMBLING CATEGORY_BIT(CATEGORY_GAMBLING)
#define MALWARE  CATEGORY_BIT(CATEGORY_MALWARE)
#define GAMING   CATEGORY_BIT(CATEGORY_GAMING)

static struct blockdb *open_generation(const char *path)
{
    struct blockdb *db;
    char why[256] = "";
    if (blockdb_open(path, &db, why, sizeof(why)) < 0)
        fail_msg("%s: %s", path, why);
    return db;
}

static struct name_key key_of(const char *text)
{
    uint8_t name[NAME_MAX_LEN];
    struct name_key key;
    assert_true(name_from_text(text, strlen(text), name) > 0);
    name_key_make(name, &key);
    return key;
}

static struct blockdb_match look_up(const struct blockdb *db, const char *text)
{
    struct name_key key = key_of(text);
    struct blockdb_match match;
    blockdb_lookup(db, &key, &match);
    return match;
}

static void lookup_follows_scope_and_exceptions(void **state)
{
    (void)state;
    static const struct generation_rule RULES[] = {
        {"bet.example", GENERATION_SUBDOMAINS, GENERATION_BLOCK, GAMBLING, 0},
        {"exact.example", GENERATION_EXACT, GENERATION_BLOCK, MALWARE, 1},
        {"below.example", GENERATION_BELOW, GENERATION_BLOCK, MALWARE, 1},
        {"news.bet.example", GENERATION_SUBDOMAINS, GENERATION_ALLOW, GAMBLING, 1},
        {"x.news.bet.example", GENERATION_EXACT, GENERATION_IMPORTANT_BLOCK, GAMBLING, 2},
        {"y.x.news.bet.example", GENERATION_SUBDOMAINS, GENERATION_IMPORTANT_ALLOW, GAMBLING, 2},
        {"more.bet.example", GENERATION_SUBDOMAINS, GENERATION_BLOCK, GAMING, 0},
    };
    static const struct {
        const char *name;
        uint64_t categories, listed;
    } CASES[] = {
        {"bet.example", GAMBLING, GAMBLING},
        {"www.bet.example", GAMBLING, GAMBLING},
        {"BET.Example", GAMBLING, GAMBLING},
        {"a.b.c.bet.example", GAMBLING, GAMBLING},
        {"abet.example", 0, 0},
        {"bet-.example", 0, 0},
        {"be.example", 0, 0},
        {"example", 0, 0},
        {".", 0, 0},
        {"zzz", 0, 0},
        {"0", 0, 0},
        {"exact.example", MALWARE, MALWARE},
        {"www.exact.example", 0, 0},
        {"below.example", 0, 0},
        {"www.below.example", MALWARE, MALWARE},
        {"news.bet.example", 0, GAMBLING},
        {"www.news.bet.example", 0, GAMBLING},
        {"x.news.bet.example", GAMBLING, GAMBLING},
        {"w.x.news.bet.example", 0, GAMBLING},
        {"y.x.news.bet.example", 0, GAMBLING},
        {"more.bet.example", GAMBLING | GAMING, GAMBLING | GAMING},
        {"a.more.bet.example", GAMBLING | GAMING, GAMBLING | GAMING},
    };
    struct generation g;
    generation_init(&g, RULES, sizeof(RULES) / sizeof(RULES[0]));
    struct blockdb *db = open_generation(g.current);
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct blockdb_match match = look_up(db, CASES[i].name);
        if (match.categories != CASES[i].categories || match.listed != CASES[i].listed)
            fail_msg("%s: %#llx, listed %#llx", CASES[i].name, (unsigned long long)match.categories,
                     (unsigned long long)match.listed);
    }
    blockdb_close(db);
    generation_done(&g);
}

static void lookup_tells_hits_feeds_and_labels(void **state)
{
    (void)state;
    static const struct generation_rule RULES[] = {
        {"example", GENERATION_SUBDOMAINS, GENERATION_BLOCK, GAMING, 0},
        {"bet.example", GENERATION_SUBDOMAINS, GENERATION_BLOCK, GAMBLING, 1},
        {"www.bet.example", GENERATION_EXACT, GENERATION_BLOCK, MALWARE, 2},
    };
    struct generation g;
    uint8_t labels = 0;
    generation_init(&g, RULES, 3);
    struct blockdb *db = open_generation(g.path);
    struct blockdb_match match = look_up(db, "www.bet.example");
    assert_int_equal(match.hit_count, 3);
    assert_int_equal(match.hits[0].labels, 1);
    assert_int_equal(match.hits[1].labels, 2);
    assert_int_equal(match.hits[2].labels, 3);
    assert_false(match.hits[1].exact);
    assert_true(match.hits[2].exact);
    assert_int_equal(blockdb_match_feed(db, &match, CATEGORY_GAMBLING, &labels), 1);
    assert_int_equal(labels, 2);
    assert_int_equal(blockdb_match_feed(db, &match, CATEGORY_MALWARE, &labels), 2);
    assert_int_equal(labels, 3);
    assert_int_equal(blockdb_match_feed(db, &match, CATEGORY_PIRACY, &labels), VERDICT_NO_FEED);
    assert_int_equal(blockdb_match_feed(db, &match, 200, &labels), VERDICT_NO_FEED);
    assert_int_equal(blockdb_feed_count(db), 3);
    assert_string_equal(blockdb_feed(db, 1)->name, "feed-1");
    assert_string_equal(blockdb_feed(db, 1)->licence, "CC0-1.0");
    assert_true(blockdb_feed(db, 1)->categories == GAMBLING);
    assert_null(blockdb_feed(db, 3));
    assert_int_equal(blockdb_generation(db), 1);
    blockdb_close(db);
    generation_done(&g);
}

static void lookup_keeps_the_most_specific_hits_of_a_deep_name(void **state)
{
    (void)state;
    struct generation_rule rules[40];
    char names[40][128];
    struct generation g;
    for (unsigned i = 0; i < 40; i++) {
        names[i][0] = 0;
        for (unsigned j = 0; j < i; j++)
            strcat(names[i], "a.");
        strcat(names[i], "example");
        rules[i] = (struct generation_rule){names[i], GENERATION_SUBDOMAINS, GENERATION_BLOCK, CATEGORY_BIT(i), 0};
    }
    generation_init(&g, rules, 40);
    struct blockdb *db = open_generation(g.path);
    char below[130];
    (void)snprintf(below, sizeof(below), "b.%s", names[39]);
    struct blockdb_match match = look_up(db, below);
    assert_true(match.categories == (CATEGORY_BIT(40) - 1));
    assert_int_equal(match.hit_count, BLOCKDB_HITS_MAX);
    assert_int_equal(match.hits[0].labels, 40 - BLOCKDB_HITS_MAX + 1);
    assert_int_equal(match.hits[BLOCKDB_HITS_MAX - 1].labels, 40);
    blockdb_close(db);
    generation_done(&g);
}

static void lookup_never_takes_a_label_with_a_zero_byte_for_a_parent(void **state)
{
    (void)state;
    static const struct generation_rule RULES[] = {
        {"example", GENERATION_EXACT, GENERATION_BLOCK, GAMING, 0},
        {"b.example", GENERATION_SUBDOMAINS, GENERATION_BLOCK, GAMBLING, 0},
        {"a.b.example", GENERATION_EXACT, GENERATION_BLOCK, MALWARE, 0},
    };
    struct generation g;
    generation_init(&g, RULES, 3);
    struct blockdb *db = open_generation(g.path);
    assert_true(look_up(db, "a.b.example").categories == (GAMBLING | MALWARE));
    assert_true(look_up(db, "a\\000b.example").categories == 0);
    assert_true(look_up(db, "b\\000a.example").categories == 0);
    assert_true(look_up(db, "\\000.b.example").categories == GAMBLING);
    assert_true(look_up(db, "\\000.example").categories == 0);
    blockdb_close(db);
    generation_done(&g);
}

static void open_works_twice_for_one_file(void **state)
{
    (void)state;
    static const struct generation_rule RULE = {"a.example", GENERATION_EXACT, GENERATION_BLOCK, GAMING, 0};
    struct generation g;
    generation_init(&g, &RULE, 1);
    struct blockdb *first = open_generation(g.path);
    struct blockdb *second = open_generation(g.current);
    blockdb_close(first);
    assert_true(look_up(second, "a.example").categories == GAMING);
    blockdb_close(second);
    generation_done(&g);
}

static void open_reads_an_empty_list(void **state)
{
    (void)state;
    struct generation g;
    struct blockdb_walk *walk;
    struct blockdb_entry entry;
    generation_init(&g, NULL, 0);
    struct blockdb *db = open_generation(g.path);
    assert_int_equal(blockdb_name_count(db), 0);
    assert_int_equal(look_up(db, "a.example").hit_count, 0);
    assert_int_equal(blockdb_walk_begin(db, &walk), 0);
    assert_int_equal(blockdb_walk_next(walk, &entry), 0);
    blockdb_walk_end(walk);
    blockdb_close(db);
    generation_done(&g);
}

static void a_handle_outlives_the_removal_of_its_file(void **state)
{
    (void)state;
    static const struct generation_rule OLD = {"old.example", GENERATION_EXACT, GENERATION_BLOCK, GAMING, 0};
    static const struct generation_rule NEW = {"new.example", GENERATION_EXACT, GENERATION_BLOCK, GAMING, 0};
    struct generation g;
    generation_init(&g, &OLD, 1);
    struct blockdb *old = open_generation(g.current);
    for (int i = 0; i < 4; i++)
        generation_next(&g, &NEW, 1);
    struct blockdb *new = open_generation(g.current);
    assert_int_equal(blockdb_generation(new), 5);
    assert_true(look_up(old, "old.example").categories == GAMING);
    assert_true(look_up(old, "new.example").categories == 0);
    assert_true(look_up(new, "new.example").categories == GAMING);
    blockdb_close(old);
    blockdb_close(new);
    generation_done(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lookup_follows_scope_and_exceptions),
        cmocka_unit_test(lookup_tells_hits_feeds_and_labels),
        cmocka_unit_test(lookup_keeps_the_most_specific_hits_of_a_deep_name),
        cmocka_unit_test(lookup_never_takes_a_label_with_a_zero_byte_for_a_parent),
        cmocka_unit_test(open_works_twice_for_one_file),
        cmocka_unit_test(open_reads_an_empty_list),
        cmocka_unit_test(a_handle_outlives_the_removal_of_its_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
