#include "lease/tail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define HEAD "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context\n"
#define NOW  1000

struct desk {
    char dir[64];
    char path[128];
    struct book *book;
    struct tail tail;
};

static void lay(struct desk *desk, enum reading_format format, const char *name)
{
    snprintf(desk->dir, sizeof desk->dir, "/tmp/belisha-tail-XXXXXX");
    assert_non_null(mkdtemp(desk->dir));
    snprintf(desk->path, sizeof desk->path, "%s/%s", desk->dir, name);
    assert_int_equal(book_new(1000, 7, &desk->book), 0);
    tail_init(&desk->tail, format, desk->path, desk->book);
}

static void clear(struct desk *desk)
{
    char command[100];
    snprintf(command, sizeof command, "rm -rf %s", desk->dir);
    assert_int_equal(system(command), 0);
    book_free(desk->book);
}

static void put(const struct desk *desk, const char *ending, const char *mode, const char *text)
{
    char path[160];
    snprintf(path, sizeof path, "%s%s", desk->path, ending);
    FILE *file = fopen(path, mode);
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void move(const struct desk *desk, const char *from, const char *to)
{
    char old[160], new[160];
    snprintf(old, sizeof old, "%s%s", desk->path, from);
    snprintf(new, sizeof new, "%s%s", desk->path, to);
    assert_int_equal(rename(old, new), 0);
}

static void drop(const struct desk *desk, const char *ending)
{
    char path[160];
    snprintf(path, sizeof path, "%s%s", desk->path, ending);
    assert_int_equal(unlink(path), 0);
}

static int look(struct desk *desk)
{
    return tail_look(&desk->tail, false, NOW);
}

static bool holds(const struct desk *desk, const char *address)
{
    struct ipaddr a;
    assert_int_equal(ipaddr_from_text(address, &a), 0);
    return book_find(desk->book, &a) != NULL;
}

static void what_is_added_is_read_from_where_we_stopped(void **state)
{
    struct desk desk;
    (void)state;
    lay(&desk, READING_KEA, "kea-leases4.csv");
    put(&desk, "", "w", HEAD "10.0.0.1,,,60,2000,1,0,0,x,0,\n");
    assert_int_equal(look(&desk), TAIL_READ);
    assert_int_equal(look(&desk), TAIL_SAME);
    for (unsigned i = 2; i < 50; i++) {
        char line[100];
        snprintf(line, sizeof line, "10.0.0.%u,,,60,2000,1,0,0,x,0,\n", i);
        put(&desk, "", "a", line);
        assert_int_equal(look(&desk), TAIL_READ);
        assert_int_equal(book_change_count(desk.book), 1);
        assert_int_equal(book_count(desk.book), i);
    }
    assert_int_equal(desk.tail.whole_readings, 1);
    clear(&desk);
}

static void a_line_that_is_being_written_is_waited_for(void **state)
{
    struct desk desk;
    (void)state;
    lay(&desk, READING_KEA, "kea-leases4.csv");
    put(&desk, "", "w", "");
    assert_int_equal(look(&desk), TAIL_READ);
    put(&desk, "", "a", "address,hwaddr,client_id,valid_lifetime,exp");
    assert_int_equal(look(&desk), TAIL_READ);
    put(&desk, "", "a", "ire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context\n10.0.0.1,,,60,20");
    assert_int_equal(look(&desk), TAIL_READ);
    assert_int_equal(book_count(desk.book), 0);
    put(&desk, "", "a", "00,1,0,0,x,0,\n");
    assert_int_equal(look(&desk), TAIL_READ);
    assert_true(holds(&desk, "10.0.0.1"));
    assert_int_equal(book_entry(desk.book, 0)->lease.until_s, 2000);
    assert_int_equal(desk.tail.whole_readings, 1);
    clear(&desk);
}

static void another_file_in_its_place_is_read_anew(void **state)
{
    struct desk desk;
    (void)state;
    lay(&desk, READING_ISC, "dhcpd.leases");
    put(&desk, "", "w", "lease 10.0.0.1 { ends never; } lease 10.0.0.2 { ends never; }");
    assert_int_equal(look(&desk), TAIL_READ);
    put(&desk, ".new", "w", "lease 10.0.0.2 { ends never; } lease 10.0.0.3 { ends never; }");
    move(&desk, ".new", "");
    assert_int_equal(look(&desk), TAIL_READ);
    assert_int_equal(book_count(desk.book), 2);
    assert_false(holds(&desk, "10.0.0.1"));
    assert_true(holds(&desk, "10.0.0.3"));
    clear(&desk);
}

static void a_file_that_was_cut_or_overwritten_is_read_anew(void **state)
{
    struct desk desk;
    (void)state;
    lay(&desk, READING_ISC, "dhcpd.leases");
    put(&desk, "", "w", "lease 10.0.0.1 { ends never; } lease 10.0.0.2 { ends never; }");
    assert_int_equal(look(&desk), TAIL_READ);
    put(&desk, "", "w", "lease 10.0.0.3 { ends never; }");
    assert_int_equal(look(&desk), TAIL_READ);
    assert_int_equal(book_count(desk.book), 1);
    put(&desk, "", "w", "lease 10.0.0.4 { ends never; } lease 10.0.0.5 { ends never; }");
    assert_int_equal(look(&desk), TAIL_READ);
    assert_int_equal(book_count(desk.book), 2);
    assert_false(holds(&desk, "10.0.0.3"));
    assert_int_equal(desk.tail.whole_readings, 3);
    clear(&desk);
}

/* kea-lfc(8): whenever we look, nothing that holds is missing. */
static void a_cleanup_of_kea_takes_nothing_away(void **state)
{
    enum { STEPS = 8 };
    (void)state;
    for (unsigned looks = 0; looks < 1U << STEPS; looks++) {
        struct desk desk;
        lay(&desk, READING_KEA, "kea-leases4.csv");
        put(&desk, ".2", "w", HEAD "10.0.0.1,,,60,2000,1,0,0,x,0,\n");
        put(&desk, "", "w", HEAD "10.0.0.2,,,60,2000,1,0,0,x,0,\n");
        assert_int_equal(look(&desk), TAIL_READ);
        for (unsigned step = 0; step < STEPS; step++) {
            switch (step) {
            case 0: /* the server: */
                move(&desk, "", ".1");
                put(&desk, "", "w", HEAD);
                break;
            case 1:
                put(&desk, "", "a", "10.0.0.3,,,60,2000,1,0,0,x,0,\n");
                break;
            case 2: /* kea-lfc: */
                put(&desk, ".output", "w", HEAD "10.0.0.1,,,60,2000,1,0,0,x,0,\n");
                break;
            case 3:
                put(&desk, ".output", "a", "10.0.0.2,,,60,2000,1,0,0,x,0,\n");
                break;
            case 4:
                move(&desk, ".output", ".completed");
                break;
            case 5:
                drop(&desk, ".2");
                break;
            case 6:
                drop(&desk, ".1");
                break;
            case 7:
                move(&desk, ".completed", ".2");
                break;
            }
            if ((looks >> step & 1) == 0)
                continue;
            assert_true(look(&desk) >= 0);
            assert_true(holds(&desk, "10.0.0.1") && holds(&desk, "10.0.0.2"));
            assert_int_equal(holds(&desk, "10.0.0.3"), step >= 1);
        }
        assert_int_equal(desk.tail.whole_readings, looks == 0 ? 1 : 2);
        clear(&desk);
    }
}

static void a_start_in_the_middle_of_a_cleanup_finds_all(void **state)
{
    struct desk desk;
    (void)state;
    lay(&desk, READING_KEA, "kea-leases4.csv");
    /* .2 and .1 have gone into .completed, with what is outdated in them */
    put(&desk, ".completed", "w", HEAD "10.0.0.1,,,60,2000,1,0,0,x,0,\n");
    put(&desk, ".2", "w", HEAD "10.0.0.9,,,60,2000,1,0,0,x,0,\n");
    put(&desk, ".1", "w", HEAD "10.0.0.9,,,0,2000,1,0,0,x,0,\n");
    put(&desk, "", "w", HEAD "10.0.0.2,,,60,2000,1,0,0,x,0,\n");
    assert_int_equal(tail_look(&desk.tail, true, NOW), TAIL_READ);
    assert_int_equal(book_count(desk.book), 2);
    clear(&desk);
}

static void a_file_that_is_not_there_takes_nothing_away(void **state)
{
    struct desk desk;
    (void)state;
    lay(&desk, READING_KEA, "kea-leases4.csv");
    assert_int_equal(look(&desk), ERR_NOENT);
    put(&desk, "", "w", HEAD "10.0.0.1,,,60,2000,1,0,0,x,0,\n");
    assert_int_equal(look(&desk), TAIL_READ);
    drop(&desk, "");
    assert_int_equal(look(&desk), ERR_NOENT);
    assert_true(holds(&desk, "10.0.0.1"));
    put(&desk, "", "w", HEAD "10.0.0.2,,,60,2000,1,0,0,x,0,\n");
    assert_int_equal(look(&desk), TAIL_READ);
    assert_false(holds(&desk, "10.0.0.1"));
    clear(&desk);
}

static void what_is_no_ordinary_file_is_refused(void **state)
{
    struct desk desk;
    (void)state;
    lay(&desk, READING_KEA, "kea-leases4.csv");
    assert_int_equal(mkfifo(desk.path, 0600), 0);
    assert_int_equal(look(&desk), ERR_INVAL);
    drop(&desk, "");
    assert_int_equal(mkdir(desk.path, 0700), 0);
    assert_int_equal(look(&desk), ERR_INVAL);
    clear(&desk);
}

static void a_file_of_another_format_is_told_and_read_once(void **state)
{
    struct desk desk;
    (void)state;
    lay(&desk, READING_KEA, "kea-leases4.csv");
    put(&desk, "", "w", "2000 06:d8:d4:3a:6b:fa 10.5.0.55 * 01:06\n");
    for (int i = 0; i < 3; i++)
        assert_int_equal(look(&desk), ERR_MALFORMED);
    assert_int_equal(desk.tail.readings, 1);
    put(&desk, "", "w", HEAD "10.0.0.1,,,60,2000,1,0,0,x,0,\n");
    assert_int_equal(look(&desk), TAIL_READ);
    clear(&desk);
}

static void a_file_that_is_written_anew_is_read_when_it_rests(void **state)
{
    struct desk desk;
    (void)state;
    lay(&desk, READING_DNSMASQ, "dnsmasq.leases");
    put(&desk, "", "w", "2000 06:d8:d4:3a:6b:fa 10.0.0.1 x *\n2000 06:d8:d4:3a:6b:fb 10.0.0.2 x *\n");
    assert_int_equal(tail_look(&desk.tail, true, NOW), TAIL_READ);
    put(&desk, "", "w", "");
    assert_int_equal(look(&desk), TAIL_SOON);
    put(&desk, "", "w", "2000 06:d8:d4:3a:6b:fa 10.0.0.1 x *\n2000 06:d8:d4");
    assert_int_equal(look(&desk), TAIL_SOON);
    assert_int_equal(look(&desk), TAIL_SOON); /* it rests in the middle of a line */
    assert_true(holds(&desk, "10.0.0.1") && holds(&desk, "10.0.0.2"));
    put(&desk, "", "a", ":3a:6b:fc 10.0.0.3 x *\n");
    assert_int_equal(look(&desk), TAIL_SOON);
    assert_int_equal(look(&desk), TAIL_READ);
    assert_int_equal(look(&desk), TAIL_SAME);
    assert_int_equal(book_count(desk.book), 2);
    assert_true(holds(&desk, "10.0.0.1") && holds(&desk, "10.0.0.3"));
    clear(&desk);
}

static void a_file_that_never_rests_is_read_all_the_same(void **state)
{
    struct desk desk;
    unsigned looks = 0;
    (void)state;
    lay(&desk, READING_DNSMASQ, "dnsmasq.leases");
    put(&desk, "", "w", "2000 06:d8:d4:3a:6b:fa 10.0.0.1 x *\n");
    assert_int_equal(tail_look(&desk.tail, true, NOW), TAIL_READ);
    put(&desk, "", "w", "2000 06:d8:d4:3a:6b:fa 10.0.0.2 x *\nno end");
    while (look(&desk) == TAIL_SOON)
        assert_true(++looks < 100);
    assert_int_equal(book_count(desk.book), 1);
    assert_true(holds(&desk, "10.0.0.2"));
    clear(&desk);
}

static void large_files_are_read_in_pieces(void **state)
{
    struct desk desk;
    char line[120];
    (void)state;
    lay(&desk, READING_KEA, "kea-leases4.csv");
    put(&desk, "", "w", HEAD);
    FILE *file = fopen(desk.path, "a");
    for (unsigned i = 0; i < 20000; i++) {
        snprintf(line, sizeof line, "10.0.0.%u,06:d8:d4:3a:6b:fa,,60,%u,1,0,0,laptop-%u,0,\n", i % 200, 2000 + i, i);
        fputs(line, file);
    }
    fclose(file);
    assert_int_equal(look(&desk), TAIL_READ);
    assert_int_equal(desk.tail.reading.lease_count, 20000);
    assert_int_equal(desk.tail.reading.refused_count, 0);
    assert_int_equal(book_count(desk.book), 200);
    put(&desk, "", "a", "10.0.0.250,,,60,2000,1,0,0,x,0,\n");
    assert_int_equal(look(&desk), TAIL_READ);
    assert_int_equal(book_change_count(desk.book), 1);
    clear(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_added_is_read_from_where_we_stopped),
        cmocka_unit_test(a_line_that_is_being_written_is_waited_for),
        cmocka_unit_test(another_file_in_its_place_is_read_anew),
        cmocka_unit_test(a_file_that_was_cut_or_overwritten_is_read_anew),
        cmocka_unit_test(a_cleanup_of_kea_takes_nothing_away),
        cmocka_unit_test(a_start_in_the_middle_of_a_cleanup_finds_all),
        cmocka_unit_test(a_file_that_is_not_there_takes_nothing_away),
        cmocka_unit_test(what_is_no_ordinary_file_is_refused),
        cmocka_unit_test(a_file_of_another_format_is_told_and_read_once),
        cmocka_unit_test(a_file_that_is_written_anew_is_read_when_it_rests),
        cmocka_unit_test(a_file_that_never_rests_is_read_all_the_same),
        cmocka_unit_test(large_files_are_read_in_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
