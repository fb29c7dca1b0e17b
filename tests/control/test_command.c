#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/command.h"
#include "support/generation.h"

static struct cache *cache;
static struct metrics metrics;
static const struct metrics *const workers[] = {&metrics, &metrics};
static const struct query_server server = {.name = "a \"quoted\" name"};
static const struct query_opts query = {.servers = &server, .server_count = 1};
static int reloads, stops;
static int reload_result;

static int reload(void *ctx, const struct caller *by, struct text *why)
{
    (void)ctx;
    (void)by;
    reloads++;
    if (reload_result < 0)
        text_printf(why, "belisha.yaml:3:1: error: no\n");
    return reload_result;
}

static void stop(void *ctx)
{
    (void)ctx;
    stops++;
}

static struct command_env env_of(const struct blockdb *db)
{
    return (struct command_env){
        .version = "1.2.3",
        .state_dir = "/var/lib/belisha",
        .now_s = 1100,
        .started_s = 1000,
        .blockdb = db,
        .query = &query,
        .policy_version = 7,
        .workers = workers,
        .worker_count = 2,
        .cache = cache,
        .reload = reload,
        .stop = stop,
    };
}

/* The answer, to be freed. */
static char *answer_to(const char *line, const struct blockdb *db)
{
    struct text out = {0};
    struct command_env env = env_of(db);
    command_run(line, &env, &out);
    assert_true(text_ok(&out));
    assert_non_null(out.bytes);
    return out.bytes;
}

static int start(void **state)
{
    struct cache_opts opts = {.bytes = 1 << 20, .shards = 1};
    (void)state;
    reloads = stops = reload_result = 0;
    memset(&metrics, 0, sizeof metrics);
    return cache_new(&opts, &cache);
}

static int end(void **state)
{
    (void)state;
    cache_free(cache);
    return 0;
}

static void command_answers_what_it_does_not_know_with_an_error(void **state)
{
    static const struct {
        const char *line, *answer;
    } rows[] = {
        {"", "error: no such command:  (help lists them)\n"},
        {"statu", "error: no such command: statu (help lists them)\n"},
        {"statuss", "error: no such command: statuss (help lists them)\n"},
        {"status now", "error: status takes no argument\n"},
        {"flush", "error: flush needs NAME\n"},
        {"flush  ", "error: flush needs NAME\n"},
        {"flush a..b", "error: not a domain name: a..b\n"},
        {"log-flush", "error: the query log is switched off\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *answer = answer_to(rows[i].line, NULL);
        assert_string_equal(answer, rows[i].answer);
        free(answer);
    }
}

static void command_reload_gives_the_reason_of_a_refusal(void **state)
{
    char *answer = answer_to("reload", NULL);
    (void)state;
    assert_string_equal(answer, "ok\n");
    free(answer);
    reload_result = ERR_CONFIG;
    answer = answer_to("reload", NULL);
    assert_string_equal(answer, "error: the running configuration stays in force\nbelisha.yaml:3:1: error: no\n");
    assert_int_equal(reloads, 2);
    free(answer);
}

static void command_stop_stops(void **state)
{
    char *answer = answer_to("stop", NULL);
    (void)state;
    assert_string_equal(answer, "ok\n");
    assert_int_equal(stops, 1);
    free(answer);
}

static void command_flush_forgets_a_name_and_what_is_below(void **state)
{
    static const uint8_t msg[] = {0, 0, 0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0, 3, 'w', 'w', 'w', 1, 'a', 0, 0, 1, 0, 1};
    static const uint8_t mark[CACHE_MARK_BYTES];
    struct cache_key key = {.name = msg + 12, .name_len = 7, .type = 1, .class = 1};
    (void)state;
    cache_key_hash(cache, &key);
    cache_put(cache, &key, msg, sizeof msg, sizeof msg, NULL, 0, 0, 60000, mark);
    char *answer = answer_to("flush b", NULL);
    assert_string_equal(answer, "ok: 0 answers forgotten\n");
    free(answer);
    answer = answer_to("flush A", NULL);
    assert_string_equal(answer, "ok: 1 answers forgotten\n");
    free(answer);
}

static void command_status_is_json_with_and_without_a_generation(void **state)
{
    static const struct generation_rule rules[] = {
        {"casino.example", GENERATION_SUBDOMAINS, GENERATION_BLOCK, CATEGORY_BIT(CATEGORY_GAMBLING), 0}};
    struct generation generation;
    struct blockdb *db;
    (void)state;
    for (int i = 0; i < 21; i++)
        metrics_add_answer(&metrics, &(struct verdict){.action = VERDICT_RESOLVE, .category = CATEGORY_NONE}, 0);
    char *answer = answer_to("status", NULL);
    assert_non_null(strstr(answer, "\"generation\": null,"));
    assert_non_null(strstr(answer, "\"uptime_s\": 100,"));
    assert_non_null(strstr(answer, "\"answers\": 42,")); /* of two workers */
    assert_non_null(strstr(answer, "\"answers_by_action\": {\"allowed\": 42},"));
    assert_non_null(strstr(answer, "\"answers_by_rcode\": {\"NOERROR\": 42},"));
    assert_non_null(strstr(answer, "\"ready\": false, \"reasons\": [\"no blocklist is in force"));
    assert_non_null(strstr(answer, "\"a \\\"quoted\\\" name\""));
    assert_non_null(strstr(answer, "\"log\": null,"));
    assert_non_null(strstr(answer, "\"decisions\": null,"));
    free(answer);

    generation_init(&generation, rules, 1);
    assert_int_equal(blockdb_open(generation.path, &db, NULL, 0), 0);
    answer = answer_to("status", db);
    assert_non_null(strstr(answer, "\"generation\": {\"number\": 1, \"names\": 1,"));
    free(answer);
    answer = answer_to("metrics", db);
    assert_non_null(strstr(answer, "\nbelisha_answers_total{action=\"allowed\"} 42\n"));
    assert_non_null(strstr(answer, "\nbelisha_generation 1\n"));
    free(answer);
    blockdb_close(db);
    generation_done(&generation);
}

static void command_help_lists_every_command(void **state)
{
    static const char *const names[] = {"status", "metrics", "reload", "decide", "silent", "flush", "log-flush", "stop", "help"};
    char *answer = answer_to("help", NULL);
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_non_null(strstr(answer, names[i]));
    free(answer);
    assert_true(command_is_slow("log-flush"));
    assert_false(command_is_slow("status"));
    assert_false(command_is_slow("nope"));
}

int main(void)
{
#define COMMAND_TEST(name) cmocka_unit_test_setup_teardown(name, start, end)
    const struct CMUnitTest tests[] = {
        COMMAND_TEST(command_answers_what_it_does_not_know_with_an_error),
        COMMAND_TEST(command_reload_gives_the_reason_of_a_refusal),
        COMMAND_TEST(command_stop_stops),
        COMMAND_TEST(command_flush_forgets_a_name_and_what_is_below),
        COMMAND_TEST(command_status_is_json_with_and_without_a_generation),
        COMMAND_TEST(command_help_lists_every_command),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
