/* The book of sessions: who is where, and what ends it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "session/session_book.h"

#define NOW 10000

static struct {
    unsigned changes, ends[SESSION_ENDS], follows, clears;
    uint64_t last;
} told;

static void on_changed(void *ctx, const struct session *session, enum session_book_record record)
{
    (void)ctx;
    told.changes++;
    told.ends[session->end]++;
    told.follows += record == SESSION_BOOK_FOLLOWS;
    told.last = session->number;
}

static void on_cleared(void *ctx, enum session_source source, const char *origin, int64_t at_s)
{
    (void)ctx;
    (void)source;
    (void)at_s;
    told.clears += *origin != '\0';
}

static struct session_book *make_book(size_t sessions_max)
{
    const struct session_book_opts opts = {
        .sessions_max = sessions_max, .seed = 42, .changed = on_changed, .cleared = on_cleared};
    struct session_book *book = NULL;
    memset(&told, 0, sizeof told);
    assert_int_equal(session_book_new(&opts, &book), 0);
    return book;
}

static struct session session_of(const char *origin, const char *id, const char *address, int64_t from_s)
{
    struct session s = {.source = SESSION_RADIUS,
                        .from_s = from_s,
                        .heard_s = from_s,
                        .until_s = from_s + 1000,
                        .user = "anna",
                        .host = "",
                        .origin = origin,
                        .id = id};
    if (address != NULL) {
        assert_int_equal(ipaddr_from_text(address, &s.addresses[0]), 0);
        s.address_count = 1;
    }
    return s;
}

static void put(struct session_book *book, const struct session *s)
{
    assert_int_equal(session_book_put(book, s), 0);
}

static const struct session *at(struct session_book *book, const char *text)
{
    struct ipaddr address;
    assert_int_equal(ipaddr_from_text(text, &address), 0);
    return session_book_at(book, SESSION_RADIUS, &address, NULL);
}

static void session_book_put_numbers_sessions_and_keeps_the_number(void **state)
{
    struct session_book *book = make_book(10);
    (void)state;
    struct session a = session_of("wifi/a", "1", "10.0.0.1", NOW), b = session_of("wifi/b", "1", "10.0.0.2", NOW);
    put(book, &a);
    put(book, &b);
    const struct session *known = session_book_find(book, SESSION_RADIUS, "wifi/a", "1");
    assert_int_equal(known->number, 1);
    assert_int_equal(session_book_find(book, SESSION_RADIUS, "wifi/b", "1")->number, 2);
    assert_null(session_book_find(book, SESSION_LOGON, "wifi/b", "1"));
    assert_null(session_book_find(book, SESSION_RADIUS, "wifi/b", "2"));
    struct session more = *known;
    more.heard_s += 10;
    put(book, &more);
    assert_int_equal(session_book_find(book, SESSION_RADIUS, "wifi/a", "1")->number, 1);
    assert_int_equal(session_book_find(book, SESSION_RADIUS, "wifi/a", "1")->heard_s, NOW + 10);
    assert_int_equal(session_book_next_number(book), 3);
    assert_int_equal(told.ends[SESSION_LASTS], 3);
    session_book_free(book);
}

static void an_address_belongs_to_the_session_that_began_last(void **state)
{
    struct session_book *book = make_book(10);
    (void)state;
    struct session a = session_of("wifi/a", "1", "10.0.0.1", NOW), b = session_of("wifi/b", "1", "10.0.0.1", NOW + 5);
    struct session late = session_of("wifi/c", "1", "10.0.0.1", NOW - 5);
    put(book, &a);
    put(book, &b);
    assert_int_equal(session_book_find(book, SESSION_RADIUS, "wifi/a", "1")->end, SESSION_SUPERSEDED);
    assert_int_equal(session_book_find(book, SESSION_RADIUS, "wifi/a", "1")->ended_s, NOW + 5);
    assert_int_equal(at(book, "10.0.0.1")->number, 2);
    put(book, &late);
    assert_int_equal(at(book, "10.0.0.1")->number, 2);
    assert_int_equal(session_book_find(book, SESSION_RADIUS, "wifi/c", "1")->end, SESSION_SUPERSEDED);
    assert_int_equal(session_book_lasting(book, SESSION_RADIUS), 1);
    /* another source says of the same address: both last */
    struct session logon = a;
    logon.source = SESSION_LOGON;
    logon.origin = "token/x";
    put(book, &logon);
    assert_int_equal(session_book_lasting(book, SESSION_RADIUS), 1);
    assert_int_equal(session_book_lasting(book, SESSION_LOGON), 1);
    session_book_free(book);
}

