#include "upstream/cause.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dns/rr.h"

static int find(const char *options, size_t len, unsigned rcode)
{
    uint8_t *exact = malloc(len + 1);
    memcpy(exact + 1, options, len);
    int code = cause_find(exact + 1, len, rcode);
    free(exact);
    return code;
}

static void cause_find_takes_what_is_said_of_the_question(void **state)
{
    static const struct {
        unsigned code, rcode;
        bool told;
    } rows[] = {
        {6, DNS_RCODE_SERVFAIL, true},   /* bogus */
        {7, DNS_RCODE_SERVFAIL, true},   /* signature expired */
        {9, DNS_RCODE_SERVFAIL, true},   /* DNSKEY missing */
        {22, DNS_RCODE_SERVFAIL, true},  /* no reachable authority */
        {23, DNS_RCODE_REFUSED, true},   /* network error */
        {17, DNS_RCODE_REFUSED, true},   /* filtered */
        {15, DNS_RCODE_NXDOMAIN, true},  /* blocked */
        {4, DNS_RCODE_NOERROR, true},    /* forged */
        {3, DNS_RCODE_NOERROR, true},    /* stale */
        {19, DNS_RCODE_NXDOMAIN, true},  /* stale NXDOMAIN */
        {0, DNS_RCODE_SERVFAIL, false},  /* says nothing */
        {13, DNS_RCODE_SERVFAIL, false}, /* nor does this */
        {14, DNS_RCODE_SERVFAIL, false}, /* not ready: of the server, our client would think of us */
        {18, DNS_RCODE_REFUSED, false},  /* prohibited: to us */
        {20, DNS_RCODE_REFUSED, false},  /* not authoritative */
        {6, DNS_RCODE_NOERROR, false},   /* an answer is no failure */
        {3, DNS_RCODE_SERVFAIL, false},  /* and the other way round */
        {31, DNS_RCODE_SERVFAIL, false},    {32 + 6, DNS_RCODE_SERVFAIL, false},
        {49152, DNS_RCODE_SERVFAIL, false}, /* of private use */
        {65535, DNS_RCODE_SERVFAIL, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char option[] = {0, 15, 0, 2, (char)(rows[i].code >> 8), (char)rows[i].code};
        int expected = rows[i].told ? (int)rows[i].code : EDE_NONE;
        if (find(option, sizeof option, rows[i].rcode) != expected)
            fail_msg("code %u with rcode %u", rows[i].code, rows[i].rcode);
    }
}

/* RFC 8914, 2: any number of them may come. */
static void cause_find_passes_over_what_it_does_not_tell(void **state)
{
    static const char several[] = "\0\12\0\10abcdefgh" /* a cookie */
                                  "\0\17\0\1\0"        /* half a code */
                                  "\0\17\0\5\0\0hmm"   /* other, with a text */
                                  "\0\17\0\6\0\7late"  /* signature expired, with a text */
                                  "\0\17\0\2\0\26";    /* no reachable authority */
    (void)state;
    assert_int_equal(find(several, sizeof several - 1, DNS_RCODE_SERVFAIL), 7);
    assert_int_equal(find(several, 12 + 5 + 9, DNS_RCODE_SERVFAIL), EDE_NONE);
    assert_int_equal(find(several, sizeof several - 2, DNS_RCODE_NOERROR), EDE_NONE); /* cut short */
    assert_int_equal(find("", 0, DNS_RCODE_SERVFAIL), EDE_NONE);
}

static void cause_better_is_what_validation_found(void **state)
{
    (void)state;
    assert_int_equal(cause_better(EDE_NONE, 22), 22);
    assert_int_equal(cause_better(22, EDE_NONE), 22);
    assert_int_equal(cause_better(22, 6), 6);
    assert_int_equal(cause_better(6, 22), 6);
    assert_int_equal(cause_better(7, 6), 7);
    assert_int_equal(cause_better(EDE_NONE, EDE_NONE), EDE_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cause_find_takes_what_is_said_of_the_question),
        cmocka_unit_test(cause_find_passes_over_what_it_does_not_tell),
        cmocka_unit_test(cause_better_is_what_validation_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
