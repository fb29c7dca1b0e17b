#include "qlog/hints.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "belisha/category.h"
#include "fixture.h"
#include "qlog/blocks.h"
#include "qlog/segment_list.h"

#define BLOCKS 24u
#define ROWS   200u /* of a block */

/* Names of 1 to 9 labels, other ones in each block. */
static void name_make(uint32_t block, uint32_t i, uint8_t out[NAME_MAX_LEN])
{
    char text[128];
    snprintf(text, sizeof text, "a.b%u.c.d%u.e.f%u.site%u-%u.example", i, i % 5, i % 3, block, i % 40);
    const char *at = text;
    for (uint32_t skip = i % 8; skip > 0; skip--)
        at = strchr(at, '.') + 1;
    assert_true(name_from_text(at, strlen(at), out) > 0);
}

static void record_make(uint32_t block, uint32_t i, struct qlog_record *out)
{
    fixture_record(block * ROWS + i, out);
    name_make(block, i, out->qname);
    out->qname_len = (uint8_t)name_len(out->qname);
    out->matched_len = 0;
    out->verdict.category = (uint8_t)(block % 40);
    out->verdict.action = (uint8_t)(block % 2);
}

static void log_write(const struct fixture *f)
{
    struct qlog_opts opts = fixture_opts(f);
    struct qlog *log;
    assert_int_equal(qlog_open(&opts, &log), 0);
    for (uint32_t block = 0; block < BLOCKS; block++) {
        for (uint32_t i = 0; i < ROWS; i++) {
            struct qlog_record record;
            record_make(block, i, &record);
            qlog_append(qlog_writer(log, 0), &record);
        }
        assert_int_equal(qlog_flush(log), 0);
    }
    qlog_close(log);
}

struct opened {
    int dir_fd;
    struct segment_list list;
};

static void log_open(const struct fixture *f, struct opened *out)
{
    out->dir_fd = open(f->dir, O_RDONLY | O_DIRECTORY);
    assert_int_equal(segment_list(out->dir_fd, &out->list), 0);
    assert_int_equal(out->list.count, BLOCKS);
}

static void log_close(struct opened *opened)
{
    segment_list_done(&opened->list);
    close(opened->dir_fd);
}

static bool allows(const struct opened *opened, uint32_t block, const struct qlog_filter *wanted)
{
    struct segment *segment;
    struct hints_query query;
    struct filter filter;
    assert_int_equal(filter_init(&filter, wanted), 0);
    hints_query_make(&query, &filter);
    assert_int_equal(segment_open(opened->dir_fd, opened->list.files[block].file, &segment), 0);
    bool may = hints_allow(segment, 0, &query);
    segment_close(segment);
    return may;
}

static void no_name_that_is_there_is_denied_nor_any_above_it(void **state)
{
    struct fixture f;
    struct opened opened;
    (void)state;
    fixture_begin(&f);
    log_write(&f);
    log_open(&f, &opened);
    for (uint32_t block = 0; block < BLOCKS; block++)
        for (uint32_t i = 0; i < ROWS; i++) {
            uint8_t name[NAME_MAX_LEN];
            name_make(block, i, name);
            for (const uint8_t *above = name; *above != 0; above += *above + 1u)
                assert_true(allows(&opened, block, &(struct qlog_filter){.action = -1, .name = above}));
        }
    log_close(&opened);
    fixture_end(&f);
}

static void names_of_other_blocks_are_mostly_denied(void **state)
{
    struct fixture f;
    struct opened opened;
    unsigned asked = 0;
    unsigned allowed = 0;
    (void)state;
    fixture_begin(&f);
    log_write(&f);
    log_open(&f, &opened);
    for (uint32_t block = 0; block < BLOCKS; block++)
        for (uint32_t i = 0; i < 40; i++) {
            char text[64];
            uint8_t name[NAME_MAX_LEN];
            snprintf(text, sizeof text, "site%u-%u.example", (block + 1) % BLOCKS, i);
            assert_true(name_from_text(text, strlen(text), name) > 0);
            allowed += allows(&opened, block, &(struct qlog_filter){.action = -1, .name = name});
            asked++;
        }
    assert_true(allowed * 6 < asked);
    log_close(&opened);
    fixture_end(&f);
}

static void categories_and_verdicts_of_other_blocks_are_denied(void **state)
{
    struct fixture f;
    struct opened opened;
    (void)state;
    fixture_begin(&f);
    log_write(&f);
    log_open(&f, &opened);
    for (uint32_t block = 0; block < BLOCKS; block++) {
        const struct qlog_filter own = {.action = (int)(block % 2), .categories = CATEGORY_BIT(block % 40)};
        const struct qlog_filter category = {.action = -1, .categories = ~CATEGORY_BIT(block % 40)};
        const struct qlog_filter action = {.action = (int)(1 - block % 2)};
        assert_true(allows(&opened, block, &own));
        assert_false(allows(&opened, block, &category));
        assert_false(allows(&opened, block, &action));
    }
    log_close(&opened);
    fixture_end(&f);
}

static void a_search_finds_all_and_reads_few_blocks(void **state)
{
    struct fixture f;
    struct blocks *blocks;
    struct blocks_reader *reader;
    const struct block_view *view;
    uint8_t name[NAME_MAX_LEN];
    uint32_t rows = 0;
    uint64_t last = 0;
    (void)state;
    fixture_begin(&f);
    log_write(&f);
    assert_true(name_from_text("site7-4.example", 15, name) > 0);
    const struct blocks_opts opts = {.filter = {.action = -1, .name = name, .name_below = true}, .parts = BLOCK_ALL};
    assert_int_equal(blocks_open(f.dir, &opts, &blocks), 0);
    assert_int_equal(blocks_reader_new(blocks, &reader), 0);
    while (blocks_next(reader, &view) == 1) {
        rows += view->row_count;
        last = view->number;
    }
    assert_int_equal(rows, 5);
    assert_true(last < BLOCKS / 3); /* blocks that hints leave out have no number */
    blocks_reader_free(reader);
    blocks_close(blocks);
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_name_that_is_there_is_denied_nor_any_above_it),
        cmocka_unit_test(names_of_other_blocks_are_mostly_denied),
        cmocka_unit_test(categories_and_verdicts_of_other_blocks_are_denied),
        cmocka_unit_test(a_search_finds_all_and_reads_few_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
