/* What two policies do differently. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/category.h"
#include "change/change_line.h"
#include "change/difference.h"

#define BIT(name) CATEGORY_BIT(CATEGORY_##name)

static const struct policy_level strict = {.name = "pupils", .block = BIT(MALWARE) | BIT(SOCIAL_MEDIA)};
static const struct policy_level staff = {.name = "staff", .block = BIT(MALWARE)};
static const struct prefix network = {.bits = 128};

static struct difference compare(const struct policy_level *before, size_t before_count,
                                 const struct policy_group *group, const struct policy_level *after, size_t after_count,
                                 const struct policy_group *group_after, char out[2048])
{
    const struct policy_opts a = {
        .levels = before, .level_count = before_count, .groups = group, .group_count = group == NULL ? 0 : 1};
    const struct policy_opts b = {
        .levels = after, .level_count = after_count, .groups = group_after, .group_count = group_after == NULL ? 0 : 1};
    struct difference difference;
    struct text text = {0};
    difference_write(&a, &b, &text, &difference);
    snprintf(out, 2048, "%s", text.bytes == NULL ? "" : text.bytes);
    text_done(&text);
    return difference;
}

static void equal_policies_differ_in_nothing(void **state)
{
    char said[2048];
    (void)state;
    struct difference d = compare(&strict, 1, NULL, &strict, 1, NULL, said);
    assert_int_equal(d.line_count, 0);
    assert_true(d.opens == 0);
    assert_string_equal(said, "");
}

static void every_mode_that_opens_is_an_opening_and_no_other(void **state)
{
    static const struct {
        struct policy_level after;
        bool opens;
        const char *said;
    } rows[] = {
        {{.name = "pupils", .block = BIT(MALWARE), .allow = BIT(SOCIAL_MEDIA)},
         true,
         "social-media is allowed, was blocked\n"},
        {{.name = "pupils", .block = BIT(MALWARE), .log_only = BIT(SOCIAL_MEDIA)},
         true,
         "is logged only, was blocked\n"},
        {{.name = "pupils", .block = BIT(MALWARE)}, true, "is allowed by default, was blocked\n"},
        {{.name = "pupils", .block = BIT(MALWARE), .hold = BIT(SOCIAL_MEDIA)}, false, "is held, was blocked\n"},
        {{.name = "pupils", .block = BIT(MALWARE), .unless_approved = BIT(SOCIAL_MEDIA)},
         false,
         "blocked unless approved"},
        {{.name = "pupils", .block = BIT(MALWARE) | BIT(SOCIAL_MEDIA) | BIT(GAMBLING)}, false, "gambling is blocked"},
    };
    char said[2048];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct difference d = compare(&strict, 1, NULL, &rows[i].after, 1, NULL, said);
        assert_int_equal(d.line_count, 1);
        assert_non_null(strstr(said, rows[i].said));
        assert_true(d.opens == (rows[i].opens ? BIT(SOCIAL_MEDIA) : 0));
    }
}

static void a_walled_garden_that_opens_is_told(void **state)
{
    const struct policy_level walled = {.name = "pupils", .default_block = true, .allow = BIT(NEWS)};
    const struct policy_level open = {.name = "pupils", .allow = BIT(NEWS)};
    char said[2048];
    (void)state;
    struct difference d = compare(&walled, 1, NULL, &open, 1, NULL, said);
    assert_true(d.opens & CHANGE_OPENS_ANYTHING);
    assert_true(d.opens & BIT(GAMBLING));
    assert_non_null(strstr(said, "names that no rule concerns are allowed, were blocked"));
    d = compare(&open, 1, NULL, &walled, 1, NULL, said);
    assert_true(d.opens == 0);
}

static void a_group_that_gets_a_wider_level_opens(void **state)
{
    const struct policy_level levels[] = {strict, staff};
    const struct policy_group before = {.name = "year-9", .level = 0, .networks = &network, .network_count = 1};
    const struct policy_group wider = {.name = "year-9", .level = 1, .networks = &network, .network_count = 1};
    const struct policy_group new_group = {.name = "library", .level = 1, .networks = &network, .network_count = 1};
    char said[2048];
    (void)state;
    struct difference d = compare(levels, 2, &before, levels, 2, &wider, said);
    assert_string_equal(said, "group year-9: level is staff, was pupils\n");
    assert_true(d.opens == BIT(SOCIAL_MEDIA));
    d = compare(levels, 2, &wider, levels, 2, &before, said);
    assert_true(d.opens == 0);
    d = compare(levels, 2, &before, levels, 2, &new_group, said);
    assert_non_null(strstr(said, "group library is new: level staff\n"));
    assert_non_null(strstr(said, "group year-9 is gone\n"));
    assert_true(d.opens & BIT(SOCIAL_MEDIA));
}

static void weaker_safe_search_is_an_opening(void **state)
{
    const struct policy_level none = {.name = "pupils"}, moderate = {.name = "pupils", .safe_moderate = 2};
    const struct policy_level all = {.name = "pupils", .safe_strict = 6};
    char said[2048];
    (void)state;
    assert_true(compare(&none, 1, NULL, &all, 1, NULL, said).opens == 0);
    assert_string_equal(said, "level pupils: SafeSearch is stronger\n");
    assert_true(compare(&all, 1, NULL, &moderate, 1, NULL, said).opens == CHANGE_OPENS_ANYTHING);
    assert_string_equal(said, "level pupils: SafeSearch is weaker at some search engines\n");
    assert_true(compare(&moderate, 1, NULL, &none, 1, NULL, said).opens == CHANGE_OPENS_ANYTHING);
}

static struct difference compare_hours(const struct policy_schedule *before, const struct policy_schedule *after,
                                       char out[2048])
{
    const struct calendar calendar = {.zone = NULL};
    const struct policy_opts a = {.levels = &strict,
                                  .level_count = 1,
                                  .schedules = before,
                                  .schedule_count = before != NULL,
                                  .calendar = &calendar};
    struct policy_opts b = a;
    struct difference difference;
    struct text text = {0};
    b.schedules = after;
    b.schedule_count = after != NULL;
    difference_write(&a, &b, &text, &difference);
    snprintf(out, 2048, "%s", text.bytes == NULL ? "" : text.bytes);
    text_done(&text);
    return difference;
}

static void schedules_are_told_by_what_they_open_and_when(void **state)
{
    static const struct window lunch = {.from_s = 45000, .to_s = 48000, .days = 31}, longer = {45000, 50000, 31};
    const struct policy_schedule games = {.name = "lunch",
                                          .times = {.windows = &lunch, .window_count = 1},
                                          .level = POLICY_NO_LEVEL,
                                          .allow = BIT(GAMING)};
    struct policy_schedule other = games;
    char said[2048];
    (void)state;
    assert_true(compare_hours(&games, &games, said).line_count == 0);
    assert_true(compare_hours(NULL, &games, said).opens == BIT(GAMING));
    assert_string_equal(said, "schedule lunch is new\nschedule lunch: opens gaming\n");
    assert_true(compare_hours(&games, NULL, said).opens == 0);
    assert_string_equal(said, "schedule lunch is gone\n");
    other.times.windows = &longer;
    assert_true(compare_hours(&games, &other, said).opens == BIT(GAMING));
    assert_string_equal(said, "schedule lunch has other times\n");
    other = games;
    other.allow = 0;
    other.block = BIT(VIDEO);
    assert_true(compare_hours(&games, &other, said).opens == 0);
    assert_string_equal(said, "schedule lunch: no longer opens gaming\nschedule lunch: now blocks video\n");
    assert_true(compare_hours(&other, &games, said).opens == (BIT(GAMING) | BIT(VIDEO)));
    other = games;
    other.level = 0;
    assert_true(compare_hours(&games, &other, said).opens & CHANGE_OPENS_ANYTHING);
    assert_string_equal(said, "schedule lunch brings another level\n");
}

static void names_for_everyone_are_told_one_by_one(void **state)
{
    static const uint8_t casino[] = "\6casino\7example";
    const struct policy_name allow = {.name = casino, .below = true, .special = POLICY_SPECIAL_ALLOW};
    const struct policy_name block = {.name = casino, .below = true, .special = POLICY_SPECIAL_BLOCK};
    const struct policy_opts none = {.levels = &strict, .level_count = 1};
    struct policy_opts allowed = none, blocked = none;
    struct difference d;
    struct text text = {0};
    (void)state;
    allowed.names = &allow;
    blocked.names = &block;
    allowed.name_count = blocked.name_count = 1;
    difference_write(&none, &allowed, &text, &d);
    assert_string_equal(text.bytes, "casino.example is now allowed for everyone\n");
    assert_true(d.opens == CHANGE_OPENS_ANYTHING);
    text_done(&text);
    difference_write(&none, &blocked, &text, &d);
    assert_true(d.opens == 0);
    text_done(&text);
    difference_write(&blocked, &none, &text, &d);
    assert_string_equal(text.bytes, "casino.example is no longer blocked for everyone\n");
    assert_true(d.opens == CHANGE_OPENS_ANYTHING);
    text_done(&text);
}

static void what_the_people_file_may_do_is_told(void **state)
{
    const struct policy_opts none = {.levels = &strict, .level_count = 1, .people_limited = true};
    struct policy_opts more = none;
    struct difference d;
    struct text text = {0};
    char said[256];
    (void)state;
    more.people_open = BIT(GAMING);
    more.people_levels = 1;
    difference_write(&none, &more, &text, &d);
    snprintf(said, sizeof said, "people file: it may open gaming to a person\npeople file: it may give level %s\n",
             strict.name);
    assert_string_equal(text.bytes, said);
    assert_true(d.opens == (BIT(GAMING) | CHANGE_OPENS_ANYTHING));
    text_done(&text);
    difference_write(&more, &none, &text, &d);
    assert_true(d.opens == 0);
    assert_int_equal(d.line_count, 2);
    text_done(&text);
    more.people_limited = false; /* without limits everything may be opened */
    difference_write(&none, &more, &text, &d);
    assert_true((d.opens & BIT(NEWS)) != 0);
    text_done(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_policies_differ_in_nothing),
        cmocka_unit_test(every_mode_that_opens_is_an_opening_and_no_other),
        cmocka_unit_test(a_walled_garden_that_opens_is_told),
        cmocka_unit_test(a_group_that_gets_a_wider_level_opens),
        cmocka_unit_test(weaker_safe_search_is_an_opening),
        cmocka_unit_test(schedules_are_told_by_what_they_open_and_when),
        cmocka_unit_test(names_for_everyone_are_told_one_by_one),
        cmocka_unit_test(what_the_people_file_may_do_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
