#include "blocklist-compiler/runs.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <jansson.h>

#define NOON INT64_C(1795348800) /* 2026-11-22 12:00:00 UTC */

static int set_up(void **state)
{
    char *dir = strdup("/tmp/belisha-runs-XXXXXX");
    assert_non_null(mkdtemp(dir));
    *state = dir;
    return 0;
}

static int tear_down(void **state)
{
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", (char *)*state);
    free(*state);
    return system(command);
}

static int write_run(const char *dir, int64_t now_s, enum report_outcome outcome)
{
    struct report report = {.outcome = outcome, .why = "because", .now_s = now_s, .generation = 3};
    return runs_write(dir, &report);
}

static int count_files(const char *dir, const char *suffix)
{
    char path[128];
    int count = 0;
    snprintf(path, sizeof path, "%s/runs", dir);
    DIR *folder = opendir(path);
    assert_non_null(folder);
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
        count += strstr(entry->d_name, suffix) != NULL;
    closedir(folder);
    return count;
}

static bool exists(const char *dir, const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/runs/%s", dir, name);
    return access(path, R_OK) == 0;
}

static void runs_keeps_a_record_of_every_outcome(void **state)
{
    const char *dir = *state;
    char path[128];
    assert_int_equal(write_run(dir, NOON, REPORT_PUBLISHED), 0);
    assert_int_equal(write_run(dir, NOON, REPORT_UNCHANGED), 0); /* in the same second */
    assert_int_equal(write_run(dir, NOON + 1, REPORT_FAILED), 0);
    assert_true(exists(dir, "20261122T120000Z.json"));
    assert_true(exists(dir, "20261122T120000Z-2.json"));
    assert_int_equal(count_files(dir, ".json"), 3);
    assert_int_equal(count_files(dir, ".tmp"), 0);
    snprintf(path, sizeof path, "%s/runs/20261122T120001Z.json", dir);
    json_t *record = json_load_file(path, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(record, "outcome")), "not-published");
    assert_string_equal(json_string_value(json_object_get(record, "reason")), "because");
    json_decref(record);
}

static void runs_lets_old_records_and_leftovers_go(void **state)
{
    const char *dir = *state;
    char path[128];
    for (int i = 0; i < RUNS_MAX; i++)
        assert_int_equal(write_run(dir, NOON + i, REPORT_UNCHANGED), 0);
    assert_int_equal(count_files(dir, ".json"), RUNS_MAX);
    assert_int_equal(write_run(dir, NOON + RUNS_MAX, REPORT_UNCHANGED), 0);
    assert_int_equal(count_files(dir, ".json"), RUNS_MAX);
    assert_false(exists(dir, "20261122T120000Z.json"));
    assert_true(exists(dir, "20261122T120001Z.json"));
    static const char *const others[] = {".20261121T000000Z.7.tmp", ".20271231T000000Z.8.tmp", "notes.txt"};
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/runs/%s", dir, others[i]);
        fclose(fopen(path, "we"));
    }
    assert_int_equal(write_run(dir, NOON + RUNS_AGE_MAX_S + 300, REPORT_UNCHANGED), 0);
    assert_false(exists(dir, "20261122T120400Z.json")); /* too old by now */
    assert_true(exists(dir, "20261122T120600Z.json"));
    assert_false(exists(dir, others[0]));
    assert_true(exists(dir, others[1])); /* of a run that still writes */
    assert_true(exists(dir, others[2]));
}

static void runs_says_when_nothing_can_be_kept(void **state)
{
    (void)state;
    assert_int_equal(write_run("/nonexistent", NOON, REPORT_FAILED), ERR_NOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(runs_keeps_a_record_of_every_outcome, set_up, tear_down),
        cmocka_unit_test_setup_teardown(runs_lets_old_records_and_leftovers_go, set_up, tear_down),
        cmocka_unit_test(runs_says_when_nothing_can_be_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
