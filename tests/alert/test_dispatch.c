#include "make.h"

#include <string.h>

#include "alert/dispatch.h"

static struct book book;

/* Every day from 18:00 to 07:00, UTC; NOW is 00:53. */
static const struct window QUIET[] = {{.from_s = 18 * 3600, .to_s = 7 * 3600, .days = WINDOW_EVERY_DAY}};
static const struct dispatch_opts LOUD = {.gather_s = 10, .max_per_hour = 12};
static const struct dispatch_opts WITH_QUIET = {.gather_s = 10, .max_per_hour = 12, .quiet = QUIET, .quiet_count = 1};

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

/* Plans and hands over all that is due; how many messages that was. */
static unsigned go(const struct dispatch_opts *opts, int64_t now_s)
{
    unsigned count = 0;
    while (dispatch_plan(opts, &book, now_s) == 1)
        count++;
    book.registered = book.next - 1;
    while (book.batch_count > 0)
        book_drop_batch(&book, 0);
    return count;
}

static void what_comes_at_once_is_one_message(void **state)
{
    (void)state;
    for (uint32_t user = 1; user <= 5; user++)
        assert_int_equal(show(&book, user, "a.example", CATEGORY_SELF_HARM, NOW + user), 1);
    assert_int_equal(dispatch_plan(&LOUD, &book, NOW + 5), 0); /* it waits for others */
    assert_int_equal(dispatch_plan(&LOUD, &book, NOW + 11), 1);
    assert_int_equal(book.batch_count, 1);
    assert_int_equal(book.batches[0].count, 5);
    assert_string_equal(book.batches[0].id, "alert-1-safeguarding");
    assert_string_equal(book.batches[0].role, "safeguarding");
    assert_false(book.batches[0].held);
    assert_int_equal(dispatch_plan(&LOUD, &book, NOW + 11), 0);
}

static void each_role_has_its_own(void **state)
{
    (void)state;
    show(&book, 1, "a.example", CATEGORY_SELF_HARM, NOW);
    show(&book, 1, "b.example", CATEGORY_MALWARE, NOW);
    assert_int_equal(dispatch_plan(&LOUD, &book, NOW + 10), 1);
    assert_int_equal(dispatch_plan(&LOUD, &book, NOW + 10), 1);
    assert_int_equal(dispatch_plan(&LOUD, &book, NOW + 10), 0);
    assert_string_equal(book.batches[0].role, "safeguarding");
    assert_string_equal(book.batches[1].role, "technical");
}

static void in_quiet_hours_only_what_is_urgent_goes_and_the_rest_at_their_end(void **state)
{
    int64_t seven = NOW + 6 * 3600 + 6 * 60 + 40;
    (void)state;
    assert_true(dispatch_is_quiet(&WITH_QUIET, NOW));
    assert_true(dispatch_is_quiet(&WITH_QUIET, seven - 1));
    assert_false(dispatch_is_quiet(&WITH_QUIET, seven));
    show(&book, 1, "a.example", CATEGORY_EXTREMISM, NOW);
    show(&book, 2, "b.example", CATEGORY_SELF_HARM, NOW + 1);
    show(&book, 3, "c.example", CATEGORY_EXTREMISM, NOW + 2);
    assert_int_equal(dispatch_plan(&WITH_QUIET, &book, NOW + 20), 1);
    assert_int_equal(book.batches[0].count, 1);
    assert_int_equal(book.batches[0].numbers[0], 2);
    assert_false(book.batches[0].held);
    assert_int_equal(go(&WITH_QUIET, seven - 1), 0);
    assert_int_equal(dispatch_plan(&WITH_QUIET, &book, seven), 1);
    assert_int_equal(book.batches[0].count, 2);
    assert_true(book.batches[0].held);
}

static void a_flood_is_few_messages_in_any_hour(void **state)
{
    int64_t sent[2000];
    unsigned count = 0;
    uint32_t user = 1;
    (void)state;
    for (int64_t s = 0; s < 3 * 3600; s++) { /* three hours of a new person every second */
        assert_int_equal(show(&book, user++, "a.example", CATEGORY_SELF_HARM, NOW + s), 1);
        for (unsigned n = go(&LOUD, NOW + s); n > 0; n--)
            sent[count++] = s;
    }
    assert_in_range(count, 18, 24);
    for (unsigned i = 0; i < count; i++) {
        unsigned in_hour = 0;
        for (unsigned k = i; k < count && sent[k] < sent[i] + 3600; k++)
            in_hour++;
        assert_true(in_hour <= LOUD.max_per_hour);
        if (i > 0)
            assert_true(sent[i] - sent[i - 1] <= 2 * 3600 / LOUD.max_per_hour); /* nothing waits for longer */
    }
    /* at the end everything is told of */
    go(&LOUD, NOW + 4 * 3600);
    assert_int_equal(book.alert_count, 0);
}

static void what_is_too_much_to_keep_is_counted(void **state)
{
    uint64_t more = 0, told = 0;
    (void)state;
    for (uint32_t user = 1; user <= BOOK_ALERTS_MAX + 500; user++)
        assert_int_equal(show(&book, user, "a.example", CATEGORY_SELF_HARM, NOW), 1);
    assert_int_equal(book.alert_count, BOOK_ALERTS_MAX);
    while (dispatch_plan(&LOUD, &book, NOW + 10) == 1)
        ;
    for (size_t i = 0; i < book.batch_count; i++) {
        more += book.batches[i].more;
        told += book.batches[i].count;
    }
    assert_int_equal(told, BOOK_ALERTS_MAX);
    assert_int_equal(more, 500);
}

static void a_clock_that_is_set_back_stops_nothing(void **state)
{
    (void)state;
    show(&book, 1, "a.example", CATEGORY_SELF_HARM, NOW);
    assert_int_equal(go(&LOUD, NOW - 100000), 1);
}

static void names_of_roles_are_made_fit_for_ids(void **state)
{
    static const char *const roles[] = {"the head/of\nschool é"};
    (void)state;
    assert_int_equal(book_raise_service(&book, "x", roles, 1, NOW), 1);
    assert_int_equal(dispatch_plan(&LOUD, &book, NOW + 10), 1);
    assert_true(message_id_is_good(book.batches[0].id));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_comes_at_once_is_one_message, set_up, tear_down),
        cmocka_unit_test_setup_teardown(each_role_has_its_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(in_quiet_hours_only_what_is_urgent_goes_and_the_rest_at_their_end, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_flood_is_few_messages_in_any_hour, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_too_much_to_keep_is_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_clock_that_is_set_back_stops_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_of_roles_are_made_fit_for_ids, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
