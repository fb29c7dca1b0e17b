#include "cache/cache.h"

#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TTL_MS 60000

static struct cache *make(size_t bytes, unsigned shards)
{
    struct cache_opts opts = {.bytes = bytes, .shards = shards, .secret = "0123456789abcde"};
    struct cache *cache = NULL;
    assert_int_equal(cache_new(&opts, &cache), 0);
    return cache;
}

struct entry {
    uint8_t msg[2048];
    size_t len, question_end;
    struct cache_key key;
};

/* A message of the wanted length whose last bytes tell which one it is. */
static void entry_make(const struct cache *cache, struct entry *entry, const char *name, uint16_t type, size_t extra,
                       uint32_t mark)
{
    memset(entry, 0, sizeof *entry);
    int name_bytes = name_from_text(name, strlen(name), entry->msg + MSG_HEADER_LEN);
    assert_true(name_bytes > 0);
    entry->question_end = MSG_HEADER_LEN + (size_t)name_bytes + 4;
    entry->len = entry->question_end + extra + 4;
    msg_put_u32(entry->msg + entry->len - 4, mark);
    entry->key = (struct cache_key){
        .name = entry->msg + MSG_HEADER_LEN, .name_len = (uint8_t)name_bytes, .type = type, .class = 1};
    cache_key_hash(cache, &entry->key);
}

static void put(struct cache *cache, const struct entry *entry, int64_t now_ms, int64_t ttl_ms)
{
    uint16_t ttl_at[2] = {(uint16_t)entry->question_end, (uint16_t)(entry->question_end + 2)};
    uint8_t mark[CACHE_MARK_BYTES];
    memset(mark, 0x5a, sizeof mark);
    cache_put(cache, &entry->key, entry->msg, entry->len, entry->question_end, ttl_at, 2, now_ms, ttl_ms, mark);
}

static bool get(struct cache *cache, const struct entry *entry, int64_t now_ms, int64_t stale_ms, struct cache_hit *hit)
{
    uint8_t msg[2048];
    bool found = cache_get(cache, &entry->key, now_ms, stale_ms, msg, sizeof msg, hit);
    if (found) {
        assert_int_equal(hit->msg_len, entry->len);
        assert_memory_equal(msg, entry->msg, entry->len);
    }
    return found;
}

static void an_entry_comes_back_whole(void **state)
{
    struct cache *cache = make(1 << 20, 4);
    struct entry entry;
    struct cache_hit hit;
    (void)state;
    entry_make(cache, &entry, "www.example.com", 1, 100, 7);
    assert_false(get(cache, &entry, 0, 0, &hit));
    put(cache, &entry, 1000, TTL_MS);
    assert_true(get(cache, &entry, 1500, 0, &hit));
    assert_int_equal(hit.stored_ms, 1000);
    assert_int_equal(hit.expires_ms, 1000 + TTL_MS);
    assert_int_equal(hit.question_end, entry.question_end);
    assert_int_equal(hit.ttl_count, 2);
    assert_int_equal(hit.ttl_at[1], entry.question_end + 2);
    assert_int_equal(hit.mark[CACHE_MARK_BYTES - 1], 0x5a);
    assert_false(hit.cut);
    cache_free(cache);
}

static void every_part_of_the_key_counts(void **state)
{
    struct cache *cache = make(1 << 20, 4);
    struct entry entry;
    struct entry other;
    struct cache_hit hit;
    (void)state;
    entry_make(cache, &entry, "example.com", 1, 0, 1);
    put(cache, &entry, 0, TTL_MS);
    other = entry;
    other.key.type = 28;
    cache_key_hash(cache, &other.key);
    assert_false(get(cache, &other, 0, 0, &hit));
    other = entry;
    other.key.class = 3;
    cache_key_hash(cache, &other.key);
    put(cache, &other, 0, TTL_MS); /* answers of IN alone are kept */
    assert_false(get(cache, &other, 0, 0, &hit));
    other = entry;
    other.key.partition = 1;
    cache_key_hash(cache, &other.key);
    assert_false(get(cache, &other, 0, 0, &hit));
    other = entry;
    other.key.flags = CACHE_KEY_DO;
    cache_key_hash(cache, &other.key);
    assert_false(get(cache, &other, 0, 0, &hit));
    assert_true(get(cache, &entry, 0, 0, &hit));
    cache_free(cache);
}

