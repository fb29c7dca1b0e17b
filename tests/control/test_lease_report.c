#include "control/lease_report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "identity/roster.h"

#define NOW 1795914235

static const struct lease_status well = {
    .source = {LEASE_KEA, "/var/lib/kea/\"4\".csv"}, .lease_count = 412, .read_s = NOW};
static const struct lease_status ill = {
    .source = {LEASE_DNSMASQ, "/d"}, .lease_count = 3, .trouble = "path=/d: no\nright"};

static json_t *parse(const struct text *out)
{
    json_t *object = json_loads(out->bytes, JSON_REJECT_DUPLICATES, NULL);
    if (object == NULL)
        fail_msg("%s", out->bytes);
    return object;
}

static json_t *status_of(const struct command_env *env)
{
    struct text out = {0};
    text_printf(&out, "{");
    lease_report_status(env, &out);
    text_printf(&out, "\"end\": 0}");
    json_t *object = parse(&out);
    text_done(&out);
    return object;
}

static void the_status_says_how_sources_are(void **state)
{
    static const struct silence_opts off;
    struct silence silence = {.now_count = 2};
    struct command_env env = {.leases = {&well, &ill}, .lease_count = 2, .silence_opts = &off, .silence = &silence};
    (void)state;
    json_t *status = status_of(&env);
    json_t *leases = json_object_get(status, "leases");
    json_t *sources = json_object_get(leases, "sources");
    assert_true(json_is_null(json_object_get(leases, "silent")));
    assert_int_equal(json_array_size(sources), 2);
    assert_string_equal(json_string_value(json_object_get(json_array_get(sources, 0), "path")), well.source.path);
    assert_true(json_is_null(json_object_get(json_array_get(sources, 0), "trouble")));
    assert_string_equal(json_string_value(json_object_get(json_array_get(sources, 1), "trouble")), ill.trouble);
    json_decref(status);
    env.lease_count = 0;
    env.silence_opts = &(const struct silence_opts){.enabled = true};
    status = status_of(&env);
    leases = json_object_get(status, "leases");
    assert_int_equal(json_integer_value(json_object_get(leases, "silent")), 2);
    assert_int_equal(json_array_size(json_object_get(leases, "sources")), 0);
    json_decref(status);
}

static void figures_are_there_when_there_is_something_to_count(void **state)
{
    static const struct silence_opts off;
    struct silence silence = {.now_count = 2};
    struct command_env env = {.silence_opts = &off, .silence = &silence};
    struct text out = {0};
    (void)state;
    lease_report_metrics(&env, &out);
    assert_int_equal(out.len, 0);
    env.leases[0] = &well;
    env.leases[1] = &ill;
    env.lease_count = 2;
    lease_report_metrics(&env, &out);
    assert_non_null(strstr(out.bytes, "belisha_leases{kind=\"kea\",path=\"/var/lib/kea/\\\"4\\\".csv\"} 412\n"));
    assert_non_null(strstr(out.bytes, "belisha_lease_source_up{kind=\"dnsmasq\",path=\"/d\"} 0\n"));
    assert_null(strstr(out.bytes, "belisha_silent_devices"));
    env.silence_opts = &(const struct silence_opts){.enabled = true};
    lease_report_metrics(&env, &out);
    assert_non_null(strstr(out.bytes, "belisha_silent_devices 2\n"));
    text_done(&out);
}

