/* Which names a site needs, from what was asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "operator/needs.h"

#define SECOND INT64_C(1000000000)

struct row {
    int at_s;
    unsigned client;
    const char *name;
};

/* Three visits by two clients; the analytics are asked all day, the advertisement in one visit. */
static const struct row rows[] = {
    {100, 1, "www.site.test"}, {101, 1, "cdn.test"},     {101, 1, "count.test"}, {103, 1, "www.site.test"},
    {150, 1, "count.test"},    {160, 1, "mail.test"},    {161, 3, "cdn.test"},   {170, 3, "count.test"},
    {180, 2, "count.test"},    {200, 2, "site.test"},    {199, 2, "count.test"}, {204, 2, "cdn.test"},
    {205, 2, "ad.test"},       {230, 2, "late.test"},    {300, 1, "site.test"},  {301, 1, "cdn.test"},
    {302, 1, "count.test"},    {400, 1, "count.test"},   {401, 2, "count.test"}, {402, 3, "count.test"},
    {500, 0, "site.test"},     {501, 0, "nobodys.test"},
};
#define ROWS (sizeof rows / sizeof rows[0])

static struct needs_asked asked_of(const struct row *row, uint8_t name[NAME_MAX_LEN])
{
    struct needs_asked asked = {.time_ns = row->at_s * SECOND, .name = name};
    const uint8_t v4[4] = {10, 0, 0, (uint8_t)row->client};
    assert_true(name_from_text(row->name, strlen(row->name), name) > 0);
    if (row->client != 0)
        asked.client = ipaddr_from_v4(v4);
    return asked;
}

static struct needs *learned(void)
{
    uint8_t site[NAME_MAX_LEN], name[NAME_MAX_LEN];
    struct needs *needs = NULL;
    assert_true(name_from_text("site.test", 9, site) > 0);
    assert_int_equal(needs_new(site, &needs), 0);
    for (size_t i = 0; i < ROWS; i++) {
        struct needs_asked asked = asked_of(&rows[i], name);
        assert_int_equal(needs_visit(needs, &asked), 0);
    }
    needs_meet(needs);
    for (size_t i = 0; i < ROWS; i++) {
        struct needs_asked asked = asked_of(&rows[i], name);
        assert_int_equal(needs_look(needs, &asked), 0);
    }
    for (size_t i = 0; i < ROWS; i++) {
        struct needs_asked asked = asked_of(&rows[i], name);
        needs_weigh(needs, &asked);
    }
    return needs;
}

static const struct need *find(struct needs *needs, const char *text)
{
    uint8_t name[NAME_MAX_LEN];
    size_t count;
    const struct need *list = needs_list(needs, &count);
    assert_true(name_from_text(text, strlen(text), name) > 0);
    for (size_t i = 0; i < count; i++)
        if (name_equal(list[i].name, name))
            return &list[i];
    return NULL;
}

static void what_is_asked_with_a_site_is_needed(void **state)
{
    struct needs *needs = learned();
    (void)state;
    assert_int_equal(needs_visits(needs), 3);
    assert_int_equal(needs_clients(needs), 2);
    const struct need *cdn = find(needs, "cdn.test");
    assert_non_null(cdn);
    assert_int_equal(cdn->visits, 3);
    assert_int_equal(cdn->clients, 2);
    assert_int_equal(cdn->in, 3);
    assert_int_equal(cdn->out, 1); /* by the client that was not there */
    assert_true(need_is_needed(cdn, 3));
    /* asked in each visit, but mostly without one: also before the first visit was seen */
    const struct need *count = find(needs, "count.test");
    assert_int_equal(count->visits, 3);
    assert_int_equal(count->out, 6);
    assert_false(need_is_needed(count, 3));
    assert_true(need_is_needed(find(needs, "ad.test"), 3));
    assert_false(need_is_needed(find(needs, "ad.test"), 5));
    /* neither the site itself, nor what came too late, nor what nobody is said to have asked */
    assert_null(find(needs, "www.site.test"));
    assert_null(find(needs, "late.test"));
    assert_null(find(needs, "mail.test"));
    assert_null(find(needs, "nobodys.test"));
    needs_free(needs);
}

static void many_visits_and_names_stay_within_bounds(void **state)
{
    uint8_t site[NAME_MAX_LEN], name[NAME_MAX_LEN];
    struct needs *needs = NULL;
    size_t count;
    (void)state;
    assert_true(name_from_text("site.test", 9, site) > 0);
    assert_int_equal(needs_new(site, &needs), 0);
    for (int i = 0; i < 3 * NEEDS_VISITS_MAX; i++) {
        const struct row row = {i * 60, 1 + (unsigned)i % 200, "site.test"};
        struct needs_asked asked = asked_of(&row, name);
        assert_int_equal(needs_visit(needs, &asked), 0);
    }
    needs_meet(needs);
    assert_in_range(needs_visits(needs), NEEDS_VISITS_MAX, 2 * NEEDS_VISITS_MAX);
    for (int i = 0; i < 3 * NEEDS_NAMES_MAX; i++) {
        char text[32];
        snprintf(text, sizeof text, "n%d.test", i);
        const struct row row = {(3 * NEEDS_VISITS_MAX - 1) * 60 + 1, 1 + (3 * NEEDS_VISITS_MAX - 1) % 200, text};
        struct needs_asked asked = asked_of(&row, name);
        assert_int_equal(needs_look(needs, &asked), 0);
    }
    (void)needs_list(needs, &count);
    assert_int_equal(count, NEEDS_NAMES_MAX);
    needs_free(needs);
}

static void without_a_visit_nothing_is_needed(void **state)
{
    uint8_t site[NAME_MAX_LEN], name[NAME_MAX_LEN];
    struct needs *needs = NULL;
    size_t count;
    (void)state;
    assert_true(name_from_text("other.test", 10, site) > 0);
    assert_int_equal(needs_new(site, &needs), 0);
    needs_meet(needs);
    for (size_t i = 0; i < ROWS; i++) {
        struct needs_asked asked = asked_of(&rows[i], name);
        assert_int_equal(needs_look(needs, &asked), 0);
    }
    (void)needs_list(needs, &count);
    assert_int_equal(count, 0);
    needs_free(needs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_asked_with_a_site_is_needed),
        cmocka_unit_test(many_visits_and_names_stay_within_bounds),
        cmocka_unit_test(without_a_visit_nothing_is_needed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
