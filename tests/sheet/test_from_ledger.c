#include "sheet/from_ledger.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ledger/ledger.h"
#include "sheet/from_alerts.h"

struct fixture {
    char folder[64];
    struct arena *arena;
    struct sheet sheet;
    struct answers answers;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    strcpy(f->folder, "/tmp/belisha-sheet-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    f->arena = arena_new();
    f->sheet.period = (struct period){.from_s = 1000, .to_s = 2000};
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    DIR *dir = opendir(f->folder);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
        unlinkat(dirfd(dir), entry->d_name, 0);
    closedir(dir);
    rmdir(f->folder);
    answers_done(&f->answers);
    arena_free(f->arena);
    free(f);
    return 0;
}

static void put(struct fixture *f, int64_t time_s, const char *kind, const char *object, const char *reason,
                const char *detail)
{
    const struct ledger ledger = {.folder = f->folder, .file_bytes = 1 << 20, .file_max = 4};
    uint64_t number;
    assert_int_equal(ledger_append(&ledger,
                                   &(struct entry){.time_s = time_s,
                                                   .kind = kind,
                                                   .object = object,
                                                   .by = "anna",
                                                   .uid = 1,
                                                   .reason = reason,
                                                   .detail = detail},
                                   &number),
                     0);
}

static void load(struct fixture *f)
{
    assert_int_equal(from_ledger(f->arena, f->folder, &f->sheet, &f->answers), 0);
}

static void versions_come_with_their_approvals(void **state)
{
    struct fixture *f = *state;
    put(f, 500, "policy.propose", "version 7", "more games", NULL);
    put(f, 600, "policy.approve", "version 7", NULL, NULL);
    put(f, 700, "policy.approve", "version 7", NULL, NULL);
    put(f, 800, "policy.approve", "version 8", NULL, NULL);
    put(f, 1500, "policy.activate", "version 7", "as agreed", NULL);
    load(f);
    assert_int_equal(f->sheet.change_count, 1);
    assert_string_equal(f->sheet.changes[0].what, "rules: version 7 in force");
    assert_int_equal(f->sheet.changes[0].version, 7);
    assert_int_equal(f->sheet.changes[0].approvals, 2);
    assert_string_equal(f->sheet.changes[0].reason, "as agreed");
}

static void decisions_are_told_in_words_and_answer_messages(void **state)
{
    struct fixture *f = *state;
    put(f, 1100, "decision.allow", "decision 3: games.example", "physics",
        "{\"v\":1,\"op\":\"allow\",\"id\":3,\"name\":\"games.example\",\"below\":true,\"scope\":{\"group\":\"year-9\"}"
        "}");
    put(f, 1200, "decision.suspend", "decision 4: all access", "",
        "{\"v\":1,\"op\":\"suspend\",\"id\":4,\"scope\":{\"user\":\"a.pupil\"}}");
    put(f, 2100, "decision.block", "decision 5: later.example", "",
        "{\"v\":1,\"op\":\"block\",\"id\":5,\"name\":\"later.example\",\"below\":false}");
    load(f);
    assert_int_equal(f->sheet.change_count, 2);
    assert_string_equal(f->sheet.changes[0].what, "all access paused for a.pupil");
    assert_string_equal(f->sheet.changes[1].what, "games.example opened for the group year-9");
    assert_int_equal(f->answers.count, 2);
    struct sheet_request request = {.number = 1, .time_s = 1050, .site = "www.games.example"};
    request_answer(&request, &f->answers);
    assert_int_equal(request.answered_s, 1100);
    assert_string_equal(request.answer, "opened for the group year-9");
}

static void a_word_for_the_record_answers_its_message(void **state)
{
    struct fixture *f = *state;
    struct sheet_request request = {.number = 12, .time_s = 1050, .site = "x.example"};
    put(f, 1300, "inbox.answer", "message 12", NULL, "{\"words\":[\"answer\",\"no use in lessons\"]}");
    load(f);
    request_answer(&request, &f->answers);
    assert_string_equal(request.answer, "no use in lessons");
    assert_int_equal(f->sheet.change_count, 0);
    assert_int_equal(f->sheet.reader_count, 0);
}

static void who_read_is_counted_by_how(void **state)
{
    struct fixture *f = *state;
    put(f, 900, "log.search", "log", NULL, NULL);
    for (int i = 0; i < 3; i++)
        put(f, 1100 + i, "log.search", "log", NULL, NULL);
    put(f, 1200, "log.report", "log", NULL, NULL);
    put(f, 1300, "log.something-new", "log", NULL, NULL);
    put(f, 1400, "log.hold", "log", NULL, NULL);
    load(f);
    assert_int_equal(f->sheet.reader_count, 3);
    assert_string_equal(f->sheet.readers[0].how, "log.something-new");
    assert_string_equal(f->sheet.readers[2].how, "searched the log");
    assert_int_equal(f->sheet.readers[2].times, 3);
    assert_int_equal(f->sheet.readers[2].last_s, 1102);
    assert_int_equal(f->sheet.change_count, 1);
}

static void many_entries_are_all_told(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 100; i++)
        put(f, 1000 + i, "decision.revoke", "decision 1: a.example", NULL, NULL);
    load(f);
    assert_int_equal(f->sheet.change_count, 100);
    assert_int_equal(f->sheet.changes[0].time_s, 1099);
}

