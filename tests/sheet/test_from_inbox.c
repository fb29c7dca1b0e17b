#include "sheet/from_inbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "notice/inbox.h"

static void messages_are_told_with_their_answers_newest_first(void **state)
{
    char folder[] = "/tmp/belisha-inbox-XXXXXX", path[96];
    struct inbox *inbox;
    struct answers answers = {.items = NULL};
    struct sheet sheet = {.period = {.from_s = 1000000, .to_s = 2000000}};
    struct arena *arena = arena_new();
    struct report reports[] = {
        {.time_s = 1100000,
         .kind = REPORT_UNBLOCK,
         .host = "games.example",
         .words = "for history <b>",
         .group = "pupils"},
        {.time_s = 1200000, .kind = REPORT_CONCERN, .about = REPORT_ABOUT_BULLYING, .words = "look"},
        {.time_s = 2100000, .kind = REPORT_UNBLOCK, .host = "later.example"}};
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/inbox", folder);
    assert_int_equal(from_inbox(arena, path, &answers, &sheet), 0); /* there is none yet */
    assert_int_equal(sheet.request_count, 0);
    assert_int_equal(inbox_open(path, 1u << 20, &inbox), 0);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(inbox_put(inbox, &reports[i]), 0);
    inbox_close(inbox);
    assert_int_equal(
        answers_put(&answers,
                    &(struct answer){.time_s = 1100060, .name = "games.example", .what = "opened", .by = "anna"}),
        0);
    assert_int_equal(from_inbox(arena, path, &answers, &sheet), 0);
    assert_int_equal(sheet.request_count, 2);
    assert_int_equal(sheet.requests[0].kind, SHEET_CONCERN);
    assert_string_equal(sheet.requests[0].about, "bullying");
    assert_int_equal(sheet.requests[0].answered_s, 0);
    assert_string_equal(sheet.requests[1].site, "games.example");
    assert_string_equal(sheet.requests[1].words, "for history <b>");
    assert_int_equal(sheet.requests[1].answered_s, 1100060);
    assert_int_equal(sheet.requests[1].time_s, 1100000);
    answers_done(&answers);
    arena_free(arena);
    static const char *const files[] = {"inbox/data.mdb", "inbox/lock.mdb", "inbox"};
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, files[i]);
        remove(path);
    }
    assert_int_equal(rmdir(folder), 0);
}

static void what_is_no_message_is_passed_over(void **state)
{
    static const char *const texts[] = {"", "[]", "{", "7", "{\"id\":1,\"id\":2}"};
    struct arena *arena = arena_new();
    struct sheet_request request;
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_false(from_inbox_parse(arena, 1, texts[i], strlen(texts[i]), &request));
    assert_true(from_inbox_parse(arena, 1, "{\"time\":7,\"host\":[],\"kind\":{}}", 30, &request));
    assert_string_equal(request.site, "");
    assert_int_equal(request.time_s, 0);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_are_told_with_their_answers_newest_first),
        cmocka_unit_test(what_is_no_message_is_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
