#include "service/rulings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define NOW INT64_C(1795000000)

static struct policy *policy_of_one_level(void)
{
    static const struct policy_level level = {.name = "all"};
    const struct policy_opts opts = {.levels = &level, .level_count = 1};
    struct policy *policy;
    assert_int_equal(policy_new(&opts, &policy), 0);
    return policy;
}

static uint32_t block_found(const struct orders *orders, const uint8_t *name, int64_t now_s)
{
    const struct table_who who = {.group = POLICY_GROUP_DEFAULT};
    struct table_found found;
    table_find(orders->table, name, &who, now_s, &found);
    return found.block.id;
}

static void orders_free(struct orders *orders)
{
    table_free(orders->table);
    free(orders);
}

/* A machine without a clock of its own starts far ahead, and is set right a minute later. */
static void a_block_that_a_clock_ahead_took_for_over_holds_when_it_is_set_right(void **state)
{
    char dir[] = "/tmp/belisha-rulings-XXXXXX";
    char path[64];
    char public[64];
    struct rulings rulings = {0};
    struct orders *orders;
    struct decision block = {
        .kind = DECISION_BLOCK, .below = true, .made_s = NOW, .until_s = NOW + 3600, .reason = "a test"};
    uint32_t id;
    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/decisions", dir);
    snprintf(public, sizeof public, "%s/public", dir);
    const struct config config = {.decisions_dir = dir, .decisions_path = path, .decisions_public = public};
    struct policy *policy = policy_of_one_level();
    memcpy(block.name, "\6casino\7example", 16);
    assert_int_equal(rulings_open(&rulings, &config, NOW), 0);
    assert_int_equal(docket_add(rulings.docket, &block, NOW, &id), 0);

    assert_int_equal(rulings_orders(&rulings, &config, policy, NOW + 100000, &orders), 0);
    assert_int_equal(block_found(orders, block.name, NOW + 60), 0);
    orders_free(orders);
    assert_false(rulings_are_ahead(&rulings, NOW + 100000));
    assert_true(rulings_are_ahead(&rulings, NOW + 60));

    assert_int_equal(rulings_orders(&rulings, &config, policy, NOW + 60, &orders), 0);
    assert_int_equal(block_found(orders, block.name, NOW + 60), id);
    assert_false(rulings_are_ahead(&rulings, NOW + 61));
    orders_free(orders);
    rulings_close(&rulings);
    policy_free(policy);
    unlink(path);
    unlink(public);
    assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_that_a_clock_ahead_took_for_over_holds_when_it_is_set_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
