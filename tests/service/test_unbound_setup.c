#include "service/unbound_setup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct recursion_opts opts_of(const char *program)
{
    return (struct recursion_opts){.used = true,
                                   .program = program,
                                   .dir = "/nonexistent",
                                   .ipv4 = true,
                                   .memory_bytes = 1 << 20,
                                   .threads = 1,
                                   .streams = 1};
}

/* Beside /bin/true lies no /bin/true-checkconf that could complain. */
static void a_check_without_a_fault_says_nothing(void **state)
{
    const struct recursion_opts opts = opts_of("/bin/true");
    struct text why = {0};
    (void)state;
    assert_int_equal(unbound_setup_check(&opts, &why), 0);
    assert_int_equal(why.len, 0);
    text_done(&why);
}

static void a_check_says_what_is_wrong_and_where(void **state)
{
    struct recursion_opts opts = opts_of("/no/such/unbound");
    struct text why = {0};
    (void)state;
    assert_int_equal(unbound_setup_check(&opts, &why), ERR_CONFIG);
    assert_non_null(strstr(why.bytes, "recursion: /no/such/unbound can't be run"));
    text_done(&why);
    opts = opts_of("/bin/true");
    opts.trust_anchor = "/no/such/key";
    opts.validate = true;
    assert_int_equal(unbound_setup_check(&opts, &why), ERR_CONFIG);
    assert_int_equal(strncmp(why.bytes, "recursion: the trust anchor /no/such/key", 40), 0);
    text_done(&why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_check_without_a_fault_says_nothing),
        cmocka_unit_test(a_check_says_what_is_wrong_and_where),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
