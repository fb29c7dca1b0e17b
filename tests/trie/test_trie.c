#include "trie/trie.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dns/name.h"
#include "support/unsorted.h"

enum { BLOCK = 1, ALLOW = 2, IMPORTANT = 4, SELF = 8, BELOW = 16, BOTH = SELF | BELOW };

struct addition {
    const char *name;
    unsigned what;
    uint64_t categories;
    uint16_t feed;
};

static struct trie *trie_in_parts(const struct addition *additions, size_t count, unsigned parts,
                                  struct trie_stats *out_stats)
{
    struct unsorted *unsorted = unsorted_new();
    for (size_t i = 0; i < count; i++) {
        const struct addition *a = &additions[i];
        uint8_t name[NAME_MAX_LEN];
        struct name_key key;
        struct trie_item item = {.feed = a->feed};
        struct blockdb_rules rules = {0};
        *(a->what & ALLOW ? &rules.allow : a->what & IMPORTANT ? &rules.important_block : &rules.block) = a->categories;
        if (a->what & SELF)
            item.self = rules;
        if (a->what & BELOW)
            item.below = rules;
        assert_true(name_from_text(a->name, strlen(a->name), name) > 0);
        name_key_make(name, &key);
        unsorted_add(unsorted, &key, &item);
    }
    return unsorted_build(unsorted, parts, out_stats);
}

static struct trie *trie_of(const struct addition *additions, size_t count, struct trie_stats *out_stats)
{
    return trie_in_parts(additions, count, 1, out_stats);
}

/* "name name ...", in key order. */
static void names_of(const struct trie *trie, char *out, size_t cap)
{
    uint64_t position = 0;
    struct trie_entry entry;
    size_t len = 0;
    out[0] = 0;
    while (trie_next(trie, &position, &entry) > 0) {
        uint8_t name[NAME_MAX_LEN];
        char text[NAME_TEXT_MAX];
        assert_true(name_key_to_name(entry.key, entry.key_len, name) > 0);
        len += (size_t)snprintf(out + len, cap - len, "%s%s", len ? " " : "", name_to_text(name, text));
        assert_true(len < cap);
    }
}

static void build_sorts_names_behind_their_parents(void **state)
{
    static const struct addition ADDED[] = {
        {"www.example.com", BLOCK | SELF, 1, 0},   {"example-shop.com", BLOCK | SELF, 1, 0},
        {"a.www.example.com", BLOCK | SELF, 1, 0}, {"org", BLOCK | SELF, 1, 0},
        {"example.com", BLOCK | SELF, 1, 0},
    };
    char names[400];
    struct trie_stats stats;
    (void)state;
    struct trie *trie = trie_of(ADDED, 5, &stats);
    names_of(trie, names, sizeof(names));
    assert_string_equal(names, "example.com www.example.com a.www.example.com example-shop.com org");
    assert_int_equal(stats.entries, 5);
    assert_int_equal(trie_entry_count(trie), 5);
    trie_free(trie);
}

static void build_merges_masks_and_feeds_of_one_name(void **state)
{
    static const struct addition ADDED[] = {
        {"a.example", BLOCK | SELF, 1, 7},
        {"A.Example", BLOCK | BOTH, 2, 3},
        {"a.example", ALLOW | BELOW, 4, 7},
        {"a.example", BLOCK | SELF, 1, 500},
    };
    struct trie_stats stats;
    struct trie_entry entry;
    struct trie_value value;
    uint64_t position = 0;
    (void)state;
    struct trie *trie = trie_of(ADDED, 4, &stats);
    assert_int_equal(stats.added, 4);
    assert_int_equal(stats.duplicates, 3);
    assert_int_equal(trie_next(trie, &position, &entry), 1);
    trie_value(trie, entry.value, &value);
    assert_int_equal(value.self.block, 3);
    assert_int_equal(value.below.block, 2);
    assert_int_equal(value.below.allow, 4);
    assert_int_equal(value.self.allow, 0);
    assert_int_equal(value.feed_count, 3);
    assert_int_equal(value.feeds[0], 3);
    assert_int_equal(value.feeds[1], 7);
    assert_int_equal(value.feeds[2], 500);
    assert_int_equal(value.entry_count, 1);
    assert_int_equal(trie_next(trie, &position, &entry), 0);
    trie_free(trie);
}

