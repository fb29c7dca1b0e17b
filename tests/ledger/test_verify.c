/* What was done to a ledger afterwards shows, with file and line. */
#include "fixture.h"

static char *read_ledger(void)
{
    static char bytes[1 << 16];
    FILE *file = fopen(path_of(LEDGER_FILE), "r");
    assert_non_null(file);
    bytes[fread(bytes, 1, sizeof bytes - 1, file)] = '\0';
    fclose(file);
    return bytes;
}

static void write_ledger(const char *bytes)
{
    FILE *file = fopen(path_of(LEDGER_FILE), "w");
    assert_non_null(file);
    fputs(bytes, file);
    fclose(file);
}

static char *line_of(char *bytes, int number)
{
    for (; number > 1; number--)
        bytes = strchr(bytes, '\n') + 1;
    return bytes;
}

static int make_five(void **state)
{
    int err = make_folder(state);
    static const char *const objects[] = {"one", "two", "three", "four", "five"};
    for (size_t i = 0; i < 5 && err == 0; i++)
        err = append_as(objects[i], "anna");
    return err;
}

static void assert_fault(unsigned count, unsigned line, const char *why)
{
    struct verify_report report = verify();
    assert_int_equal(report.faults, count);
    assert_int_equal(fault_line, line);
    assert_non_null(strstr(fault_why, why));
    verify_elsewhere(false);
}

static void a_changed_word_shows_in_the_next_line(void **state)
{
    (void)state;
    char *bytes = read_ledger();
    memcpy(strstr(bytes, "three"), "THREE", 5);
    write_ledger(bytes);
    assert_fault(1, 4, "does not go on from the line before it");
}

static void a_changed_last_line_shows_by_the_head(void **state)
{
    (void)state;
    char *bytes = read_ledger();
    memcpy(strstr(bytes, "five"), "FIVE", 4);
    write_ledger(bytes);
    assert_fault(1, 5, "is not the line that the head tells of");
}

static void a_line_that_is_gone_shows(void **state)
{
    (void)state;
    char *bytes = read_ledger();
    char *third = line_of(bytes, 3), *fourth = line_of(bytes, 4);
    memmove(third, fourth, strlen(fourth) + 1);
    write_ledger(bytes);
    assert_fault(2, 3, "entry 4 follows entry 2");
}

static void a_damaged_line_is_told_and_the_others_are_read(void **state)
{
    (void)state;
    char *bytes = read_ledger();
    *line_of(bytes, 2) = 'x';
    write_ledger(bytes);
    struct verify_report report = verify();
    assert_int_equal(report.entries, 4);
    assert_int_equal(report.faults, 2); /* the line, and the one that goes on from what it was */
    verify_elsewhere(false);
    assert_int_equal(append("six"), 6);
}

static void lines_gone_from_the_end_show_and_stay_shown(void **state)
{
    (void)state;
    char *bytes = read_ledger();
    *line_of(bytes, 4) = '\0';
    write_ledger(bytes);
    assert_fault(1, 1, "entries 4 to 5 are gone from the end");
    assert_string_equal(fault_file, LEDGER_HEAD);
    /* Going on hides nothing: what the head said is written down, and numbers go on behind it. */
    assert_int_equal(append("later"), 7);
    assert_non_null(strstr(read_ledger(), "\"kind\":\"ledger.broken\""));
    assert_non_null(strstr(read_ledger(), "\"head\":5"));
    assert_fault(1, 4, "entry 6 follows entry 3");
}

static void a_ledger_that_is_gone_shows(void **state)
{
    (void)state;
    assert_int_equal(unlink(path_of(LEDGER_FILE)), 0);
    assert_int_equal(append("new"), 7);
    assert_true(verify().faults > 0);
    verify_elsewhere(false);
}

static void lines_gone_from_the_beginning_show(void **state)
{
    (void)state;
    char *bytes = read_ledger();
    write_ledger(line_of(bytes, 3));
    struct verify_report report = verify();
    assert_int_equal(report.faults, 1);
    assert_non_null(strstr(fault_why, "entries up to 2 are gone"));
    verify_elsewhere(false);
}

static void a_head_that_is_gone_or_damaged_shows(void **state)
{
    (void)state;
    FILE *file = fopen(path_of(LEDGER_HEAD), "w");
    fputs("belisha ledger head five\n", file);
    fclose(file);
    assert_fault(1, 1, "no head");
    assert_int_equal(unlink(path_of(LEDGER_HEAD)), 0);
    assert_fault(1, 1, "the head is not there");
}

static void a_last_line_that_is_none_of_ours_is_gone_on_from(void **state)
{
    (void)state;
    FILE *file = fopen(path_of(LEDGER_FILE), "a");
    fputs("what is this\n", file);
    fclose(file);
    assert_int_equal(append("after"), 7);
    struct verify_report report = verify();
    assert_int_equal(report.faults, 1);
    assert_int_equal(fault_line, 6);
    verify_elsewhere(false);
}

/* A ledger that is written anew by somebody who has not the key. */
static void what_is_signed_can_not_be_written_anew(void **state)
{
    char key[160];
    struct signing_public public;
    bool made = false;
    (void)state;
    snprintf(key, sizeof key, "%s/keys/ledger.key", folder);
    ledger.key = key;
    assert_int_equal(ledger_make_key(&ledger, &public, &made), 0);
    assert_true(made);
    append("six");
    struct verify_report report = verify();
    assert_int_equal(report.faults, 0);
    assert_true(report.head_signed);
    append("seven");
    report = verify();
    assert_true(report.head_signed);
    assert_int_equal(report.last, 7);
    verify_elsewhere(true);
    ledger.key = NULL;
    char *bytes = read_ledger();
    *line_of(bytes, 3) = '\0';
    write_ledger(bytes);
    assert_int_equal(unlink(path_of(LEDGER_HEAD)), 0);
    append("forged");
    report = verify();
    assert_true(report.faults > 0);
    assert_false(report.head_signed);
    verify_elsewhere(false);
}

static void nothing_is_an_error_and_an_empty_file_is_none(void **state)
{
    struct verify_report report;
    const struct verify_opts opts = {.folder = folder};
    (void)state;
    assert_int_equal(ledger_verify(&opts, &report), ERR_NOENT);
    write_ledger("");
    assert_int_equal(ledger_verify(&opts, &report), 0);
    assert_int_equal(report.faults, 0);
    assert_int_equal(report.entries, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_five, remove_folder)
    const struct CMUnitTest tests[] = {
        TEST(a_changed_word_shows_in_the_next_line),
        TEST(a_changed_last_line_shows_by_the_head),
        TEST(a_line_that_is_gone_shows),
        TEST(a_damaged_line_is_told_and_the_others_are_read),
        TEST(lines_gone_from_the_end_show_and_stay_shown),
        TEST(a_ledger_that_is_gone_shows),
        TEST(lines_gone_from_the_beginning_show),
        TEST(a_head_that_is_gone_or_damaged_shows),
        TEST(a_last_line_that_is_none_of_ours_is_gone_on_from),
        TEST(what_is_signed_can_not_be_written_anew),
        cmocka_unit_test_setup_teardown(nothing_is_an_error_and_an_empty_file_is_none, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
