/* What may be decided, what is recorded of it, and what is said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "control/command.h"
#include "support/generation.h"

#define NOW 1763772565

static char folder[64];
static struct docket *docket;
static struct policy *policy;
static int in_force;
static const struct ledger *ledger; /* NULL: none */
static const struct decide_opts *in_use; /* NULL: opts */
static int result;

static const uint8_t help[] = "\x04help\x04test";
static const uint8_t duty[] = "\x05local\x04test";
static const uint8_t shut[] = "\x04shut\x04test";

static int make(void **state)
{
    static const struct policy_level level = {.name = "all"};
    static const struct policy_group group = {.name = "year-9"};
    static const struct policy_name names[] = {{.name = help, .below = true, .special = POLICY_SPECIAL_HELP},
                                               {.name = duty, .below = true, .special = POLICY_SPECIAL_NXDOMAIN},
                                               {.name = shut, .below = true, .special = POLICY_SPECIAL_BLOCK}};
    const struct policy_opts opts = {
        .levels = &level, .level_count = 1, .groups = &group, .group_count = 1, .names = names, .name_count = 3};
    char path[128];
    (void)state;
    strcpy(folder, "/tmp/belisha-decide-XXXXXX");
    in_force = result = 0;
    in_use = NULL;
    ledger = NULL;
    if (mkdtemp(folder) == NULL || policy_new(&opts, &policy) < 0)
        return -1;
    snprintf(path, sizeof path, "%s/decisions", folder);
    return docket_open(path, NOW, NULL, NULL, &docket);
}

static int unmake(void **state)
{
    char line[128];
    (void)state;
    docket_close(docket);
    policy_free(policy);
    snprintf(line, sizeof line, "rm -r %s", folder);
    return system(line);
}

static int decided(void *ctx)
{
    (void)ctx;
    in_force++;
    return result;
}

static const struct decide_opts opts = {
    .allow_s = 3600, .allow_max_s = 7200, .grant_max_s = 3600, .suspend_max_s = 86400};

enum { TEACHER = 4294967001, DSL = 4294967002, SENIOR = 4294967003 };

static const struct roles_member members[] = {
    {.user = "4294967001", .roles = 1}, {.user = "4294967002", .roles = 2}, {.user = "4294967003", .roles = 4}};
static const char *const role_names[] = {"teacher", "dsl", "senior"};
static const uint32_t acts[3];
static const struct roles roles = {
    .members = members, .member_count = 3, .names = role_names, .acts = acts, .count = 3};

/* The answer, to be freed. */
static char *answer_to(const char *json, uint32_t uid, bool has_docket)
{
    struct text out = {0}, line = {0};
    struct command_env env = {.now_s = NOW,
                                    .policy = policy,
                                    .docket = has_docket ? docket : NULL,
                                    .docket_err = ERR_ACCESS,
                                    .decide = in_use == NULL ? &opts : in_use,
                                    .knows_people = true,
                                    .roles = &roles,
                                    .ledger = ledger,
                                    .caller = {.uid = uid, .process_uid = uid},
                                    .decided = decided};
    snprintf(env.caller.name, sizeof env.caller.name, uid == 0 ? "root" : "uid %u", uid);
    text_printf(&line, "decide %s", json);
    command_run(line.bytes, &env, &out);
    text_done(&line);
    assert_true(text_ok(&out));
    return out.bytes;
}

#define BLOCK(name, rest)                                                                                              \
    "{\"op\":\"block\",\"name\":\"" name "\",\"below\":true,\"for\":0,\"until\":0,\"by\":\"jones\"" rest "}"
#define ALLOW(name, rest) "{\"op\":\"allow\",\"name\":\"" name "\",\"below\":true,\"by\":\"jones\"" rest "}"
#define WHY               ",\"reason\":\"why\""

