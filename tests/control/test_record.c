/* What is read is written down first, and by whom; some may not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/command.h"
#include "ledger/verify.h"

static char folder[64];
static struct ledger ledger = {.folder = folder, .file_bytes = 1 << 20, .file_max = 10};
static const char *const names[] = {"safeguarding", "technical"};
static const uint32_t acts[] = {ACT_BIT(ACT_READ_LOG), ACT_BIT(ACT_OPERATE)};
static const struct roles_member members[] = {{.user = "4000", .roles = 1}, {.user = "4001", .roles = 2}};
static const struct roles roles = {.members = members, .member_count = 2, .names = names, .acts = acts, .count = 2};
static char last[1024];
static int reloads;

static int make_folder(void **state)
{
    (void)state;
    reloads = 0;
    ledger.folder = folder;
    strcpy(folder, "/tmp/belisha-record-XXXXXX");
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_folder(void **state)
{
    char line[128];
    (void)state;
    snprintf(line, sizeof line, "rm -r %s", folder);
    return system(line);
}

static int reload(void *ctx, const struct caller *by, struct text *why)
{
    (void)ctx;
    (void)by;
    (void)why;
    reloads++;
    return 0;
}

/* What is said to this user, to be freed. */
static char *tell(uint32_t uid, const char *line, const struct roles *with)
{
    struct text out = {0};
    struct command_env env = {.now_s = 1764403200,
                              .ledger = &ledger,
                              .roles = with,
                              .caller = {.uid = uid, .process_uid = uid},
                              .reload = reload};
    snprintf(env.caller.name, sizeof env.caller.name, "user-%u", uid);
    command_run(line, &env, &out);
    assert_non_null(out.bytes);
    return out.bytes;
}

static void assert_said(uint32_t uid, const char *line, const struct roles *with, const char *said)
{
    char *answer = tell(uid, line, with);
    if (strncmp(answer, said, strlen(said)) != 0)
        fail_msg("%s: %s", line, answer);
    free(answer);
}

static void keep_last(void *ctx, const struct verify_line *line)
{
    (void)ctx;
    snprintf(last, sizeof last, "%.*s", (int)line->len, line->text);
}

static uint64_t entries(void)
{
    struct verify_report report;
    const struct verify_opts opts = {.folder = folder, .visit = keep_last};
    if (ledger_verify(&opts, &report) < 0)
        return 0;
    assert_int_equal(report.faults, 0);
    return report.entries;
}

#define SEARCH "note {\"kind\":\"log.search\",\"object\":\"log\",\"detail\":{\"words\":[\"search\"]},\"by\":\"daemon\"}"

static void who_reads_is_written_down_as_the_kernel_says(void **state)
{
    (void)state;
    assert_said(4000, SEARCH, &roles, "ok\n");
    assert_int_equal(entries(), 1);
    assert_non_null(strstr(last, "\"kind\":\"log.search\",\"object\":\"log\",\"by\":\"user-4000\",\"uid\":4000,"
                                 "\"detail\":{\"words\":[\"search\"]}"));
}

static void root_says_for_whom_it_reads(void **state)
{
    (void)state;
    assert_said(0, SEARCH, NULL, "ok\n");
    assert_int_equal(entries(), 1);
    assert_non_null(strstr(last, "\"by\":\"daemon\",\"uid\":0"));
    assert_said(0, "note {\"kind\":\"log.search\",\"object\":\"log\",\"by\":\"not anybody\"}", NULL,
                "error: the system knows nobody of the name not anybody\n");
    assert_int_equal(entries(), 1);
}

static void who_may_not_read_is_told_who_may(void **state)
{
    (void)state;
    assert_said(4001, SEARCH, &roles,
                "error: user-4001 may not read-log: that is for the roles safeguarding (rights)\n");
    assert_int_equal(entries(), 0);
    assert_said(4001, SEARCH, NULL, "ok\n");
}

static void nothing_is_read_that_can_not_be_written_down(void **state)
{
    (void)state;
    ledger.folder = "/nowhere/at/all";
    assert_said(4000, SEARCH, &roles, "error: the ledger can't be written, so nothing is read: ");
}

static void only_what_is_read_can_be_noted(void **state)
{
    static const char *const lines[] = {"note {\"kind\":\"policy.approve\",\"object\":\"version 1\"}",
                                        "note {\"kind\":\"log.search\"}",
                                        "note {\"object\":\"log\"}",
                                        "note {\"kind\":\"log.search\",\"object\":\"log\",\"detail\":[]}",
                                        "note [\"log.search\"]",
                                        "note log.search"};
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        assert_said(4000, lines[i], &roles, "error: ");
    assert_int_equal(entries(), 0);
}

static void to_operate_needs_the_right(void **state)
{
    (void)state;
    assert_said(4000, "reload", &roles, "error: user-4000 may not operate: that is for the roles technical (rights)\n");
    assert_int_equal(reloads, 0);
    assert_said(4001, "reload", &roles, "ok\n");
    assert_said(0, "reload", &roles, "ok\n");
    assert_int_equal(reloads, 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        TEST(who_reads_is_written_down_as_the_kernel_says),
        TEST(root_says_for_whom_it_reads),
        TEST(who_may_not_read_is_told_who_may),
        TEST(nothing_is_read_that_can_not_be_written_down),
        TEST(only_what_is_read_can_be_noted),
        TEST(to_operate_needs_the_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
