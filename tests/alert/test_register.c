#include "make.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alert/dispatch.h"
#include "alert/register.h"

static char folder[64];
static struct alert_register reg;
static struct book book;

static int set_up(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/belisha-register-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    register_init(&reg, folder);
    return book_init(&book);
}

static int tear_down(void **state)
{
    char command[96];
    (void)state;
    register_done(&reg);
    book_done(&book);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static void nothing_is_nothing(void **state)
{
    struct register_counts counts;
    uint64_t last = 7;
    bool has = true;
    (void)state;
    assert_int_equal(register_last(&reg, &last), 0);
    assert_int_equal(last, 0);
    assert_int_equal(register_has_message(&reg, "alert-1-x", &has), 0);
    assert_false(has);
    assert_int_equal(register_count(folder, 0, NOW, &counts), 0);
    assert_int_equal(counts.raised, 0);
}

static void what_was_told_is_found_and_names_nobody(void **state)
{
    const struct dispatch_opts loud = {.gather_s = 0, .max_per_hour = 12};
    const char *const targets[] = {"mail:dsl@school.example"};
    struct register_counts counts;
    uint64_t last;
    bool has;
    (void)state;
    show(&book, 4711, "a.harm.example", CATEGORY_SELF_HARM, NOW);
    show(&book, 4712, "a.extreme.example", CATEGORY_EXTREMISM, NOW);
    assert_int_equal(register_raised(&reg, book_alert(&book, 1), NOW), 0);
    assert_int_equal(register_raised(&reg, book_alert(&book, 2), NOW + 1), 0);
    assert_int_equal(dispatch_plan(&loud, &book, NOW + 10), 1);
    assert_int_equal(register_queued(&reg, &book.batches[0], targets, 1, NOW + 2), 0);
    const struct outbox_result sent = {.id = book.batches[0].id,
                                       .target = targets[0],
                                       .outcome = OUTCOME_SENT,
                                       .why = "",
                                       .tries = 1,
                                       .time_s = NOW + 3};
    const struct outbox_result failed = {.id = book.batches[0].id,
                                         .target = "mail:gone@school.example",
                                         .outcome = OUTCOME_REFUSED,
                                         .why = "550 no such \"user\"\r\n",
                                         .tries = 1,
                                         .time_s = NOW + 4};
    assert_int_equal(register_result(&reg, &sent), 0);
    assert_int_equal(register_result(&reg, &failed), 0);
    assert_int_equal(register_last(&reg, &last), 0);
    assert_int_equal(last, 2);
    assert_int_equal(register_has_message(&reg, book.batches[0].id, &has), 0);
    assert_true(has);
    assert_int_equal(register_has_message(&reg, "alert-1-safeguardin", &has), 0);
    assert_false(has);
    assert_int_equal(register_count(folder, NOW, NOW + 4, &counts), 0);
    assert_int_equal(counts.raised, 2);
    assert_int_equal(counts.urgent, 1);
    assert_int_equal(counts.sent, 1);
    assert_int_equal(counts.failed, 0); /* at NOW + 4 */
    char path[96], bytes[8192] = "";
    snprintf(path, sizeof path, "%s/ledger", folder);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_true(fread(bytes, 1, sizeof bytes - 1, file) > 0);
    fclose(file);
    assert_null(strstr(bytes, "4711"));
    assert_null(strstr(bytes, "10.0.0.7"));
}

static void numbers_are_read_from_what_they_are_about(void **state)
{
    (void)state;
    assert_int_equal(register_number("alert 17"), 17);
    assert_int_equal(register_number("alert 17x"), 0);
    assert_int_equal(register_number("message alert-17-x"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_is_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_told_is_found_and_names_nobody, set_up, tear_down),
        cmocka_unit_test_setup_teardown(numbers_are_read_from_what_they_are_about, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
