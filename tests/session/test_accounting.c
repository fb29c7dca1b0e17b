/* What a NAS says, in any order, as changes of the book. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "session/accounting.h"

#define NOW      INT64_C(1795913000)
#define LIFETIME 3600

static struct session_book *book;
static struct accounting_from from = {.name = "wifi", .lifetime_s = LIFETIME};

static int make_book(void **state)
{
    const struct session_book_opts opts = {.sessions_max = 100, .seed = 1};
    (void)state;
    from.address = ipaddr_from_v4((const uint8_t[]){192, 0, 2, 1});
    return session_book_new(&opts, &book);
}

static int free_book(void **state)
{
    (void)state;
    session_book_free(book);
    return 0;
}

static struct radius_account account(enum radius_event event, const char *id, int64_t at_s, const char *user,
                                     const char *address)
{
    struct radius_account a = {.event = event, .at_s = at_s, .has_timestamp = true};
    snprintf(a.id, sizeof a.id, "%s", id);
    snprintf(a.user, sizeof a.user, "%s", user);
    if (address != NULL) {
        assert_int_equal(ipaddr_from_text(address, &a.addresses[0]), 0);
        a.address_count = 1;
    }
    return a;
}

static void take_at(struct radius_account a, int64_t now_s)
{
    assert_int_equal(accounting_take(book, &from, &a, now_s), 0);
}

static void take(struct radius_account a)
{
    take_at(a, a.at_s);
}

static const struct session *known(const char *id)
{
    return session_book_find(book, SESSION_RADIUS, "wifi/192.0.2.1", id);
}

static void a_session_begins_is_renewed_and_ends(void **state)
{
    (void)state;
    take(account(RADIUS_START, "1", NOW, "anna", NULL));
    assert_int_equal(known("1")->until_s, NOW + LIFETIME);
    take(account(RADIUS_INTERIM, "1", NOW + 600, "anna", "10.0.0.7"));
    assert_int_equal(known("1")->from_s, NOW);
    assert_int_equal(known("1")->until_s, NOW + 600 + LIFETIME);
    assert_int_equal(known("1")->address_count, 1);
    take(account(RADIUS_INTERIM, "1", NOW + 1200, "", NULL)); /* says less: what is known stays */
    assert_string_equal(known("1")->user, "anna");
    assert_int_equal(known("1")->address_count, 1);
    assert_int_equal(known("1")->number, 1);
    take(account(RADIUS_STOP, "1", NOW + 1300, "anna", "10.0.0.7"));
    assert_int_equal(known("1")->end, SESSION_STOPPED);
    assert_int_equal(known("1")->ended_s, NOW + 1300);
}

static void the_same_word_twice_changes_nothing(void **state)
{
    (void)state;
    take(account(RADIUS_START, "1", NOW, "anna", "10.0.0.7"));
    const struct session *first = known("1");
    take(account(RADIUS_START, "1", NOW, "anna", "10.0.0.7"));
    assert_ptr_equal(known("1"), first);
    take(account(RADIUS_STOP, "1", NOW + 5, "anna", NULL));
    first = known("1");
    take(account(RADIUS_STOP, "1", NOW + 5, "anna", NULL));
    take(account(RADIUS_STOP, "1", NOW + 15, "anna", NULL));
    assert_ptr_equal(known("1"), first);
    assert_int_equal(session_book_next_number(book), 2);
}

static void a_start_after_its_stop_begins_nothing(void **state)
{
    (void)state;
    take(account(RADIUS_STOP, "1", NOW, "anna", "10.0.0.7"));
    assert_int_equal(known("1")->end, SESSION_STOPPED);
    take(account(RADIUS_START, "1", NOW - 60, "anna", "10.0.0.7"));
    assert_int_equal(known("1")->end, SESSION_STOPPED);
    take(account(RADIUS_INTERIM, "1", NOW + 60, "anna", "10.0.0.7"));
    assert_int_equal(session_book_lasting(book, SESSION_RADIUS), 0);
    struct radius_account again = account(RADIUS_START, "1", NOW + 60, "anna", NULL);
    again.has_timestamp = false; /* it may be the Start that was lost, sent again */
    take(again);
    assert_int_equal(session_book_lasting(book, SESSION_RADIUS), 0);
}

static void an_id_may_be_given_again(void **state)
{
    (void)state;
    take(account(RADIUS_START, "1", NOW, "anna", NULL));
    take(account(RADIUS_STOP, "1", NOW + 5, "anna", NULL));
    take(account(RADIUS_START, "1", NOW + 6, "ben", NULL));
    assert_int_equal(known("1")->number, 2);
    assert_string_equal(known("1")->user, "ben");
    take_at(account(RADIUS_STOP, "1", NOW + 5, "anna", NULL), NOW + 7); /* of the session before */
    assert_int_equal(known("1")->end, SESSION_LASTS);
    take(account(RADIUS_STOP, "1", NOW + 10, "ben", NULL));
    struct radius_account later = account(RADIUS_START, "1", NOW + 11 + ACCOUNTING_REUSED_S, "carol", NULL);
    later.has_timestamp = false;
    take(later);
    assert_int_equal(known("1")->number, 3);
}

static void late_news_change_nothing(void **state)
{
    (void)state;
    take(account(RADIUS_INTERIM, "1", NOW + 600, "anna", "10.0.0.8"));
    take_at(account(RADIUS_START, "1", NOW, "guest", "10.0.0.7"), NOW + 601);
    assert_string_equal(known("1")->user, "anna");
    assert_int_equal(known("1")->heard_s, NOW + 600);
    struct radius_account old = account(RADIUS_START, "2", NOW - LIFETIME, "anna", NULL);
    assert_int_equal(accounting_take(book, &from, &old, NOW), 0);
    assert_null(known("2"));
}

