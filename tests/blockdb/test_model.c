/*
 * Generations of random lists against a model: the rules themselves, asked one by one. Small alphabets make names that
 * share prefixes, lie below each other and fill many buckets below one parent.
 */
#include "blockdb/blockdb.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dns/name.h"
#include "support/generation.h"

#define RULES_MAX 3000
#define TEXT_MAX  300

struct model {
    struct generation_rule rules[RULES_MAX];
    char texts[RULES_MAX][TEXT_MAX];
    struct name_key keys[RULES_MAX];
    size_t count;
};

struct shape {
    const char *alphabet;
    unsigned labels_max, label_len_max, rule_count;
    unsigned suffix_count; /* different top-level labels; 0: any label may be one */
};

static uint64_t random_next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state >> 11;
}

static void random_name(const struct shape *shape, uint64_t *seed, char out[TEXT_MAX])
{
    size_t at = 0;
    unsigned labels = 1 + (unsigned)(random_next(seed) % shape->labels_max);
    size_t letters = strlen(shape->alphabet);
    for (unsigned label = 0; label < labels && at < 200; label++) {
        unsigned len = 1 + (unsigned)(random_next(seed) % shape->label_len_max);
        for (unsigned i = 0; i < len; i++)
            out[at++] = shape->alphabet[random_next(seed) % letters];
        out[at++] = '.';
    }
    if (shape->suffix_count == 0)
        out[at - 1] = 0;
    else
        (void)snprintf(out + at, TEXT_MAX - at, "t%u", (unsigned)(random_next(seed) % shape->suffix_count));
}

static struct name_key key_of(const char *text)
{
    uint8_t name[NAME_MAX_LEN];
    struct name_key key;
    assert_true(name_from_text(text, strlen(text), name) > 0);
    name_key_make(name, &key);
    return key;
}

static void model_fill(struct model *m, const struct shape *shape, uint64_t *seed)
{
    m->count = shape->rule_count;
    for (size_t i = 0; i < m->count; i++) {
        random_name(shape, seed, m->texts[i]);
        m->keys[i] = key_of(m->texts[i]);
        m->rules[i] = (struct generation_rule){
            .name = m->texts[i],
            .scope = (enum generation_scope)(random_next(seed) % 3),
            .action = (enum generation_action)(random_next(seed) % 8 < 5 ? 0 : random_next(seed) % 4),
            .categories = CATEGORY_BIT(random_next(seed) % 5),
            .feed = (uint16_t)(random_next(seed) % 60),
        };
    }
}

static bool covers(const struct generation_rule *rule, const struct name_key *listed, const struct name_key *asked)
{
    bool starts = listed->len <= asked->len && memcmp(listed->bytes, asked->bytes, listed->len) == 0;
    bool same = starts && listed->len == asked->len && asked->whole;
    bool above = starts && !same && (listed->len == asked->len || asked->bytes[listed->len] == 0);
    return (same && rule->scope != GENERATION_BELOW) || (above && rule->scope != GENERATION_EXACT);
}

static void model_ask(const struct model *m, const struct name_key *key, uint64_t *out_categories, uint64_t *out_listed)
{
    uint64_t sums[4] = {0};
    for (size_t i = 0; i < m->count; i++)
        if (covers(&m->rules[i], &m->keys[i], key))
            sums[m->rules[i].action] |= m->rules[i].categories;
    *out_listed = sums[GENERATION_BLOCK] | sums[GENERATION_IMPORTANT_BLOCK];
    *out_categories = ((sums[GENERATION_BLOCK] & ~sums[GENERATION_ALLOW]) | sums[GENERATION_IMPORTANT_BLOCK]) &
                      ~sums[GENERATION_IMPORTANT_ALLOW];
}

static void check_one(const struct blockdb *db, const struct model *m, const char *text)
{
    struct name_key key = key_of(text);
    struct blockdb_match match;
    uint64_t categories, listed;
    model_ask(m, &key, &categories, &listed);
    blockdb_lookup(db, &key, &match);
    if (match.categories != categories || match.listed != listed)
        fail_msg("%s: %#llx instead of %#llx, listed %#llx instead of %#llx", text,
                 (unsigned long long)match.categories, (unsigned long long)categories, (unsigned long long)match.listed,
                 (unsigned long long)listed);
}

