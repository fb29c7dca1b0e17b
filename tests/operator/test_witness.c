#include "operator/witness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../qlog/fixture.h"
#include "dns/rr.h"

#define SECOND_NS INT64_C(1000000000)
#define BEGIN_S   INT64_C(1700000000)

static struct fixture folder;
static struct qlog *query_log;
static uint8_t name[NAME_MAX_LEN];

static int begin(void **state)
{
    (void)state;
    fixture_begin(&folder);
    struct qlog_opts opts = fixture_opts(&folder);
    assert_int_equal(qlog_open(&opts, &query_log), 0);
    assert_true(name_from_text("www.example", 11, name) > 0);
    return 0;
}

static int end(void **state)
{
    (void)state;
    qlog_close(query_log);
    fixture_end(&folder);
    return 0;
}

static void put(int64_t second, const char *client, const char *text, uint16_t type, uint32_t user)
{
    struct qlog_record r = {.time_ns = (BEGIN_S + second) * SECOND_NS,
                            .qtype = type,
                            .qclass = 1,
                            .user = user,
                            .grade = QLOG_GRADE_ADDRESS,
                            .upstream = QLOG_NO_UPSTREAM,
                            .verdict = {.feed = VERDICT_NO_FEED}};
    assert_int_equal(ipaddr_from_text(client, &r.client), 0);
    r.qname_len = (uint8_t)name_from_text(text, strlen(text), r.qname);
    qlog_append(qlog_writer(query_log, 0), &r);
}

static struct witness_opts at(int64_t second, int64_t within_s)
{
    return (struct witness_opts){.log_dir = folder.dir,
                                 .from_ns = (BEGIN_S + second) * SECOND_NS,
                                 .to_ns = (BEGIN_S + second + 1) * SECOND_NS,
                                 .within_ns = within_s * SECOND_NS,
                                 .name = name};
}

static int64_t second_of(const struct witness *w)
{
    return w->record.time_ns / SECOND_NS - BEGIN_S;
}

static void the_last_row_up_to_the_time_is_the_one_that_is_meant(void **state)
{
    struct witnesses found;
    (void)state;
    put(0, "10.0.0.1", "www.example", 1, 0);
    put(10, "10.0.0.1", "www.example", 1, 0);
    put(11, "10.0.0.1", "other.example", 1, 0);
    put(20, "10.0.0.1", "www.example", 1, 0);
    const struct witness_opts opts = at(12, 60);
    assert_int_equal(witness_find(&opts, &found), 0);
    assert_int_equal(found.count, 3);
    assert_int_equal(second_of(&found.rows[found.nearest]), 10);
    const struct witness_opts exact = at(20, 0);
    assert_int_equal(witness_find(&exact, &found), 0);
    assert_int_equal(found.count, 1);
    const struct witness_opts early = at(-5, 60);
    assert_int_equal(witness_find(&early, &found), 0);
    assert_int_equal(second_of(&found.rows[found.nearest]), 0);
    const struct witness_opts none = at(500, 60);
    assert_int_equal(witness_find(&none, &found), 0);
    assert_int_equal(found.count, 0);
}

static void rows_are_chosen_by_client_type_and_user(void **state)
{
    struct witnesses found;
    (void)state;
    put(1, "10.0.0.1", "www.example", 1, 7);
    put(2, "10.0.0.2", "www.example", 1, 0);
    put(3, "10.0.0.1", "www.example", 28, 0);
    struct witness_opts opts = at(2, 60);
    opts.has_client = true;
    assert_int_equal(ipaddr_from_text("10.0.0.1", &opts.client), 0);
    assert_int_equal(witness_find(&opts, &found), 0);
    assert_int_equal(found.count, 2);
    opts.has_type = true;
    opts.type = 28;
    assert_int_equal(witness_find(&opts, &found), 0);
    assert_int_equal(found.count, 1);
    opts = at(2, 60);
    opts.has_user = true;
    opts.user = 7;
    assert_int_equal(witness_find(&opts, &found), 0);
    assert_int_equal(found.count, 1);
    opts.user = 0; /* who has no number has no rows */
    assert_int_equal(witness_find(&opts, &found), 0);
    assert_int_equal(found.count, 0);
}

static void of_many_rows_the_closest_stay(void **state)
{
    struct witnesses found;
    (void)state;
    for (int second = 0; second < 100; second++)
        put(second, "10.0.0.1", "www.example", 1, 0);
    const struct witness_opts opts = at(50, 60);
    assert_int_equal(witness_find(&opts, &found), 0);
    assert_int_equal(found.count, WITNESS_MAX);
    assert_int_equal(found.more, 100 - WITNESS_MAX);
    assert_int_equal(second_of(&found.rows[found.nearest]), 50);
    for (size_t i = 0; i < WITNESS_MAX; i++)
        assert_in_range(second_of(&found.rows[i]), 46, 54);
}

int main(void)
{
#define WITNESS_TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        WITNESS_TEST(the_last_row_up_to_the_time_is_the_one_that_is_meant),
        WITNESS_TEST(rows_are_chosen_by_client_type_and_user),
        WITNESS_TEST(of_many_rows_the_closest_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
