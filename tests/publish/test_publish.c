#include "publish/publish.h"

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

#include "blockdb/blockdb.h"
#include "support/generation.h"
#include "support/unsorted.h"

static const struct generation_rule RULES[] = {
    {"bet.example", GENERATION_SUBDOMAINS, GENERATION_BLOCK, CATEGORY_BIT(CATEGORY_GAMBLING), 0},
    {"ok.bet.example", GENERATION_EXACT, GENERATION_ALLOW, CATEGORY_BIT(CATEGORY_GAMBLING), 0},
};

static bool exists(const struct generation *g, const char *name)
{
    char path[2 * GENERATION_PATH_MAX];
    struct stat st;
    (void)snprintf(path, sizeof(path), "%s/%s", g->folder, name);
    return lstat(path, &st) == 0;
}

static void make_file(const struct generation *g, const char *name)
{
    char path[2 * GENERATION_PATH_MAX];
    (void)snprintf(path, sizeof(path), "%s/%s", g->folder, name);
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    close(fd);
}

/* Publishes one name, bet.example, with the given checks. */
static int publish_one(const char *folder, const struct publish_checks *checks, struct publish_result *out, char *why)
{
    struct unsorted *unsorted = unsorted_new();
    struct trie_stats stats;
    struct publish *p;
    struct name_key key = {.whole = true, .labels = 2, .len = 11, .bytes = "example\0bet"};
    const struct trie_item item = {.self.block = 2, .below.block = 2};
    const struct publish_feed feed = {.name = "one", .licence = "MIT", .source = "file:", .categories = 2};

    unsorted_add(unsorted, &key, &item);
    struct trie *trie = unsorted_build(unsorted, 1, &stats);
    int err = publish_begin(&(struct publish_opts){.folder = folder, .keep = 2, .built_s = 5}, &p, why);
    if (err == 0) {
        assert_int_equal(publish_put_feeds(p, &feed, 1), 0);
        assert_int_equal(publish_put_trie(p, trie), 0);
        err = publish_commit(p, checks, out, why);
    }
    trie_free(trie);
    return err;
}

static void publish_numbers_generations_and_moves_the_link(void **state)
{
    char target[64] = "";
    struct generation g;
    (void)state;
    generation_init(&g, RULES, 2);
    assert_true(readlink(g.current, target, sizeof(target) - 1) > 0);
    assert_string_equal(target, "generation-1.mdb");
    generation_next(&g, RULES, 2);
    memset(target, 0, sizeof(target));
    assert_true(readlink(g.current, target, sizeof(target) - 1) > 0);
    assert_string_equal(target, "generation-2.mdb");
    assert_true(exists(&g, "generation-1.mdb"));
    assert_false(exists(&g, "generation-2.mdb.tmp"));
    assert_false(exists(&g, "current.tmp"));
    assert_false(exists(&g, "generation-2.mdb-lock"));
    generation_done(&g);
}

static void publish_keeps_the_last_generations_and_the_current_one(void **state)
{
    struct generation g;
    (void)state;
    generation_init(&g, RULES, 2);
    make_file(&g, "generation-note.txt");
    make_file(&g, "generation-01.mdb");
    for (int i = 0; i < 9; i++)
        generation_next(&g, RULES, 2);
    assert_false(exists(&g, "generation-7.mdb"));
    assert_true(exists(&g, "generation-8.mdb"));
    assert_true(exists(&g, "generation-9.mdb"));
    assert_true(exists(&g, "generation-10.mdb"));
    assert_true(exists(&g, "generation-note.txt"));
    assert_true(exists(&g, "generation-01.mdb"));
    generation_done(&g);
}

static void publish_removes_what_a_killed_run_left(void **state)
{
    struct generation g;
    (void)state;
    generation_init(&g, RULES, 2);
    make_file(&g, "generation-2.mdb.tmp");
    make_file(&g, "generation-99.mdb.tmp");
    make_file(&g, "current.tmp");
    generation_next(&g, RULES, 2);
    assert_int_equal(g.number, 2);
    assert_false(exists(&g, "generation-99.mdb.tmp"));
    assert_false(exists(&g, "current.tmp"));
    generation_done(&g);
}

