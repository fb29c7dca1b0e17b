#include "query/load.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct ipaddr client(unsigned n)
{
    uint8_t v4[4] = {10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};
    return ipaddr_from_v4(v4);
}

static void counts_are_exact_after_any_order_of_adding_and_taking_away(void **state)
{
    enum { CLIENTS = 300, ROUNDS = 200000 };
    static unsigned model[CLIENTS];
    struct load load;
    unsigned waiting = 0;
    uint64_t seed = 42;
    (void)state;
    assert_int_equal(load_init(&load, CLIENTS, 7), 0);
    for (unsigned i = 0; i < ROUNDS; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        unsigned n = (unsigned)(seed >> 33) % CLIENTS;
        struct ipaddr a = client(n);
        assert_int_equal(load_of(&load, &a), model[n]);
        if ((seed >> 60) % 2 == 0 && waiting < CLIENTS) {
            load_add(&load, &a);
            model[n]++;
            waiting++;
        } else if (model[n] > 0) {
            load_sub(&load, &a);
            model[n]--;
            waiting--;
        }
    }
    for (unsigned n = 0; n < CLIENTS; n++) {
        struct ipaddr a = client(n);
        assert_int_equal(load_of(&load, &a), model[n]);
    }
    load_done(&load);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_are_exact_after_any_order_of_adding_and_taking_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