static const struct {
    const char *json, *answer; /* its beginning */
} rows[] = {
    {BLOCK("a.test", WHY), "ok: decision 1: a.test with all below it is blocked until it is revoked\n"},
    {ALLOW("b.test", ",\"for\":60,\"until\":0" WHY), "ok: decision 2: b.test with all below it is allowed until 20"},
    {ALLOW("b.test", ",\"for\":0,\"until\":0,\"scope\":{\"group\":\"year-9\"}" WHY),
     "ok: decision 3: b.test with all below it is allowed for group year-9 until 20"},
    {"{\"op\":\"revoke\",\"id\":2,\"by\":\"\",\"reason\":\"\"}", "ok: decision 2 holds no longer\n"},
    {"{\"op\":\"revoke\",\"id\":2,\"by\":\"\",\"reason\":\"\"}", "error: no decision of this number is in force\n"},
    /* the same words as for any name, whatever lists have it */
    {BLOCK("x.help.test", WHY), "error: this is a protected help service, which is never blocked\n"},
    {ALLOW("x.help.test", ",\"for\":60,\"until\":0" WHY), "ok: decision 4: "},
    {BLOCK("a.test", ",\"reason\":\"\""), "error: say why"},
    {ALLOW("b.test", ",\"for\":7201,\"until\":0" WHY), "error: an exception lasts 2 hours at most"},
    {ALLOW("b.test", ",\"for\":0,\"until\":1763772565" WHY), "error: that time is over\n"},
    {ALLOW("b.test", ",\"for\":0,\"until\":0,\"scope\":{\"group\":\"gone\"}" WHY), "error: there is no group 'gone'\n"},
    {ALLOW("b.test", ",\"for\":0,\"until\":0,\"scope\":{\"room\":\"x\"}" WHY), "error: this is no decision: "},
    {ALLOW("b.test", ",\"for\":-1,\"until\":0" WHY), "error: this is no decision: "},
    {BLOCK(".", WHY), "error: this is no decision: "},
    /* what no question is about would be told as blocked, and be open */
    {BLOCK("*.a.test", WHY), "error: name it without wildcards"},
    {BLOCK("a.*.test", WHY), "error: name it without wildcards"},
    {BLOCK("192.0.2.1", WHY), "error: this is an address"},
    {BLOCK("7", WHY), "error: this is an address"},
    /* no line of the docket may say that, so it would be lost with the next start */
    {"{\"op\":\"block\",\"name\":\"a.test\",\"below\":true,\"for\":253402300800,\"until\":0,\"by\":\"\"" WHY "}",
     "error: that time is too far away"},
    {"nonsense", "error: this is no decision: "},
    {"[]", "error: this is no decision: "},
};

static void each_request_gets_its_answer(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *answer = answer_to(rows[i].json, 0, true);
        if (strncmp(answer, rows[i].answer, strlen(rows[i].answer)) != 0)
            fail_msg("%s: %s instead of %s", rows[i].json, answer, rows[i].answer);
        free(answer);
    }
    assert_int_equal(docket_count(docket), 4);
    assert_int_equal(in_force, 5);
    assert_int_equal(docket_find(docket, 1)->until_s, 0);
    assert_int_equal(docket_find(docket, 2)->until_s, NOW + 60);
    assert_int_equal(docket_find(docket, 2)->revoked_s, NOW);
    assert_int_equal(docket_find(docket, 3)->until_s, NOW + 3600);
    assert_string_equal(docket_find(docket, 3)->whom, "year-9");
}

static void who_decided_is_what_the_kernel_says(void **state)
{
    (void)state;
    free(answer_to(BLOCK("a.test", WHY), 0, true));
    free(answer_to(BLOCK("a.test", WHY), 4294967290U, true));
    assert_string_equal(docket_find(docket, 1)->by, "jones"); /* root, for the user of sudo */
    assert_int_equal(docket_find(docket, 1)->uid, 0);
    assert_string_equal(docket_find(docket, 2)->by, "uid 4294967290");
    assert_int_equal(docket_find(docket, 2)->uid, 4294967290U);
}

static void what_has_no_effect_is_said(void **state)
{
    static const struct {
        const char *json, *note;
    } notes[] = {
        {BLOCK("www.local.test", WHY), "note: without effect, since the network answers"},
        {ALLOW("www.shut.test", ",\"for\":60,\"until\":0" WHY), "note: without effect, since the configuration"},
        {BLOCK("www.shut.test", WHY), NULL},
        {BLOCK("a.test", WHY), NULL}};
    (void)state;
    for (size_t i = 0; i < sizeof notes / sizeof notes[0]; i++) {
        char *answer = answer_to(notes[i].json, 0, true);
        assert_int_equal(strncmp(answer, "ok: ", 4), 0);
        assert_int_equal(strstr(answer, notes[i].note == NULL ? "note: " : notes[i].note) != NULL,
                         notes[i].note != NULL);
        free(answer);
    }
}

static void what_could_not_be_done_is_an_error(void **state)
{
    (void)state;
    char *answer = answer_to(BLOCK("a.test", WHY), 0, false);
    assert_int_equal(strncmp(answer, "error: decisions can't be recorded: ", 36), 0);
    free(answer);
    result = ERR_NOMEM;
    answer = answer_to(BLOCK("a.test", WHY), 0, true);
    assert_int_equal(strncmp(answer, "error: recorded as 1, but not in force", 38), 0);
    free(answer);
}

