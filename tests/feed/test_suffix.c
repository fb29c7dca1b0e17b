#include "feed/suffix.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static enum suffix_kind check(const struct suffix_set *set, const char *text)
{
    struct listed_name name;
    assert_int_equal(normalise_name(span_of(text), &name), REFUSED_NONE);
    return suffix_find(set, &name);
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
        enum suffix_kind kind;
    } rows[] = {
        {"uk", SUFFIX_ICANN},
        {"co.uk", SUFFIX_ICANN},
        {"example.co.uk", SUFFIX_NONE},
        {"xco.uk", SUFFIX_NONE},
        {"a.ck", SUFFIX_ICANN},
        {"b.a.ck", SUFFIX_NONE},
        {"www.ck", SUFFIX_NONE},  /* an exception to the wildcard */
        {"sch.uk", SUFFIX_ICANN}, /* all below are suffixes */
        {"a.sch.uk", SUFFIX_ICANN},
        {"b.a.sch.uk", SUFFIX_NONE},
        {"cloud.example", SUFFIX_PRIVATE},
        {"xn--55qx5d.cn", SUFFIX_ICANN},
        {"blog.example", SUFFIX_PRIVATE},
        {"my.blog.example", SUFFIX_NONE},
        {"cloud.example", SUFFIX_PRIVATE},        /* covers all the machines */
        {"machine-1.cloud.example", SUFFIX_NONE}, /* one of them */
        {"unknown", SUFFIX_NONE},
    };
    struct suffix_set *set =
        load("// ===BEGIN ICANN DOMAINS===\nuk\n*.sch.uk\nco.uk // comment\nck\n*.ck\n!www.ck\ncn\n公司.cn\n"
             "// ===END ICANN DOMAINS===\n// ===BEGIN PRIVATE DOMAINS===\nblog.example\n*.cloud.example\n// ===END "
             "PRIVATE DOMAINS===\n");
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (check(set, rows[i].name) != rows[i].kind)
            print_message("%s\n", rows[i].name);
        assert_int_equal(check(set, rows[i].name), rows[i].kind);
    }
    assert_int_equal(suffix_origin(set), SUFFIX_GIVEN);
    suffix_free(set);
}

static void suffix_tells_when_its_list_was_made(void **state)
{
    struct suffix_set *set = load("// VERSION: 2026-02-11_10-20-30_UTC\n// VERSION: 2001-02-11_10-20-30_UTC\nuk\n");
    (void)state;
    assert_int_equal(suffix_time_s(set), 1770805230);
    assert_int_equal(suffix_rule_count(set), 1);
    suffix_free(set);
    set = load("// no version\nuk\n");
    assert_true(suffix_time_s(set) > 1770805230); /* the file's own time */
    suffix_free(set);
}

static void suffix_knows_the_usual_ones_without_a_copy_of_the_list(void **state)
{
    struct suffix_set *set = NULL;
    (void)state;
    assert_int_equal(suffix_new("/nonexistent", &set), 0);
    assert_int_equal(check(set, "co.uk"), SUFFIX_ICANN);
    assert_int_equal(check(set, "com"), SUFFIX_ICANN);
    assert_int_equal(check(set, "sch.uk"), SUFFIX_ICANN);
    assert_int_equal(check(set, "github.io"), SUFFIX_PRIVATE);
    assert_int_equal(check(set, "example.com"), SUFFIX_NONE);
    assert_int_equal(suffix_origin(set), SUFFIX_BUILT_IN);
    assert_int_equal(suffix_rule_count(set), 0);
    assert_true(suffix_time_s(set) > 0);
    suffix_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(suffix_follows_the_rules_of_the_list),
        cmocka_unit_test(suffix_tells_when_its_list_was_made),
        cmocka_unit_test(suffix_knows_the_usual_ones_without_a_copy_of_the_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
