/* Pseudonyms and their key. */
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

#include "ship/pseudonym.h"

static char dir[] = "/tmp/belisha-pseudonym-XXXXXX";
static char path[64];

static int set_up(void **state)
{
    (void)state;
    strcpy(dir + strlen(dir) - 6, "XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/key", dir);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(dir);
}

static void write_key(const char *text)
{
    FILE *to = fopen(path, "w");
    assert_non_null(to);
    fputs(text, to);
    fclose(to);
    assert_int_equal(chmod(path, 0600), 0);
}

static void one_person_is_one_number_wherever_the_key_is_the_same(void **state)
{
    struct pseudonym_key a, b;
    char why[SECRET_WHY_MAX];
    (void)state;
    write_key("0123456789abcdef0123456789abcdef\n");
    assert_int_equal(pseudonym_key_load(path, &a, why), 0);
    assert_int_equal(pseudonym_key_load(path, &b, why), 0);
    assert_true(pseudonym(&a, PSEUDONYM_USER, "", "jones") == pseudonym(&b, PSEUDONYM_USER, "", "jones"));
    write_key("0123456789abcdef0123456789abcdeX\n");
    assert_int_equal(pseudonym_key_load(path, &b, why), 0);
    assert_true(pseudonym(&a, PSEUDONYM_USER, "", "jones") != pseudonym(&b, PSEUDONYM_USER, "", "jones"));
}

static void kind_scope_and_name_all_count(void **state)
{
    const struct pseudonym_key key = {{1, 2, 3}};
    uint64_t jones = pseudonym(&key, PSEUDONYM_USER, "", "jones");
    (void)state;
    assert_true(jones != 0);
    assert_true(jones != pseudonym(&key, PSEUDONYM_DEVICE, "", "jones"));
    assert_true(jones != pseudonym(&key, PSEUDONYM_USER, "oakfield", "jones"));
    assert_true(jones != pseudonym(&key, PSEUDONYM_USER, "", "joneS"));
    assert_true(pseudonym(&key, PSEUDONYM_USER, "a", "bc") != pseudonym(&key, PSEUDONYM_USER, "ab", "c"));
}

static void a_key_that_is_drawn_is_for_its_owner_alone_and_not_written_over(void **state)
{
    struct pseudonym_key key;
    char why[SECRET_WHY_MAX];
    struct stat st;
    (void)state;
    assert_int_equal(pseudonym_key_make(path), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0400);
    assert_int_equal(pseudonym_key_load(path, &key, why), 0);
    assert_int_equal(pseudonym_key_make(path), ERR_EXIST);
}

static void a_short_key_is_refused_with_a_reason(void **state)
{
    struct pseudonym_key key;
    char why[SECRET_WHY_MAX] = "";
    (void)state;
    write_key("0123456789abcdef0123456789abcde\n");
    assert_int_equal(pseudonym_key_load(path, &key, why), ERR_LIMIT);
    assert_non_null(strstr(why, "31 bytes"));
}

static void a_key_that_everybody_may_read_is_refused(void **state)
{
    struct pseudonym_key key;
    char why[SECRET_WHY_MAX] = "";
    (void)state;
    write_key("0123456789abcdef0123456789abcdef\n");
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(pseudonym_key_load(path, &key, why), ERR_CONFIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_person_is_one_number_wherever_the_key_is_the_same, set_up, tear_down),
        cmocka_unit_test(kind_scope_and_name_all_count),
        cmocka_unit_test_setup_teardown(a_key_that_is_drawn_is_for_its_owner_alone_and_not_written_over, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_short_key_is_refused_with_a_reason, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_key_that_everybody_may_read_is_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
