#include "dns/key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dns/name.h"
#include "random.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define RANDOM_NAMES 3000

static void key_of(const char *text, struct name_key *out)
{
    uint8_t name[NAME_MAX_LEN];
    assert_true(name_from_text(text, strlen(text), name) > 0);
    name_key_make(name, out);
}

static int key_compare(const struct name_key *a, const struct name_key *b)
{
    size_t shared = a->len < b->len ? a->len : b->len;
    int order = memcmp(a->bytes, b->bytes, shared);
    return order != 0 ? order : (int)a->len - (int)b->len;
}

static bool key_covers(const struct name_key *parent, const struct name_key *key)
{
    if (parent->len > key->len || memcmp(parent->bytes, key->bytes, parent->len) != 0)
        return false;
    return parent->len == 0 || parent->len == key->len || key->bytes[parent->len] == 0;
}

static void key_holds_lower_case_labels_from_the_right(void **state)
{
    static const struct {
        const char *text, *key;
        uint16_t len;
        uint8_t labels;
        bool whole;
    } rows[] = {
        {".", "", 0, 0, true},
        {"com", "com", 3, 1, true},
        {"www.Example.COM", "com\0example\0www", 15, 3, true},
        {"a.b.c", "c\0b\0a", 5, 3, true},
        {"a\\.b.c", "c\0a.b", 5, 2, true},
        {"\\255\\193.c", "c\0\377\301", 4, 2, true},
        /* labels with a zero byte end the key before them */
        {"\\000", "", 0, 0, false},
        {"x.\\000", "", 0, 0, false},
        {"\\000.com", "com", 3, 1, false},
        {"a\\000b.com", "com", 3, 1, false},
        {"www.a\\000.example.com", "com\0example", 11, 2, false},
        {"\\000.x.\\000.example.com", "com\0example", 11, 2, false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct name_key key;
        key_of(rows[i].text, &key);
        assert_int_equal(key.len, rows[i].len);
        assert_int_equal(key.labels, rows[i].labels);
        assert_int_equal(key.whole, rows[i].whole);
        assert_memory_equal(key.bytes, rows[i].key, rows[i].len);
    }
}

static void key_of_the_longest_name_fits(void **state)
{
    uint8_t name[NAME_MAX_LEN];
    struct name_key *key = malloc(sizeof *key);
    (void)state;
    for (size_t i = 0; i < 254; i++)
        name[i] = i % 2 == 0 ? 1 : 'Q';
    name[254] = 0;
    name_key_make(name, key);
    assert_int_equal(key->len, 253);
    assert_int_equal(key->labels, NAME_MAX_LABELS);
    for (size_t i = 0; i < 253; i++)
        assert_int_equal(key->bytes[i], i % 2 == 0 ? 'q' : 0);
    free(key);
}

static void key_sorts_names_directly_behind_their_parent(void **state)
{
    static const char *const sorted[] = {
        ".",
        "com",
        "example.com",
        "\\001.example.com",
        "a.example.com",
        "b.a.example.com",
        "b.example.com",
        "example\\001.com",
        "example-shop.com",
        "www.example-shop.com",
        "examples.com",
        "org",
    };
    (void)state;
    for (size_t i = 1; i < COUNT(sorted); i++) {
        struct name_key before;
        struct name_key behind;
        key_of(sorted[i - 1], &before);
        key_of(sorted[i], &behind);
        if (key_compare(&before, &behind) >= 0)
            fail_msg("%s is not before %s", sorted[i - 1], sorted[i]);
    }
}

static void key_covers_exactly_what_the_name_is_parent_of(void **state)
{
    struct random random = {.state = 11};
    (void)state;
    for (int i = 0; i < RANDOM_NAMES; i++) {
        uint8_t name[NAME_MAX_LEN];
        uint8_t parent[NAME_MAX_LEN];
        struct name_key name_key;
        struct name_key parent_key;
        size_t name_bytes = random_name(&random, name);
        unsigned labels = name_label_count(name);
        const uint8_t *rest = name_skip_labels(name, random_below(&random, labels + 1));
        memcpy(parent, rest, name + name_bytes - rest);
        if (parent[0] > 0 && random_below(&random, 2) == 0)
            parent[1] ^= 1;
        name_key_make(name, &name_key);
        name_key_make(parent, &parent_key);
        if (!name_key.whole || !parent_key.whole)
            continue;
        assert_int_equal(key_covers(&parent_key, &name_key), name_is_at_or_below(name, parent));
    }
}

static void key_gives_the_lower_case_name_back(void **state)
{
    struct random random = {.state = 13};
    int whole_count = 0;
    (void)state;
    for (int i = 0; i < RANDOM_NAMES; i++) {
        uint8_t name[NAME_MAX_LEN];
        uint8_t again[NAME_MAX_LEN];
        struct name_key key;
        size_t len = random_name(&random, name);
        name_key_make(name, &key);
        int again_len = name_key_to_name(key.bytes, key.len, again);
        assert_int_equal(again_len, name_check(again, sizeof again));
        assert_int_equal(name_label_count(again), key.labels);
        assert_true(name_is_at_or_below(name, again));
        if (!key.whole)
            continue;
        whole_count++;
        assert_int_equal(again_len, len);
        name_lower(name, name, len);
        assert_memory_equal(again, name, len);
    }
    assert_true(whole_count > RANDOM_NAMES / 2);
}

static void key_to_name_refuses_what_no_name_makes(void **state)
{
    static const struct {
        const char *key;
        size_t len;
    } rows[] = {{"\0", 1}, {"com\0", 4}, {"\0com", 4}, {"com\0\0a", 6}};
    uint8_t name[NAME_MAX_LEN];
    uint8_t key[300];
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(name_key_to_name((const uint8_t *)rows[i].key, rows[i].len, name), ERR_MALFORMED);

    memset(key, 'x', sizeof key);
    assert_int_equal(name_key_to_name(key, 63, name), 65);
    assert_int_equal(name_key_to_name(key, 64, name), ERR_MALFORMED);
    for (size_t i = 63; i < sizeof key; i += 64)
        key[i] = 0;
    assert_int_equal(name_key_to_name(key, 253, name), 255);
    assert_int_equal(name_check(name, sizeof name), 255);
    assert_int_equal(name_key_to_name(key, 254, name), ERR_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(key_holds_lower_case_labels_from_the_right),
        cmocka_unit_test(key_of_the_longest_name_fits),
        cmocka_unit_test(key_sorts_names_directly_behind_their_parent),
        cmocka_unit_test(key_covers_exactly_what_the_name_is_parent_of),
        cmocka_unit_test(key_gives_the_lower_case_name_back),
        cmocka_unit_test(key_to_name_refuses_what_no_name_makes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