/* Every listed name, its neighbours, what is below and above it; random names too. */
static void check_all(const struct blockdb *db, const struct model *m, const struct shape *shape, uint64_t *seed)
{
    for (size_t i = 0; i < m->count; i += 1 + m->count / 300) {
        char text[TEXT_MAX];
        const char *listed = m->texts[i];
        const char *dot = strchr(listed, '.');
        const char *parent = dot ? dot + 1 : ".";
        check_one(db, m, listed);
        check_one(db, m, parent);
        (void)snprintf(text, sizeof(text), "a.%.250s", listed);
        check_one(db, m, text);
        (void)snprintf(text, sizeof(text), "a%.250s", listed);
        check_one(db, m, text);
        (void)snprintf(text, sizeof(text), "%.250s", listed);
        text[0] = text[0] == 'a' ? 'b' : 'a';
        check_one(db, m, text);
        (void)snprintf(text, sizeof(text), "\\000.%.250s", listed);
        check_one(db, m, text);
        random_name(shape, seed, text);
        check_one(db, m, text);
    }
}

static void check_batches(const struct blockdb *db, const struct model *m)
{
    static const size_t SIZES[] = {0, 1, 2, 31, 32, 33, 100};
    const struct name_key *keys[100];
    struct blockdb_match batch[100];
    for (size_t s = 0; s < sizeof(SIZES) / sizeof(SIZES[0]); s++) {
        for (size_t i = 0; i < SIZES[s]; i++)
            keys[i] = &m->keys[(i * 7 + s) % m->count];
        blockdb_lookup_batch(db, keys, SIZES[s], batch);
        for (size_t i = 0; i < SIZES[s]; i++) {
            struct blockdb_match alone;
            blockdb_lookup(db, keys[i], &alone);
            assert_memory_equal(&alone, &batch[i], sizeof(alone));
        }
    }
}

static void check_walk(const struct blockdb *db)
{
    struct blockdb_walk *walk;
    struct blockdb_entry entry;
    struct name_key last = {.len = 0};
    uint64_t count = 0;
    int more;
    assert_int_equal(blockdb_walk_begin(db, &walk), 0);
    while ((more = blockdb_walk_next(walk, &entry)) > 0) {
        struct blockdb_value value;
        size_t common = last.len < entry.key_len ? last.len : entry.key_len;
        int order = memcmp(last.bytes, entry.key, common);
        assert_true(order < 0 || (order == 0 && last.len < entry.key_len));
        assert_int_equal(blockdb_value(db, entry.value, &value), 0);
        assert_true(value.feed_count > 0);
        memcpy(last.bytes, entry.key, entry.key_len);
        last.len = (uint16_t)entry.key_len;
        count++;
    }
    assert_int_equal(more, 0);
    assert_true(count == blockdb_name_count(db));
    blockdb_walk_end(walk);
}

static void check_shape(const struct shape *shape, uint64_t seed)
{
    struct model *m = malloc(sizeof(*m));
    struct generation g;
    struct blockdb *db;
    char why[256] = "";

    assert_non_null(m);
    model_fill(m, shape, &seed);
    generation_init(&g, m->rules, m->count);
    if (blockdb_open(g.path, &db, why, sizeof(why)) < 0)
        fail_msg("%s", why);
    check_all(db, m, shape, &seed);
    check_batches(db, m);
    check_walk(db);
    blockdb_close(db);
    generation_done(&g);
    free(m);
}

static void lookups_equal_the_rules_asked_one_by_one(void **state)
{
    (void)state;
    static const struct shape SHAPES[] = {
        {"ab", 1, 2, 1, 1},
        {"ab", 2, 2, 20, 1},
        {"ab", 5, 2, 400, 1},
        {"ab", 40, 1, 300, 1},
        {"abcdefghijklmnopqrstuvwxyz0123456789-_", 1, 12, 3000, 1},
        {"abcdefghijklmnopqrstuvwxyz0123456789", 2, 4, 3000, 30},
        {"abc", 8, 20, 1500, 2},
        {"a", 30, 9, 500, 3},
        {"a~", 3, 30, 1000, 1},
        {"ab", 3, 12, 2000, 0},
        {"abcdefghijklmnopqrstuvwxyz", 2, 3, 3000, 0},
        {"xy", 2, 30, 1500, 0},
    };
    for (size_t i = 0; i < sizeof(SHAPES) / sizeof(SHAPES[0]); i++)
        for (uint64_t seed = 1; seed <= 3; seed++)
            check_shape(&SHAPES[i], seed * UINT64_C(0x9e3779b97f4a7c15) + i);
}

