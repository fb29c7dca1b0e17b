#include "notice/token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define NOW 1795300000

static const uint8_t key[TOKEN_KEY_LEN] = "one key";
static const uint8_t other_key[TOKEN_KEY_LEN] = "another key";

static struct ipaddr address(const char *text)
{
    struct ipaddr a;
    assert_int_equal(ipaddr_from_text(text, &a), 0);
    return a;
}

static void token_holds_for_its_client_and_its_day(void **state)
{
    struct ipaddr here = address("10.20.3.4");
    struct ipaddr there = address("10.20.3.5");
    char token[TOKEN_TEXT_MAX];
    (void)state;
    token_make(key, &here, NOW, token);
    assert_int_equal(strlen(token), TOKEN_TEXT_MAX - 1);
    assert_true(token_is_valid(key, &here, NOW, token));
    assert_true(token_is_valid(key, &here, NOW + TOKEN_AGE_S - 60, token));
    assert_false(token_is_valid(key, &here, NOW + TOKEN_AGE_S + 60, token));
    assert_false(token_is_valid(key, &here, NOW - 3600, token));
    assert_false(token_is_valid(key, &there, NOW, token));
    assert_false(token_is_valid(other_key, &here, NOW, token));
}

static void token_with_any_digit_changed_is_refused(void **state)
{
    struct ipaddr here = address("2001:db8::1");
    char token[TOKEN_TEXT_MAX];
    (void)state;
    token_make(key, &here, NOW, token);
    for (size_t i = 0; i < TOKEN_TEXT_MAX - 1; i++) {
        char was = token[i];
        token[i] = was == '0' ? '1' : '0';
        assert_false(token_is_valid(key, &here, NOW, token));
        token[i] = was;
    }
    assert_true(token_is_valid(key, &here, NOW, token));
}

static void token_of_another_form_is_refused(void **state)
{
    static const char *const rows[] = {"", "0", "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", "-0000000000000000000000000000000",
                                       "000000000000000000000000000000000000000000"};
    struct ipaddr here = address("10.20.3.4");
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_false(token_is_valid(key, &here, NOW, rows[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(token_holds_for_its_client_and_its_day),
        cmocka_unit_test(token_with_any_digit_changed_is_refused),
        cmocka_unit_test(token_of_another_form_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
