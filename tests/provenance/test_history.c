/* Since which generation: found in real generation files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "provenance/history.h"
#include "feed/normalise.h"
#include "support/generation.h"

#define GAMBLING CATEGORY_BIT(CATEGORY_GAMBLING)

static const struct generation_rule old_rules[] = {
    {"a.example", GENERATION_SUBDOMAINS, GENERATION_BLOCK, GAMBLING, 0},
    {"b.example", GENERATION_EXACT, GENERATION_BLOCK, GAMBLING, 0},
};
static const struct generation_rule new_rules[] = {
    {"a.example", GENERATION_SUBDOMAINS, GENERATION_BLOCK, GAMBLING, 0},
    {"a.example", GENERATION_SUBDOMAINS, GENERATION_BLOCK, GAMBLING, 1},
};

static struct history *history_of(const struct generation *g, uint64_t newest, const char *text)
{
    struct listed_name name;
    struct history *history = NULL;
    assert_int_equal(normalise_name(span_of(text), &name), REFUSED_NONE);
    assert_int_equal(history_new(g->folder, newest, &name.key, &history), 0);
    return history;
}

static void expect(const struct generation *g, uint64_t newest, const char *name, const char *feed, uint64_t since,
                   bool oldest)
{
    struct history_since found = {0};
    struct history *history = history_of(g, newest, name);
    bool has = history_find(history, feed, &found);
    if (has != (since != 0) || found.generation != since || (has && found.oldest != oldest))
        fail_msg("%s by %s: since %d is wanted, %d is told", name, feed == NULL ? "any" : feed, (int)since,
                 (int)found.generation);
    assert_true(!has || found.built_s > 0);
    history_free(history);
}

static void a_name_is_followed_back_to_where_its_feed_began(void **state)
{
    struct generation g;
    (void)state;
    generation_init(&g, old_rules, 2);
    generation_next(&g, new_rules, 2);
    generation_next(&g, new_rules, 2);
    expect(&g, 3, "www.a.example", "feed-0", 1, true);
    expect(&g, 3, "a.example", "feed-1", 2, false);
    expect(&g, 3, "a.example", NULL, 1, true);
    expect(&g, 3, "b.example", "feed-0", 0, false);
    expect(&g, 3, "a.example", "feed-2", 0, false);
    /* as if an operator had gone back */
    expect(&g, 1, "b.example", "feed-0", 1, true);
    generation_done(&g);
}

static void a_generation_that_is_gone_or_damaged_ends_the_history(void **state)
{
    struct generation g;
    char path[GENERATION_PATH_MAX + 32];
    struct history_since found;
    (void)state;
    generation_init(&g, old_rules, 2);
    generation_next(&g, old_rules, 2);
    generation_next(&g, old_rules, 2);
    snprintf(path, sizeof path, "%s/generation-2.mdb", g.folder);
    assert_int_equal(truncate(path, 100), 0);
    struct history *history = history_of(&g, 3, "a.example");
    assert_true(history_find(history, "feed-0", &found));
    assert_int_equal(found.generation, 3);
    assert_true(found.oldest);
    history_free(history);
    generation_done(&g);
}

static void a_folder_without_generations_is_an_error(void **state)
{
    struct listed_name name;
    struct history *history;
    (void)state;
    assert_int_equal(normalise_name(span_of("a.example"), &name), REFUSED_NONE);
    assert_int_equal(history_new("/nonexistent", 1, &name.key, &history), ERR_NOENT);
    assert_int_equal(history_new("/proc/self/task", 1, &name.key, &history), ERR_NOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_followed_back_to_where_its_feed_began),
        cmocka_unit_test(a_generation_that_is_gone_or_damaged_ends_the_history),
        cmocka_unit_test(a_folder_without_generations_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