static void an_entry_expires_to_the_millisecond_and_may_be_stale_after(void **state)
{
    struct cache *cache = make(1 << 20, 1);
    struct entry entry;
    struct cache_hit hit;
    (void)state;
    entry_make(cache, &entry, "example.com", 1, 0, 1);
    put(cache, &entry, 500, 1000);
    assert_true(get(cache, &entry, 1499, 0, &hit));
    assert_false(get(cache, &entry, 1500, 0, &hit));
    assert_true(get(cache, &entry, 1500, 200, &hit));
    assert_true(hit.expires_ms <= 1500);
    assert_true(get(cache, &entry, 1699, 200, &hit));
    assert_false(get(cache, &entry, 1700, 200, &hit));
    cache_free(cache);
}

static void a_new_answer_replaces_the_old_one(void **state)
{
    struct cache *cache = make(1 << 20, 1);
    struct entry first;
    struct entry second;
    struct cache_hit hit;
    struct cache_stats stats;
    (void)state;
    entry_make(cache, &first, "example.com", 1, 10, 1);
    entry_make(cache, &second, "example.com", 1, 300, 2);
    put(cache, &first, 0, TTL_MS);
    put(cache, &second, 10, TTL_MS);
    assert_true(get(cache, &second, 20, 0, &hit));
    cache_stats(cache, &stats);
    assert_int_equal(stats.entries, 1);
    cache_free(cache);
}

static void what_cannot_be_kept_takes_the_old_entry_away(void **state)
{
    struct cache *cache = make(1 << 20, 4);
    struct entry entry, other;
    struct cache_hit hit;
    uint16_t ttl_at[CACHE_TTLS_MAX + 1] = {0};
    uint8_t mark[CACHE_MARK_BYTES] = {0};
    (void)state;
    entry_make(cache, &entry, "www.example.com", 1, 0, 1);
    entry_make(cache, &other, "www.example.com", 28, 0, 2);
    put(cache, &entry, 0, TTL_MS);
    put(cache, &other, 0, TTL_MS);
    cache_drop(cache, &entry.key);
    cache_drop(cache, &entry.key);
    assert_false(get(cache, &entry, 1, TTL_MS, &hit));
    assert_true(get(cache, &other, 1, 0, &hit));
    cache_put(cache, &other.key, other.msg, other.len, other.question_end, ttl_at, CACHE_TTLS_MAX + 1, 1, TTL_MS, mark);
    assert_false(get(cache, &other, 1, TTL_MS, &hit));
    cache_free(cache);
}

static void a_long_message_is_cut_to_its_question(void **state)
{
    struct cache *cache = make(1 << 20, 1);
    struct entry entry;
    struct cache_hit hit;
    uint8_t small[600];
    (void)state;
    entry_make(cache, &entry, "example.com", 16, 1500, 1);
    put(cache, &entry, 0, TTL_MS);
    memset(small, 0xee, sizeof small);
    assert_true(cache_get(cache, &entry.key, 1, 0, small, sizeof small, &hit));
    assert_true(hit.cut);
    assert_memory_equal(small, entry.msg, entry.question_end);
    assert_int_equal(small[entry.question_end], 0xee);
    cache_free(cache);
}

static void a_mark_is_changed_only_on_the_entry_it_was_read_from(void **state)
{
    struct cache *cache = make(1 << 20, 1);
    struct entry entry;
    struct cache_hit hit;
    uint8_t mark[CACHE_MARK_BYTES] = {1};
    (void)state;
    entry_make(cache, &entry, "example.com", 1, 0, 1);
    put(cache, &entry, 100, TTL_MS);
    cache_set_mark(cache, &entry.key, 99, mark);
    assert_true(get(cache, &entry, 100, 0, &hit));
    assert_int_equal(hit.mark[0], 0x5a);
    cache_set_mark(cache, &entry.key, 100, mark);
    assert_true(get(cache, &entry, 100, 0, &hit));
    assert_int_equal(hit.mark[0], 1);
    cache_free(cache);
}