static void silent_devices_are_told_with_their_names(void **state)
{
    struct roster *roster;
    struct silent devices[] = {
        {.lease = {.mac = {2, 0, 0, 0, 0, 7}, .has_mac = true, .host = "to\"ms", .renewed_s = NOW},
         .from_s = NOW - 3600,
         .asked_s = NOW - 3600,
         .reported_s = NOW,
         .evaded = true},
        {.device = 99, .reported_s = NOW, .over_s = NOW, .steps = 1}};
    struct silence silence = {.devices = devices, .count = 2, .now_count = 1, .looked_s = NOW};
    const struct silence_opts on = {.enabled = true, .after_s = 2700};
    struct command_env env = {.silence_opts = &on, .silence = &silence, .started_s = NOW - 7200};
    struct text out = {0};
    (void)state;
    assert_int_equal(roster_new(&roster), 0);
    devices[0].device = roster_number(roster, ROSTER_DEVICE, "LAP-007");
    assert_int_equal(ipaddr_from_text("10.0.0.7", &devices[0].lease.address), 0);
    env.roster = roster;
    lease_report_silent("", &env, &out);
    json_t *answer = parse(&out);
    json_t *list = json_object_get(answer, "devices");
    json_t *first = json_array_get(list, 0), *second = json_array_get(list, 1);
    assert_int_equal(json_array_size(list), 2);
    assert_string_equal(json_string_value(json_object_get(first, "device")), "LAP-007");
    assert_string_equal(json_string_value(json_object_get(first, "host")), "to\"ms");
    assert_string_equal(json_string_value(json_object_get(first, "mac")), "02:00:00:00:00:07");
    assert_string_equal(json_string_value(json_object_get(first, "address")), "10.0.0.7");
    assert_true(json_is_true(json_object_get(first, "evaded")));
    assert_true(json_is_null(json_object_get(first, "over_s")));
    assert_string_equal(json_string_value(json_object_get(second, "device")), "");
    assert_true(json_is_null(json_object_get(second, "asked_s")));
    json_decref(answer);
    text_done(&out);
    roster_close(roster);
}

static void switched_off_it_says_how_to_switch_it_on(void **state)
{
    static const struct silence_opts off;
    struct command_env env = {.silence_opts = &off};
    struct text out = {0};
    (void)state;
    lease_report_silent("", &env, &out);
    assert_string_equal(out.bytes, "error: silent devices are not reported; identity.silence.report switches it on\n");
    text_done(&out);
}

static void who_may_not_read_the_log_may_not_look(void **state)
{
    static const struct roles_member members[] = {{.user = "anna", .roles = 1}};
    static const char *const names[] = {"technical"};
    static const uint32_t acts[] = {ACT_BIT(ACT_READ_LOG)};
    const struct roles roles = {.members = members, .member_count = 1, .names = names, .acts = acts, .count = 1};
    const struct silence_opts on = {.enabled = true};
    struct silence silence = {.count = 0};
    struct command_env env = {.silence_opts = &on,
                              .silence = &silence,
                              .roles = &roles,
                              .caller = {.uid = CALLER_NOBODY, .process_uid = CALLER_NOBODY}};
    struct text out = {0};
    (void)state;
    lease_report_silent("", &env, &out);
    assert_int_equal(strncmp(out.bytes, "error: ", 7), 0);
    text_done(&out);
}

static void what_the_ledger_does_not_take_is_not_shown(void **state)
{
    const struct ledger nowhere = {.folder = "/no/such/folder", .file_bytes = LEDGER_FILE_MIN, .file_max = 1};
    const struct silence_opts on = {.enabled = true};
    struct silence silence = {.count = 0};
    struct command_env env = {.silence_opts = &on, .silence = &silence, .ledger = &nowhere, .now_s = NOW};
    struct text out = {0};
    (void)state;
    lease_report_silent("", &env, &out);
    assert_int_equal(strncmp(out.bytes, "error: the ledger can't be written", 34), 0);
    text_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_status_says_how_sources_are),
        cmocka_unit_test(figures_are_there_when_there_is_something_to_count),
        cmocka_unit_test(silent_devices_are_told_with_their_names),
        cmocka_unit_test(switched_off_it_says_how_to_switch_it_on),
        cmocka_unit_test(who_may_not_read_the_log_may_not_look),
        cmocka_unit_test(what_the_ledger_does_not_take_is_not_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
