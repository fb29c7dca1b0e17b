/* `belisha policy` and what status says of it, on a chronicle as belishad leaves it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "change/chronicle.h"
#include "change/versions.h"
#include "operator/policy_status.h"

#define DAY 86400

static char dir[64], folder[128];

static void put(struct chronicle *c, enum change_op op, uint32_t number, uint32_t uid, const char *by)
{
    struct change_line line = {
        .op = op, .number = number, .uid = uid, .at_s = 1764403200, .reason = "art \033[31mlessons"};
    snprintf(line.by, sizeof line.by, "%s", by);
    line.base = op == CHANGE_PROPOSE ? chronicle_in_force(c) : 0;
    if (op == CHANGE_PROPOSE) {
        line.has_assessment = true;
        line.assessment = (struct assessment){.purpose = "a project", .age_minimum = 13};
        line.assessment.review_s = number == 2 ? 1764403200 : time(NULL) + 100 * DAY;
    }
    if (op == CHANGE_APPROVE) {
        strcpy(line.roles[0], "educational");
        line.role_count = 1;
    }
    if (op == CHANGE_PROPOSE || op == CHANGE_ADOPT) {
        versions_hash("policy: {}\n", 11, line.hash);
        assert_int_equal(versions_put(folder, number, "policy: {}\n", 11), 0);
    }
    assert_int_equal(chronicle_add(c, &line), 0);
}

static int set_up(void **state)
{
    char path[160];
    struct chronicle *c;
    (void)state;
    strcpy(dir, "/tmp/belisha-policy-XXXXXX");
    if (mkdtemp(dir) == NULL)
        return -1;
    snprintf(folder, sizeof folder, "%s/state", dir);
    mkdir(folder, 0755);
    snprintf(folder, sizeof folder, "%s/state/policy", dir);
    mkdir(folder, 0755);
    snprintf(path, sizeof path, "%s/history", folder);
    assert_int_equal(chronicle_open(path, NULL, NULL, &c), 0);
    put(c, CHANGE_ADOPT, 1, 0, "belisha");
    put(c, CHANGE_PROPOSE, 2, 1001, "anna");
    put(c, CHANGE_APPROVE, 2, 1002, "bob");
    put(c, CHANGE_ACTIVATE, 2, 1001, "anna");
    put(c, CHANGE_PROPOSE, 3, 1001, "anna");
    chronicle_close(c);
    snprintf(path, sizeof path, "%s/belisha.yaml", dir);
    FILE *file = fopen(path, "we");
    fprintf(file, "state_dir: %s\noperators: [{user: bob, roles: [educational]}]\nchange_control: educational\n", dir);
    return fclose(file);
}

static int tear_down(void **state)
{
    char line[128];
    (void)state;
    snprintf(line, sizeof line, "rm -rf %s", dir);
    return system(line);
}

/* Returns the exit code; what was printed is in out. */
static int type(const char *words, char *out, size_t cap)
{
    char line[512];
    snprintf(line, sizeof line, "%s -c %s/belisha.yaml policy %s 2>&1", BELISHA_PROGRAM, dir, words);
    FILE *pipe = popen(line, "re");
    assert_non_null(pipe);
    out[fread(out, 1, cap - 1, pipe)] = '\0';
    return WEXITSTATUS(pclose(pipe));
}

static void expect(const char *words, int code, const char *said)
{
    static char out[16384];
    int got = type(words, out, sizeof out);
    if (got != code || strstr(out, said) == NULL)
        fail_msg("%s: %d\n%s", words, got, out);
}

static void history_tells_who_agreed_who_is_waited_for_and_what_is_overdue(void **state)
{
    char out[4096];
    (void)state;
    expect("history", 0, "    3  proposed      ");
    expect("history", 0, "waits for educational\n");
    expect("history", 0, "    2  in force      ");
    expect("history", 0, "anna: art  [31mlessons\n"); /* nothing of it steers a terminal */
    expect("history", 0, "approved by bob (educational)\n");
    expect("history", 0, "review 2025-11-29  OVERDUE\n");
    assert_int_equal(type("history --overdue", out, sizeof out), 0);
    assert_non_null(strstr(out, "    2  in force"));
    assert_null(strstr(out, "    3  proposed"));
    expect("history --json", 0, "\"overdue\":true");
}

