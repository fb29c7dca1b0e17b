/* What ClickHouse answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ship/clickhouse_answer.h"

static const struct block block;

static void a_server_says_what_it_can_do_in_any_order(void **state)
{
    struct clickhouse_skills skills;
    (void)state;
    clickhouse_skills_parse("18.16.1\ninsert_distributed_sync\n", &skills);
    assert_int_equal(skills.version, 18);
    assert_true(skills.sync && !skills.tokens && !skills.async);
    clickhouse_skills_parse("insert_deduplication_token\nasync_insert\n26.7.2.1", &skills);
    assert_int_equal(skills.version, 26);
    assert_true(!skills.sync && skills.tokens && skills.async);
    clickhouse_skills_parse("insert_deduplication_token_of_mine\nxasync_insert\n", &skills);
    assert_true(skills.version == 0 && !skills.tokens && !skills.async);
    clickhouse_skills_parse("", &skills);
    assert_int_equal(skills.version, 0);
}

static size_t put(char *out, size_t len, unsigned kind, uint64_t number)
{
    out[len] = (char)kind;
    memcpy(out + len + 1, &number, sizeof number);
    return len + 9;
}

static void rows_and_gaps_of_the_batch_are_marked(void **state)
{
    const struct batch batch = {
        .block = &block, .rows = {.number = 100, .count = 3}, .gaps = {.number = 7, .count = 2}};
    const uint8_t expected[] = {1, 0, 1, 0, 1};
    uint8_t seen[5] = {0};
    char answer[100];
    size_t len = 0;
    (void)state;
    len = put(answer, len, SHIP_ROW, 100);
    len = put(answer, len, SHIP_ROW, 102);
    len = put(answer, len, SHIP_ROW, 102);
    len = put(answer, len, SHIP_GAP, 8);
    len = put(answer, len, SHIP_ROW, 103);
    len = put(answer, len, SHIP_ROW, 99);
    len = put(answer, len, SHIP_GAP, 9);
    len = put(answer, len, SHIP_REMOVED, 101);
    assert_int_equal(clickhouse_seen_parse(answer, len, &batch, seen), 0);
    assert_memory_equal(seen, expected, sizeof seen);
}

static void a_note_is_marked_by_its_kind_and_number(void **state)
{
    const struct batch batch = {.note = {.kind = SHIP_REMOVED, .number = 0}};
    uint8_t seen[1] = {0};
    char answer[20];
    (void)state;
    assert_int_equal(clickhouse_seen_parse(answer, put(answer, 0, SHIP_ROW, 0), &batch, seen), 0);
    assert_int_equal(seen[0], 0);
    assert_int_equal(clickhouse_seen_parse(answer, put(answer, 0, SHIP_REMOVED, 0), &batch, seen), 0);
    assert_int_equal(seen[0], 1);
}

static void an_answer_that_was_cut_off_marks_nothing(void **state)
{
    const struct batch batch = {.block = &block, .rows = {.number = 0, .count = 1}};
    uint8_t seen[1] = {0};
    char answer[20];
    size_t len = put(answer, 0, SHIP_ROW, 0);
    (void)state;
    assert_int_equal(clickhouse_seen_parse(answer, len - 1, &batch, seen), ERR_TRUNCATED);
    assert_int_equal(seen[0], 0);
    assert_int_equal(clickhouse_seen_parse(answer, 0, &batch, seen), 0);
    assert_int_equal(seen[0], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_says_what_it_can_do_in_any_order),
        cmocka_unit_test(rows_and_gaps_of_the_batch_are_marked),
        cmocka_unit_test(a_note_is_marked_by_its_kind_and_number),
        cmocka_unit_test(an_answer_that_was_cut_off_marks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
