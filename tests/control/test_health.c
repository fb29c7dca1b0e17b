#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "control/health.h"
#include "support/generation.h"

static struct metrics metrics;
static const struct metrics *const workers[] = {&metrics};
static const uint16_t first;
static const struct query_server server = {.name = "isp"};
static const struct query_zone zone = {.servers = &first, .server_count = 1};
static const struct query_opts query = {.servers = &server, .server_count = 1, .zones = &zone, .zone_count = 1};
static struct generation generation;
static struct blockdb *blockdb;

static int start(void **state)
{
    static const struct generation_rule rules[] = {
        {"casino.example", GENERATION_SUBDOMAINS, GENERATION_BLOCK, CATEGORY_BIT(CATEGORY_GAMBLING), 0}};
    (void)state;
    metrics = (struct metrics){0};
    generation_init(&generation, rules, 1);
    return blockdb_open(generation.path, &blockdb, NULL, 0);
}

static int end(void **state)
{
    (void)state;
    blockdb_close(blockdb);
    generation_done(&generation);
    return 0;
}

static struct command_env well(void)
{
    return (struct command_env){
        .blockdb = blockdb, .query = &query, .workers = workers, .worker_count = 1, .now_ms = 100000};
}

static void assert_line(const struct command_env *env, bool (*write)(const struct command_env *env, struct text *out),
                        bool fine, const char *line)
{
    struct text out = {0};
    assert_int_equal(write(env, &out), fine);
    assert_string_equal(out.bytes, line);
    text_done(&out);
}

static void health_is_well_when_nothing_is_wrong(void **state)
{
    struct command_env env = well();
    (void)state;
    assert_line(&env, health_write_ready, true, "{\"status\": \"ok\", \"generation\": 1}\n");
    assert_line(&env, health_write_live, true, "{\"status\": \"ok\"}\n");
}

static void health_names_what_is_in_the_way(void **state)
{
    struct command_env env = well();
    (void)state;
    env.blockdb = NULL;
    assert_line(&env, health_write_ready, false,
                "{\"status\": \"failing\", \"reasons\": [\"no blocklist is in force: questions are answered "
                "SERVFAIL\"]}\n");
    env = well();
    env.log_trouble = true;
    assert_line(&env, health_write_ready, false,
                "{\"status\": \"failing\", \"reasons\": [\"the query log can't be written\"]}\n");
    env = well();
    meter_set(&metrics.meters[0], METER_FAILED_MS, 99000);
    meter_set(&metrics.meters[0], METER_REST_UNTIL_MS, 99500);
    assert_line(&env, health_write_ready, false,
                "{\"status\": \"failing\", \"reasons\": [\"no upstream server answers\"]}\n");
    assert_line(&env, health_write_live, true, "{\"status\": \"ok\"}\n");
}

static void health_ends_life_with_a_stuck_worker(void **state)
{
    struct command_env env = well();
    (void)state;
    env.workers_stuck = 1;
    env.worker_count = 2;
    env.workers = (const struct metrics *const[]){&metrics, &metrics};
    env.log_trouble = true;
    assert_line(&env, health_write_live, false,
                "{\"status\": \"failing\", \"reasons\": [\"1 of 2 workers does not turn\"]}\n");
    assert_line(&env, health_write_ready, false,
                "{\"status\": \"failing\", \"reasons\": [\"1 of 2 workers does not turn\", "
                "\"the query log can't be written\"]}\n");
}

static void health_can_name_all_at_once(void **state)
{
    struct command_env env = well();
    (void)state;
    env.blockdb = NULL;
    env.statutory_missing = true;
    env.workers_stuck = 1;
    env.log_trouble = true;
    env.recursion.state = RECURSION_DOWN;
    meter_set(&metrics.meters[0], METER_FAILED_MS, 99000);
    meter_set(&metrics.meters[0], METER_REST_UNTIL_MS, 99500);
    assert_int_equal(health_of(&env).reason_count, HEALTH_REASONS_MAX);
}

int main(void)
{
#define HEALTH_TEST(name) cmocka_unit_test_setup_teardown(name, start, end)
    const struct CMUnitTest tests[] = {
        HEALTH_TEST(health_is_well_when_nothing_is_wrong),
        HEALTH_TEST(health_names_what_is_in_the_way),
        HEALTH_TEST(health_ends_life_with_a_stuck_worker),
        HEALTH_TEST(health_can_name_all_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
