#include "trie/sort.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct store {
    uint8_t *keys;
    size_t len;
    struct record *records;
    size_t count;
};

static uint64_t random_next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state >> 11;
}

static void store_init(struct store *s, size_t count)
{
    s->len = s->count = 0;
    s->keys = calloc(count * 256 + SORT_KEY_SLACK, 1);
    s->records = calloc(count, sizeof(*s->records));
    assert_non_null(s->keys);
    assert_non_null(s->records);
}

static void store_done(struct store *s)
{
    free(s->keys);
    free(s->records);
}

static void store_add(struct store *s, const void *key, size_t len)
{
    s->records[s->count] = (struct record){.key = (uint32_t)s->len, .value = (uint32_t)s->count};
    s->count++;
    s->keys[s->len] = (uint8_t)len;
    memcpy(s->keys + s->len + 1, key, len);
    s->len += 1 + len;
}

static int compare_keys(const uint8_t *a, const uint8_t *b)
{
    size_t common = a[0] < b[0] ? a[0] : b[0];
    int order = memcmp(a + 1, b + 1, common);
    return order != 0 ? order : (int)a[0] - (int)b[0];
}

/* Sorted, and each record still there once. */
static void check_sorted(const struct store *s)
{
    uint8_t *seen = calloc(s->count + 1, 1);
    assert_non_null(seen);
    for (size_t i = 0; i < s->count; i++) {
        assert_true(s->records[i].value < s->count);
        assert_int_equal(seen[s->records[i].value]++, 0);
        if (i > 0)
            assert_true(compare_keys(s->keys + s->records[i - 1].key, s->keys + s->records[i].key) <= 0);
    }
    free(seen);
}

/* Labels of the given letters, with a zero byte between two. */
static void add_random(struct store *s, uint64_t *seed, const char *letters, unsigned label_max, unsigned labels_max)
{
    char key[253];
    size_t len = 0;
    unsigned labels = 1 + (unsigned)(random_next(seed) % labels_max);
    for (unsigned label = 0; label < labels && len + label_max + 1 < sizeof(key); label++) {
        unsigned count = 1 + (unsigned)(random_next(seed) % label_max);
        if (label > 0)
            key[len++] = 0;
        for (unsigned i = 0; i < count; i++)
            key[len++] = letters[random_next(seed) % strlen(letters)];
    }
    store_add(s, key, len);
}

static void sort_orders_keys_of_every_shape(void **state)
{
    static const struct {
        const char *letters;
        unsigned label_max, labels_max, count;
    } rows[] = {
        {"a", 1, 1, 100},   {"ab", 2, 3, 5000},       {"ab", 1, 120, 2000},
        {"a", 60, 4, 3000}, {"\x01\xff", 9, 5, 3000}, {"abcdefghijklmnop", 20, 2, 20000},
        {"ab", 8, 2, 0},    {"ab", 8, 2, 1},
    };
    (void)state;
    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        struct store s;
        uint64_t seed = 88172645463325252u + row;
        store_init(&s, rows[row].count + 1);
        for (unsigned i = 0; i < rows[row].count; i++)
            add_random(&s, &seed, rows[row].letters, rows[row].label_max, rows[row].labels_max);
        sort_records(s.records, s.count, s.keys, 1);
        check_sorted(&s);
        store_done(&s);
    }
}

static void sort_puts_a_name_in_front_of_those_below_it(void **state)
{
    static const char *const KEYS[] = {"abcdefg\0h", "abcdefg", "abcdefgh", "abcdefg-", "abcdefgh\0a"};
    static const size_t LENS[] = {9, 7, 8, 8, 10};
    static const uint32_t ORDER[] = {1, 0, 3, 2, 4};
    struct store s;
    (void)state;
    store_init(&s, 5);
    for (size_t i = 0; i < 5; i++)
        store_add(&s, KEYS[i], LENS[i]);
    sort_records(s.records, s.count, s.keys, 1);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(s.records[i].value, ORDER[i]);
    store_done(&s);
}

static void sort_gives_the_same_with_any_number_of_threads(void **state)
{
    (void)state;
    for (unsigned threads = 1; threads <= 40; threads = threads * 3 + 1) {
        struct store s;
        uint64_t seed = 7;
        store_init(&s, 60000);
        for (unsigned i = 0; i < 60000; i++)
            add_random(&s, &seed, "abcdefgh", 6, 3);
        sort_records(s.records, s.count, s.keys, threads);
        check_sorted(&s);
        store_done(&s);
    }
}

static void sort_takes_sorted_and_reversed_and_equal_keys(void **state)
{
    (void)state;
    for (int way = 0; way < 3; way++) {
        struct store s;
        store_init(&s, 30000);
        for (int i = 0; i < 30000; i++) {
            char key[16];
            int number = way == 0 ? i : way == 1 ? 30000 - i : 5;
            for (int digit = 0; digit < 10; digit++, number = way == 2 ? 5 : number / 8)
                key[9 - digit] = (char)('a' + number % 8);
            store_add(&s, key, 10);
        }
        sort_records(s.records, s.count, s.keys, 2);
        check_sorted(&s);
        store_done(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sort_orders_keys_of_every_shape),
        cmocka_unit_test(sort_puts_a_name_in_front_of_those_below_it),
        cmocka_unit_test(sort_gives_the_same_with_any_number_of_threads),
        cmocka_unit_test(sort_takes_sorted_and_reversed_and_equal_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
