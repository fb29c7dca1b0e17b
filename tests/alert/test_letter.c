#include "make.h"

#include <stdlib.h>
#include <string.h>

#include "alert/dispatch.h"
#include "alert/letter.h"

static struct book book;
static struct signpost *signpost;
static struct tables *tables;
static const struct dispatch_opts LOUD = {.gather_s = 0, .max_per_hour = 12};

static int set_up_all(void **state)
{
    struct config_errors errors = {0};
    (void)state;
    setenv("TZ", "Europe/London", 1);
    return signpost_new(NULL, &errors, &signpost) < 0 || tables_new(NULL, &errors, &tables) < 0;
}

static int tear_down_all(void **state)
{
    (void)state;
    signpost_free(signpost);
    tables_free(tables);
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    return book_init(&book);
}

static int tear_down(void **state)
{
    (void)state;
    book_done(&book);
    return 0;
}

static void name_of(void *ctx, const struct alert_person *person, char *out, size_t size)
{
    (void)ctx;
    snprintf(out, size, "anna.smith.%u", person->user);
}

/* The struct must stay where it is: its message points into it. */
static struct letter letter;

static void write_it(enum config_identities identities, bool test)
{
    const struct letter_opts opts = {
        .school = "Beacon Hill", .identities = identities, .name = name_of, .signpost = signpost, .tables = tables};
    assert_int_equal(dispatch_plan(&LOUD, &book, NOW + 3600), 1);
    assert_int_equal(letter_write(&opts, &book, &book.batches[0], test, NOW + 60, &letter), 0);
    assert_int_equal(message_check(&letter.message), 0);
}

static void it_says_what_when_how_sure_and_what_to_do_and_names_nobody(void **state)
{
    (void)state;
    show(&book, 17, "a.harm.example", CATEGORY_SELF_HARM, NOW);
    write_it(CONFIG_IDENTITIES_REFERENCE, false);
    const char *text = letter.message.text;
    assert_string_equal(letter.message.subject, "[Belisha] Alert 1: self-harm (urgent)");
    assert_non_null(strstr(text, "somebody asked for a site about self-harm or suicide: a[.]harm[.]example"));
    assert_non_null(strstr(text, "it was blocked"));
    assert_non_null(strstr(text, "00:53:20, group year-9:"));
    assert_non_null(strstr(text, "(grade B)"));
    assert_non_null(strstr(text, "What to do: "));
    assert_non_null(strstr(text, "Childline: 0800 1111"));
    assert_null(strstr(text, "anna"));
    assert_null(strstr(text, "10.0.0.7"));
    assert_null(strstr(letter.message.html, "anna"));
    for (size_t i = 0; i < letter.message.field_count; i++)
        assert_null(strstr(letter.message.fields[i].value, "anna"));
    letter_done(&letter);
}

static void it_names_people_only_where_the_school_wants_that(void **state)
{
    (void)state;
    show(&book, 17, "a.harm.example", CATEGORY_SELF_HARM, NOW);
    write_it(CONFIG_IDENTITIES_FULL, false);
    assert_non_null(strstr(letter.message.text, "anna.smith.17"));
    letter_done(&letter);
}

static void several_people_on_one_site_are_one_paragraph(void **state)
{
    struct qlog_row row;
    struct sighting s;
    (void)state;
    for (uint32_t user = 1; user <= 30; user++) {
        char name[40];
        snprintf(name, sizeof name, "n%u.harm.example", user);
        make_row(&row, user, 0, name, CATEGORY_SELF_HARM, NOW);
        assert_true(sighting_of(&row, RULES, RULE_COUNT, &s));
        assert_int_equal(book_see(&book, &s, &RULES[s.rule], "harm.example", NOW), 1);
    }
    write_it(CONFIG_IDENTITIES_REFERENCE, false);
    const char *text = letter.message.text;
    const char *what = strstr(text, "What happened:");
    assert_non_null(what);
    assert_non_null(strstr(what, "30 people or devices asked for a site about self-harm or suicide: harm[.]example"));
    assert_null(strstr(what + 1, "What happened:"));
    assert_non_null(strstr(text, "... and 22 more"));
    assert_string_equal(letter.message.subject, "[Belisha] 30 alerts: self-harm (urgent)");
    letter_done(&letter);
}