static void show_prints_a_text_with_all_that_is_known_of_it(void **state)
{
    (void)state;
    expect("show", 0, "# version 2, in force\n");
    expect("show 2", 0, "#   age minimum            13\n");
    expect("show 2", 0, "\npolicy: {}\n");
    expect("show 1", 0, "# version 1, was in force\n");
    expect("show 7", 1, "there is no change of this number");
    expect("show 2 --json", 0, "\"assessment\":{\"purpose\":\"a project\"");
}

static void a_text_that_was_changed_is_not_shown(void **state)
{
    char path[200];
    (void)state;
    snprintf(path, sizeof path, "%s/000002.yaml", folder);
    unlink(path);
    assert_int_equal(versions_put(folder, 2, "policy: {levels: [{name: a}]}\n", 30), 0);
    expect("show 2", 1, "the text of version 2 can't be read");
}

static void what_is_typed_wrongly_is_told(void **state)
{
    static const char *const rows[] = {"",
                                       "bless 2",
                                       "approve",
                                       "approve two",
                                       "approve 0",
                                       "reject 2",
                                       "activate 2 --at soon",
                                       "review 2 --reason x",
                                       "review 2 --reason x --next never",
                                       "history 2",
                                       "plan a b",
                                       "plan --weeks 0",
                                       "propose"};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect(rows[i], 2, "policy approve NUMBER");
}

static void assert_status(const char *json, const char *said)
{
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);
    json_t *status = json_loads(json, 0, NULL);
    assert_non_null(status);
    policy_status_print(to, status);
    fclose(to);
    json_decref(status);
    if (said[0] == '\0' ? len > 0 : strstr(text, said) == NULL)
        fail_msg("%s", text);
    free(text);
}

#define STATUS                                                                                                         \
    "{\"operators\": 2, \"policy\": {\"version\": 12, \"controlled\": true, \"files_differ\": true, \"since_s\": 0,"   \
    " \"by\": \"anna\", \"waiting\": [{\"number\": 13, \"by\": \"bob\", \"when_s\": 0, \"missing\": [\"educational\"," \
    " \"senior-leader\"]}, {\"number\": 14, \"by\": \"eve\", \"when_s\": 9, \"missing\": []}],"                        \
    " \"overdue\": [{\"number\": 9, \"review\": \"2026-01-02\"}], \"people\": {\"count\": 900, \"opening\": 2,"        \
    " \"closing\": 3, \"refused\": 1, \"sha256\": \"00112233445566778899\", \"told\": [\"users.csv:7:3: no\"]}}}"

static void status_tells_what_is_in_force_what_waits_and_what_is_overdue(void **state)
{
    (void)state;
    assert_status(STATUS, "policy      version 12 since 19");
    assert_status(STATUS, ", by anna, under change control\n");
    assert_status(STATUS, "change 13 of bob waits for: educational, senior-leader\n");
    assert_status(STATUS, "change 14 of eve is planned\n");
    assert_status(STATUS, "the files say something else");
    assert_status(STATUS, "WARNING     the review of version 9 of the policy is overdue since 2026-01-02\n");
    assert_status(STATUS,
                  "people      900 in the people file 001122334455; rules of their own open something to 2 and");
    assert_status(STATUS, "WARNING     1 cell of the people file does not count:\n            users.csv:7:3: no\n");
    assert_status("{\"operators\": 0, \"policy\": {\"version\": 1}}", "everyone who reaches the control socket may do");
    assert_status("{\"policy\": {\"version\": 0}}", "no version is kept");
    assert_status("{}", "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(history_tells_who_agreed_who_is_waited_for_and_what_is_overdue),
        TEST(show_prints_a_text_with_all_that_is_known_of_it),
        TEST(a_text_that_was_changed_is_not_shown),
        TEST(what_is_typed_wrongly_is_told),
        cmocka_unit_test(status_tells_what_is_in_force_what_waits_and_what_is_overdue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
