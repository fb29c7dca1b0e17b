/* What a report tells of a list: what feeds have in common, and what changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "blocklist-compiler/changes.h"
#include "blocklist-compiler/overlap.h"
#include "dns/key.h"
#include "dns/name.h"

enum { FEEDS = 40 };

static void overlap_agrees_with_a_count_by_hand(void **state)
{
    struct overlap overlap;
    uint64_t pairs[FEEDS][FEEDS] = {{0}}, only[FEEDS] = {0};
    (void)state;
    srand(7);
    assert_int_equal(overlap_init(&overlap, FEEDS), 0);
    for (int round = 0; round < 500; round++) {
        uint16_t feeds[FEEDS];
        size_t count = 0;
        uint64_t entries = (uint64_t)(rand() % 1000);
        for (uint16_t feed = 0; feed < FEEDS; feed++) {
            if (rand() % 8 == 0)
                feeds[count++] = feed;
        }
        overlap_add(&overlap, feeds, count, entries);
        for (size_t i = 0; i < count; i++) {
            for (size_t j = 0; j < count; j++)
                pairs[feeds[i]][feeds[j]] += entries;
        }
        if (count == 1)
            only[feeds[0]] += entries;
    }
    for (size_t feed = 0; feed < FEEDS; feed++) {
        struct report_overlap row;
        uint64_t best = 0;
        overlap_report(&overlap, feed, &row);
        assert_int_equal(row.names, pairs[feed][feed]);
        assert_int_equal(row.only, only[feed]);
        for (size_t other = 0; other < FEEDS; other++)
            best = other != feed && pairs[feed][other] > best ? pairs[feed][other] : best;
        assert_int_equal(row.shared[0].names, best);
        for (size_t i = 0; i < REPORT_SHARED_MAX; i++) {
            assert_int_equal(row.shared[i].names, pairs[feed][row.shared[i].feed]);
            assert_true(row.shared[i].feed != feed);
            assert_true(i == 0 || row.shared[i].names <= row.shared[i - 1].names);
        }
    }
    overlap_done(&overlap);
}

static void overlap_of_one_feed_is_none(void **state)
{
    struct overlap overlap;
    struct report_overlap row;
    const uint16_t feed = 0;
    (void)state;
    assert_int_equal(overlap_init(&overlap, 1), 0);
    overlap_add(&overlap, &feed, 1, 5);
    overlap_report(&overlap, 0, &row);
    assert_int_equal(row.names, 5);
    assert_int_equal(row.only, 5);
    assert_int_equal(row.shared[0].names, 0);
    overlap_done(&overlap);
}

static void note(struct changes *changes, const char *text, uint64_t now, uint64_t then)
{
    uint8_t name[NAME_MAX_LEN];
    struct name_key key;
    assert_true(name_from_text(text, strlen(text), name) > 0);
    name_key_make(name, &key);
    changes_note(changes, key.bytes, key.len, now, then);
}

static void changes_keeps_samples_by_category_and_direction(void **state)
{
    struct changes *changes;
    (void)state;
    assert_int_equal(changes_new(NULL, &changes), 0);
    note(changes, "same.example", 3, 3);
    note(changes, "both.example", 3, 0);
    note(changes, "moved.example", 1, 2);
    const struct report_changes *rows = changes_report(changes);
    assert_int_equal(rows[0].added_count, 2);
    assert_int_equal(rows[0].removed_count, 0);
    assert_int_equal(rows[1].added_count, 1);
    assert_int_equal(rows[1].removed_count, 1);
    assert_string_equal(rows[0].added[0].name, "both.example");
    assert_string_equal(rows[0].added[1].name, "moved.example");
    assert_string_equal(rows[1].removed[0].name, "moved.example");
    changes_free(changes);
}

static void changes_keeps_the_popular_ones_whatever_else_comes(void **state)
{
    struct changes *changes;
    struct popular *popular = NULL;
    char text[64];
    (void)state;
    assert_int_equal(popular_new(100, &popular), 0);
    assert_int_equal(popular_read(popular, span_of("5,five.example\n2,two.example\n")), 0);
    assert_int_equal(changes_new(popular, &changes), 0);
    for (int i = 0; i < 5000; i++) {
        snprintf(text, sizeof text, "n%d.example", i);
        note(changes, text, 1, 0);
        if (i == 100)
            note(changes, "five.example", 1, 0);
        if (i == 4000)
            note(changes, "two.example", 1, 0);
    }
    const struct report_changes *rows = changes_report(changes);
    int late = 0;
    assert_int_equal(rows[0].added_count, REPORT_CHANGES_MAX);
    assert_string_equal(rows[0].added[0].name, "two.example");
    assert_int_equal(rows[0].added[0].rank, 2);
    assert_string_equal(rows[0].added[1].name, "five.example");
    for (unsigned i = 2; i < REPORT_CHANGES_MAX; i++) {
        assert_int_equal(rows[0].added[i].rank, 0);
        late += atoi(rows[0].added[i].name + 1) >= 1000;
    }
    assert_true(late > 5); /* from everywhere, not only the first */
    changes_free(changes);
    popular_free(popular);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(overlap_agrees_with_a_count_by_hand),
        cmocka_unit_test(overlap_of_one_feed_is_none),
        cmocka_unit_test(changes_keeps_samples_by_category_and_direction),
        cmocka_unit_test(changes_keeps_the_popular_ones_whatever_else_comes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
