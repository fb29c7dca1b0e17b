#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "delivery/webhook.h"

/* Computed with: printf '1796000000.{"a":1}' | openssl dgst -sha256 -hmac 'a secret of the school' */
static void the_signature_is_that_of_another_program(void **state)
{
    char signature[WEBHOOK_SIGNATURE_MAX];
    (void)state;
    assert_string_equal(webhook_sign("a secret of the school", 1796000000, "{\"a\":1}", 7, signature),
                        "v1=858a23a18c7b6a184f6e4af1af110ab21209660bd061554569d4d1063ee5d520");
}

static void the_body_says_all_as_json(void **state)
{
    static const struct message_field fields[] = {{.name = "alert", .value = "17"}, {.name = "rule", .value = "a\"b"}};
    const struct message m = {.id = "alert-17",
                              .time_s = 1796000000,
                              .kind = "alert",
                              .subject = "Alert\n17",
                              .text = "a\tb",
                              .fields = fields,
                              .field_count = 2};
    struct text text = {0};
    (void)state;
    webhook_write(&m, &text);
    assert_string_equal(text.bytes,
                        "{\"version\":1,\"id\":\"alert-17\",\"kind\":\"alert\",\"time\":\"2026-11-30T00:53:20Z\","
                        "\"subject\":\"Alert\\u000a17\",\"text\":\"a\\u0009b\",\"fields\":{\"alert\":\"17\","
                        "\"rule\":\"a\\\"b\"}}");
    text_done(&text);
}

static void nothing_goes_out_in_clear_or_unsigned(void **state)
{
    char why[DELIVER_WHY_MAX] = "";
    const struct message m = {.id = "a", .kind = "alert", .subject = "", .text = ""};
    const struct webhook_opts clear = {
        .name = "a", .url = "http://192.0.2.1/", .secret_file = "/none", .timeout_ms = 1};
    const struct webhook_opts unsigned_one = {
        .name = "a", .url = "https://127.0.0.1:1/", .secret_file = "/nonexistent/secret", .timeout_ms = 1000};
    (void)state;
    assert_int_equal(webhook_send(&clear, &m, 0, why), OUTCOME_DOWN);
    assert_non_null(strstr(why, "https"));
    assert_int_equal(webhook_send(&unsigned_one, &m, 0, why), OUTCOME_DOWN);
    assert_non_null(strstr(why, "/nonexistent/secret"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_signature_is_that_of_another_program),
        cmocka_unit_test(the_body_says_all_as_json),
        cmocka_unit_test(nothing_goes_out_in_clear_or_unsigned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
