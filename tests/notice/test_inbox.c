#include "notice/inbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define BYTES (1u << 20)

static int make_dir(void **state)
{
    static char dir[64];
    strcpy(dir, "/tmp/belisha-inbox-XXXXXX");
    *state = mkdtemp(dir);
    return *state == NULL;
}

static int remove_dir(void **state)
{
    char path[128];
    snprintf(path, sizeof path, "%s/data.mdb", (const char *)*state);
    unlink(path);
    snprintf(path, sizeof path, "%s/lock.mdb", (const char *)*state);
    unlink(path);
    return rmdir(*state);
}

struct seen {
    size_t count;
    uint64_t last;
    char json[8192];
};

static int see(void *ctx, uint64_t id, const char *json, size_t json_len)
{
    struct seen *seen = ctx;
    assert_true(id > seen->last);
    assert_true(json_len < sizeof seen->json);
    seen->last = id;
    seen->count++;
    memcpy(seen->json, json, json_len);
    seen->json[json_len] = '\0';
    return 0;
}

static struct report sample(void)
{
    struct report r = {.time_s = 1795269909, .kind = REPORT_CONCERN, .about = REPORT_ABOUT_BULLYING};
    assert_int_equal(ipaddr_from_text("10.20.3.4", &r.client), 0);
    strcpy(r.group, "pupils");
    strcpy(r.host, "games.example");
    strcpy(r.words, "say \"hi\"\nto \\ all");
    strcpy(r.code, "7K3M-9QPX");
    return r;
}

static void inbox_keeps_reports_over_a_restart(void **state)
{
    struct inbox *inbox;
    struct report report = sample();
    struct seen seen = {0};
    assert_int_equal(inbox_open(*state, BYTES, &inbox), 0);
    assert_int_equal(inbox_put(inbox, &report), 0);
    assert_int_equal(report.id, 1);
    assert_int_equal(inbox_put(inbox, &report), 0);
    inbox_close(inbox);
    assert_int_equal(inbox_open_readonly(*state, &inbox), 0);
    assert_int_equal(inbox_walk(inbox, 0, see, &seen), 0);
    assert_int_equal(seen.count, 2);
    assert_string_equal(seen.json,
                        "{\"id\":2,\"time\":\"2026-11-21T14:05:09Z\",\"kind\":\"concern\",\"about\":\"bullying\","
                        "\"host\":\"games.example\",\"url\":\"\",\"client\":\"10.20.3.4\",\"group\":\"pupils\","
                        "\"name\":\"\",\"words\":\"say \\\"hi\\\"\\u000ato \\\\ all\",\"code\":\"7K3M-9QPX\"}");
    memset(&seen, 0, sizeof seen);
    assert_int_equal(inbox_walk(inbox, 2, see, &seen), 0);
    assert_int_equal(seen.count, 1);
    inbox_close(inbox);
}

static void inbox_that_is_full_refuses_and_keeps_what_it_has(void **state)
{
    struct inbox *inbox;
    struct report report = sample();
    struct seen seen = {0};
    size_t kept = 0;
    size_t count = 0;
    int err;
    assert_int_equal(inbox_open(*state, 128 * 1024, &inbox), 0);
    memset(report.words, 'x', sizeof report.words - 1);
    while ((err = inbox_put(inbox, &report)) == 0)
        kept++;
    assert_int_equal(err, ERR_NOSPACE);
    assert_true(kept > 5);
    assert_int_equal(inbox_put(inbox, &report), ERR_NOSPACE);
    assert_int_equal(inbox_count(inbox, &count), 0);
    assert_int_equal(count, kept);
    assert_int_equal(inbox_walk(inbox, 0, see, &seen), 0);
    assert_int_equal(seen.count, kept);
    inbox_close(inbox);
}

static void inbox_that_is_missing_is_not_made_by_a_reader(void **state)
{
    struct inbox *inbox;
    char path[128];
    snprintf(path, sizeof path, "%s/none", (const char *)*state);
    assert_int_equal(inbox_open_readonly(path, &inbox), ERR_NOENT);
    assert_int_not_equal(access(path, F_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(inbox_keeps_reports_over_a_restart, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(inbox_that_is_full_refuses_and_keeps_what_it_has, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(inbox_that_is_missing_is_not_made_by_a_reader, make_dir, remove_dir),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
