/* Stories as a safeguarding lead would tell them, and what the score must make of them: which of two comes first, and why. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "episode/score.h"
#include "episode/story.h"

#define S STORY_SECOND
#define M STORY_MINUTE
#define H STORY_HOUR
#define D STORY_DAY

static enum episode_age age_of_group(void *ctx, const char *group)
{
    (void)ctx;
    return strcmp(group, "primary") == 0  ? EPISODE_AGE_PRIMARY
           : strcmp(group, "pupils") == 0 ? EPISODE_AGE_SECONDARY
                                          : EPISODE_AGE_ADULT;
}

/* ---- the stories ---- */

static void self_harm_once(struct story *s)
{
    story_opens(s, 10 * H, "hurt.example.com", CATEGORY_SELF_HARM);
}

static void self_harm_every_night(struct story *s)
{
    for (int day = 0; day < 5; day++)
        story_opens(s, day * D + 23 * H, "hurt.example.com", CATEGORY_SELF_HARM);
}

static void self_harm_among_links(struct story *s)
{
    static const char *const links[] = {"one.example.org", "two.example.net", "three.co.uk", "four.org"};
    for (int i = 0; i < 4; i++)
        story_ask(s, 10 * H + i * 50000000, links[i]);
    story_opens(s, 10 * H + 250000000, "hurt.example.com", CATEGORY_SELF_HARM);
}

static void a_casino_once(struct story *s)
{
    story_opens(s, 10 * H, "casino.com", CATEGORY_GAMBLING);
}

static void a_casino_once_by_staff(struct story *s)
{
    s->row.group = "staff";
    a_casino_once(s);
}

static void a_casino_once_by_a_child(struct story *s)
{
    s->row.group = "primary";
    a_casino_once(s);
}

static void a_casino_from_an_advert(struct story *s)
{
    story_ask(s, 10 * H, "www.news.com");
    story_ask(s, 10 * H + S / 10, "fonts.gstatic.com");
    story_ask(s, 10 * H + S / 5, "www.googletagmanager.com");
    story_opens(s, 10 * H + S / 2, "casino.com", CATEGORY_GAMBLING);
}

static void casinos_day_after_day(struct story *s)
{
    char name[32];
    for (int i = 0; i < 12; i++) {
        snprintf(name, sizeof name, "www.casino%d.com", i % 3);
        story_opens(s, i / 3 * D + (10 + i % 3) * H, name, CATEGORY_GAMBLING);
    }
}

static void casinos_more_and_more(struct story *s)
{
    for (int day = 0; day < 7; day++)
        for (int i = 0; i < day * day / 2 + (day == 0); i++)
            story_opens(s, day * D + 8 * H + (i * 23 + i * i * 7 % 19) * M + i % 3 * 9 * M, "casino.com",
                        CATEGORY_GAMBLING);
}

static void a_casino_that_is_only_logged(struct story *s)
{
    story_logged(s, 10 * H, "casino.com", CATEGORY_GAMBLING);
}

static void a_casino_that_the_school_allowed(struct story *s)
{
    story_reason(s, 10 * H, "casino.com", CATEGORY_GAMBLING, REASON_EXCEPTION, VERDICT_RESOLVE);
}

static void a_vpn_once(struct story *s)
{
    story_opens(s, 10 * H, "vpn.com", CATEGORY_CIRCUMVENTION);
}

static void a_vpn_after_a_block(struct story *s)
{
    story_opens(s, 10 * H, "porn.com", CATEGORY_PORNOGRAPHY);
    story_opens(s, 10 * H + 3 * M, "vpn.com", CATEGORY_CIRCUMVENTION);
}

static void one_proxy_after_the_other(struct story *s)
{
    char name[32];
    for (int i = 0; i < 12; i++) {
        snprintf(name, sizeof name, "www.proxy%d.com", i % 8);
        story_opens(s, i / 3 * D + 11 * H + i * 7 * M, name, CATEGORY_CIRCUMVENTION);
    }
}

static void pornography_once(struct story *s)
{
    story_opens(s, 10 * H, "porn.com", CATEGORY_PORNOGRAPHY);
}

static void games_all_over_the_place(struct story *s)
{
    char name[32];
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof name, "www.games%d.com", i % 10);
        story_opens(s, i / 10 * D + 11 * H + i * 7 * M, name, CATEGORY_GAMING);
    }
}

static void a_vpn_app_all_day(struct story *s)
{
    for (int i = 0; i < 200; i++)
        story_opens(s, i * 7 * M, "vpn.com", CATEGORY_CIRCUMVENTION);
}

static void tiktok_all_day_by_the_app(struct story *s)
{
    for (int i = 0; i < 500; i++)
        story_opens(s, i * 3 * M + i % 5 * S, "api.tiktokv.com", CATEGORY_SOCIAL_MEDIA);
}

static void an_infected_laptop(struct story *s)
{
    for (int i = 0; i < 150; i++)
        story_opens(s, i * 10 * M, "c2.evil.com", CATEGORY_MALWARE);
}

static void malware_once(struct story *s)
{
    story_opens(s, 10 * H, "c2.evil.com", CATEGORY_MALWARE);
}

static void a_statutory_name(struct story *s)
{
    story_reason(s, 10 * H, "0123456789abcdef.statutory.invalid", CATEGORY_ILLEGAL, REASON_STATUTORY, VERDICT_NOTICE);
}

