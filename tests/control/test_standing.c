#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "control/standing.h"

#define NOW_MS 100000

static struct metrics a, b;
static const struct metrics *const workers[] = {&a, &b};

static int start(void **state)
{
    (void)state;
    a = b = (struct metrics){0};
    return 0;
}

static void replied(struct metrics *worker, uint16_t meter, int64_t at_ms, int64_t srtt_ms)
{
    meter_set(&worker->meters[meter], METER_REPLIED_MS, at_ms);
    meter_set(&worker->meters[meter], METER_SRTT_MS, srtt_ms);
    meter_set(&worker->meters[meter], METER_REST_UNTIL_MS, 0);
    meter_set(&worker->meters[meter], METER_FAILED_IN_ROW, 0);
}

static void failed(struct metrics *worker, uint16_t meter, int64_t at_ms, int64_t in_row)
{
    meter_set(&worker->meters[meter], METER_FAILED_MS, at_ms);
    meter_set(&worker->meters[meter], METER_FAILED_IN_ROW, in_row);
    meter_set(&worker->meters[meter], METER_REST_UNTIL_MS, in_row >= 3 ? at_ms + 1000 : 0);
}

static struct standing now(uint16_t meter)
{
    struct standing s;
    standing_of(workers, 2, meter, NOW_MS, &s);
    return s;
}

static void standing_follows_the_newest_word_of_any_worker(void **state)
{
    (void)state;
    assert_int_equal(now(3).state, STANDING_UNKNOWN);
    assert_int_equal(now(3).srtt_ms, -1);
    failed(&a, 3, 10, 1); /* one lost packet means nothing */
    assert_int_equal(now(3).state, STANDING_UNKNOWN);
    replied(&a, 3, 20, 11);
    assert_int_equal(now(3).state, STANDING_ANSWERS);
    failed(&b, 3, 30, 3);
    assert_int_equal(now(3).state, STANDING_FAILS);
    assert_int_equal(now(3).failed_in_row, 3);
    replied(&a, 3, 40, 12);
    assert_int_equal(now(3).state, STANDING_ANSWERS);
    assert_int_equal(now(3).srtt_ms, 12);
    failed(&b, 3, NOW_MS - 10, 4);
    assert_int_equal(now(3).state, STANDING_FAILS);
    assert_int_equal(now(3).resting, 1);
    replied(&b, 3, NOW_MS, 1);
    assert_int_equal(now(3).state, STANDING_ANSWERS);
    assert_int_equal(now(3).resting, 0);
}

static void standing_tells_a_false_name_from_a_dead_server(void **state)
{
    (void)state;
    replied(&a, 0, 10, 5);
    failed(&b, 0, 20, 3);
    meter_set(&b.meters[0], METER_DISTRUST_MS, 20);
    assert_int_equal(now(0).state, STANDING_DISTRUSTED);
    assert_string_equal(standing_name(now(0).state), "distrusted");
    replied(&a, 0, 30, 5);
    assert_int_equal(now(0).state, STANDING_ANSWERS);
}

static void standing_adds_counts_and_sockets_up(void **state)
{
    (void)state;
    meter_add(&a.meters[1], METER_ASKED_UDP, 2);
    meter_add(&b.meters[1], METER_ASKED_UDP, 3);
    meter_set(&a.meters[1], METER_PORTS, 4);
    meter_set(&b.meters[1], METER_PORTS, 5);
    meter_set(&b.meters[1], METER_LINKS, 1);
    assert_int_equal(now(1).sum.count[METER_ASKED_UDP], 5);
    assert_int_equal(now(1).ports, 9);
    assert_int_equal(now(1).links, 1);
}

static void standing_any_answers_looks_at_the_root_zone_only(void **state)
{
    static const uint16_t root_servers[] = {0, 1}, other_servers[] = {2};
    static const struct query_server servers[] = {{.meter = 5}, {.meter = 6}, {.meter = 7}};
    static const struct query_zone zones[] = {{.name = (const uint8_t *)"", .servers = root_servers, .server_count = 2},
                                              {.servers = other_servers, .server_count = 1}};
    struct query_opts query = {.servers = servers, .server_count = 3, .zones = zones, .zone_count = 2};
    (void)state;
    assert_true(standing_any_answers(workers, 2, &query, NOW_MS));
    failed(&a, 5, 10, 5);
    failed(&a, 7, 10, 5);
    assert_true(standing_any_answers(workers, 2, &query, NOW_MS));
    failed(&a, 6, 10, 5);
    assert_false(standing_any_answers(workers, 2, &query, NOW_MS));
    replied(&b, 6, 11, 5);
    assert_true(standing_any_answers(workers, 2, &query, NOW_MS));
    query.zone_count = 0; /* local names only */
    assert_true(standing_any_answers(workers, 2, &query, NOW_MS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(standing_follows_the_newest_word_of_any_worker, start),
        cmocka_unit_test_setup(standing_tells_a_false_name_from_a_dead_server, start),
        cmocka_unit_test_setup(standing_adds_counts_and_sockets_up, start),
        cmocka_unit_test_setup(standing_any_answers_looks_at_the_root_zone_only, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
