#include "upstream/spelling.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dns/name.h"

static const uint8_t name[] = "\x03www\x0a"
                              "exam-ple1\xe4\x03"
                              "com";

static void only_letters_change(void **state)
{
    struct spelling s;
    uint8_t out[sizeof name];
    (void)state;
    memset(&s, 0xff, sizeof s);
    spelling_write(&s, name, sizeof name, out);
    assert_memory_equal(out,
                        "\x03WWW\x0a"
                        "EXAM-PLE1\xe4\x03"
                        "COM",
                        sizeof name);
}

static void another_spelling_of_the_name_is_not_equal(void **state)
{
    struct spelling s = {{0}};
    struct random_pool random = {.left = 0};
    uint8_t out[sizeof name];
    (void)state;
    assert_true(spelling_equal(&s, name, sizeof name, name));
    for (int n = 0; n < 100; n++) {
        spelling_draw(&s, sizeof name, &random);
        spelling_write(&s, name, sizeof name, out);
        assert_true(spelling_equal(&s, name, sizeof name, out));
        assert_true(name_equal(name, out));
        out[sizeof name - 2] ^= 0x20;
        assert_false(spelling_equal(&s, name, sizeof name, out));
    }
}

static void every_letter_is_drawn_both_ways(void **state)
{
    struct spelling s;
    struct random_pool random = {.left = 0};
    uint8_t longest[NAME_MAX_LEN];
    uint8_t out[NAME_MAX_LEN];
    unsigned capitals[NAME_MAX_LEN] = {0};
    (void)state;
    memset(longest, 'x', sizeof longest);
    for (int n = 0; n < 200; n++) {
        spelling_draw(&s, sizeof longest, &random);
        spelling_write(&s, longest, sizeof longest, out);
        for (size_t i = 0; i < sizeof out; i++)
            capitals[i] += out[i] == 'X';
    }
    for (size_t i = 0; i < sizeof out; i++)
        assert_in_range(capitals[i], 40, 160); /* 100 are expected; beyond 8 deviations it is no chance */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_letters_change),
        cmocka_unit_test(another_spelling_of_the_name_is_not_equal),
        cmocka_unit_test(every_letter_is_drawn_both_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
