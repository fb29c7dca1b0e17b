#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/slots.h"

static void slots_do_not_take_a_new_tenant_for_the_one_before(void **state)
{
    struct slots slots;
    int first, second;
    (void)state;
    assert_int_equal(slots_init(&slots, 1), 0);
    uint32_t at = slots_take(&slots, &first);
    uint64_t token = slots_token(&slots, at);
    assert_ptr_equal(slots_find(&slots, token), &first);
    slots_release(&slots, at);
    assert_null(slots_find(&slots, token));
    assert_int_equal(slots_take(&slots, &second), at);
    assert_null(slots_find(&slots, token));
    assert_ptr_equal(slots_find(&slots, slots_token(&slots, at)), &second);
    slots_done(&slots);
}

static void slots_are_full_when_every_place_is_taken(void **state)
{
    struct slots slots;
    int tenants[3];
    uint32_t at[3];
    (void)state;
    assert_int_equal(slots_init(&slots, 3), 0);
    for (size_t i = 0; i < 3; i++) {
        assert_false(slots_full(&slots));
        at[i] = slots_take(&slots, &tenants[i]);
        assert_ptr_equal(slots_at(&slots, at[i]), &tenants[i]);
    }
    assert_true(slots_full(&slots));
    assert_int_equal(slots.count, 3);
    slots_release(&slots, at[1]);
    assert_null(slots_at(&slots, at[1]));
    assert_false(slots_full(&slots));
    assert_int_equal(slots_take(&slots, &tenants[1]), at[1]);
    slots_done(&slots);

    assert_int_equal(slots_init(&slots, 0), 0);
    assert_true(slots_full(&slots));
    slots_done(&slots);
}

static void slots_find_nothing_by_a_token_from_nowhere(void **state)
{
    struct slots slots;
    (void)state;
    assert_int_equal(slots_init(&slots, 2), 0);
    assert_null(slots_find(&slots, 0));
    assert_null(slots_find(&slots, 7));
    assert_null(slots_find(&slots, UINT64_MAX));
    slots_done(&slots);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slots_do_not_take_a_new_tenant_for_the_one_before),
        cmocka_unit_test(slots_are_full_when_every_place_is_taken),
        cmocka_unit_test(slots_find_nothing_by_a_token_from_nowhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