/* Labels of every byte value but zero. */
static void lookups_work_with_every_byte_in_a_label(void **state)
{
    (void)state;
    struct model *m = calloc(1, sizeof(*m));
    struct generation g;
    struct blockdb *db;
    assert_non_null(m);
    for (unsigned byte = 1; byte < 256; byte++)
        for (unsigned n = 0; n < 10; n++) {
            if (byte >= 'A' && byte <= 'Z')
                continue;
            (void)snprintf(m->texts[m->count], TEXT_MAX, "x%u.\\%03u.t", n * 7, byte);
            m->keys[m->count] = key_of(m->texts[m->count]);
            m->rules[m->count] =
                (struct generation_rule){m->texts[m->count], GENERATION_SUBDOMAINS, GENERATION_BLOCK, 1, 0};
            m->count++;
        }
    generation_init(&g, m->rules, m->count);
    assert_int_equal(blockdb_open(g.path, &db, NULL, 0), 0);
    for (size_t i = 0; i < m->count; i += 3)
        check_one(db, m, m->texts[i]);
    for (unsigned byte = 0; byte < 256; byte++) {
        char text[32];
        (void)snprintf(text, sizeof(text), "x0.\\%03u.t", byte);
        check_one(db, m, text);
        (void)snprintf(text, sizeof(text), "\\%03u.t", byte);
        check_one(db, m, text);
    }
    blockdb_close(db);
    generation_done(&g);
    free(m);
}

static void the_longest_name_is_found_and_so_are_its_parents(void **state)
{
    (void)state;
    struct generation_rule rules[2];
    char longest[TEXT_MAX];
    char deepest[TEXT_MAX];
    struct generation g;
    struct blockdb *db;
    struct blockdb_match match;

    (void)snprintf(longest, sizeof(longest), "%063d.%063d.%063d.%061d", 1, 2, 3, 4);
    deepest[0] = 0;
    for (int i = 0; i < 127; i++)
        strcat(deepest, i < 126 ? "a." : "a");
    rules[0] = (struct generation_rule){longest, GENERATION_SUBDOMAINS, GENERATION_BLOCK, 1, 0};
    rules[1] = (struct generation_rule){deepest, GENERATION_SUBDOMAINS, GENERATION_BLOCK, 2, 0};
    generation_init(&g, rules, 2);
    assert_int_equal(blockdb_open(g.path, &db, NULL, 0), 0);
    struct name_key key = key_of(longest);
    assert_int_equal(key.len, 253);
    blockdb_lookup(db, &key, &match);
    assert_true(match.categories == 1);
    assert_int_equal(match.hits[0].labels, 4);
    key = key_of(deepest);
    assert_int_equal(key.labels, 127);
    blockdb_lookup(db, &key, &match);
    assert_true(match.categories == 2);
    key = key_of(deepest + 2);
    blockdb_lookup(db, &key, &match);
    assert_true(match.categories == 0);
    blockdb_close(db);
    generation_done(&g);
}

#define MANY 40000

/* So many that the index has windows and tables below one label. Every name and one that differs in its last letter. */
static void many_names_below_one_label_are_told_apart(void **state)
{
    (void)state;
    struct generation_rule *rules = calloc(MANY, sizeof(*rules));
    char(*texts)[24] = calloc(MANY, sizeof(*texts));
    struct generation g;
    struct blockdb *db;
    assert_true(rules && texts);
    for (unsigned i = 0; i < MANY; i++) {
        (void)snprintf(texts[i], sizeof(texts[i]), "%x%s.t", i * 2654435761u >> 4, i % 3 ? "0" : "-x0");
        rules[i] = (struct generation_rule){texts[i], GENERATION_EXACT, GENERATION_BLOCK, 1, 0};
    }
    generation_init(&g, rules, MANY);
    assert_int_equal(blockdb_open(g.path, &db, NULL, 0), 0);
    assert_true(blockdb_name_count(db) == MANY);
    for (unsigned i = 0; i < MANY; i++) {
        struct name_key key = key_of(texts[i]);
        struct name_key other = key;
        const struct name_key *keys[] = {&key, &other};
        struct blockdb_match matches[2];
        other.bytes[other.len - 1] = 'z';
        blockdb_lookup_batch(db, keys, 2, matches);
        assert_true(matches[0].categories == 1 && matches[0].hit_count == 1);
        assert_true(matches[1].categories == 0 && matches[1].hit_count == 0);
    }
    check_walk(db);
    blockdb_close(db);
    generation_done(&g);
    free(texts);
    free(rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lookups_equal_the_rules_asked_one_by_one),
        cmocka_unit_test(lookups_work_with_every_byte_in_a_label),
        cmocka_unit_test(the_longest_name_is_found_and_so_are_its_parents),
        cmocka_unit_test(many_names_below_one_label_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
