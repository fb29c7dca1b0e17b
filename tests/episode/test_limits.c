/* Every table has a bound, and goes on when it is reached. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "episode/asker.h"
#include "episode/fresh.h"
#include "episode/seen.h"
#include "episode/sites.h"
#include "episode/story.h"

static void further_askers_are_nobody_of_their_group(void **state)
{
    struct askers askers = {.max = 10};
    int64_t group[2] = {askers_group(&askers, "pupils"), askers_group(&askers, "staff")};
    int64_t first = 0, nobody[2] = {0};
    for (uint32_t i = 0; i < 1000; i++) {
        uint8_t v4[4] = {10, 0, (uint8_t)(i >> 8), (uint8_t)i};
        struct ipaddr client = ipaddr_from_v4(v4);
        struct asker_said said = {.grade = QLOG_GRADE_ADDRESS, .client = &client, .group = (uint32_t)group[i % 2]};
        int64_t number = askers_put(&askers, &said);
        assert_true(number >= 0);
        if (i == 0)
            first = number;
        if (i >= 10)
            nobody[i % 2] = number;
        if (i == 999)
            assert_int_equal(askers.items[number].kind, EPISODE_NOBODY);
    }
    assert_int_equal(askers.keys.count, 12);
    assert_int_not_equal(nobody[0], nobody[1]);
    const struct ipaddr known = ipaddr_from_v4((const uint8_t[]){10, 0, 0, 0});
    const struct asker_said said = {.grade = QLOG_GRADE_ADDRESS, .client = &known};
    assert_int_equal(askers_put(&askers, &said), first);
    askers_done(&askers);
    (void)state;
}

static void further_sites_have_no_number(void **state)
{
    struct story story;
    struct sites sites;
    story_begin(&story);
    assert_int_equal(sites_init(&sites, story.finder), 0);
    sites.max = 10;
    for (int i = 0; i < 20; i++) {
        uint8_t wire[NAME_MAX_LEN];
        char text[32];
        struct sites_found found;
        snprintf(text, sizeof text, "www.site%d.com", i);
        int len = name_from_text(text, strlen(text), wire);
        sites_find(&sites, wire, (size_t)len, &found);
        assert_int_equal(sites_number(&sites, wire, &found), i < 10 ? (int64_t)i : (int64_t)SITES_NONE);
    }
    sites_done(&sites);
    story_end(&story);
    (void)state;
}

static void further_new_sites_are_not_looked_at(void **state)
{
    struct freshes freshes = {.max = 10};
    struct fresh *fresh;
    for (uint32_t i = 0; i < 20; i++) {
        assert_int_equal(freshes_find(&freshes, i, false, &fresh), 0);
        assert_int_equal(fresh != NULL, i < 10);
    }
    assert_int_equal(freshes_find(&freshes, 3, false, &fresh), 0);
    assert_int_equal(fresh->site, 3);
    freshes_done(&freshes);
    (void)state;
}

static void further_sites_are_not_remembered(void **state)
{
    struct seen *seen;
    uint8_t wire[] = "\x08"
                     "aaaaaaaa\x03"
                     "com";
    const struct site site = {.kind = SITE_PLAIN, .domain = wire};
    assert_int_equal(seen_new(&seen), 0);
    for (uint32_t i = 0; i < SEEN_MAX + 1000; i++) {
        memcpy(wire + 1, &i, sizeof i);
        assert_int_equal(seen_add(seen, &site, 7), 0);
    }
    assert_int_equal(seen_count(seen), SEEN_MAX);
    assert_int_equal(seen_day(seen, &site), -1);
    memset(wire + 1, 0, 4);
    assert_int_equal(seen_day(seen, &site), 7);
    seen_free(seen);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(further_askers_are_nobody_of_their_group), cmocka_unit_test(further_sites_have_no_number),
        cmocka_unit_test(further_new_sites_are_not_looked_at), cmocka_unit_test(further_sites_are_not_remembered)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