static void publish_refuses_a_second_writer(void **state)
{
    struct generation g;
    struct publish *first, *second;
    char why[PUBLISH_WHY_MAX] = "";
    (void)state;
    generation_init(&g, RULES, 2);
    const struct publish_opts opts = {.folder = g.folder, .keep = 1};
    assert_int_equal(publish_begin(&opts, &first, why), 0);
    assert_int_equal(publish_begin(&opts, &second, why), ERR_BUSY);
    assert_true(why[0] != 0);
    publish_abort(first);
    assert_int_equal(publish_begin(&opts, &second, why), 0);
    publish_abort(second);
    generation_done(&g);
}

static void publish_refuses_wrong_options(void **state)
{
    struct publish *p;
    char why[PUBLISH_WHY_MAX] = "";
    (void)state;
    assert_int_equal(publish_begin(&(struct publish_opts){.folder = "/", .keep = 0}, &p, why), ERR_INVAL);
    assert_int_equal(publish_begin(&(struct publish_opts){.folder = "/nonexistent/x", .keep = 1}, &p, why), ERR_NOENT);
}

static void a_failed_check_leaves_the_old_generation(void **state)
{
    static const uint8_t BELOW[] = "\3www\3bet\7example";
    static const uint8_t OTHER[] = "\5other\7example";
    static const uint8_t *const PROTECTED[] = {OTHER, BELOW};
    static const struct publish_sample WRONG[] = {{BELOW, 2}, {OTHER, 2}};
    static const struct publish_sample WRONG_CATEGORY[] = {{BELOW, 2 | 4}};
    static const struct publish_checks FAILING[] = {
        {.protected_names = PROTECTED, .protected_count = 2},
        {.samples = WRONG, .sample_count = 2},
        {.samples = WRONG_CATEGORY, .sample_count = 1},
    };
    static const struct publish_checks PASSING = {
        .samples = WRONG, .sample_count = 1, .protected_names = PROTECTED, .protected_count = 1};
    struct generation g;
    struct publish_result result;
    (void)state;
    generation_init(&g, RULES, 2);
    for (size_t i = 0; i < sizeof FAILING / sizeof FAILING[0]; i++) {
        char target[64] = "";
        char why[PUBLISH_WHY_MAX] = "";
        assert_int_equal(publish_one(g.folder, &FAILING[i], &result, why), ERR_DAMAGED);
        assert_non_null(strstr(why, "example"));
        assert_true(readlink(g.current, target, sizeof(target) - 1) > 0);
        assert_string_equal(target, "generation-1.mdb");
        assert_false(exists(&g, "generation-2.mdb"));
        assert_false(exists(&g, "generation-2.mdb.tmp"));
    }
    assert_int_equal(publish_one(g.folder, &PASSING, &result, NULL), 0);
    assert_int_equal(result.generation, 2);
    assert_int_equal(result.name_count, 1);
    assert_int_equal(result.removed, 0);
    assert_true(result.file_bytes > 4096);
    assert_int_equal(publish_one(g.folder, &PASSING, &result, NULL), 0);
    assert_int_equal(result.removed, 1);
    generation_done(&g);
}

static void publish_follows_a_link_that_was_set_back(void **state)
{
    struct generation g;
    (void)state;
    generation_init(&g, RULES, 2);
    generation_next(&g, RULES, 2);
    assert_int_equal(unlink(g.current), 0);
    assert_int_equal(symlink("generation-1.mdb", g.current), 0);
    generation_next(&g, RULES, 2);
    assert_int_equal(g.number, 3);
    generation_done(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(publish_numbers_generations_and_moves_the_link),
        cmocka_unit_test(publish_keeps_the_last_generations_and_the_current_one),
        cmocka_unit_test(publish_removes_what_a_killed_run_left),
        cmocka_unit_test(publish_refuses_a_second_writer),
        cmocka_unit_test(publish_refuses_wrong_options),
        cmocka_unit_test(a_failed_check_leaves_the_old_generation),
        cmocka_unit_test(publish_follows_a_link_that_was_set_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
