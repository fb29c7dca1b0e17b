#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "control/names.h"

static void put(struct names *names, uint32_t version, const char *first, const char *second)
{
    const struct policy_group groups[] = {{.name = first}, {.name = second}};
    const struct policy_opts policy = {.groups = groups, .group_count = 2, .version = version};
    names_put_policy(names, &policy);
}

static void names_remember_the_groups_of_earlier_policies(void **state)
{
    struct names *names;
    (void)state;
    assert_int_equal(names_new(&names), 0);
    put(names, 1, "pupils", "staff");
    put(names, 2, "staff", "guests");
    assert_string_equal(names_group(names, 1, 0), "pupils");
    assert_string_equal(names_group(names, 2, 0), "staff");
    assert_ptr_equal(names_group(names, 1, 1), names_group(names, 2, 0)); /* kept once */
    assert_null(names_group(names, 2, 2));
    assert_null(names_group(names, 3, 0));
    assert_string_equal(names_group(names, 3, POLICY_GROUP_DEFAULT), "default");
    assert_string_equal(names_group(names, 3, POLICY_GROUP_DENIED), "-");
    names_free(names);
}

static void names_forget_the_oldest_and_replace_the_same(void **state)
{
    struct names *names;
    char text[16];
    (void)state;
    assert_int_equal(names_new(&names), 0);
    for (uint32_t version = 1; version <= NAMES_SETS_MAX; version++) {
        snprintf(text, sizeof text, "group-%u", version);
        put(names, version, text, "x");
    }
    put(names, 5, "renamed", "x");
    assert_string_equal(names_group(names, 5, 0), "renamed");
    for (uint32_t version = 1; version <= NAMES_SETS_MAX; version++)
        assert_non_null(names_group(names, version, 0));
    put(names, 99, "new", "x");
    assert_null(names_group(names, 1, 0));
    assert_string_equal(names_group(names, 2, 0), "group-2");
    assert_string_equal(names_group(names, 5, 0), "renamed");
    names_free(names);
}

static void names_of_upstreams_are_those_of_the_last_configuration(void **state)
{
    const struct query_server before[] = {{.name = "one"}, {.name = "two"}};
    const struct query_server after[] = {{.name = "three"}};
    struct query_opts opts = {.servers = before, .server_count = 2};
    struct names *names;
    (void)state;
    assert_int_equal(names_new(&names), 0);
    assert_null(names_upstream(names, 0));
    names_put_upstreams(names, &opts);
    assert_string_equal(names_upstream(names, 1), "two");
    opts = (struct query_opts){.servers = after, .server_count = 1};
    names_put_upstreams(names, &opts);
    assert_string_equal(names_upstream(names, 0), "three");
    assert_null(names_upstream(names, 1));
    names_free(names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_remember_the_groups_of_earlier_policies),
        cmocka_unit_test(names_forget_the_oldest_and_replace_the_same),
        cmocka_unit_test(names_of_upstreams_are_those_of_the_last_configuration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
