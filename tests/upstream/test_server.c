#include "upstream/server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const uint16_t three[] = {0, 1, 2};

static void start(struct server s[3])
{
    for (int i = 0; i < 3; i++)
        server_init(&s[i]);
}

static void the_fastest_server_is_asked(void **state)
{
    struct server s[3];
    (void)state;
    start(s);
    server_note_reply(&s[0], 40);
    server_note_reply(&s[1], 10);
    server_note_reply(&s[2], 25);
    assert_int_equal(server_pick(s, three, 3, 0, 0, 1), 1);
    assert_int_equal(server_pick(s, three, 3, 1u << 1, 0, 1), 2);
    assert_int_equal(server_pick(s, three, 3, 1u << 1 | 1u << 2, 0, 1), 0);
}

static void now_and_then_another_one_is_asked(void **state)
{
    struct server s[3];
    unsigned others = 0;
    (void)state;
    start(s);
    server_note_reply(&s[0], 1);
    server_note_reply(&s[1], 50);
    server_note_reply(&s[2], 50);
    for (uint32_t draw = 0; draw < 3200; draw++)
        others += server_pick(s, three, 3, 0, 0, draw) != 0;
    assert_in_range(others, 30, 200);
}

static void a_server_that_only_refuses_is_not_asked_first(void **state)
{
    struct server s[3];
    (void)state;
    start(s);
    server_note_reply(&s[0], 1);
    server_note_reply(&s[1], 20);
    server_note_reply(&s[2], 150);
    server_note_use(&s[0], false);
    assert_int_equal(server_pick(s, three, 3, 0, 0, 1), 1);
    for (int i = 0; i < 100; i++)
        server_note_use(&s[0], false);
    assert_int_equal(s[0].refusals, SERVER_REFUSALS_MAX);
    assert_int_equal(server_pick(s, three, 3, 1u << 1 | 1u << 2, 0, 1), 0); /* the last resort all the same */
    server_note_use(&s[0], true);
    assert_int_equal(server_pick(s, three, 3, 0, 0, 1), 0);
}

static void a_server_that_fails_often_rests_and_is_probed_again(void **state)
{
    struct server s[3];
    (void)state;
    start(s);
    server_note_reply(&s[0], 1);
    server_note_reply(&s[1], 900);
    server_note_reply(&s[2], 900);
    for (int i = 0; i < 3; i++)
        server_note_failure(&s[0], 1000);
    for (uint32_t draw = 0; draw < 100; draw++)
        assert_int_not_equal(server_pick(s, three, 3, 0, 1999, draw), 0);
    assert_int_equal(server_pick(s, three, 3, 0, 2000, 1), 0);
    server_note_failure(&s[0], 2000);
    assert_int_not_equal(server_pick(s, three, 3, 0, 3999, 1), 0);
    assert_int_equal(server_pick(s, three, 3, 0, 4000, 1), 0);
    for (int i = 0; i < 100; i++)
        server_note_failure(&s[0], 10000);
    assert_int_equal(s[0].rest_until_ms, 70000);
    server_note_reply(&s[0], 1);
    assert_int_equal(server_pick(s, three, 3, 0, 10001, 1), 0);
}

static void when_all_rest_one_is_asked_all_the_same(void **state)
{
    struct server s[3];
    (void)state;
    start(s);
    for (int n = 0; n < 5; n++)
        for (int i = 0; i < 3; i++)
            server_note_failure(&s[i], 0);
    assert_in_range(server_pick(s, three, 3, 0, 1, 5), 0, 2);
}

static void patience_follows_the_measured_time(void **state)
{
    struct server s;
    (void)state;
    server_init(&s);
    assert_int_equal(server_patience_ms(&s, 60, 400), 400);
    server_note_reply(&s, 20);
    assert_int_equal(server_patience_ms(&s, 10, 400), 60); /* 20 + 4 x 10 */
    for (int i = 0; i < 50; i++)
        server_note_reply(&s, 20);
    assert_in_range(server_patience_ms(&s, 10, 400), 20, 24);
    assert_int_equal(server_patience_ms(&s, 60, 400), 60);
    server_note_reply(&s, 100000);
    assert_int_equal(server_patience_ms(&s, 60, 400), 400);
}

static void a_server_that_loses_the_spelling_three_times_in_a_row_is_asked_plainly(void **state)
{
    struct server s;
    (void)state;
    server_init(&s);
    server_note_spelling(&s, false, 0);
    server_note_spelling(&s, false, 0);
    server_note_spelling(&s, true, 0);
    server_note_spelling(&s, false, 0);
    server_note_spelling(&s, false, 0);
    assert_true(server_keeps_spelling(&s, 0));
    server_note_spelling(&s, false, 0);
    assert_false(server_keeps_spelling(&s, 0));
    assert_false(server_keeps_spelling(&s, 3599999));
    assert_true(server_keeps_spelling(&s, 3600000));
    server_note_spelling(&s, false, 3600000);
    assert_true(server_keeps_spelling(&s, 3600000)); /* counted from the start again */
}

static void edns_is_left_out_after_two_answers_that_came_only_without(void **state)
{
    struct server s;
    (void)state;
    server_init(&s);
    server_note_edns_answer(&s, false, 0);
    server_note_edns_answer(&s, true, 0);
    server_note_edns_answer(&s, false, 0);
    assert_true(server_takes_edns(&s, 0));
    server_note_edns_answer(&s, false, 0);
    assert_false(server_takes_edns(&s, 899999));
    assert_true(server_takes_edns(&s, 900000));
}

/* RFC 7873, 5.3 */
static void only_a_cookie_with_our_part_is_taken(void **state)
{
    struct random_pool random = {.left = 0};
    uint8_t cookie[EDNS_COOKIE_MAX] = {0};
    struct server s;
    (void)state;
    server_init(&s);
    assert_false(server_take_cookie(&s, cookie, 16)); /* we never sent one */
    server_draw_cookie(&s, &random);
    assert_true(server_take_cookie(&s, NULL, 0));
    assert_int_equal(s.cookie_len, 8);
    memcpy(cookie, s.cookie, 8);
    memset(cookie + 8, 7, 32);
    cookie[0] ^= 1;
    assert_false(server_take_cookie(&s, cookie, 16));
    cookie[0] ^= 1;
    assert_true(server_take_cookie(&s, cookie, 40));
    assert_int_equal(s.cookie_len, 40);
    assert_memory_equal(s.cookie, cookie, 40);
    assert_true(server_take_cookie(&s, cookie, 8)); /* an echo alone: what we have stays */
    assert_int_equal(s.cookie_len, 40);
    server_draw_cookie(&s, &random);
    assert_memory_equal(s.cookie, cookie, 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_fastest_server_is_asked),
        cmocka_unit_test(now_and_then_another_one_is_asked),
        cmocka_unit_test(a_server_that_only_refuses_is_not_asked_first),
        cmocka_unit_test(a_server_that_fails_often_rests_and_is_probed_again),
        cmocka_unit_test(when_all_rest_one_is_asked_all_the_same),
        cmocka_unit_test(patience_follows_the_measured_time),
        cmocka_unit_test(edns_is_left_out_after_two_answers_that_came_only_without),
        cmocka_unit_test(only_a_cookie_with_our_part_is_taken),
        cmocka_unit_test(a_server_that_loses_the_spelling_three_times_in_a_row_is_asked_plainly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