static void expect(const char *json, uint32_t uid, const char *beginning)
{
    char *answer = answer_to(json, uid, true);
    if (strncmp(answer, beginning, strlen(beginning)) != 0)
        fail_msg("%s: %s instead of %s", json, answer, beginning);
    free(answer);
}

#define SUSPEND(what) "{\"op\":\"suspend\",\"by\":\"\"," what WHY "}"
#define RESUME(what)  "{\"op\":\"resume\",\"by\":\"\"," what WHY "}"
#define NUMBER(op, n) "{\"op\":\"" op "\",\"id\":" n ",\"by\":\"\",\"reason\":\"seen\"}"
#define GRANT(what)   "{\"op\":\"grant\",\"name\":\"site.test\",\"below\":true,\"by\":\"\"," what WHY "}"

static void somebody_is_paused_and_is_not_any_longer(void **state)
{
    (void)state;
    expect(SUSPEND("\"for\":3600,\"until\":0,\"scope\":{\"user\":\"A.Pupil\"}"), 0,
           "ok: decision 1: all access is paused for user A.Pupil until 20");
    expect(SUSPEND("\"for\":60,\"until\":0,\"scope\":{\"user\":\"a.pupil\"},\"name\":\"video.test\",\"below\":true"), 0,
           "ok: decision 2: video.test with all below it is paused for user a.pupil until 20");
    expect(SUSPEND("\"for\":60,\"until\":0,\"scope\":{\"device\":\"laptop-7\"}"), 0, "ok: decision 3: ");
    expect(SUSPEND("\"for\":60,\"until\":0"), 0, "error: this is no decision");
    expect(SUSPEND("\"for\":0,\"until\":0,\"scope\":{\"user\":\"b\"}"), 0, "error: say until when");
    expect(SUSPEND("\"for\":86401,\"until\":0,\"scope\":{\"user\":\"b\"}"), 0, "error: a pause lasts 24 hours at most");
    expect(SUSPEND("\"for\":60,\"until\":0,\"scope\":{\"user\":\"b\"},\"name\":\"help.test\",\"below\":true"), 0,
           "error: this is a protected help service");
    expect(RESUME("\"scope\":{\"user\":\"b\"}"), 0, "error: user b is not paused\n");
    assert_int_equal(in_force, 3);
    expect(RESUME("\"scope\":{\"user\":\"a.PUPIL\"}"), 0, "ok: user a.PUPIL is not paused any longer\n");
    assert_int_equal(in_force, 4);
    assert_int_equal(docket_find(docket, 1)->revoked_s, NOW);
    assert_int_equal(docket_find(docket, 2)->revoked_s, NOW);
    assert_int_equal(docket_find(docket, 3)->revoked_s, 0);
}

static void a_lesson_has_an_end_and_somebody_to_be_for(void **state)
{
    (void)state;
    expect(GRANT("\"for\":0,\"until\":0"), 0, "error: a lesson grant is for somebody");
    expect(GRANT("\"for\":3601,\"until\":0,\"scope\":{\"group\":\"year-9\"}"), 0,
           "error: a lesson grant lasts 1 hours");
    expect(GRANT("\"for\":60,\"until\":0,\"scope\":{\"group\":\"year-9\"},\"with\":[{\"name\":\"*.cdn.test\"}]"), 0,
           "error: name it without wildcards");
    expect(
        GRANT("\"for\":60,\"until\":0,\"scope\":{\"group\":\"year-9\"},\"with\":[{\"name\":\"a.test\"},{\"name\":\"b."
              "test\"}]"),
        0,
        "ok: decision 1: site.test with all below it is granted together with 2 other names for group year-9 until 20");
    expect(GRANT("\"for\":60,\"until\":0,\"from\":1763780000,\"scope\":{\"group\":\"year-9\"}"), 0, "ok: decision 2: ");
    assert_int_equal(docket_find(docket, 2)->from_s, 1763780000);
    assert_int_equal(docket_find(docket, 2)->until_s, 1763780060);
    /* what was said to begin in the past begins now */
    expect(GRANT("\"for\":60,\"until\":0,\"from\":1763770000,\"scope\":{\"group\":\"year-9\"}"), 0, "ok: decision 3: ");
    assert_int_equal(docket_find(docket, 3)->from_s, 0);
    assert_int_equal(docket_find(docket, 3)->until_s, NOW + 60);
}

