#include "sheet/requests.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void a_decision_about_the_website_answers(void **state)
{
    static const struct {
        const char *name, *site;
        bool below, answers;
    } rows[] = {
        {"games.example", "games.example", false, true},      {"games.example", "www.games.example", true, true},
        {"games.example", "www.games.example", false, false}, {"games.example", "mygames.example", true, false},
        {"www.games.example", "games.example", true, false},  {"GAMES.example", "games.EXAMPLE", false, true},
        {"games.example.", "games.example", false, true},     {"", "games.example", true, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct answers answers = {.items = NULL};
        struct sheet_request request = {
            .number = 3, .time_s = 100, .site = rows[i].site, .answer = "", .answered_by = ""};
        assert_int_equal(answers_put(&answers, &(struct answer){.time_s = 160,
                                                                .name = rows[i].name,
                                                                .below = rows[i].below,
                                                                .what = "opened",
                                                                .by = "anna"}),
                         0);
        request_answer(&request, &answers);
        assert_int_equal(request.answered_s, rows[i].answers ? 160 : 0);
        assert_string_equal(request.answer, rows[i].answers ? "opened" : "");
        answers_done(&answers);
    }
}

static void the_first_answer_behind_it_counts(void **state)
{
    struct answers answers = {.items = NULL};
    struct sheet_request request = {.number = 3, .time_s = 100, .site = "a.example"};
    const struct answer rows[] = {{.time_s = 50, .name = "a.example", .what = "before", .by = "x"},
                                  {.time_s = 120, .number = 4, .name = "", .what = "of another", .by = "x"},
                                  {.time_s = 130, .number = 3, .name = "", .what = "no use in lessons", .by = "anna"},
                                  {.time_s = 140, .name = "a.example", .what = "later", .by = "x"}};
    (void)state;
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(answers_put(&answers, &rows[i]), 0);
    request_answer(&request, &answers);
    assert_int_equal(request.answered_s, 130);
    assert_string_equal(request.answer, "no use in lessons");
    assert_string_equal(request.answered_by, "anna");
    answers_done(&answers);
}

static void an_answer_in_the_same_second_is_one(void **state)
{
    struct answers answers = {.items = NULL};
    struct sheet_request request = {.number = 3, .time_s = 100, .site = "a.example"};
    (void)state;
    assert_int_equal(
        answers_put(&answers, &(struct answer){.time_s = 100, .name = "a.example", .what = "opened", .by = "x"}), 0);
    request_answer(&request, &answers);
    assert_int_equal(request.answered_s, 101);
    answers_done(&answers);
}

static void what_waits_is_told_again_and_what_is_done_is_not(void **state)
{
    const struct period period = {.from_s = 1000 * 86400, .to_s = 1007 * 86400};
    static const struct {
        int64_t day, answered_day;
        bool told;
    } rows[] = {{1003, 0, true},   {1003, 1004, true}, {999, 0, true},  {999, 1002, true},
                {998, 999, false}, {1007, 0, false},   {909, 0, false}, {910, 0, true}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct sheet_request request = {.time_s = rows[i].day * 86400,
                                              .answered_s = rows[i].answered_day * 86400};
        assert_int_equal(request_is_told(&request, &period), rows[i].told);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_decision_about_the_website_answers),
        cmocka_unit_test(the_first_answer_behind_it_counts),
        cmocka_unit_test(an_answer_in_the_same_second_is_one),
        cmocka_unit_test(what_waits_is_told_again_and_what_is_done_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