static void a_device_that_roams_has_one_session(void **state)
{
    struct session_book *book = make_book(10);
    (void)state;
    struct session a = session_of("ap/a", "1", NULL, NOW), b = session_of("ap/b", "9", "10.0.0.7", NOW + 3);
    a.has_mac = b.has_mac = true;
    a.mac[5] = b.mac[5] = 7;
    put(book, &a);
    put(book, &b);
    assert_int_equal(session_book_at(book, SESSION_RADIUS, NULL, a.mac)->number, 2);
    assert_int_equal(session_book_find(book, SESSION_RADIUS, "ap/a", "1")->end, SESSION_SUPERSEDED);
    session_book_free(book);
}

static void an_address_that_is_left_is_free(void **state)
{
    struct session_book *book = make_book(10);
    (void)state;
    struct session a = session_of("wifi/a", "1", "10.0.0.1", NOW);
    put(book, &a);
    struct session moved = *session_book_find(book, SESSION_RADIUS, "wifi/a", "1");
    assert_int_equal(ipaddr_from_text("10.0.0.2", &moved.addresses[0]), 0);
    put(book, &moved);
    assert_null(at(book, "10.0.0.1"));
    assert_int_equal(at(book, "10.0.0.2")->number, 1);
    assert_int_equal(session_book_end(book, at(book, "10.0.0.2"), SESSION_STOPPED, NOW + 9), 0);
    assert_null(at(book, "10.0.0.2"));
    session_book_free(book);
}

static void session_book_clear_ends_those_of_one_origin_in_slices(void **state)
{
    struct session_book *book = make_book(100);
    char id[16], address[32];
    (void)state;
    for (int i = 0; i < 50; i++) {
        snprintf(id, sizeof id, "%d", i);
        snprintf(address, sizeof address, "10.0.0.%d", i + 1);
        struct session s = session_of(i % 2 == 0 ? "wifi/a" : "wifi/b", id, address, NOW);
        put(book, &s);
    }
    struct session late = session_of("wifi/a", "late", "10.0.1.1", NOW + 20);
    put(book, &late);
    session_book_clear(book, SESSION_RADIUS, "wifi/none", NOW + 10);
    assert_int_equal(told.clears, 0);
    session_book_clear(book, SESSION_RADIUS, "wifi/a", NOW + 10);
    assert_int_equal(told.clears, 1);
    /* over at once, though it was not told of yet */
    assert_int_equal(session_book_find(book, SESSION_RADIUS, "wifi/a", "48")->end, SESSION_CLEARED);
    assert_null(at(book, "10.0.0.1"));
    assert_non_null(at(book, "10.0.0.2"));
    /* what comes meanwhile is not touched */
    struct session fresh = session_of("wifi/a", "fresh", "10.0.2.1", NOW + 11);
    put(book, &fresh);
    unsigned slices = 0;
    while (session_book_work(book, NOW + 11, 4))
        slices++;
    assert_true(slices >= 5);
    assert_int_equal(told.ends[SESSION_CLEARED], 25);
    assert_int_equal(told.follows, 25);
    assert_int_equal(session_book_lasting(book, SESSION_RADIUS), 27);
    assert_non_null(at(book, "10.0.1.1"));
    assert_non_null(at(book, "10.0.2.1"));
    session_book_free(book);
}

static void session_book_work_ends_those_whose_time_is_up_and_forgets_them(void **state)
{
    struct session_book *book = make_book(64);
    (void)state;
    struct session a = session_of("wifi/a", "1", "10.0.0.1", NOW), b = session_of("wifi/a", "2", "10.0.0.2", NOW + 500);
    put(book, &a);
    put(book, &b);
    for (int i = 0; i < 64; i++)
        (void)session_book_work(book, NOW + 1200, 8);
    assert_int_equal(session_book_find(book, SESSION_RADIUS, "wifi/a", "1")->end, SESSION_EXPIRED);
    assert_int_equal(session_book_find(book, SESSION_RADIUS, "wifi/a", "1")->ended_s, NOW + 1000);
    assert_int_equal(session_book_lasting(book, SESSION_RADIUS), 1);
    (void)session_book_work(book, NOW + 1001 + SESSION_BOOK_ENDED_S, 8);
    assert_null(session_book_find(book, SESSION_RADIUS, "wifi/a", "1"));
    session_book_free(book);
}

static void the_book_has_a_bound_and_those_that_ended_make_room(void **state)
{
    struct session_book *book = make_book(8);
    char id[16];
    (void)state;
    for (int i = 0; i < 8; i++) {
        snprintf(id, sizeof id, "%d", i);
        struct session s = session_of("wifi/a", id, NULL, NOW);
        put(book, &s);
    }
    struct session more = session_of("wifi/a", "more", NULL, NOW);
    assert_int_equal(session_book_put(book, &more), ERR_LIMIT);
    for (int i = 0; i < 1000; i++) {
        snprintf(id, sizeof id, "%d", i);
        assert_int_equal(
            session_book_end(book, session_book_find(book, SESSION_RADIUS, "wifi/a", id), SESSION_STOPPED, NOW), 0);
        snprintf(id, sizeof id, "%d", i + 8);
        struct session s = session_of("wifi/a", id, NULL, NOW);
        put(book, &s);
    }
    assert_true(session_book_count(book) <= 17);
    assert_int_equal(session_book_lasting(book, SESSION_RADIUS), 8);
    session_book_free(book);
}

