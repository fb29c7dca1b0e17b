/* Texts that never change. */
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

#include "change/versions.h"

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/belisha-versions-XXXXXX");
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_folder(void **state)
{
    char line[128];
    (void)state;
    snprintf(line, sizeof line, "rm -r %s", folder);
    return system(line);
}

static void a_text_is_kept_read_only_and_known_by_its_hash(void **state)
{
    uint8_t hash[CHANGE_HASH_LEN], other[CHANGE_HASH_LEN];
    char path[PATH_MAX], *text = NULL;
    size_t len = 0;
    struct stat st;
    (void)state;
    versions_hash("policy: {}\n", 11, hash);
    versions_hash("policy: []\n", 11, other);
    assert_int_equal(versions_put(folder, 12, "policy: {}\n", 11), 0);
    assert_int_equal(versions_path(folder, 12, path), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0444);
    assert_int_equal(versions_get(folder, 12, hash, &text, &len), 0);
    assert_string_equal(text, "policy: {}\n");
    free(text);
    assert_int_equal(versions_get(folder, 12, other, &text, &len), ERR_DAMAGED);
    assert_int_equal(versions_get(folder, 13, hash, &text, &len), ERR_NOENT);
}

static void current_leads_to_one_in_one_step(void **state)
{
    char path[128];
    (void)state;
    assert_int_equal(versions_current(folder), 0);
    assert_int_equal(versions_put(folder, 1, "a", 1), 0);
    assert_int_equal(versions_set_current(folder, 1), 0);
    assert_int_equal(versions_current(folder), 1);
    assert_int_equal(versions_set_current(folder, 1234567), 0);
    assert_int_equal(versions_current(folder), 1234567);
    snprintf(path, sizeof path, "%s/current", folder);
    unlink(path);
    assert_int_equal(symlink("../elsewhere", path), 0);
    assert_int_equal(versions_current(folder), 0);
}

static void what_can_not_be_written_is_said(void **state)
{
    (void)state;
    assert_int_equal(versions_put("/nowhere/at/all", 1, "a", 1), ERR_NOENT);
    assert_true(versions_set_current("/nowhere/at/all", 1) < 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        TEST(a_text_is_kept_read_only_and_known_by_its_hash),
        TEST(current_leads_to_one_in_one_step),
        TEST(what_can_not_be_written_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