static void an_interim_update_without_a_start_begins_when_the_session_did(void **state)
{
    (void)state;
    struct radius_account a = account(RADIUS_INTERIM, "1", NOW, "anna", "10.0.0.7");
    a.lasted_s = 500;
    take(a);
    assert_int_equal(known("1")->from_s, NOW - 500);
    assert_int_equal(known("1")->until_s, NOW + LIFETIME);
}

static void another_user_of_a_session_is_there_from_then_on(void **state)
{
    (void)state;
    struct radius_account machine = account(RADIUS_START, "1", NOW, "", "10.0.0.7");
    snprintf(machine.host, sizeof machine.host, "pc17");
    take(machine);
    take(account(RADIUS_INTERIM, "1", NOW + 60, "anna", NULL));
    assert_string_equal(known("1")->user, "anna");
    assert_string_equal(known("1")->host, "pc17");
    assert_int_equal(known("1")->from_s, NOW);
    take(account(RADIUS_INTERIM, "1", NOW + 120, "ben", NULL));
    assert_string_equal(known("1")->user, "ben");
    assert_int_equal(known("1")->from_s, NOW + 120);
}

static void addresses_are_renewed_by_family(void **state)
{
    (void)state;
    take(account(RADIUS_START, "1", NOW, "anna", "10.0.0.7"));
    take(account(RADIUS_INTERIM, "1", NOW + 1, "anna", "2001:db8::7"));
    assert_int_equal(known("1")->address_count, 2);
    take(account(RADIUS_INTERIM, "1", NOW + 2, "anna", "10.0.0.8"));
    assert_int_equal(known("1")->address_count, 2);
    take(account(RADIUS_INTERIM, "1", NOW + 3, "anna", "2001:db8::8"));
    assert_int_equal(known("1")->address_count, 2);
    char text[IPADDR_TEXT_MAX];
    assert_string_equal(ipaddr_to_text(&known("1")->addresses[0], text), "10.0.0.8");
    assert_string_equal(ipaddr_to_text(&known("1")->addresses[1], text), "2001:db8::8");
}

static void a_nas_that_starts_anew_ends_its_sessions_and_no_others(void **state)
{
    (void)state;
    struct radius_account other = account(RADIUS_START, "1", NOW, "ben", "10.0.0.8");
    snprintf(other.nas, sizeof other.nas, "10.0.0.5");
    take(other);
    take(account(RADIUS_START, "1", NOW, "anna", "10.0.0.7"));
    take(account(RADIUS_START, "2", NOW + 20, "carol", "10.0.0.9")); /* after it came up again */
    take(account(RADIUS_ON, "", NOW + 10, "", NULL));
    assert_int_equal(known("1")->end, SESSION_CLEARED);
    assert_int_equal(known("2")->end, SESSION_LASTS);
    assert_int_equal(session_book_find(book, SESSION_RADIUS, "wifi/10.0.0.5", "1")->end, SESSION_LASTS);
    take(account(RADIUS_INTERIM, "1", NOW + 30, "anna", "10.0.0.7")); /* it went on all the same */
    assert_int_equal(known("1")->end, SESSION_LASTS);
    take(account(RADIUS_OFF, "", NOW + 40, "", NULL));
    assert_false(session_book_work(book, NOW + 40, 100));
    assert_int_equal(session_book_lasting(book, SESSION_RADIUS), 1);
}

/* It was an hour ahead when the sessions began. */
static void a_clock_that_was_ahead_keeps_no_session_alive(void **state)
{
    (void)state;
    take(account(RADIUS_START, "1", NOW + 3600, "anna", "10.0.0.7"));
    take(account(RADIUS_START, "2", NOW + 3600, "ben", "10.0.0.8"));
    take(account(RADIUS_STOP, "1", NOW, "anna", NULL));
    assert_int_equal(known("1")->end, SESSION_STOPPED);
    take(account(RADIUS_INTERIM, "2", NOW + 5, "ben", "10.0.0.8"));
    assert_int_equal(known("2")->from_s, NOW + 5);
    assert_int_equal(known("2")->until_s, NOW + 5 + LIFETIME);
}

static void what_is_not_about_sessions_changes_nothing(void **state)
{
    (void)state;
    take(account(RADIUS_OTHER, "1", NOW, "anna", "10.0.0.7"));
    assert_int_equal(session_book_count(book), 0);
}

static void a_full_book_says_so(void **state)
{
    char id[16];
    (void)state;
    for (int i = 0; i < 100; i++) {
        snprintf(id, sizeof id, "%d", i);
        take(account(RADIUS_START, id, NOW, "anna", NULL));
    }
    struct radius_account more = account(RADIUS_START, "more", NOW, "anna", NULL);
    assert_int_equal(accounting_take(book, &from, &more, NOW), ERR_LIMIT);
    take(account(RADIUS_STOP, "unknown", NOW, "anna", NULL));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_book, free_book)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_session_begins_is_renewed_and_ends),
        TEST(the_same_word_twice_changes_nothing),
        TEST(a_start_after_its_stop_begins_nothing),
        TEST(an_id_may_be_given_again),
        TEST(late_news_change_nothing),
        TEST(an_interim_update_without_a_start_begins_when_the_session_did),
        TEST(another_user_of_a_session_is_there_from_then_on),
        TEST(addresses_are_renewed_by_family),
        TEST(a_nas_that_starts_anew_ends_its_sessions_and_no_others),
        TEST(a_clock_that_was_ahead_keeps_no_session_alive),
        TEST(what_is_not_about_sessions_changes_nothing),
        TEST(a_full_book_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
