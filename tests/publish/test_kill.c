/* A compiler killed at any moment: the link names a whole generation, and the next run works. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "blockdb/blockdb.h"
#include "dns/name.h"
#include "support/generation.h"

#define NAMES   3000
#define KILLS   25
#define STEP_US 2000 /* each child lives this much longer than the one before */

static struct generation_rule rules[NAMES];
static char texts[NAMES][32];

static void rules_fill(void)
{
    for (unsigned i = 0; i < NAMES; i++) {
        (void)snprintf(texts[i], sizeof(texts[i]), "name%u.example", i);
        rules[i] = (struct generation_rule){texts[i], GENERATION_SUBDOMAINS, GENERATION_BLOCK, 1, 0};
    }
}

/* Publishes again and again until it is killed. */
static pid_t start_child(const struct generation *g)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid > 0)
        return pid;
    struct generation mine = *g;
    for (;;)
        generation_next(&mine, rules, NAMES);
}

static uint64_t check_current(const struct generation *g)
{
    struct blockdb *db;
    char why[256] = "";
    struct blockdb_match match;
    uint8_t name[NAME_MAX_LEN];
    struct name_key key;

    if (blockdb_open(g->current, &db, why, sizeof(why)) < 0)
        fail_msg("%s", why);
    assert_true(name_from_text("a.name2999.example", 18, name) > 0);
    name_key_make(name, &key);
    blockdb_lookup(db, &key, &match);
    assert_int_equal(match.categories, 1);
    assert_int_equal(blockdb_name_count(db), NAMES);
    uint64_t generation = blockdb_generation(db);
    blockdb_close(db);
    return generation;
}

static void a_kill_at_any_moment_leaves_a_whole_generation(void **state)
{
    struct generation g;
    uint64_t last = 1;
    (void)state;
    rules_fill();
    generation_init(&g, rules, NAMES);
    for (unsigned i = 0; i < KILLS; i++) {
        const struct timespec life = {.tv_nsec = (long)(i + 1) * STEP_US * 1000};
        pid_t pid = start_child(&g);
        (void)nanosleep(&life, NULL);
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        uint64_t generation = check_current(&g);
        assert_true(generation >= last);
        last = generation;
    }
    generation_next(&g, rules, NAMES);
    assert_true(g.number > last);
    assert_int_equal(check_current(&g), g.number);
    generation_done(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_kill_at_any_moment_leaves_a_whole_generation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
