#include "feed/suffix.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static bool check(const struct suffix_set *set, const char *text)
{
    struct listed_name name;
    assert_int_equal(normalise_name(span_of(text), &name), REFUSED_NONE);
    return suffix_check(set, &name);
}

static struct suffix_set *load(const char *list)
{
    char path[] = "/tmp/belisha-suffix-XXXXXX";
    struct suffix_set *set = NULL;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, list, strlen(list)), strlen(list));
    close(fd);
    assert_int_equal(suffix_new(path, &set), 0);
    unlink(path);
    return set;
}

static void suffix_follows_the_rules_of_the_list(void **state)
{
    static const struct {
        const char *name;
        bool suffix;
    } rows[] = {
        {"uk", true},
        {"co.uk", true},
        {"example.co.uk", false},
        {"xco.uk", false},
        {"a.ck", true},
        {"b.a.ck", false},
        {"www.ck", false}, /* an exception to the wildcard */
        {"xn--55qx5d.cn", true},
        {"blog.example", false}, /* in the private part */
        {"unknown", false},
    };
    struct suffix_set *set = load("// ===BEGIN ICANN DOMAINS===\nuk\nco.uk // comment\nck\n*.ck\n!www.ck\ncn\n公司.cn\n"
                                  "// ===BEGIN PRIVATE DOMAINS===\nblog.example\n");
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (check(set, rows[i].name) != rows[i].suffix)
            print_message("%s\n", rows[i].name);
        assert_int_equal(check(set, rows[i].name), rows[i].suffix);
    }
    suffix_free(set);
}

static void suffix_knows_the_usual_ones_without_a_copy_of_the_list(void **state)
{
    struct suffix_set *set = NULL;
    (void)state;
    assert_int_equal(suffix_new("/nonexistent", &set), 0);
    assert_true(check(set, "co.uk"));
    assert_true(check(set, "com"));
    assert_false(check(set, "example.com"));
    assert_true(suffix_time_s(set) > 0);
    suffix_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(suffix_follows_the_rules_of_the_list),
        cmocka_unit_test(suffix_knows_the_usual_ones_without_a_copy_of_the_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
