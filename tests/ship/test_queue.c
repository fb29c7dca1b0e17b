/* The log as a queue: every row once, in order, and a word for what will never come. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "qlog/compact.h"
#include "qlog/fixture.h"
#include "ship/queue.h"

#define SEGMENTS 5
#define EACH     300

static struct fixture fixture;

/* SEGMENTS segments of EACH rows, whose `rule` is the number of the row. */
static void log_write(uint32_t first)
{
    const struct qlog_opts opts = fixture_opts(&fixture);
    struct qlog_record record;
    struct qlog *log;
    assert_int_equal(qlog_open(&opts, &log), 0);
    for (uint32_t i = 0; i < SEGMENTS * EACH; i++) {
        fixture_record(first + i, &record);
        qlog_append(qlog_writer(log, 0), &record);
        if ((i + 1) % EACH == 0)
            assert_int_equal(qlog_flush(log), 0);
    }
    qlog_close(log);
}

static int set_up(void **state)
{
    (void)state;
    fixture_begin(&fixture);
    log_write(0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fixture_end(&fixture);
    return 0;
}

static void file_path(uint64_t sequence, char out[256])
{
    struct segment_list list;
    int dir_fd = open(fixture.dir, O_RDONLY | O_DIRECTORY);
    assert_int_equal(segment_list(dir_fd, &list), 0);
    close(dir_fd);
    for (size_t i = 0; i < list.count; i++)
        if (list.files[i].sequence == sequence)
            snprintf(out, 256, "%s/%s", fixture.dir, list.files[i].file);
    segment_list_done(&list);
}

/* A byte of the file is another one. at: from the end when negative. */
static void file_damage(uint64_t sequence, off_t at)
{
    char path[256], byte;
    file_path(sequence, path);
    int fd = open(path, O_RDWR);
    assert_true(fd >= 0);
    off_t offset = at < 0 ? lseek(fd, at, SEEK_END) : at;
    assert_int_equal(pread(fd, &byte, 1, offset), 1);
    byte ^= 0x40;
    assert_int_equal(pwrite(fd, &byte, 1, offset), 1);
    close(fd);
}

static void file_remove(uint64_t sequence)
{
    char path[256];
    file_path(sequence, path);
    assert_int_equal(unlink(path), 0);
}

/* The rule of row i of the batch. */
static uint32_t rule_of(const struct batch *batch, uint32_t i)
{
    return batch->block->what[batch->block->rows.what[batch->rows.from + i]].rule;
}

struct walk {
    uint32_t rows, batches, notes;
    struct ship_item note; /* the last one */
    uint64_t note_segment;
    struct position at;
};

/* Walks on from *at to the end; rows must be those from first on, in order, but for `but` that are missing from `hole` on. */
static void walk(struct walk *w, uint32_t first, uint32_t hole, uint32_t but)
{
    struct queue queue;
    int code;
    assert_int_equal(queue_open(&queue, fixture.dir, "oakfield"), 0);
    while ((code = queue_next(&queue, &w->at)) == 1) {
        const struct batch *batch = &queue.batch;
        w->batches++;
        if (batch->block == NULL) {
            w->notes++;
            w->note = batch->note;
            w->note_segment = batch->origin.segment;
        }
        for (uint32_t i = 0; batch->block != NULL && i < batch->rows.count; i++) {
            uint32_t expected = first + w->rows++;
            expected += expected >= hole ? but : 0;
            assert_int_equal(rule_of(batch, i), expected);
            assert_int_equal(batch->origin.segment, 1 + expected / EACH);
            assert_int_equal(batch->rows.number + i, expected % EACH);
        }
        w->at = queue.after;
    }
    assert_int_equal(code, 0);
    w->at = queue.after;
    queue_close(&queue);
}

static void every_row_comes_once_in_order_with_its_number(void **state)
{
    struct walk w = {0};
    (void)state;
    walk(&w, 0, UINT32_MAX, 0);
    assert_int_equal(w.rows, SEGMENTS * EACH);
    assert_int_equal(w.batches, SEGMENTS);
    assert_int_equal(w.at.segment, SEGMENTS + 1);
    assert_string_equal(w.at.node, "node-a");
}

static void it_goes_on_in_the_middle_of_a_block(void **state)
{
    struct walk w = {.at = {.segment = 3, .rows = 120}};
    (void)state;
    walk(&w, 2 * EACH + 120, UINT32_MAX, 0);
    assert_int_equal(w.rows, SEGMENTS * EACH - 2 * EACH - 120);
}

static void the_same_place_gives_the_same_token_and_others_another(void **state)
{
    struct position at = {.segment = 2}, later = {.segment = 2, .rows = 10};
    char first[BATCH_TOKEN_MAX];
    struct queue queue;
    (void)state;
    assert_int_equal(queue_open(&queue, fixture.dir, "oakfield"), 0);
    assert_int_equal(queue_next(&queue, &at), 1);
    strcpy(first, queue.batch.token);
    assert_int_equal(strncmp(first, "oakfield/node-a:2:r0-300:g0-0@1700000000370", 43), 0);
    assert_int_equal(queue_next(&queue, &at), 1);
    assert_string_equal(queue.batch.token, first);
    assert_int_equal(queue_next(&queue, &later), 1);
    assert_string_not_equal(queue.batch.token, first);
    queue_close(&queue);
}

static void what_comes_later_is_found(void **state)
{
    struct walk w = {0};
    (void)state;
    walk(&w, 0, UINT32_MAX, 0);
    log_write(SEGMENTS * EACH);
    walk(&w, 0, UINT32_MAX, 0);
    assert_int_equal(w.rows, 2 * SEGMENTS * EACH);
}

static void segments_that_were_removed_are_told_once(void **state)
{
    struct walk w = {.at = {.segment = 2, .rows = 17, .node = "node-a"}};
    (void)state;
    file_remove(1);
    file_remove(2);
    file_remove(3);
    walk(&w, 3 * EACH, UINT32_MAX, 0);
    assert_int_equal(w.rows, 2 * EACH);
    assert_int_equal(w.notes, 1);
    assert_int_equal(w.note.kind, SHIP_REMOVED);
    assert_int_equal(w.note.lost, 2);
    assert_int_equal(w.note_segment, 2);
    assert_int_equal(w.at.segments_removed, 2);
    walk(&w, SEGMENTS * EACH, UINT32_MAX, 0);
    assert_int_equal(w.notes, 1);
}

static void the_first_time_what_was_removed_before_is_no_loss(void **state)
{
    struct walk w = {0};
    (void)state;
    file_remove(1);
    walk(&w, EACH, UINT32_MAX, 0);
    assert_int_equal(w.notes, 0);
    assert_int_equal(w.rows, (SEGMENTS - 1) * EACH);
}

static void a_damaged_block_is_told_with_its_rows(void **state)
{
    struct walk w = {0};
    (void)state;
    file_damage(2, 64 + 200);
    walk(&w, 0, EACH, EACH);
    assert_int_equal(w.rows, (SEGMENTS - 1) * EACH);
    assert_int_equal(w.notes, 1);
    assert_int_equal(w.note.kind, SHIP_DAMAGED);
    assert_int_equal(w.note.lost, EACH);
    assert_int_equal(w.at.rows_damaged, EACH);
}

static void of_a_segment_without_its_footer_all_blocks_come_and_a_word(void **state)
{
    struct walk w = {0};
    (void)state;
    file_damage(2, -100);
    walk(&w, 0, UINT32_MAX, 0);
    assert_int_equal(w.rows, SEGMENTS * EACH);
    assert_int_equal(w.notes, 1);
    assert_int_equal(w.note.kind, SHIP_DAMAGED);
    assert_int_equal(w.note.lost, 0);
}

static void of_a_segment_without_its_header_every_row_comes(void **state)
{
    struct walk w = {0};
    (void)state;
    file_damage(2, 3);
    walk(&w, 0, UINT32_MAX, 0);
    assert_int_equal(w.rows, SEGMENTS * EACH);
}

static void a_file_that_is_no_segment_is_told(void **state)
{
    struct walk w = {0};
    char path[256];
    (void)state;
    file_path(2, path);
    assert_int_equal(truncate(path, 40), 0);
    walk(&w, 0, EACH, EACH);
    assert_int_equal(w.notes, 1);
    assert_int_equal(w.note.kind, SHIP_DAMAGED);
    assert_int_equal(w.note_segment, 2);
}

static void another_log_in_its_place_is_sent_from_its_beginning(void **state)
{
    struct walk w = {.at = {.segment = 40, .rows = 3}};
    (void)state;
    walk(&w, 0, UINT32_MAX, 0);
    assert_int_equal(w.rows, SEGMENTS * EACH);
    assert_int_equal(w.at.begun_anew, 1);
}

static void an_empty_log_is_no_other_log(void **state)
{
    struct walk w = {.at = {.segment = 40, .rows = 3}};
    (void)state;
    for (uint64_t i = 1; i <= SEGMENTS; i++)
        file_remove(i);
    walk(&w, 0, UINT32_MAX, 0);
    assert_int_equal(w.batches, 0);
    assert_int_equal(w.at.segment, 40);
    assert_int_equal(w.at.begun_anew, 0);
}

static void what_lies_behind_a_place_is_counted(void **state)
{
    struct queue_lag lag;
    struct stat st;
    char path[256];
    (void)state;
    assert_int_equal(queue_lag(fixture.dir, &(struct position){.segment = 5}, &lag), 0);
    file_path(5, path);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(lag.segments, 1);
    assert_int_equal(lag.bytes, st.st_size);
    assert_int_equal(queue_lag(fixture.dir, &(struct position){.segment = 6}, &lag), 0);
    assert_int_equal(lag.segments, 0);
    assert_true(queue_lag("/nonexistent", &(struct position){0}, &lag) < 0);
}

static void merge(void)
{
    struct compact_result result;
    struct compact_opts opts = {.dir_fd = open(fixture.dir, O_RDONLY | O_DIRECTORY), .now_s = 1800000000};
    assert_int_equal(compact_log(&opts, &result), 0);
    assert_int_equal(result.merged, SEGMENTS - 1);
    close(opts.dir_fd);
}

/* The rest of the log from *at on: rows from `first` on, whose numbers go on from *at's. */
static uint32_t walk_merged(struct position *at, uint32_t first)
{
    uint64_t segment = at->segment, number = at->rows;
    struct queue queue;
    uint32_t rows = 0;
    int code;
    assert_int_equal(queue_open(&queue, fixture.dir, "oakfield"), 0);
    while ((code = queue_next(&queue, at)) == 1) {
        assert_non_null(queue.batch.block);
        for (uint32_t i = 0; i < queue.batch.rows.count; i++)
            assert_int_equal(rule_of(&queue.batch, i), first + rows++);
        if (queue.batch.origin.segment == segment) {
            assert_int_equal(queue.batch.rows.number, number);
            number += queue.batch.rows.count;
        }
        *at = queue.after;
    }
    assert_int_equal(code, 0);
    queue_close(&queue);
    return rows;
}

static void a_place_stays_where_it_is_when_segments_are_merged(void **state)
{
    static const struct position places[] = {{.segment = 1},
                                             {.segment = 1, .rows = 120},
                                             {.segment = 3},
                                             {.segment = 3, .rows = 1},
                                             {.segment = 3, .rows = EACH - 1},
                                             {.segment = 4, .rows = 17},
                                             {.segment = 5},
                                             {.segment = 6}};
    (void)state;
    merge();
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        struct position at = places[i];
        uint32_t first = (uint32_t)((at.segment - 1) * EACH + at.rows);
        assert_int_equal(walk_merged(&at, first), SEGMENTS * EACH - first);
        assert_int_equal(at.segment, SEGMENTS + 1);
    }
}

