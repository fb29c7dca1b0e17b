#include "operator/tally.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct verdict blocked = {.action = VERDICT_NOTICE, .reason = REASON_CATEGORY, .category = 3};
static const struct verdict open;
static const char young[] = "young", old[] = "old";

static const uint8_t *name_of(const char *text, uint8_t out[NAME_MAX_LEN])
{
    assert_true(name_from_text(text, strlen(text), out) > 0);
    return out;
}

static struct tally_client address(uint8_t last)
{
    const uint8_t bytes[4] = {10, 0, 0, last};
    return (struct tally_client){.address = ipaddr_from_v4(bytes)};
}

static void add(struct tally *tally, enum tally_change change, uint16_t group, struct tally_client client,
                const char *text)
{
    const struct tally_cell cell = {
        .change = change, .group_before = group, .group_after = group, .level_before = young, .level_after = old};
    uint8_t name[NAME_MAX_LEN];
    assert_int_equal(tally_add(tally, &cell, &client, name_of(text, name), &blocked, &open), 0);
}

static void nothing_is_an_answer_too(void **state)
{
    struct tally *tally;
    size_t count = 1;
    (void)state;
    assert_int_equal(tally_new(&tally), 0);
    assert_int_equal(tally_sort(tally), 0);
    tally_cells(tally, &count);
    assert_int_equal(count, 0);
    assert_int_equal(tally_sum(tally, TALLY_ALLOWED).questions, 0);
    assert_false(tally_is_full(tally));
    tally_free(tally);
    tally_free(NULL);
}

static void each_change_has_its_names_and_clients_most_first(void **state)
{
    struct tally *tally;
    size_t count;
    char text[NAME_TEXT_MAX];
    (void)state;
    assert_int_equal(tally_new(&tally), 0);
    add(tally, TALLY_BLOCKED, 1, address(1), "a.test");
    add(tally, TALLY_ALLOWED, 1, address(1), "b.test");
    add(tally, TALLY_ALLOWED, 2, address(2), "b.test");
    add(tally, TALLY_ALLOWED, 2, address(3), "c.test");
    add(tally, TALLY_ALLOWED, 2, address(3), "c.test");
    add(tally, TALLY_ALLOWED, 2, address(2), "c.test");
    assert_int_equal(tally_sort(tally), 0);
    const struct tally_cell *cells = tally_cells(tally, &count);
    assert_int_equal(count, 3);
    assert_int_equal(cells[0].change, TALLY_ALLOWED);
    assert_int_equal(cells[0].group_before, 2);
    assert_int_equal(cells[0].questions, 4);
    assert_int_equal(cells[0].names, 2);
    assert_int_equal(cells[0].clients, 2);
    assert_ptr_equal(cells[0].level_after, old);
    assert_int_equal(cells[1].group_before, 1);
    assert_int_equal(cells[2].change, TALLY_BLOCKED);
    const struct tally_name *names = tally_names(tally, 0, &count);
    assert_int_equal(count, 2);
    assert_string_equal(name_to_text(names[0].name, text), "c.test");
    assert_int_equal(names[0].questions, 3);
    assert_int_equal(names[0].clients, 2);
    assert_int_equal(names[0].before.category, 3);
    assert_string_equal(name_to_text(names[1].name, text), "b.test");
    const struct tally_person *people = tally_people(tally, 0, &count);
    assert_int_equal(count, 2);
    assert_int_equal(people[0].questions + people[1].questions, 4);
    tally_names(tally, 2, &count);
    assert_int_equal(count, 1);
    /* over the groups, a name and a client count once */
    assert_int_equal(tally_sum(tally, TALLY_ALLOWED).questions, 5);
    assert_int_equal(tally_sum(tally, TALLY_ALLOWED).names, 2);
    assert_int_equal(tally_sum(tally, TALLY_ALLOWED).clients, 3);
    tally_free(tally);
}

static void a_user_is_one_client_wherever_he_is(void **state)
{
    struct tally_client here = address(1), there = address(2);
    const struct tally_client nobody = {.user = 0};
    struct tally *tally;
    size_t count;
    (void)state;
    here.user = there.user = 7;
    assert_int_equal(tally_new(&tally), 0);
    add(tally, TALLY_ALLOWED, 1, here, "a.test");
    add(tally, TALLY_ALLOWED, 1, there, "a.test");
    add(tally, TALLY_ALLOWED, 1, address(1), "a.test");
    add(tally, TALLY_ALLOWED, 1, nobody, "a.test");
    assert_int_equal(tally_sort(tally), 0);
    const struct tally_cell *cells = tally_cells(tally, &count);
    assert_int_equal(cells[0].questions, 4);
    assert_int_equal(cells[0].clients, 2);
    assert_int_equal(tally_names(tally, 0, &count)[0].clients, 2);
    assert_int_equal(tally_people(tally, 0, &count)[0].client.user, 7);
    tally_free(tally);
}

static void what_is_beyond_the_bounds_is_counted_as_a_question(void **state)
{
    struct tally *tally;
    size_t count;
    (void)state;
    assert_int_equal(tally_new(&tally), 0);
    for (uint32_t i = 0; i < TALLY_NAMES_MAX + 10; i++) {
        char text[32];
        snprintf(text, sizeof text, "n%u.test", (unsigned)i);
        add(tally, TALLY_ALLOWED, 1, address((uint8_t)i), text);
    }
    assert_true(tally_is_full(tally));
    add(tally, TALLY_ALLOWED, 1, address(0), "n0.test"); /* what is known goes on being counted */
    assert_int_equal(tally_sort(tally), 0);
    const struct tally_cell *cells = tally_cells(tally, &count);
    assert_int_equal(cells[0].questions, TALLY_NAMES_MAX + 11);
    assert_int_equal(cells[0].names, TALLY_NAMES_MAX);
    assert_int_equal(tally_names(tally, 0, &count)[0].questions, 2);
    tally_free(tally);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_an_answer_too),
        cmocka_unit_test(each_change_has_its_names_and_clients_most_first),
        cmocka_unit_test(a_user_is_one_client_wherever_he_is),
        cmocka_unit_test(what_is_beyond_the_bounds_is_counted_as_a_question),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
