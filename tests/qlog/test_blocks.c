#include "qlog/blocks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fixture.h"

#define ROWS 4000u
#define STEP 90u /* rows of a segment */

static const struct blocks_opts everything = {.filter = {.action = -1}, .parts = BLOCK_ALL};

/* 40 segments of one block each, and 400 rows that are still in journals. Returns the open log. */
static struct qlog *log_fill(const struct fixture *f)
{
    struct qlog_opts opts = fixture_opts(f);
    struct qlog *log;
    assert_int_equal(qlog_open(&opts, &log), 0);
    for (uint32_t i = 0; i < ROWS; i++) {
        struct qlog_record record;
        fixture_record(i, &record);
        qlog_append(qlog_writer(log, 0), &record);
        if (i % STEP == STEP - 1 && i < 40 * STEP)
            assert_int_equal(qlog_flush(log), 0);
    }
    return log;
}

static void row_assert(const struct block_view *view, uint32_t i, uint32_t number)
{
    struct qlog_record record;
    struct qlog_row row;
    char word[48];
    fixture_record(number, &record);
    blocks_row(view, i, &row);
    fixture_assert_same(&row.record, &record);
    snprintf(word, sizeof word, "group-%u-%u", record.policy_version, record.group);
    assert_string_equal(row.group, word);
    snprintf(word, sizeof word, "feed-%llu-%u", (unsigned long long)record.generation, record.verdict.feed);
    assert_string_equal(row.feed, record.verdict.feed == VERDICT_NO_FEED ? "" : word);
    snprintf(word, sizeof word, "upstream-%u", record.upstream);
    assert_string_equal(row.upstream, record.upstream == QLOG_NO_UPSTREAM ? "" : word);
    assert_string_equal(row.node, "node-a");
}

static void blocks_give_rows_of_segments_and_journals_in_one_shape(void **state)
{
    struct fixture f;
    struct blocks *blocks;
    struct blocks_reader *reader;
    const struct block_view *view;
    struct qlog_scan_stats stats;
    uint32_t next = 0;
    unsigned kinds[2] = {0};
    (void)state;
    fixture_begin(&f);
    struct qlog *log = log_fill(&f);
    assert_int_equal(blocks_open(f.dir, &everything, &blocks), 0);
    assert_int_equal(blocks_reader_new(blocks, &reader), 0);
    while (blocks_next(reader, &view) == 1) {
        kinds[view->segment != NULL]++;
        assert_true(view->is_whole);
        for (uint32_t i = 0; i < view->row_count; i++)
            row_assert(view, i, next++);
    }
    assert_int_equal(next, ROWS);
    assert_int_equal(kinds[0], 1);
    assert_int_equal(kinds[1], 40);
    blocks_stats(blocks, &stats);
    assert_int_equal(stats.rows, ROWS);
    assert_int_equal(stats.first_generation, 40);
    assert_int_equal(stats.last_generation, 43);
    blocks_reader_free(reader);
    blocks_close(blocks);
    qlog_close(log);
    fixture_end(&f);
}

static void blocks_unpack_no_more_than_was_asked_for(void **state)
{
    struct fixture f;
    struct blocks *blocks;
    struct blocks_reader *reader;
    const struct block_view *view;
    (void)state;
    fixture_begin(&f);
    qlog_close(log_fill(&f));
    const struct blocks_opts opts = {.filter = {.action = -1}, .parts = BLOCK_WHO | BLOCK_TIME};
    assert_int_equal(blocks_open(f.dir, &opts, &blocks), 0);
    assert_int_equal(blocks_reader_new(blocks, &reader), 0);
    for (uint32_t next = 0; blocks_next(reader, &view) == 1;) {
        assert_int_equal(view->block->parts, BLOCK_GAPS | BLOCK_WHO_TABLE | BLOCK_WHO | BLOCK_TIME);
        for (uint32_t i = 0; i < view->row_count; i++, next++) {
            struct qlog_record record;
            fixture_record(next, &record);
            assert_int_equal(view->who[view->who_of[i]].user, record.user);
            assert_true(view->time[i] == record.time_ns);
        }
    }
    blocks_reader_free(reader);
    blocks_close(blocks);
    fixture_end(&f);
}

static void filter_leaves_only_wanted_rows_in_the_arrays(void **state)
{
    struct fixture f;
    struct blocks *blocks;
    struct blocks_reader *reader;
    const struct block_view *view;
    struct qlog_record first;
    struct qlog_record last;
    uint32_t number = 150;
    (void)state;
    fixture_begin(&f);
    struct qlog *log = log_fill(&f);
    fixture_record(150, &first);
    fixture_record(3990, &last);
    const struct blocks_opts opts = {.filter = {.action = -1,
                                                .user = 5,
                                                .categories = ~UINT64_C(0),
                                                .from_ns = first.time_ns,
                                                .to_ns = last.time_ns},
                                     .parts = BLOCK_ALL};
    assert_int_equal(blocks_open(f.dir, &opts, &blocks), 0);
    assert_int_equal(blocks_reader_new(blocks, &reader), 0);
    while (blocks_next(reader, &view) == 1)
        for (uint32_t i = 0; i < view->row_count; i++, number++) {
            while (number % 77 != 5 || number % 6 == 0)
                number++;
            row_assert(view, i, number);
        }
    while (number % 77 != 5 || number % 6 == 0)
        number++;
    assert_true(number >= 3990);
    blocks_reader_free(reader);
    blocks_close(blocks);
    qlog_close(log);
    fixture_end(&f);
}

