#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "blockdb/blockdb.h"
#include "net/loop.h"
#include "net/watch.h"
#include "support/generation.h"

static const struct generation_rule rules[] = {
    {"casino.example", GENERATION_SUBDOMAINS, GENERATION_BLOCK, CATEGORY_BIT(CATEGORY_GAMBLING), 0},
    {"second.example", GENERATION_SUBDOMAINS, GENERATION_BLOCK, CATEGORY_BIT(CATEGORY_GAMBLING), 0},
};

static uv_loop_t loop;
static struct generation generation;
static struct watch *watch;
static struct blockdb *opened;
static size_t opened_count;

static void on_opened(void *ctx, void *list)
{
    (void)ctx;
    blockdb_close(opened);
    opened = list;
    opened_count++;
}

static size_t wanted;

static bool has_opened(void)
{
    return opened_count >= wanted;
}

static int start(void **state)
{
    (void)state;
    opened = NULL;
    opened_count = 0;
    generation_init(&generation, rules, 1);
    assert_int_equal(uv_loop_init(&loop), 0);
    return watch_new(&loop, &watch_blocklist, generation.current, on_opened, NULL, &watch);
}

static int end(void **state)
{
    (void)state;
    watch_close(watch);
    loop_end(&loop);
    blockdb_close(opened);
    generation_done(&generation);
    return 0;
}

static void watch_takes_up_a_new_generation_by_itself(void **state)
{
    struct blockdb *first = watch_open_now(watch);
    (void)state;
    assert_non_null(first);
    assert_int_equal(blockdb_generation(first), 1);
    watch_start(watch);
    generation_next(&generation, rules, 2);
    uint64_t begin_ns = uv_hrtime();
    wanted = 1;
    assert_true(loop_until(&loop, NULL, has_opened));
    assert_in_range((uv_hrtime() - begin_ns) / 1000000, 0, 2000);
    assert_int_equal(blockdb_generation(opened), 2);
    assert_int_equal(blockdb_name_count(opened), 2);
    blockdb_close(first);
}

static void watch_gives_the_same_generation_only_once(void **state)
{
    struct blockdb *first = watch_open_now(watch);
    (void)state;
    assert_non_null(first);
    assert_null(watch_open_now(watch));
    for (int i = 0; i < 20; i++) {
        watch_check(watch);
        uv_run(&loop, UV_RUN_NOWAIT);
    }
    assert_int_equal(opened_count, 0);
    blockdb_close(first);
}

static void watch_goes_on_when_there_is_no_generation_yet(void **state)
{
    char away[GENERATION_PATH_MAX + 8];
    (void)state;
    snprintf(away, sizeof away, "%s.away", generation.current);
    assert_int_equal(rename(generation.current, away), 0);
    assert_null(watch_open_now(watch));
    assert_int_equal(rename(away, generation.current), 0);
    watch_check(watch);
    wanted = 1;
    assert_true(loop_until(&loop, NULL, has_opened));
    assert_int_equal(blockdb_generation(opened), 1);
}

static bool is_quiet(void)
{
    return !uv_loop_alive(&loop);
}

static void watch_keeps_the_last_good_generation(void **state)
{
    char bad[GENERATION_PATH_MAX + 8], link[GENERATION_PATH_MAX + 8];
    struct blockdb *first = watch_open_now(watch);
    (void)state;
    assert_non_null(first);
    snprintf(bad, sizeof bad, "%s/bad.mdb", generation.folder);
    snprintf(link, sizeof link, "%s.new", generation.current);
    FILE *file = fopen(bad, "w");
    assert_non_null(file);
    fputs("not a generation", file);
    fclose(file);
    assert_int_equal(symlink("bad.mdb", link), 0);
    assert_int_equal(rename(link, generation.current), 0);
    watch_check(watch);
    assert_true(loop_until(&loop, NULL, is_quiet));
    assert_int_equal(opened_count, 0);
    /* The next good one is taken. */
    generation_next(&generation, rules, 2);
    watch_check(watch);
    wanted = 1;
    assert_true(loop_until(&loop, NULL, has_opened));
    assert_int_equal(blockdb_name_count(opened), 2);
    blockdb_close(first);
}

static void watch_may_be_closed_while_it_opens(void **state)
{
    (void)state;
    watch_check(watch); /* end() closes at once */
}

int main(void)
{
#define WATCH_TEST(name) cmocka_unit_test_setup_teardown(name, start, end)
    const struct CMUnitTest tests[] = {
        WATCH_TEST(watch_takes_up_a_new_generation_by_itself),
        WATCH_TEST(watch_gives_the_same_generation_only_once),
        WATCH_TEST(watch_goes_on_when_there_is_no_generation_yet),
        WATCH_TEST(watch_keeps_the_last_good_generation),
        WATCH_TEST(watch_may_be_closed_while_it_opens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