static void segments_may_be_merged_between_two_batches(void **state)
{
    struct position at = {.segment = 2};
    struct queue queue;
    (void)state;
    assert_int_equal(queue_open(&queue, fixture.dir, "oakfield"), 0);
    assert_int_equal(queue_next(&queue, &at), 1);
    merge();
    assert_int_equal(rule_of(&queue.batch, 0), EACH);
    at = queue.after;
    queue_close(&queue);
    assert_int_equal(walk_merged(&at, 2 * EACH), SEGMENTS * EACH - 2 * EACH);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_row_comes_once_in_order_with_its_number),
        TEST(it_goes_on_in_the_middle_of_a_block),
        TEST(the_same_place_gives_the_same_token_and_others_another),
        TEST(what_comes_later_is_found),
        TEST(segments_that_were_removed_are_told_once),
        TEST(the_first_time_what_was_removed_before_is_no_loss),
        TEST(a_damaged_block_is_told_with_its_rows),
        TEST(of_a_segment_without_its_footer_all_blocks_come_and_a_word),
        TEST(of_a_segment_without_its_header_every_row_comes),
        TEST(a_file_that_is_no_segment_is_told),
        TEST(another_log_in_its_place_is_sent_from_its_beginning),
        TEST(an_empty_log_is_no_other_log),
        TEST(what_lies_behind_a_place_is_counted),
        TEST(a_place_stays_where_it_is_when_segments_are_merged),
        TEST(segments_may_be_merged_between_two_batches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
