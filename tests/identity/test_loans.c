/* The register of lent devices, as people write it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "identity/loans.h"

static struct loans loans;

/* The school's clock is an hour ahead. */
static int64_t to_utc(void *ctx, const struct loans_moment *m)
{
    struct tm tm = {.tm_year = m->year - 1900,
                    .tm_mon = m->month - 1,
                    .tm_mday = m->day,
                    .tm_hour = m->hour,
                    .tm_min = m->minute,
                    .tm_sec = m->second};
    (void)ctx;
    return timegm(&tm) - 3600;
}

static int parse(const char *text)
{
    size_t len = strlen(text);
    char *copy = malloc(len + 1);
    assert_non_null(copy);
    memcpy(copy, text, len + 1);
    int err = loans_parse(copy, len, to_utc, NULL, &loans);
    free(copy);
    return err;
}

static const struct claim *loan_at_line(const char *line)
{
    for (size_t i = 0; i < loans.count; i++)
        if (strcmp(loans.claims[i].key, line) == 0)
            return &loans.claims[i];
    return NULL;
}

static int finish(void **state)
{
    (void)state;
    loans_done(&loans);
    return 0;
}

static int64_t utc(int year, int month, int day, int hour, int minute)
{
    return to_utc(NULL, &(struct loans_moment){year, month, day, hour, minute, 0});
}

static void a_register_is_read_whatever_the_order_of_its_columns(void **state)
{
    (void)state;
    assert_int_equal(parse("\xef\xbb\xbf"
                           "Loaned by,Borrower,Device,To,From\r\n"
                           "\"Okafor, Mrs\",jsmith,LAP-042,2027-07-16,2026-09-03 08:30\r\n"
                           "\r\n"
                           ",tjones,3C-22-FB-01-02-03,,03/09/2026\r\n"),
                     0);
    assert_int_equal(loans.count, 2);
    const struct claim *loan = loan_at_line("2");
    assert_string_equal(loan->host, "LAP-042");
    assert_string_equal(loan->user, "jsmith");
    assert_false(loan->has_mac);
    assert_int_equal(loan->from_s, utc(2026, 9, 3, 8, 30));
    assert_int_equal(loan->until_s, utc(2027, 7, 17, 0, 0)); /* the last day is still his */
    loan = loan_at_line("4");
    assert_true(loan->has_mac);
    assert_memory_equal(loan->mac, "\x3c\x22\xfb\x01\x02\x03", 6);
    assert_int_equal(loan->from_s, utc(2026, 9, 3, 0, 0));
    assert_int_equal(loan->until_s, 0);
    assert_int_equal(loans.refused + loans.overlaps, 0);
}

static void each_mistake_is_told_with_its_line_and_costs_no_other(void **state)
{
    static const struct {
        const char *line, *said;
    } rows[] = {
        {",jones,2026-09-03,", "a device is wanted"},
        {"LAP-1,,2026-09-03,", "a pupil's user name is wanted"},
        {"LAP-1,jones,yesterday,",
         "from must be a time such as 2026-09-03, 2026-09-03 08:30 or 03/09/2026: 'yesterday'"},
        {"LAP-1,jones,2026-02-29,", "from must be a time"},
        {"LAP-1,jones,2026-09-03 24:00,", "from must be a time"},
        {"LAP-1,jones,2026-09-03 8:5:7x,", "from must be a time"},
        {"LAP-1,jones,31/04/2026,", "from must be a time"},
        {"LAP-1,jones,,13/13/2026", "to must be a time"},
        {"LAP-1,jones,2026-09-03,2026-09-01", "it ends before it begins: '2026-09-01'"},
        {"LAP-1,jones,\x1b[31m,", "from must be a time such as 2026-09-03, 2026-09-03 08:30 or 03/09/2026: '[31m'"},
        {"\"LAP-1\"x,jones,,", "not of the form of CSV"},
        {"LAP-1", "a pupil's user name is wanted"},
    };
    char text[512], said[512];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        loans_done(&loans);
        snprintf(text, sizeof text, "device,pupil,from,to\nLAP-9,first,,\n%s\nLAP-8,last,2026-09-03,\n", rows[i].line);
        assert_int_equal(parse(text), 0);
        assert_int_equal(loans.count, 2);
        assert_int_equal(loans.refused, 1);
        snprintf(said, sizeof said, "line 3: %s", rows[i].said);
        if (strstr(loans.complaints.bytes, said) == NULL)
            fail_msg("'%s': %s", rows[i].line, loans.complaints.bytes);
    }
}