static void prefetch_is_wanted_once_by_an_often_asked_entry_near_its_end(void **state)
{
    struct cache *cache = make(1 << 20, 1);
    struct entry entry;
    struct cache_hit hit;
    int wanted = 0;
    (void)state;
    entry_make(cache, &entry, "example.com", 1, 0, 1);
    put(cache, &entry, 0, 10000);
    for (int64_t t = 0; t < 8900; t += 100) {
        assert_true(get(cache, &entry, t, 0, &hit));
        assert_false(hit.want_prefetch);
    }
    for (int64_t t = 9000; t < 10000; t += 100) {
        assert_true(get(cache, &entry, t, 0, &hit));
        wanted += hit.want_prefetch;
    }
    assert_int_equal(wanted, 1);
    cache_free(cache);
}

static void flush_takes_a_name_and_all_below_it(void **state)
{
    static const char *const names[] = {"example.com", "a.example.com", "b.a.example.com", "example.org",
                                        "notexample.com"};
    struct cache *cache = make(1 << 20, 4);
    struct entry entry[5];
    struct cache_hit hit;
    uint8_t name[NAME_MAX_LEN];
    (void)state;
    for (int i = 0; i < 5; i++) {
        entry_make(cache, &entry[i], names[i], 1, 0, 1);
        put(cache, &entry[i], 0, TTL_MS);
    }
    assert_true(name_from_text("a.example.com", 13, name) > 0);
    assert_int_equal(cache_flush(cache, name), 2);
    assert_true(get(cache, &entry[0], 1, 0, &hit));
    assert_false(get(cache, &entry[1], 1, 0, &hit));
    assert_false(get(cache, &entry[2], 1, 0, &hit));
    assert_int_equal(cache_flush(cache, (const uint8_t *)""), 3);
    cache_free(cache);
}

/*
 * Many more entries than fit, of all sizes, over many laps of the ring: what is found is always what was stored last,
 * the bound holds, and names that are asked for all the time stay.
 */
static void a_full_cache_keeps_its_bound_and_what_is_asked_for(void **state)
{
    enum { NAMES = 4000, ROUNDS = 60000, FAVOURITES = 20 };
    struct cache *cache = make(256 * 1024, 2);
    static uint32_t stored[NAMES];
    struct cache_stats stats;
    uint64_t seed = 88172645463325252u;
    unsigned favourite_hits = 0;
    unsigned favourite_asks = 0;
    (void)state;
    for (unsigned i = 0; i < ROUNDS; i++) {
        char text[64];
        struct entry entry;
        struct cache_hit hit;
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        unsigned n = (unsigned)(seed >> 8) % NAMES;
        size_t extra = n * 7 % 900;
        bool favourite = i % 3 == 0;
        if (favourite)
            n = (unsigned)(seed >> 40) % FAVOURITES;
        extra = n * 7 % 900;
        snprintf(text, sizeof text, "n%u.example.com", n);
        entry_make(cache, &entry, text, 1, extra, stored[n]);
        bool found = get(cache, &entry, i, 0, &hit); /* compares the bytes with what was stored last */
        if (favourite && i > ROUNDS / 2) {
            favourite_asks++;
            favourite_hits += found;
        }
        if (!found) {
            entry_make(cache, &entry, text, 1, extra, ++stored[n]);
            put(cache, &entry, i, ROUNDS);
        }
    }
    cache_stats(cache, &stats);
    assert_true(stats.bytes <= 256 * 1024);
    assert_true(stats.entries > 100);
    assert_true(stats.evicted > 1000);
    assert_true(favourite_hits * 100 > favourite_asks * 95);
    cache_free(cache);
}

