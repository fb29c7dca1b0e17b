#include "feed/popular.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "feed/normalise.h"

static struct popular *read_all(const char *text, size_t max)
{
    struct popular *popular = NULL;
    assert_int_equal(popular_new(max, &popular), 0);
    assert_int_equal(popular_read(popular, span_of(text)), 0);
    return popular;
}

static uint32_t rank_under(const struct popular *popular, const char *rule, bool self, bool below)
{
    struct listed_name name;
    assert_int_equal(normalise_name(span_of(rule), &name), REFUSED_NONE);
    const struct popular_name *found = popular_find(popular, &name.key, self, below);
    return found == NULL ? 0 : found->rank;
}

static void popular_reads_every_form_of_a_ranking(void **state)
{
    static const struct {
        const char *text;
        size_t count;
        const char *name;
        uint32_t rank;
    } rows[] = {
        {"", 0, NULL, 0},
        {"\n#\n", 0, NULL, 0},
        {"a.example", 1, "a.example", 1},
        {"# ours\nA.example. # first\n\nb.example\r\n", 2, "b.example", 2},
        {"1,a.example\r\n2,b.example\r\n", 2, "b.example", 2},
        {"\xef\xbb\xbf"
         "5,a.example",
         1, "a.example", 5},
        {"GlobalRank,TldRank,Domain,TLD\n1,1,a.example,example,9\n2,7,b.example,example,9\n", 2, "b.example", 2},
        {"\"rank\",\"domain\"\n\"3\",\"a.example\"\n", 1, "a.example", 3},
        {"1,a.example\n2,a.example\n", 1, "a.example", 1},
        {"1,com\n2,not a name\n3,192.0.2.1\n4,a.example\n", 1, "a.example", 4},
        {"1\n2,\n,\n,,,\n99999999999,a.example\n", 0, NULL, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct popular *popular = read_all(rows[i].text, 100);
        if (popular_count(popular) != rows[i].count)
            print_message("row %zu: %zu names\n", i, popular_count(popular));
        assert_int_equal(popular_count(popular), rows[i].count);
        if (rows[i].name != NULL)
            assert_int_equal(rank_under(popular, rows[i].name, true, false), rows[i].rank);
        popular_free(popular);
    }
}

static void popular_finds_the_best_rank_that_a_rule_covers(void **state)
{
    static const struct {
        const char *rule;
        bool self, below;
        uint32_t rank;
    } rows[] = {
        {"example.com", true, true, 2},
        {"example.com", true, false, 5},
        {"example.com", false, true, 2},
        {"www.example.com", true, true, 2},
        {"www.example.com", false, true, 0},
        {"com", true, true, 2},
        {"com", true, false, 0},
        {"ample.com", true, true, 0},
        {"x.www.example.com", true, true, 0},
        {"org", false, true, 9},
        {"net", true, true, 0},
    };
    struct popular *popular = read_all("9,a.org\n5,example.com\n2,www.example.com\n7,mail.example.com\n", 100);
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(rank_under(popular, rows[i].rule, rows[i].self, rows[i].below), rows[i].rank);
    popular_free(popular);
}

static void popular_takes_no_more_names_than_it_may(void **state)
{
    struct popular *popular = read_all("a.example\nb.example\nc.example\n", 2);
    (void)state;
    assert_int_equal(popular_count(popular), 2);
    assert_int_equal(popular_read(popular, span_of("d.example\n")), 0);
    assert_int_equal(popular_count(popular), 2);
    popular_free(popular);
}

static void popular_ships_names_of_its_own(void **state)
{
    struct popular *popular = read_all("7,bbc.co.uk\n", 1);
    size_t count = 0;
    (void)state;
    assert_int_equal(popular_add_shipped(popular), 0);
    assert_int_equal(rank_under(popular, "bbc.co.uk", true, false), 7); /* as the ranking says */
    assert_int_equal(rank_under(popular, "google.com", true, false), 1);
    for (; popular_shipped[count] != NULL; count++) {
        struct listed_name name;
        assert_int_equal(normalise_name(span_of(popular_shipped[count]), &name), REFUSED_NONE);
        assert_string_equal(name.text, popular_shipped[count]); /* as a key has it */
        assert_true(name.key.labels > 1);
    }
    assert_int_equal(popular_count(popular), count); /* each once; bbc.co.uk was there already */
    assert_false(popular_at(popular, 0)->ours);
    assert_true(popular_at(popular, 1)->ours);
    popular_free(popular);
}

static void popular_keeps_thousands_apart(void **state)
{
    struct popular *popular = NULL;
    char line[64];
    (void)state;
    assert_int_equal(popular_new(5000, &popular), 0);
    for (unsigned i = 1; i <= 5000; i++) {
        snprintf(line, sizeof line, "%u,n%u.t%u.example", i, i, i % 50);
        assert_int_equal(popular_read(popular, span_of(line)), 0);
    }
    for (unsigned i = 1; i <= 5000; i++) {
        snprintf(line, sizeof line, "n%u.t%u.example", i, i % 50);
        assert_int_equal(rank_under(popular, line, true, true), i);
    }
    assert_int_equal(rank_under(popular, "t7.example", true, true), 7);
    popular_free(popular);
}

static void popular_reads_a_packed_ranking(void **state)
{
    /* "1,a.example\n2,b.example\n" */
    static const uint8_t gzip[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x33, 0xd4,
                                   0x49, 0xd4, 0x4b, 0xad, 0x48, 0xcc, 0x2d, 0xc8, 0x49, 0xe5, 0x32, 0xd2,
                                   0x49, 0x82, 0xb3, 0x01, 0xe2, 0x71, 0x96, 0x9a, 0x18, 0x00, 0x00, 0x00};
    static const uint8_t zip[] = {
        0x50, 0x4b, 0x03, 0x04, 0x14, 0x00, 0x00, 0x00, 0x08, 0x00, 0x00, 0x00, 0x21, 0x50, 0xe2, 0x71, 0x96,
        0x9a, 0x12, 0x00, 0x00, 0x00, 0x18, 0x00, 0x00, 0x00, 0x07, 0x00, 0x00, 0x00, 0x74, 0x6f, 0x70, 0x2e,
        0x63, 0x73, 0x76, 0x33, 0xd4, 0x49, 0xd4, 0x4b, 0xad, 0x48, 0xcc, 0x2d, 0xc8, 0x49, 0xe5, 0x32, 0xd2,
        0x49, 0x82, 0xb3, 0x01, 0x50, 0x4b, 0x01, 0x02, 0x14, 0x03, 0x14, 0x00, 0x00, 0x00, 0x08, 0x00, 0x00,
        0x00, 0x21, 0x50, 0xe2, 0x71, 0x96, 0x9a, 0x12, 0x00, 0x00, 0x00, 0x18, 0x00, 0x00, 0x00, 0x07, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x80, 0x01, 0x00, 0x00, 0x00, 0x00, 0x74,
        0x6f, 0x70, 0x2e, 0x63, 0x73, 0x76, 0x50, 0x4b, 0x05, 0x06, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x01,
        0x00, 0x35, 0x00, 0x00, 0x00, 0x37, 0x00, 0x00, 0x00, 0x00, 0x00};
    const struct span whole[] = {{gzip, sizeof gzip}, {zip, sizeof zip}};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct popular *popular = NULL;
        assert_int_equal(popular_new(9, &popular), 0);
        (void)!popular_read(popular, (struct span){whole[i].at, whole[i].len / 4});
        assert_int_equal(popular_count(popular), 0);
        assert_int_equal(popular_read(popular, whole[i]), 0);
        assert_int_equal(popular_count(popular), 2);
        assert_int_equal(rank_under(popular, "b.example", true, true), 2);
        popular_free(popular);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(popular_reads_every_form_of_a_ranking),
        cmocka_unit_test(popular_finds_the_best_rank_that_a_rule_covers),
        cmocka_unit_test(popular_takes_no_more_names_than_it_may),
        cmocka_unit_test(popular_ships_names_of_its_own),
        cmocka_unit_test(popular_keeps_thousands_apart),
        cmocka_unit_test(popular_reads_a_packed_ranking),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