static void without_its_titles_nothing_is_read(void **state)
{
    static const char *const texts[] = {"", "LAP-042,jsmith,2026-09-03,\n", "device,pupil,from\nLAP-1,jones,\n",
                                        "device,asset,pupil,from,to\n"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        loans_done(&loans);
        assert_int_equal(parse(texts[i]), ERR_MALFORMED);
        assert_int_equal(loans.count, 0);
        assert_non_null(strstr(loans.complaints.bytes, "line 1: "));
    }
}

static void a_new_loan_ends_the_one_before(void **state)
{
    (void)state;
    assert_int_equal(parse("device,pupil,from,to\n"
                           "LAP-1,second,2026-10-01,\n"
                           "lap-1,first,2026-09-01,\n"
                           "LAP-2,other,2026-09-01,2026-12-31\n"
                           "LAP-1,third,2026-11-01,2026-11-30\n"
                           "LAP-1,fourth,2026-12-01,\n"),
                     0);
    assert_int_equal(loans.count, 5);
    assert_int_equal(loan_at_line("3")->until_s, utc(2026, 10, 1, 0, 0));
    assert_int_equal(loan_at_line("2")->until_s, utc(2026, 11, 1, 0, 0));
    assert_int_equal(loan_at_line("5")->until_s, utc(2026, 12, 1, 0, 0));
    assert_int_equal(loan_at_line("6")->until_s, 0);
    assert_int_equal(loans.overlaps, 2);
    assert_non_null(strstr(loans.complaints.bytes, "line 2: the loan of line 3 had not ended"));
}

static void of_two_loans_at_once_neither_counts(void **state)
{
    (void)state;
    assert_int_equal(parse("device,pupil,from,to\n"
                           "LAP-1,first,2026-09-01,\n"
                           "LAP-1,second,2026-09-01,2026-10-01\n"
                           "LAP-2,other,2026-09-01,\n"),
                     0);
    assert_int_equal(loans.count, 1);
    assert_int_equal(loans.refused, 2);
    assert_non_null(strstr(loans.complaints.bytes, "line 3: lent from the same time on as in line 2"));
}

static void of_many_mistakes_the_first_are_told_and_all_are_counted(void **state)
{
    struct text text = {0};
    (void)state;
    text_printf(&text, "device,pupil,from,to\n");
    for (unsigned i = 0; i < 500; i++)
        text_printf(&text, "LAP-%u,,,\n", i);
    assert_int_equal(parse(text.bytes), 0);
    text_done(&text);
    assert_int_equal(loans.refused, 500);
    assert_int_equal(loans.complained, LOANS_COMPLAINT_MAX);
}

static void too_many_loans_are_refused(void **state)
{
    struct text text = {.max = (size_t)64 << 20};
    (void)state;
    text_printf(&text, "device,pupil,from,to\n");
    for (unsigned i = 0; i <= LOANS_MAX; i++)
        text_printf(&text, "L%u,p,,\n", i);
    assert_int_equal(parse(text.bytes), ERR_LIMIT);
    text_done(&text);
    assert_int_equal(loans.count, 0);
}

#define CASE(test) cmocka_unit_test_teardown(test, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_register_is_read_whatever_the_order_of_its_columns),
        CASE(each_mistake_is_told_with_its_line_and_costs_no_other),
        CASE(without_its_titles_nothing_is_read),
        CASE(a_new_loan_ends_the_one_before),
        CASE(of_two_loans_at_once_neither_counts),
        CASE(of_many_mistakes_the_first_are_told_and_all_are_counted),
        CASE(too_many_loans_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
