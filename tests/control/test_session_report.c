/* Sessions in status and figures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "control/session_report.h"

static json_t *status_of(const struct session_report *report)
{
    struct text out = {0};
    text_printf(&out, "{");
    session_report_status(report, &out);
    text_printf(&out, "\"end\": 1}");
    json_t *status = json_loadb(out.bytes, out.len, 0, NULL);
    assert_non_null(status);
    text_done(&out);
    return status;
}

static const json_t *at(const json_t *object, const char *a, const char *b)
{
    return json_object_get(json_object_get(object, a), b);
}

static void the_status_is_json_whatever_a_nas_is_called(void **state)
{
    const struct radius_tally tally = {
        .taken = {[RADIUS_KIND_START] = 5}, .refused = {[RADIUS_CAUSE_UNKNOWN_NAS] = 3}, .answered = 5};
    const struct radius_heard heard[] = {{"wi\"fi", 5, 1000}, {"quiet", 0, 0}};
    const struct session_report report = {
        .lasting = {4, 2}, .last_error = ERR_NOSPACE, .radius = &tally, .heard = heard, .heard_count = 2};
    (void)state;
    json_t *status = status_of(&report);
    const json_t *sessions = json_object_get(status, "sessions");
    assert_int_equal(json_integer_value(json_object_get(sessions, "radius")), 4);
    assert_int_equal(json_integer_value(json_object_get(sessions, "logon")), 2);
    assert_true(json_is_string(json_object_get(sessions, "trouble")));
    assert_true(json_is_null(json_object_get(sessions, "api")));
    const json_t *accounting = json_object_get(sessions, "accounting");
    assert_int_equal(json_integer_value(at(accounting, "requests", "start")), 5);
    assert_int_equal(json_integer_value(at(accounting, "refused", "unknown_nas")), 3);
    const json_t *nas = json_object_get(accounting, "nas");
    assert_string_equal(json_string_value(json_object_get(json_array_get(nas, 0), "name")), "wi\"fi");
    assert_true(json_is_null(json_object_get(json_array_get(nas, 1), "last_heard_s")));
    json_decref(status);
}

static void nothing_is_told_where_nothing_is_configured(void **state)
{
    struct text out = {0};
    (void)state;
    json_t *status = status_of(NULL);
    assert_true(json_is_null(json_object_get(status, "sessions")));
    json_decref(status);
    session_report_figures(NULL, &out);
    assert_int_equal(out.len, 0);
    text_done(&out);
}

static void figures_count_and_name_nobody(void **state)
{
    const struct radius_tally tally = {.refused = {[RADIUS_CAUSE_AUTHENTICATOR] = 7}};
    const struct radius_heard heard[] = {{"wifi", 5, 1000}};
    const struct logon_tally logons = {.count = {[LOGON_COUNT_ON] = 9}};
    const struct session_report report = {
        .lasting = {4, 2}, .radius = &tally, .heard = heard, .heard_count = 1, .logons = &logons};
    struct text out = {0};
    (void)state;
    session_report_figures(&report, &out);
    assert_true(text_ok(&out));
    assert_non_null(strstr(out.bytes, "\nbelisha_sessions{source=\"radius\"} 4\n"));
    assert_non_null(strstr(out.bytes, "\nbelisha_accounting_refused_total{cause=\"authenticator\"} 7\n"));
    assert_non_null(strstr(out.bytes, "\nbelisha_accounting_heard_timestamp_seconds{nas=\"wifi\"} 1000\n"));
    assert_non_null(strstr(out.bytes, "\nbelisha_logon_calls_total{result=\"on\"} 9\n"));
    text_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_status_is_json_whatever_a_nas_is_called),
        cmocka_unit_test(nothing_is_told_where_nothing_is_configured),
        cmocka_unit_test(figures_count_and_name_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