static void hostile_details_do_no_harm(void **state)
{
    static const char *const details[] = {"{}",          "{\"scope\":[]}", "{\"scope\":{\"user\":7}}", "{\"name\":{}}",
                                          "{\"op\":[]}", "{\"words\":{}}", "{\"words\":[[]]}"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof details / sizeof details[0]; i++) {
        put(f, 1100, "decision.allow", "decision", NULL, details[i]);
        put(f, 1100, "inbox.answer", "message", NULL, details[i]);
        put(f, 1100, "policy.activate", "version x", NULL, details[i]);
    }
    load(f);
    assert_int_equal(f->sheet.change_count, 14);
}

static void alerts_are_told_with_whom_they_were_for(void **state)
{
    static const struct calendar utc;
    struct fixture *f = *state;
    f->sheet.calendar = &utc;
    put(f, 900, "alert.raised", "alert 1", NULL, "{\"category\":\"self-harm\"}");
    put(f, 1080, "alert.raised", "alert 2", NULL,
        "{\"category\":\"self-harm\",\"urgent\":true,\"code\":\"7K3M-9QPX\",\"roles\":[\"safeguarding\",\"head\"]}");
    put(f, 1090, "alert.sent", "message alert-2", NULL, "{\"to\":\"mail:a@b\"}");
    put(f, 1140, "alert.failed", "message alert-2-head", NULL, "{\"to\":\"mail:c@d\",\"why\":\"no such user\"}");
    put(f, 1150, "alert.raised", "alert 3", NULL, "{\"category\":7,\"roles\":{}}");
    assert_int_equal(from_alerts(f->arena, f->folder, &f->sheet), 0);
    assert_false(f->sheet.alerts_off);
    assert_int_equal(f->sheet.alert_count, 3);
    assert_string_equal(
        f->sheet.alerts[0],
        "Thu 1 Jan, 00:18: self-harm or suicide, urgent, for safeguarding, head (alert 2, code 7K3M-9QPX)");
    assert_string_equal(f->sheet.alerts[1],
                        "Thu 1 Jan, 00:19: NOT DELIVERED to mail:c@d: no such user (message alert-2-head)");
    assert_string_equal(f->sheet.alerts[2], "Thu 1 Jan, 00:19: something (alert 3)");
    f->sheet.alert_count = 0;
    assert_int_equal(from_alerts(f->arena, "/nowhere", &f->sheet), 0);
    assert_true(f->sheet.alerts_off);
}

static void without_a_ledger_there_is_nothing_to_tell(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(from_ledger(f->arena, "/nowhere", &f->sheet, &f->answers), ERR_NOENT);
}

int main(void)
{
#define IN_FIXTURE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_FIXTURE(versions_come_with_their_approvals),
        IN_FIXTURE(decisions_are_told_in_words_and_answer_messages),
        IN_FIXTURE(a_word_for_the_record_answers_its_message),
        IN_FIXTURE(who_read_is_counted_by_how),
        IN_FIXTURE(many_entries_are_all_told),
        IN_FIXTURE(hostile_details_do_no_harm),
        IN_FIXTURE(alerts_are_told_with_whom_they_were_for),
        IN_FIXTURE(without_a_ledger_there_is_nothing_to_tell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