static void extremism_for_two_nights(struct story *s)
{
    story_opens(s, 23 * H, "hate.com", CATEGORY_EXTREMISM);
    story_opens(s, D + 23 * H, "hate.com", CATEGORY_EXTREMISM);
}

static void games_in_every_lesson(struct story *s)
{
    for (int i = 0; i < 25; i++)
        story_opens(s, i / 5 * D + (9 + i % 5) * H + i * 37 % 11 * M, "games.com", CATEGORY_GAMING);
}

typedef void (*tell)(struct story *story);

static struct episode first_of(tell story, struct text *why)
{
    struct story s;
    story_begin(&s);
    s.opts.age = age_of_group;
    story(&s);
    assert_true(story_tell(&s) > 0);
    struct episode e = story_episode(&s, 0);
    if (story == a_vpn_after_a_block)
        e = story_find(&s, "vpn.com");
    for (unsigned i = 0; why != NULL && i < e.part_count; i++) {
        text_printf(why, "; ");
        episode_part_to_text(&e, &e.parts[i], why);
    }
    story_end(&s);
    return e;
}

static void the_graver_of_two_stories_comes_first(void **state)
{
#define ROW(more, less)                                                                                                \
    {                                                                                                                  \
#more " before " #less, more, less                                                                             \
    }
    static const struct {
        const char *about;
        tell more, less;
    } rows[] = {
        ROW(self_harm_every_night, self_harm_once),
        ROW(self_harm_once, self_harm_among_links),
        ROW(self_harm_among_links, casinos_day_after_day),
        ROW(a_statutory_name, extremism_for_two_nights),
        ROW(extremism_for_two_nights, casinos_day_after_day),
        ROW(casinos_more_and_more, casinos_day_after_day),
        ROW(casinos_day_after_day, a_casino_once),
        ROW(a_casino_once, a_casino_from_an_advert),
        ROW(a_casino_once_by_a_child, a_casino_once),
        ROW(a_casino_once, a_casino_once_by_staff),
        ROW(a_casino_that_is_only_logged, a_casino_once),
        ROW(a_casino_once, a_casino_that_the_school_allowed),
        ROW(a_vpn_after_a_block, a_vpn_once),
        ROW(a_vpn_once, a_vpn_app_all_day),
        ROW(one_proxy_after_the_other, pornography_once),
        ROW(pornography_once, games_all_over_the_place),
        ROW(extremism_for_two_nights, one_proxy_after_the_other),
        ROW(a_casino_from_an_advert, tiktok_all_day_by_the_app),
        ROW(an_infected_laptop, malware_once),
        ROW(malware_once, games_in_every_lesson),
        ROW(games_in_every_lesson, tiktok_all_day_by_the_app),
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct text more = {0}, less = {0};
        struct episode a = first_of(rows[i].more, &more);
        struct episode b = first_of(rows[i].less, &less);
        if (a.score <= b.score)
            fail_msg("%s: %d%s; against %d%s", rows[i].about, a.score, more.bytes, b.score, less.bytes);
        text_done(&more);
        text_done(&less);
    }
    (void)state;
}

static void parts_add_up_to_the_score(void **state)
{
    static const tell stories[] = {self_harm_every_night, casinos_day_after_day,     a_casino_from_an_advert,
                                   an_infected_laptop,    tiktok_all_day_by_the_app, a_vpn_after_a_block};
    for (size_t i = 0; i < sizeof stories / sizeof stories[0]; i++) {
        struct episode e = first_of(stories[i], NULL);
        int sum = 0;
        for (unsigned k = 0; k < e.part_count; k++)
            sum += e.parts[k].points;
        assert_int_equal(e.score, sum > 100 ? 100 : sum < 0 ? 0 : sum);
    }
    (void)state;
}

static void reasons_are_said_in_words(void **state)
{
    struct text why = {0};
    struct episode e = first_of(self_harm_every_night, &why);
    assert_non_null(strstr(why.bytes, "the category self-harm"));
    assert_non_null(strstr(why.bytes, "on 5 days"));
    assert_non_null(strstr(why.bytes, "5 visits"));
    assert_non_null(strstr(why.bytes, "5 of the visits at night"));
    assert_true(e.flags & EPISODE_NIGHT);
    text_done(&why);
    (void)state;
}

static void scores_stay_within_bounds(void **state)
{
    struct concern concern = {.means = "", .then = ""};
    struct episode e = {0};
    for (unsigned weight = 0; weight <= 60; weight++)
        for (unsigned flags = 0; flags < 1u << 13; flags += 7) {
            concern.weight = (uint8_t)weight;
            concern.machine = flags & 1;
            e.flags = flags;
            e.days = (uint16_t)(flags & 63);
            e.visits = flags;
            e.verdict = (uint8_t)(flags % EPISODE_VERDICTS);
            score_make(&e, &concern, (enum episode_age)(flags % 4), flags);
            assert_true(e.score <= 100 && e.part_count <= EPISODE_REASONS);
        }
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_graver_of_two_stories_comes_first), cmocka_unit_test(parts_add_up_to_the_score),
        cmocka_unit_test(reasons_are_said_in_words), cmocka_unit_test(scores_stay_within_bounds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