/* Head, offsets of two TTLs, alignment and its share of the table, on top of the answer itself. */
static void an_answer_costs_at_most_96_bytes_more_than_it_is_long(void **state)
{
    struct cache *cache = make(8 << 20, 8);
    struct cache_stats stats;
    uint64_t answer_bytes = 0;
    (void)state;
    for (unsigned i = 0; i < 200000; i++) {
        char text[64];
        struct entry entry;
        snprintf(text, sizeof text, "w%u.example.net", i);
        entry_make(cache, &entry, text, 1, 16, i);
        put(cache, &entry, 0, TTL_MS);
        answer_bytes += entry.len;
    }
    cache_stats(cache, &stats);
    assert_true(stats.evicted > 0); /* it is full */
    uint64_t each = stats.bytes_max / stats.entries;
    print_message("%" PRIu64 " bytes an answer of %" PRIu64 "\n", each, answer_bytes / 200000);
    assert_true(each <= answer_bytes / 200000 + 96);
    cache_free(cache);
}

static void times_beyond_32_bits_count_as_they_should(void **state)
{
    const int64_t month_ms = INT64_C(60) * 86400 * 1000;
    struct cache *cache = make(1 << 20, 1);
    struct entry entry;
    struct cache_hit hit;
    (void)state;
    entry_make(cache, &entry, "example.com", 1, 0, 1);
    put(cache, &entry, month_ms, 1000);
    assert_true(get(cache, &entry, month_ms + 999, 0, &hit));
    assert_int_equal(hit.stored_ms, month_ms);
    assert_int_equal(hit.expires_ms, month_ms + 1000);
    assert_false(get(cache, &entry, month_ms + 1000, 0, &hit));
    assert_false(get(cache, &entry, month_ms + (INT64_C(1) << 32), 0, &hit)); /* not young again */
    put(cache, &entry, month_ms, INT64_MAX / 2);
    assert_true(get(cache, &entry, month_ms + INT64_C(7) * 86400 * 1000, 0, &hit));
    cache_free(cache);
}

static void an_impossible_size_is_refused(void **state)
{
    struct cache_opts opts = {.bytes = 1 << 20, .shards = 3};
    struct cache *cache = NULL;
    (void)state;
    assert_int_equal(cache_new(&opts, &cache), ERR_INVAL);
    opts.shards = 1024;
    assert_int_equal(cache_new(&opts, &cache), ERR_INVAL);
    assert_null(cache);
}

/* Several threads on a small cache: ThreadSanitizer watches, and every hit holds a message of its own key. */
static void *hammer(void *arg)
{
    struct cache *cache = arg;
    for (unsigned i = 0; i < 20000; i++) {
        char text[64];
        struct entry entry;
        struct cache_hit hit;
        snprintf(text, sizeof text, "n%u.example.net", i * 31 % 500);
        entry_make(cache, &entry, text, 1, i % 50 * 0, 9);
        if (!get(cache, &entry, i, 0, &hit))
            put(cache, &entry, i, 1000);
    }
    return NULL;
}

static void threads_share_a_cache(void **state)
{
    struct cache *cache = make(128 * 1024, 4);
    pthread_t threads[4];
    (void)state;
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hammer, cache), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    cache_free(cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_comes_back_whole),
        cmocka_unit_test(every_part_of_the_key_counts),
        cmocka_unit_test(an_entry_expires_to_the_millisecond_and_may_be_stale_after),
        cmocka_unit_test(a_new_answer_replaces_the_old_one),
        cmocka_unit_test(what_cannot_be_kept_takes_the_old_entry_away),
        cmocka_unit_test(a_long_message_is_cut_to_its_question),
        cmocka_unit_test(a_mark_is_changed_only_on_the_entry_it_was_read_from),
        cmocka_unit_test(prefetch_is_wanted_once_by_an_often_asked_entry_near_its_end),
        cmocka_unit_test(flush_takes_a_name_and_all_below_it),
        cmocka_unit_test(a_full_cache_keeps_its_bound_and_what_is_asked_for),
        cmocka_unit_test(an_answer_costs_at_most_96_bytes_more_than_it_is_long),
        cmocka_unit_test(times_beyond_32_bits_count_as_they_should),
        cmocka_unit_test(an_impossible_size_is_refused),
        cmocka_unit_test(threads_share_a_cache),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