static void sessions_that_others_hold_stay_as_they_were(void **state)
{
    struct session_book *book = make_book(8);
    struct session **held;
    size_t count;
    (void)state;
    struct session a = session_of("wifi/a", "1", "10.0.0.1", NOW);
    put(book, &a);
    assert_int_equal(session_book_hold_all(book, &held, &count), 0);
    assert_int_equal(count, 1);
    assert_int_equal(session_book_end(book, at(book, "10.0.0.1"), SESSION_STOPPED, NOW + 1), 0);
    assert_int_equal(held[0]->end, SESSION_LASTS);
    session_book_free(book);
    assert_string_equal(held[0]->user, "anna");
    session_release(held[0]);
    free(held);
}

/* Against a list that does the same plainly: after any changes both know the same of who is where. */
#define MODEL  40
#define PLACES 6

static struct {
    bool known, lasts;
    int64_t from_s;
    unsigned place;
} model[MODEL];

static unsigned draw(unsigned *seed, unsigned bound)
{
    *seed = *seed * 1103515245 + 12345;
    return (*seed >> 16) % bound;
}

static void model_put(unsigned i, unsigned place, int64_t from_s)
{
    bool lost = false;
    model[i].known = model[i].lasts = true;
    model[i].place = place;
    model[i].from_s = from_s;
    for (unsigned k = 0; k < MODEL; k++)
        lost = lost || (k != i && model[k].lasts && model[k].place == place && model[k].from_s > from_s);
    for (unsigned k = 0; !lost && k < MODEL; k++)
        if (k != i && model[k].place == place)
            model[k].lasts = false;
    if (lost)
        model[i].lasts = false;
}

static void the_book_agrees_with_a_plain_list(void **state)
{
    struct session_book *book = make_book(MODEL);
    unsigned seed = 7;
    (void)state;
    memset(model, 0, sizeof model);
    for (unsigned step = 0; step < 20000; step++) {
        char id[16], origin[16], address[32];
        unsigned i = draw(&seed, MODEL), what = draw(&seed, 20);
        snprintf(id, sizeof id, "%u", i);
        snprintf(origin, sizeof origin, "wifi/%u", i % 3);
        const struct session *known = session_book_find(book, SESSION_RADIUS, origin, id);
        assert_int_equal(known != NULL && known->end == SESSION_LASTS, model[i].lasts);
        if (what == 0) {
            session_book_clear(book, SESSION_RADIUS, origin, NOW + 100000);
            for (unsigned k = 0; k < MODEL; k++)
                model[k].lasts = model[k].lasts && k % 3 != i % 3;
        } else if (what < 6 && known != NULL) {
            assert_int_equal(session_book_end(book, known, SESSION_STOPPED, NOW), 0);
            model[i].lasts = false;
        } else if (what < 8) {
            (void)session_book_work(book, 0, draw(&seed, 5));
        } else {
            unsigned place = draw(&seed, PLACES);
            int64_t from_s = NOW + draw(&seed, 50);
            snprintf(address, sizeof address, "10.0.0.%u", place);
            struct session s = session_of(origin, id, address, from_s);
            if (known != NULL && known->end == SESSION_LASTS)
                s.number = known->number;
            put(book, &s);
            model_put(i, place, from_s);
        }
        size_t lasting = 0;
        for (unsigned k = 0; k < MODEL; k++)
            lasting += model[k].lasts;
        while (session_book_work(book, 0, 1))
            ;
        assert_int_equal(session_book_lasting(book, SESSION_RADIUS), lasting);
    }
    session_book_free(book);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(session_book_put_numbers_sessions_and_keeps_the_number),
        cmocka_unit_test(an_address_belongs_to_the_session_that_began_last),
        cmocka_unit_test(a_device_that_roams_has_one_session),
        cmocka_unit_test(an_address_that_is_left_is_free),
        cmocka_unit_test(session_book_clear_ends_those_of_one_origin_in_slices),
        cmocka_unit_test(session_book_work_ends_those_whose_time_is_up_and_forgets_them),
        cmocka_unit_test(the_book_has_a_bound_and_those_that_ended_make_room),
        cmocka_unit_test(sessions_that_others_hold_stay_as_they_were),
        cmocka_unit_test(the_book_agrees_with_a_plain_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
