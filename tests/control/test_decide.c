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

/* The answer, to be freed. */
static char *answer_to(const char *json, uint32_t uid, bool has_docket)
{
    struct text out = {0}, line = {0};
    const struct command_env env = {.now_s = NOW,
                                    .policy = policy,
                                    .docket = has_docket ? docket : NULL,
                                    .docket_err = ERR_ACCESS,
                                    .allow_s = 3600,
                                    .allow_max_s = 7200,
                                    .uid = uid,
                                    .decided = decided};
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
    {ALLOW("b.test", ",\"for\":0,\"until\":0,\"scope\":{\"user\":\"x\"}" WHY), "error: this is no decision: "},
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
    assert_string_equal(docket_find(docket, 3)->group, "year-9");
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

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make, unmake)
    const struct CMUnitTest tests[] = {
        TEST(each_request_gets_its_answer),
        TEST(who_decided_is_what_the_kernel_says),
        TEST(what_has_no_effect_is_said),
        TEST(what_could_not_be_done_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