static void rights_are_asked_for_and_a_second_person_is_somebody_else(void **state)
{
    static const struct right rights[] = {
        {.role = "teacher", .may = 1u << RIGHTS_ALLOW, .longest_s = 7200, .categories = ~UINT64_C(0), .approval = true},
        {.role = "dsl",
         .may = 1u << RIGHTS_SUSPEND | 1u << RIGHTS_APPROVE | 1u << RIGHTS_ALLOW,
         .categories = ~UINT64_C(0)},
        {.role = "senior", .may = 1u << RIGHTS_RESUME, .categories = ~UINT64_C(0)}};
    struct decide_opts with_rights = opts;
    (void)state;
    with_rights.rights = rights;
    with_rights.right_count = 3;
    in_use = &with_rights;
    expect(BLOCK("a.test", WHY), TEACHER, "error: not your decision: it takes a role that may 'block'");
    expect(BLOCK("a.test", WHY), 0, "error: not your decision: ");
    expect(ALLOW("b.test", ",\"for\":60,\"until\":0" WHY), TEACHER,
           "ok: decision 1: b.test with all below it is allowed until ");
    assert_int_equal(in_force, 0);
    assert_true(docket_find(docket, 1)->pending);
    expect(NUMBER("approve", "1"), TEACHER, "error: somebody else has to approve");
    expect(NUMBER("approve", "1"), SENIOR, "error: not your decision: it takes a role that may 'approve'");
    expect(NUMBER("approve", "1"), DSL, "ok: decision 1: b.test with all below it is allowed until ");
    assert_int_equal(in_force, 1);
    expect(NUMBER("approve", "1"), DSL, "error: no decision of this number waits");
    /* whoever made it may take it back, and no stranger */
    expect(NUMBER("revoke", "1"), SENIOR, "error: not your decision: ");
    expect(NUMBER("revoke", "1"), TEACHER, "ok: decision 1 holds no longer");
    /* a pause is ended by who may, not by who made it */
    expect(SUSPEND("\"for\":3600,\"until\":0,\"scope\":{\"user\":\"a\"}"), DSL, "ok: decision 2: ");
    expect(NUMBER("revoke", "2"), DSL, "error: not your decision: it takes a role that may 'resume'");
    expect(RESUME("\"scope\":{\"user\":\"a\"}"), DSL, "error: not your decision: it takes a role that may 'resume'");
    expect(RESUME("\"scope\":{\"user\":\"a\"}"), SENIOR, "ok: user a is not paused any longer");
    /* refused before it held */
    expect(ALLOW("c.test", ",\"for\":60,\"until\":0" WHY), TEACHER, "ok: decision 3: ");
    expect(NUMBER("revoke", "3"), DSL, "ok: decision 3 holds no longer");
    expect(NUMBER("approve", "3"), DSL, "error: no decision of this number waits");
}

/* What the ledger does not know does not hold. */
static void all_goes_to_the_ledger_or_is_not_done(void **state)
{
    struct ledger good = {.folder = folder, .file_bytes = 1 << 20, .file_max = 3};
    struct ledger bad = {.folder = "/nowhere/at/all", .file_bytes = 1 << 20, .file_max = 3};
    char path[128], line[4096];
    static const char *const kinds[] = {"decision.block", "decision.suspend", "decision.resume", "decision.revoke"};
    (void)state;
    ledger = &good;
    expect(BLOCK("a.test", WHY), DSL, "ok: decision 1: ");
    expect(SUSPEND("\"for\":3600,\"until\":0,\"scope\":{\"user\":\"a\"}"), DSL, "ok: decision 2: ");
    expect(RESUME("\"scope\":{\"user\":\"a\"}"), SENIOR, "ok: user a is not paused");
    expect(NUMBER("revoke", "1"), DSL, "ok: ");
    snprintf(path, sizeof path, "%s/ledger", folder);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    for (size_t i = 0; i < 4; i++) {
        assert_non_null(fgets(line, sizeof line, file));
        assert_non_null(strstr(line, kinds[i]));
        assert_non_null(strstr(line, i == 2 ? "\"by\":\"uid 4294967003\"" : "\"by\":\"uid 4294967002\""));
    }
    assert_null(fgets(line, sizeof line, file));
    fclose(file);
    ledger = &bad;
    int before = in_force;
    expect(BLOCK("b.test", WHY), DSL, "error: the ledger can't be written, so this is not done");
    assert_int_equal(in_force, before);
    assert_false(decision_in_force(docket_find(docket, 3), NOW));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make, unmake)
    const struct CMUnitTest tests[] = {
        TEST(each_request_gets_its_answer),
        TEST(who_decided_is_what_the_kernel_says),
        TEST(what_has_no_effect_is_said),
        TEST(what_could_not_be_done_is_an_error),
        TEST(somebody_is_paused_and_is_not_any_longer),
        TEST(a_lesson_has_an_end_and_somebody_to_be_for),
        TEST(all_goes_to_the_ledger_or_is_not_done),
        TEST(rights_are_asked_for_and_a_second_person_is_somebody_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