static uint32_t rows_from(const struct fixture *f, const struct blocks_opts *opts)
{
    struct blocks *blocks;
    struct blocks_reader *reader;
    const struct block_view *view;
    uint32_t rows = 0;
    assert_int_equal(blocks_open(f->dir, opts, &blocks), 0);
    assert_int_equal(blocks_reader_new(blocks, &reader), 0);
    while (blocks_next(reader, &view) == 1)
        rows += view->row_count;
    blocks_reader_free(reader);
    blocks_close(blocks);
    return rows;
}

static void who_ships_segments_begins_behind_the_last_one(void **state)
{
    struct fixture f;
    struct blocks_opts opts = everything;
    (void)state;
    fixture_begin(&f);
    struct qlog *log = log_fill(&f);
    opts.segments_only = true;
    assert_int_equal(rows_from(&f, &opts), 40 * STEP);
    opts.after_sequence = 39;
    assert_int_equal(rows_from(&f, &opts), STEP);
    opts.segments_only = false;
    assert_int_equal(rows_from(&f, &opts), ROWS - 39 * STEP);
    qlog_close(log);
    fixture_end(&f);
}

/* ---- several threads ---- */

struct tally {
    uint32_t made[BLOCKS_SLOTS][STEP * 20];
    uint32_t counts[BLOCKS_SLOTS];
    uint32_t next;
    uint32_t enough;
};

static int numbers_make(void *ctx, unsigned slot, const struct block_view *view)
{
    struct tally *tally = ctx;
    tally->counts[slot] = view->row_count;
    for (uint32_t i = 0; i < view->row_count; i++)
        tally->made[slot][i] = view->what[view->what_of[i]].rule;
    return 0;
}

static int numbers_take(void *ctx, unsigned slot)
{
    struct tally *tally = ctx;
    for (uint32_t i = 0; i < tally->counts[slot]; i++)
        if (tally->made[slot][i] != tally->next++)
            return ERR_DAMAGED;
    return tally->next >= tally->enough;
}

static int make_fail(void *ctx, unsigned slot, const struct block_view *view)
{
    (void)ctx;
    (void)slot;
    return view->number == 7 ? ERR_NOSPACE : 0;
}

static void several_threads_make_and_all_is_taken_in_order(void **state)
{
    struct fixture f;
    struct blocks *blocks;
    (void)state;
    fixture_begin(&f);
    struct qlog *log = log_fill(&f);
    for (unsigned threads = 1; threads <= 8; threads *= 2) {
        static struct tally tally;
        tally.next = 0;
        tally.enough = UINT32_MAX;
        const struct blocks_work work = {threads, numbers_make, numbers_take, &tally};
        assert_int_equal(blocks_open(f.dir, &everything, &blocks), 0);
        assert_int_equal(blocks_run(blocks, &work), 0);
        assert_int_equal(tally.next, ROWS);
        blocks_close(blocks);
        tally.next = 0;
        tally.enough = 500;
        assert_int_equal(blocks_open(f.dir, &everything, &blocks), 0);
        assert_int_equal(blocks_run(blocks, &work), 0);
        assert_int_equal(tally.next, 540);
        blocks_close(blocks);
        assert_int_equal(blocks_open(f.dir, &everything, &blocks), 0);
        assert_int_equal(blocks_run(blocks, &(struct blocks_work){threads, make_fail, NULL, NULL}), ERR_NOSPACE);
        blocks_close(blocks);
    }
    qlog_close(log);
    fixture_end(&f);
}

/* Only every third block has a row of the client: the numbers of the others are passed over. */
static void blocks_without_wanted_rows_do_not_stop_the_order(void **state)
{
    struct fixture f;
    struct blocks *blocks;
    struct prefix client;
    struct qlog *log;
    static struct tally tally;
    (void)state;
    fixture_begin(&f);
    struct qlog_opts opts = fixture_opts(&f);
    assert_int_equal(prefix_from_text("10.9.9.9", &client), 0);
    assert_int_equal(qlog_open(&opts, &log), 0);
    for (uint32_t i = 0; i < 60; i++) {
        struct qlog_record record;
        fixture_record(i, &record);
        if (i % 3 == 1)
            record.client = client.addr;
        record.verdict.rule = i / 3;
        qlog_append(qlog_writer(log, 0), &record);
        assert_int_equal(qlog_flush(log), 0);
    }
    const struct blocks_opts some = {.filter = {.action = -1, .client = &client}, .parts = BLOCK_ALL};
    const struct blocks_work work = {4, numbers_make, numbers_take, &tally};
    tally.enough = UINT32_MAX;
    assert_int_equal(blocks_open(f.dir, &some, &blocks), 0);
    assert_int_equal(blocks_run(blocks, &work), 0);
    assert_int_equal(tally.next, 20);
    blocks_close(blocks);
    qlog_close(log);
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_give_rows_of_segments_and_journals_in_one_shape),
        cmocka_unit_test(blocks_unpack_no_more_than_was_asked_for),
        cmocka_unit_test(filter_leaves_only_wanted_rows_in_the_arrays),
        cmocka_unit_test(who_ships_segments_begins_behind_the_last_one),
        cmocka_unit_test(several_threads_make_and_all_is_taken_in_order),
        cmocka_unit_test(blocks_without_wanted_rows_do_not_stop_the_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