static void build_drops_only_what_parents_already_say(void **state)
{
    static const struct {
        struct addition parent, child;
        bool stays;
    } rows[] = {
        {{"p.example", BLOCK | BOTH, 3, 0}, {"c.p.example", BLOCK | BOTH, 1, 1}, false},
        {{"p.example", BLOCK | BOTH, 3, 0}, {"c.p.example", BLOCK | SELF, 2, 1}, false},
        {{"p.example", BLOCK | BELOW, 3, 0}, {"a.b.c.p.example", BLOCK | BELOW, 3, 1}, false},
        {{"p.example", BLOCK | BOTH, 3, 0}, {"c.p.example", BLOCK | SELF, 4, 1}, true},
        {{"p.example", BLOCK | SELF, 3, 0}, {"c.p.example", BLOCK | SELF, 1, 1}, true},
        {{"p.example", BLOCK | BOTH, 3, 0}, {"c.p.example", ALLOW | BOTH, 1, 1}, true},
        {{"p.example", BLOCK | BOTH, 3, 0}, {"c.p.example", IMPORTANT | SELF, 1, 1}, true},
        {{"p.example", BLOCK | BOTH, 3, 0}, {"cp.example", BLOCK | BOTH, 1, 1}, true},
        {{"p.example", BLOCK | BOTH, 3, 0}, {"p-.example", BLOCK | BOTH, 1, 1}, true},
        {{"p.example", ALLOW | BOTH, 1, 0}, {"c.p.example", ALLOW | BOTH, 1, 1}, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct addition added[] = {rows[i].child, rows[i].parent};
        struct trie_stats stats;
        struct trie *trie = trie_of(added, 2, &stats);
        if (stats.entries != (rows[i].stays ? 2 : 1) || stats.subsumed != (rows[i].stays ? 0 : 1))
            fail_msg("row %zu: %d entries", i, (int)stats.entries);
        trie_free(trie);
    }
}

static void build_adds_up_all_parents_before_it_drops(void **state)
{
    static const struct addition ADDED[] = {
        {"example", BLOCK | BELOW, 1, 0},      {"b.example", BLOCK | BELOW, 2, 0},  {"c.b.example", BLOCK | SELF, 3, 0},
        {"d.c.b.example", BLOCK | SELF, 7, 0}, {"c.d.example", BLOCK | SELF, 3, 0},
    };
    char names[400];
    struct trie_stats stats;
    (void)state;
    struct trie *trie = trie_of(ADDED, 5, &stats);
    names_of(trie, names, sizeof(names));
    assert_string_equal(names, "example b.example d.c.b.example c.d.example");
    trie_free(trie);
}

static void put_refuses_what_no_list_can_hold(void **state)
{
    static const uint8_t KEY[] = "b", BEFORE[] = "a";
    struct trie *trie;
    struct trie_stats stats;
    uint32_t value;
    const struct trie_item item = {.self.block = 1};
    const struct trie_item nothing = {.feed = 1};
    const struct trie_item no_feed = {.self.block = 1, .feed = UINT16_MAX};
    (void)state;
    assert_int_equal(trie_new(&(struct trie_opts){.names_max = 2}, &trie), 0);
    assert_int_equal(trie_item_value(trie, 0, &nothing, &value), ERR_INVAL);
    assert_int_equal(trie_item_value(trie, 0, &no_feed, &value), ERR_INVAL);
    assert_int_equal(trie_item_value(trie, 0, &item, &value), 0);
    assert_int_equal(trie_put(trie, 0, KEY, 0, value, 1), ERR_INVAL);
    assert_int_equal(trie_put(trie, 0, KEY, BLOCKDB_KEY_MAX + 1, value, 1), ERR_INVAL);
    assert_int_equal(trie_put(trie, 0, KEY, 1, value, 1), 0);
    assert_int_equal(trie_put(trie, 0, BEFORE, 1, value, 1), ERR_INVAL);
    assert_int_equal(trie_put(trie, 0, KEY, 1, value, 1), 0);
    assert_int_equal(trie_put(trie, 0, KEY, 1, value, 1), ERR_LIMIT);
    assert_int_equal(trie_build(trie, &stats), 0);
    assert_int_equal(stats.entries, 1);
    trie_free(trie);
}

static void build_refuses_parts_that_are_not_in_order(void **state)
{
    static const uint8_t KEY[] = "b";
    struct trie *trie;
    struct trie_stats stats;
    uint32_t value;
    const struct trie_item item = {.self.block = 1};
    (void)state;
    assert_int_equal(trie_new(&(struct trie_opts){.part_count = 3}, &trie), 0);
    for (unsigned part = 0; part < 3; part += 2) {
        assert_int_equal(trie_item_value(trie, part, &item, &value), 0);
        assert_int_equal(trie_put(trie, part, KEY, 1, value, 1), 0);
    }
    assert_int_equal(trie_build(trie, &stats), ERR_INVAL);
    trie_free(trie);
}

/* Parents on the other side of a cut, or of several, cover what lies behind it; the numbers stay the same. */
static void build_gives_the_same_however_the_parts_are_cut(void **state)
{
    static const struct addition ADDED[] = {
        {"example", BLOCK | BELOW, 1, 0},      {"a.example", BLOCK | BOTH, 2, 1},
        {"a.a.example", BLOCK | BOTH, 3, 2},   {"b.a.example", BLOCK | BOTH, 4, 0},
        {"c.b.a.example", BLOCK | BOTH, 7, 1}, {"d.b.a.example", BLOCK | SELF, 8, 0},
        {"c.a.example", ALLOW | SELF, 16, 2},  {"x.c.a.example", BLOCK | BELOW, 3, 3},
        {"b.example", BLOCK | SELF, 1, 3},     {"c.example", BLOCK | SELF, 2, 3},
        {"d.c.example", BLOCK | SELF, 1, 3},   {"e", BLOCK | BOTH, 1, 1},
    };
    (void)state;
    struct trie_stats stats, other_stats;
    struct trie *trie = trie_of(ADDED, 12, &stats);
    assert_int_equal(stats.subsumed, 5);
    for (unsigned parts = 2; parts <= 13; parts++) {
        struct trie_entry entry, other_entry;
        uint64_t position = 0, other_position = 0;
        struct trie *other = trie_in_parts(ADDED, 12, parts, &other_stats);
        assert_memory_equal(&stats, &other_stats, sizeof(stats));
        while (trie_next(trie, &position, &entry) > 0) {
            assert_int_equal(trie_next(other, &other_position, &other_entry), 1);
            assert_int_equal(entry.key_len, other_entry.key_len);
            assert_memory_equal(entry.key, other_entry.key, entry.key_len);
            assert_int_equal(entry.value, other_entry.value);
        }
        assert_int_equal(trie_next(other, &other_position, &other_entry), 0);
        assert_int_equal(trie_value_count(trie), trie_value_count(other));
        trie_free(other);
    }
    trie_free(trie);
}

static void build_of_nothing_is_empty(void **state)
{
    struct trie_stats stats;
    struct trie_entry entry;
    uint64_t position = 0;
    (void)state;
    struct trie *trie = trie_of(NULL, 0, &stats);
    assert_int_equal(stats.entries, 0);
    assert_int_equal(trie_next(trie, &position, &entry), 0);
    trie_free(trie);
    trie_free(NULL);
}

/* Thousands of different values and unions of feeds: the tables must grow without losing any. */
static void values_survive_the_growth_of_their_tables(void **state)
{
    struct unsorted *unsorted = unsorted_new();
    struct trie_stats stats;
    struct trie_entry entry;
    uint64_t position = 0;
    unsigned count = 0;
    (void)state;
    for (unsigned feed = 0; feed < 3; feed++)
        for (unsigned i = 0; i < 5000; i++) {
            struct name_key key = {.whole = true, .labels = 1};
            key.len = (uint16_t)snprintf((char *)key.bytes, sizeof(key.bytes), "n%05u", i);
            const struct trie_item item = {.self.block = i + 1u, .feed = (uint16_t)(i % 700 + feed * 1000)};
            unsorted_add(unsorted, &key, &item);
        }
    struct trie *trie = unsorted_build(unsorted, 2, &stats);
    assert_int_equal(stats.entries, 5000);
    while (trie_next(trie, &position, &entry) > 0) {
        struct trie_value value;
        trie_value(trie, entry.value, &value);
        assert_int_equal(value.self.block, count + 1);
        assert_int_equal(value.feed_count, 3);
        for (unsigned feed = 0; feed < 3; feed++)
            assert_int_equal(value.feeds[feed], count % 700 + feed * 1000);
        count++;
    }
    assert_int_equal(count, 5000);
    trie_free(trie);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(build_sorts_names_behind_their_parents),
        cmocka_unit_test(build_merges_masks_and_feeds_of_one_name),
        cmocka_unit_test(build_drops_only_what_parents_already_say),
        cmocka_unit_test(build_adds_up_all_parents_before_it_drops),
        cmocka_unit_test(put_refuses_what_no_list_can_hold),
        cmocka_unit_test(build_refuses_parts_that_are_not_in_order),
        cmocka_unit_test(build_gives_the_same_however_the_parts_are_cut),
        cmocka_unit_test(build_of_nothing_is_empty),
        cmocka_unit_test(values_survive_the_growth_of_their_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
