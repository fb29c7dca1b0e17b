/* The newest entry of a kind. */
#include "fixture.h"

#include "ledger/recent.h"

static void put(const char *kind, const char *object)
{
    uint64_t number;
    const struct entry entry = {.time_s = NOW, .kind = kind, .object = object, .by = "anna", .uid = 1001};
    assert_int_equal(ledger_append(&ledger, &entry, &number), 0);
}

static void the_newest_of_a_kind_is_found(void **state)
{
    struct entry_read read;
    (void)state;
    put("policy.propose", "version 1");
    put("policy.approve", "version 1");
    put("log.search", "log");
    assert_int_equal(recent_find(&ledger, "policy.", &read), 0);
    assert_string_equal(read.entry.kind, "policy.approve");
    assert_int_equal(read.entry.number, 2);
    entry_read_done(&read);
    assert_int_equal(recent_find(&ledger, "policy.propose", &read), 0);
    assert_int_equal(read.entry.number, 1);
    entry_read_done(&read);
    assert_int_equal(recent_find(&ledger, "rights.", &read), ERR_NOENT);
}

static void damaged_and_torn_lines_are_passed_over(void **state)
{
    struct entry_read read;
    (void)state;
    assert_int_equal(recent_find(&ledger, "test", &read), ERR_NOENT);
    append("a");
    FILE *file = fopen(path_of(LEDGER_FILE), "a");
    fputs("damaged\n\n{\"n\":2,\"kind\":\"te", file);
    fclose(file);
    assert_int_equal(recent_find(&ledger, "test", &read), 0);
    assert_string_equal(read.entry.object, "a");
    entry_read_done(&read);
    assert_int_equal(verify().entries, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        TEST(the_newest_of_a_kind_is_found),
        TEST(damaged_and_torn_lines_are_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
