/* `belisha inbox` as it is typed, on an inbox as belisha-notice leaves it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "notice/inbox.h"

static char dir[64];

static int set_up(void **state)
{
    char path[128];
    (void)state;
    strcpy(dir, "/tmp/belisha-operator-XXXXXX");
    if (mkdtemp(dir) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/belisha.yaml", dir);
    FILE *file = fopen(path, "we");
    fprintf(file, "state_dir: %s\n", dir);
    return fclose(file);
}

static int tear_down(void **state)
{
    static const char *const files[] = {"inbox/data.mdb", "inbox/lock.mdb", "inbox", "belisha.yaml"};
    char path[128];
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, files[i]);
        remove(path);
    }
    return rmdir(dir);
}

static void keep(const char *words, enum report_kind kind)
{
    char path[128];
    struct inbox *inbox;
    struct report report = {.time_s = 1795269909, .kind = kind};
    snprintf(path, sizeof path, "%s/inbox", dir);
    strcpy(report.host, "games.example");
    strcpy(report.words, words);
    strcpy(report.code, "7K3M-9QPX");
    assert_int_equal(ipaddr_from_text("10.20.3.4", &report.client), 0);
    assert_int_equal(inbox_open(path, 1u << 20, &inbox), 0);
    assert_int_equal(inbox_put(inbox, &report), 0);
    inbox_close(inbox);
}

/* Returns the exit code; what was printed is in out. */
static int type(const char *words, char *out, size_t cap)
{
    char line[512];
    snprintf(line, sizeof line, "%s -c %s/belisha.yaml %s 2>&1", BELISHA_PROGRAM, dir, words);
    FILE *pipe = popen(line, "re");
    assert_non_null(pipe);
    out[fread(out, 1, cap - 1, pipe)] = '\0';
    return WEXITSTATUS(pclose(pipe));
}

static void inbox_list_shows_what_was_sent_oldest_first(void **state)
{
    char out[4096];
    (void)state;
    keep("for history\nplease", REPORT_UNBLOCK);
    keep("second", REPORT_CONCERN);
    assert_int_equal(type("inbox list", out, sizeof out), 0);
    assert_string_equal(out, "1  2026-11-21T14:05:09Z  please unblock\n"
                             "    site     games.example\n"
                             "    words    for history\n"
                             "             please\n"
                             "    client   10.20.3.4\n"
                             "    code     7K3M-9QPX\n"
                             "2  2026-11-21T14:05:09Z  concern: seen something\n"
                             "    site     games.example\n"
                             "    words    second\n"
                             "    client   10.20.3.4\n"
                             "    code     7K3M-9QPX\n");
    assert_int_equal(type("inbox list --json --from 2", out, sizeof out), 0);
    assert_ptr_equal(strstr(out, "{\"id\":2,"), out);
    assert_ptr_equal(strchr(out, '\n'), out + strlen(out) - 1);
}

static void inbox_list_of_nothing_says_so(void **state)
{
    char out[4096];
    (void)state;
    assert_int_equal(type("inbox list", out, sizeof out), 0);
    assert_string_equal(out, "Nothing has been sent.\n");
}

static void inbox_typed_wrongly_says_what_is_right(void **state)
{
    static const char *const rows[] = {"inbox", "inbox show", "inbox list --from x", "inbox list --all",
                                       "inbox list 1"};
    char out[4096];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(type(rows[i], out, sizeof out), 2);
        assert_non_null(strstr(out, "inbox list [--from NUMBER] [--json]"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(inbox_list_shows_what_was_sent_oldest_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(inbox_list_of_nothing_says_so, set_up, tear_down),
        cmocka_unit_test_setup_teardown(inbox_typed_wrongly_says_what_is_right, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
