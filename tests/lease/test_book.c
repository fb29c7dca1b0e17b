#include "lease/book.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lease/shelf.h"

static struct lease made(unsigned host_number, int64_t renewed_s, int64_t until_s)
{
    const uint8_t v4[4] = {10, (uint8_t)(host_number >> 16), (uint8_t)(host_number >> 8), (uint8_t)host_number};
    return (struct lease){
        .address = ipaddr_from_v4(v4),
        .mac = {2, 0, 0, (uint8_t)(host_number >> 16), (uint8_t)(host_number >> 8), (uint8_t)host_number},
        .has_mac = true,
        .active = true,
        .renewed_s = renewed_s,
        .until_s = until_s};
}

static struct lease freed(unsigned host_number)
{
    struct lease lease = made(host_number, 0, 0);
    lease.active = false;
    return lease;
}

static struct book *new_book(void)
{
    struct book *book;
    assert_int_equal(book_new(1000, 7, &book), 0);
    return book;
}

static void take(struct book *book, struct lease lease, int64_t now_s)
{
    book_take(&(struct book_taking){book, now_s}, &lease);
}

static void end(struct book *book, int64_t now_s)
{
    assert_int_equal(book_end(book, now_s), 0);
}

static void only_what_is_new_is_a_change(void **state)
{
    struct book *book = new_book();
    (void)state;
    for (int round = 0; round < 2; round++) {
        book_begin(book, true);
        take(book, made(1, 10, 100), 20);
        take(book, made(2, 10, 100), 20);
        end(book, 20);
        assert_int_equal(book_change_count(book), round == 0 ? 2 : 0);
    }
    book_begin(book, false);
    take(book, made(2, 30, 120), 30);
    end(book, 30);
    assert_int_equal(book_change_count(book), 1);
    assert_string_equal(shelf_line(book_change(book, 0)), "10.0.0.2 02:00:00:00:00:02 - 30..120");
    assert_int_equal(book_count(book), 2);
    book_free(book);
}

static void the_last_word_about_an_address_holds(void **state)
{
    struct book *book = new_book();
    (void)state;
    book_begin(book, true);
    take(book, made(1, 10, 100), 20);
    take(book, freed(1), 20);
    take(book, made(2, 10, 100), 20);
    take(book, freed(2), 20);
    take(book, made(2, 15, 150), 20);
    take(book, freed(3), 20);
    end(book, 20);
    assert_int_equal(book_count(book), 1);
    assert_int_equal(book_entry(book, 0)->lease.until_s, 150);
    book_free(book);
}

static void a_whole_reading_takes_away_what_it_does_not_name(void **state)
{
    struct book *book = new_book();
    (void)state;
    book_begin(book, true);
    for (unsigned i = 0; i < 5; i++)
        take(book, made(i, 10, 100), 20);
    end(book, 20);
    book_begin(book, true);
    take(book, made(3, 10, 100), 30);
    end(book, 30);
    assert_int_equal(book_count(book), 1);
    assert_int_equal(book_change_count(book), 4);
    for (size_t i = 0; i < 4; i++)
        assert_false(book_change(book, i)->active);
    book_free(book);
}

static void leases_that_have_ended_go(void **state)
{
    struct book *book = new_book();
    (void)state;
    book_begin(book, true);
    take(book, made(1, 10, 100), 20);
    take(book, made(2, 10, 0), 20);
    take(book, made(3, 10, 20), 20);
    end(book, 20);
    assert_int_equal(book_count(book), 2);
    book_begin(book, false);
    end(book, 100);
    assert_int_equal(book_count(book), 1);
    book_free(book);
}

static const struct book_entry *find(const struct book *book, unsigned host_number)
{
    struct lease lease = made(host_number, 0, 0);
    return book_find(book, &lease.address);
}

static void a_lease_that_is_extended_was_renewed(void **state)
{
    struct book *book = new_book();
    (void)state;
    book_begin(book, true);
    take(book, made(1, 0, 100), 20);
    end(book, 20);
    assert_int_equal(find(book, 1)->lease.renewed_s, 0);
    book_begin(book, true);
    take(book, made(1, 0, 130), 50);
    end(book, 50);
    assert_int_equal(find(book, 1)->lease.renewed_s, 50);
    assert_int_equal(book_change_count(book), 1);
    book_begin(book, true);
    take(book, made(1, 0, 130), 60);
    end(book, 60);
    assert_int_equal(find(book, 1)->lease.renewed_s, 50);
    assert_int_equal(find(book, 1)->first_s, 20);
    assert_int_equal(book_change_count(book), 0);
    book_free(book);
}

static void another_device_at_an_address_is_seen_from_now_on(void **state)
{
    struct book *book = new_book();
    struct lease other = made(1, 40, 200);
    (void)state;
    other.mac[5] = 99;
    book_begin(book, true);
    take(book, made(1, 10, 100), 20);
    end(book, 20);
    assert_int_equal(find(book, 1)->first_s, 10);
    book_begin(book, false);
    take(book, other, 50);
    end(book, 50);
    assert_int_equal(find(book, 1)->first_s, 40);
    book_free(book);
}

static void no_more_leases_are_kept_than_it_was_told(void **state)
{
    struct book *book;
    (void)state;
    assert_int_equal(book_new(100, 7, &book), 0);
    book_begin(book, true);
    for (unsigned i = 0; i < 105; i++)
        take(book, made(i, 10, 100), 20);
    end(book, 20);
    assert_int_equal(book_count(book), 100);
    assert_int_equal(book_refused(book), 5);
    book_free(book);
}

/* What a reader of the changes alone knows must be what the book knows. */
static void changes_add_up_to_the_book(void **state)
{
    enum { HOSTS = 200 };
    struct book *book = new_book();
    struct lease told[HOSTS] = {0};
    int64_t kept[HOSTS] = {0}; /* end, 0: none */
    unsigned random = 1;
    (void)state;
    for (int64_t now_s = 1000; now_s < 3000; now_s++) {
        bool whole = random % 16 == 0;
        book_begin(book, whole);
        if (whole)
            memset(kept, 0, sizeof kept);
        for (unsigned i = 0; i < 8; i++) {
            random = random * 1103515245 + 12345;
            unsigned host = random >> 16 & 0xff;
            bool is_free = (random >> 12 & 3) == 0;
            if (host >= HOSTS)
                continue;
            kept[host] = is_free ? 0 : now_s + 1 + host;
            take(book, is_free ? freed(host) : made(host, now_s, kept[host]), now_s);
        }
        end(book, now_s);
        for (size_t i = 0; i < book_change_count(book); i++)
            told[ipaddr_v4(&book_change(book, i)->address)[3]] = *book_change(book, i);
        for (unsigned host = 0; host < HOSTS; host++) {
            bool held = kept[host] > now_s;
            const struct book_entry *entry = find(book, host);
            assert_int_equal(told[host].active && told[host].until_s > now_s, held);
            if (held)
                assert_int_equal(entry->lease.until_s, kept[host]);
            else
                assert_true(entry == NULL || entry->lease.until_s <= now_s);
        }
    }
    book_free(book);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_is_new_is_a_change),
        cmocka_unit_test(the_last_word_about_an_address_holds),
        cmocka_unit_test(a_whole_reading_takes_away_what_it_does_not_name),
        cmocka_unit_test(leases_that_have_ended_go),
        cmocka_unit_test(a_lease_that_is_extended_was_renewed),
        cmocka_unit_test(another_device_at_an_address_is_seen_from_now_on),
        cmocka_unit_test(no_more_leases_are_kept_than_it_was_told),
        cmocka_unit_test(changes_add_up_to_the_book),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
