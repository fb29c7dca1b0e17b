#include "make.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alert/dispatch.h"

static struct book book;
static const struct dispatch_opts LOUD = {.gather_s = 0, .max_per_hour = 12};

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

static void fill(void)
{
    book.position_ns = NOW * NS;
    show(&book, 1, "a.harm.example", CATEGORY_SELF_HARM, NOW);
    show(&book, 2, "x.ways.example", CATEGORY_CIRCUMVENTION, NOW + 1);
    show(&book, 2, "y.ways.example", CATEGORY_CIRCUMVENTION, NOW + 12);
    show(&book, 0, "b.worm.example", CATEGORY_MALWARE, NOW + 2);
    assert_int_equal(dispatch_plan(&LOUD, &book, NOW + 12), 1);
    book.registered = 1;
}

static void an_alert_says_what_happened(void **state)
{
    (void)state;
    assert_int_equal(show(&book, 17, "a.harm.example", CATEGORY_SELF_HARM, NOW), 1);
    const struct alert *a = book_alert(&book, 1);
    assert_non_null(a);
    assert_string_equal(a->rule, "self-harm");
    assert_true(a->urgent);
    assert_true(a->blocked);
    assert_int_equal(a->person.user, 17);
    assert_string_equal(a->group, "year-9");
    assert_true(strncmp(a->name, "a.harm.example", 14) == 0);
    assert_string_equal(a->roles[0], "safeguarding");
    assert_int_equal(show(&book, 17, "a.harm.example", CATEGORY_SELF_HARM, NOW + 60), 0);
    assert_int_equal(show(&book, 17, "a.game.example", CATEGORY_GAMING, NOW + 60), 0);
}

static void a_number_as_group_is_left_out(void **state)
{
    struct qlog_row row;
    struct sighting s;
    (void)state;
    make_row(&row, 17, 0, "a.harm.example", CATEGORY_SELF_HARM, NOW);
    row.record.group = 3;
    row.group = "3";
    assert_true(sighting_of(&row, RULES, RULE_COUNT, &s));
    assert_int_equal(book_see(&book, &s, &RULES[s.rule], "", NOW), 1);
    assert_string_equal(book_alert(&book, 1)->group, "");
}

static void it_is_read_as_it_was_written(void **state)
{
    struct text once = {0}, twice = {0};
    struct book copy;
    (void)state;
    fill();
    book_write(&book, RULES, &once);
    assert_int_equal(book_init(&copy), 0);
    assert_int_equal(book_parse(once.bytes, once.len, RULES, RULE_COUNT, &copy), 0);
    book_write(&copy, RULES, &twice);
    assert_string_equal(once.bytes, twice.bytes);
    assert_int_equal(copy.position_ns, NOW * NS);
    assert_int_equal(copy.next, 3);
    assert_int_equal(copy.batch_count, 1);
    assert_int_equal(copy.alert_count, 2);
    /* and goes on where it was: one more question reaches the threshold, and what was told is not told again */
    struct qlog_row row;
    struct sighting s;
    make_row(&row, 2, 0, "x.ways.example", CATEGORY_CIRCUMVENTION, NOW + 40);
    assert_true(sighting_of(&row, RULES, RULE_COUNT, &s));
    assert_int_equal(book_see(&copy, &s, &RULES[s.rule], "", NOW), 1);
    make_row(&row, 1, 0, "a.harm.example", CATEGORY_SELF_HARM, NOW + 40);
    assert_true(sighting_of(&row, RULES, RULE_COUNT, &s));
    assert_int_equal(book_see(&copy, &s, &RULES[s.rule], "", NOW), 0);
    book_done(&copy);
    text_done(&once);
    text_done(&twice);
}

static void a_book_cut_anywhere_is_refused(void **state)
{
    struct text text = {0};
    (void)state;
    fill();
    book_write(&book, RULES, &text);
    for (size_t len = 0; len + 2 < text.len; len += 7) {
        struct book copy;
        assert_int_equal(book_init(&copy), 0);
        assert_int_equal(book_parse(text.bytes, len, RULES, RULE_COUNT, &copy), ERR_MALFORMED);
        book_done(&copy);
    }
    text_done(&text);
}

static void a_rule_that_is_gone_takes_its_spells_with_it(void **state)
{
    struct text text = {0};
    struct book copy;
    (void)state;
    fill();
    book_write(&book, RULES, &text);
    assert_int_equal(book_init(&copy), 0);
    assert_int_equal(book_parse(text.bytes, text.len, RULES, 1, &copy), 0);
    assert_int_equal(copy.spells.count, 1);
    assert_int_equal(copy.alert_count, 2); /* what was raised is told all the same */
    book_done(&copy);
    text_done(&text);
}

static void an_alert_stays_until_it_is_told_and_registered(void **state)
{
    (void)state;
    show(&book, 1, "a.harm.example", CATEGORY_SELF_HARM, NOW);
    assert_int_equal(dispatch_plan(&LOUD, &book, NOW), 1);
    book_drop_batch(&book, 0);
    assert_int_equal(book.alert_count, 1); /* not in the register yet */
    book.registered = 1;
    show(&book, 2, "a.harm.example", CATEGORY_SELF_HARM, NOW);
    assert_int_equal(dispatch_plan(&LOUD, &book, NOW), 1);
    book_drop_batch(&book, 0);
    assert_null(book_alert(&book, 1));
    assert_non_null(book_alert(&book, 2));
}

static void the_file_is_for_its_owner_alone(void **state)
{
    char path[] = "/tmp/belisha-book-XXXXXX";
    struct book copy;
    struct stat st;
    int fd = mkstemp(path);
    (void)state;
    assert_true(fd >= 0);
    close(fd);
    unlink(path);
    fill();
    assert_int_equal(book_save(&book, RULES, path), 0);
    assert_false(book.dirty);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(book_init(&copy), 0);
    assert_int_equal(book_load(path, RULES, RULE_COUNT, &copy), 0);
    assert_int_equal(copy.next, book.next);
    book_done(&copy);
    unlink(path);
    assert_int_equal(book_init(&copy), 0);
    assert_int_equal(book_load(path, RULES, RULE_COUNT, &copy), ERR_NOENT);
    book_done(&copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_alert_says_what_happened, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_number_as_group_is_left_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(it_is_read_as_it_was_written, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_book_cut_anywhere_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_rule_that_is_gone_takes_its_spells_with_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_alert_stays_until_it_is_told_and_registered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_file_is_for_its_owner_alone, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
