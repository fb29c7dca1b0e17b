#include "operator/origin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/ledger.h"

#define NOW INT64_C(1764403200)

static char folder[64];
static const struct ledger ledger = {.folder = folder, .file_bytes = 4 << 20, .file_max = 10};

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/belisha-origin-XXXXXX");
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_folder(void **state)
{
    char line[128];
    (void)state;
    snprintf(line, sizeof line, "rm -r %s", folder);
    return system(line);
}

static uint64_t append(const char *kind, const char *object, int64_t time_s, const char *reason)
{
    uint64_t number = 0;
    const struct entry entry = {
        .time_s = time_s, .kind = kind, .object = object, .by = "anna", .uid = 1001, .reason = reason};
    assert_int_equal(ledger_append(&ledger, &entry, &number), 0);
    return number;
}

static void origin_tells_the_entries_about_one_thing(void **state)
{
    struct origin origin;
    (void)state;
    append("policy.propose", "version 1", NOW, NULL);
    uint64_t proposed = append("policy.propose", "version 12", NOW, "for chess");
    append("policy.propose", "version 123", NOW, NULL);
    append("decision.block", "decision 12: casino.example", NOW, NULL);
    uint64_t activated = append("policy.activate", "version 12", NOW + 10, NULL);
    append("policy.review", "version 12", NOW + 100, NULL);
    assert_int_equal(origin_find(folder, "version", 12, NOW + 50, &origin), 0);
    assert_int_equal(origin.count, 2);
    assert_int_equal(origin.entries[0].number, proposed);
    assert_string_equal(origin.entries[0].kind, "policy.propose");
    assert_string_equal(origin.entries[0].by, "anna");
    assert_string_equal(origin.entries[0].reason, "for chess");
    assert_int_equal(origin.entries[1].number, activated);
    assert_string_equal(origin.entries[1].reason, "");
    assert_int_equal(origin_find(folder, "decision", 12, NOW + 50, &origin), 0);
    assert_int_equal(origin.count, 1);
    assert_string_equal(origin.entries[0].kind, "decision.block");
}

static void origin_keeps_the_newest_when_there_are_many(void **state)
{
    struct origin origin;
    (void)state;
    for (int i = 0; i < ORIGIN_MAX + 3; i++)
        append("policy.review", "version 7", NOW + i, NULL);
    assert_int_equal(origin_find(folder, "version", 7, INT64_MAX, &origin), 0);
    assert_int_equal(origin.count, ORIGIN_MAX);
    assert_int_equal(origin.left_out, 3);
    assert_int_equal(origin.entries[ORIGIN_MAX - 1].time_s, NOW + ORIGIN_MAX + 2);
}

static void origin_says_that_there_is_no_ledger(void **state)
{
    struct origin origin;
    (void)state;
    assert_int_equal(origin_find(folder, "version", 7, INT64_MAX, &origin), ERR_NOENT);
    assert_int_equal(origin_find("/no/such/folder", "version", 7, INT64_MAX, &origin), ERR_NOENT);
}

int main(void)
{
#define ORIGIN_TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        ORIGIN_TEST(origin_tells_the_entries_about_one_thing),
        ORIGIN_TEST(origin_keeps_the_newest_when_there_are_many),
        ORIGIN_TEST(origin_says_that_there_is_no_ledger),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