static void what_is_too_much_for_a_letter_is_counted(void **state)
{
    (void)state;
    for (uint32_t user = 1; user <= 40; user++) {
        char name[40];
        snprintf(name, sizeof name, "site%u.example", user);
        assert_int_equal(show(&book, user, name, CATEGORY_SELF_HARM, NOW), 1);
    }
    write_it(CONFIG_IDENTITIES_REFERENCE, false);
    assert_non_null(strstr(letter.message.text, "And 30 more. `belisha alert list` shows them"));
    assert_true(letter.text.len < 20000);
    letter_done(&letter);
}

static void a_statutory_name_is_never_said(void **state)
{
    struct qlog_row row;
    struct sighting s;
    struct config_alert_rule rule = RULES[HARM];
    (void)state;
    rule.categories = CATEGORY_BIT(CATEGORY_ILLEGAL);
    make_row(&row, 17, 0, "0123456789abcdef.statutory.invalid", CATEGORY_ILLEGAL, NOW);
    row.record.verdict.reason = REASON_STATUTORY;
    assert_true(sighting_of(&row, &rule, 1, &s));
    assert_true(s.statutory);
    assert_int_equal(book_see(&book, &s, &rule, "", NOW), 1);
    write_it(CONFIG_IDENTITIES_REFERENCE, false);
    assert_non_null(strstr(letter.message.text, "a name on a statutory list. Which name is not said here"));
    assert_non_null(strstr(letter.message.text, "0123456789abcdef."));
    assert_non_null(strstr(letter.message.text, "Do not open it"));
    assert_null(strstr(letter.message.text, "the school's own decision"));
    letter_done(&letter);
}

static void a_test_says_so_first_of_all(void **state)
{
    (void)state;
    show(&book, 17, "a.harm.example", CATEGORY_SELF_HARM, NOW);
    write_it(CONFIG_IDENTITIES_REFERENCE, true);
    assert_int_equal(strncmp(letter.message.text, "THIS IS A TEST.", 15), 0);
    assert_non_null(strstr(letter.message.subject, "TEST, no alert"));
    assert_string_equal(letter.message.kind, "alert-test");
    letter_done(&letter);
}

static void nothing_that_was_asked_is_markup_or_a_link(void **state)
{
    (void)state;
    show(&book, 17, "a<b>\"&.harm.example", CATEGORY_SELF_HARM, NOW);
    write_it(CONFIG_IDENTITIES_REFERENCE, false);
    assert_null(strstr(letter.message.html, "<b>"));
    assert_null(strstr(letter.message.text, "harm.example"));
    assert_null(strstr(letter.message.html, "harm.example"));
    letter_done(&letter);
}

static void what_is_wrong_with_belisha_is_said_to_those_who_mend_it(void **state)
{
    static const char *const roles[] = {"technical"};
    (void)state;
    assert_int_equal(book_raise_service(&book, "belishad does not answer", roles, 1, NOW), 1);
    write_it(CONFIG_IDENTITIES_REFERENCE, false);
    assert_non_null(strstr(letter.message.text, "What happened: belishad does not answer (alert 1, "));
    assert_null(strstr(letter.message.text, "grade"));
    assert_string_equal(letter.message.subject, "[Belisha] Alert 1: service");
    letter_done(&letter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_says_what_when_how_sure_and_what_to_do_and_names_nobody, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_names_people_only_where_the_school_wants_that, set_up, tear_down),
        cmocka_unit_test_setup_teardown(several_people_on_one_site_are_one_paragraph, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_too_much_for_a_letter_is_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_statutory_name_is_never_said, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_test_says_so_first_of_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_that_was_asked_is_markup_or_a_link, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_wrong_with_belisha_is_said_to_those_who_mend_it, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
