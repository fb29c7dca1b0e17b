#include "story.h"

#include <stdio.h>
#include <stdlib.h>

#include "belisha/category.h"

static void scene_put(struct stories *s, const struct play_visit *scene)
{
    if (s->count == s->cap) {
        s->cap = s->cap * 2 + 256;
        s->scenes = realloc(s->scenes, s->cap * sizeof *s->scenes);
        if (s->scenes == NULL) {
            fputs("month: no memory\n", stderr);
            exit(1);
        }
    }
    s->scenes[s->count++] = *scene;
}

/* Who, where they sit, and when: minute of the day. */
struct act {
    uint32_t person;
    uint8_t story;
    uint32_t day;
    double minute;
    bool home;
};

static uint32_t device_of(const struct stories *s, const struct act *act)
{
    return s->play->school->people[act->person].main_device;
}

static void act_visit(struct stories *s, const struct act *act, uint32_t site)
{
    const struct play_visit scene = {.time_ns = (int64_t)act->day * DAY_NS + (int64_t)(act->minute * (double)MINUTE_NS),
                                     .person = act->person,
                                     .device = device_of(s, act),
                                     .site = site,
                                     .kind = TRUTH_VISIT,
                                     .story = act->story,
                                     .home = act->home};
    scene_put(s, &scene);
}

static uint32_t serious_site(const struct stories *s, uint8_t category, uint32_t n)
{
    return s->play->web->serious_at[category] + n % s->play->web->serious_count[category];
}

static uint32_t site_of(const struct stories *s, const char *domain, uint8_t category)
{
    return web_site(s->play->web, domain, category, BOOK_PLAIN);
}

/* ---- the stories; n is the day of the log, from 0 ---- */

/* Over two weeks, more each time, in school and at home; once she looks for help, which nobody may see. */
static void self_harm_day(struct stories *s, uint32_t day, uint32_t n)
{
    if (n < 8 || n > 22)
        return;
    uint32_t times = 1 + (n - 8) / 4;
    for (uint32_t i = 0; i < times; i++) {
        bool home = (i & 1) || !calendar_is_school(day);
        struct act act = {s->self_harm_person, s->self_harm, day, (home ? 1265.0 : 805.0) + 7 * i + n % 5, home};
        act_visit(s, &act, site_of(s, "google.com", CATEGORY_NONE));
        act.minute += .5;
        act_visit(s, &act, serious_site(s, CATEGORY_SELF_HARM, n % 3 + i % 2));
    }
}

/* An advertisement on a page of sports. */
static void gambling_day(struct stories *s, uint32_t day, uint32_t n)
{
    if (n != 12)
        return;
    struct act act = {s->gambler, s->gambling, day, 800.2, false};
    act_visit(s, &act, site_of(s, "skysports.com", CATEGORY_SPORTS));
    act.minute += .02;
    act_visit(s, &act, serious_site(s, CATEGORY_GAMBLING, 3));
}

/* One way round the filter after the other, more every school day. */
static void tunnel_day(struct stories *s, uint32_t day, uint32_t n)
{
    static const char *const tools[] = {"free-tunnel.example", "quick-vpn.example", "hide-me-now.example",
                                        "onion-bridge.example"};
    if (n < 4 || n > 25 || !calendar_is_school(day))
        return;
    uint32_t tries = 1 + (n - 4) / 2;
    for (uint32_t i = 0; i < tries; i++) {
        struct act act = {s->tunneller, s->tunnel, day, 660.0 + 3.5 * i, false};
        act_visit(s, &act,
                  n < 10 || i % 2 ? serious_site(s, CATEGORY_CIRCUMVENTION, n + i)
                                  : site_of(s, tools[(n + i) % 4], CATEGORY_CIRCUMVENTION));
    }
}

static void staff_day(struct stories *s, uint32_t day, uint32_t n)
{
    if (n != 15 && n != 16)
        return;
    struct act act = {s->teacher, s->staff, day, 1340.0, true};
    act_visit(s, &act, serious_site(s, CATEGORY_PORNOGRAPHY, 5 + n));
    act.minute += 2;
    act_visit(s, &act, serious_site(s, CATEGORY_PORNOGRAPHY, 6 + n));
}

/* Calls home all day long; nobody sits there. */
static void infected_day(struct stories *s, uint32_t day, uint32_t n)
{
    uint32_t site = serious_site(s, CATEGORY_MALWARE, 2);
    if (n < 6)
        return;
    for (uint32_t at = n == 6 ? 37000 : s->beacon_s / 2; at < 86400; at += s->beacon_s) {
        int64_t jitter = (int64_t)(dice_mix(day, at) % 4000) * 1000000;
        const struct play_visit scene = {.time_ns = (int64_t)day * DAY_NS + at * INT64_C(1000000000) + jitter,
                                         .person = NOBODY,
                                         .device = s->infected_device,
                                         .site = site,
                                         .kind = TRUTH_MACHINE,
                                         .story = s->infected};
        scene_put(s, &scene);
    }
}

/* Helplines, by people who are in no other story, and by the girl of the first. */
static void help_day(struct stories *s, uint32_t day, uint32_t n)
{
    static const char *const lines[] = {"childline.org.uk", "samaritans.org", "papyrus-uk.org", "kooth.com"};
    const struct school *school = s->play->school;
    if (!calendar_is_school(day))
        return;
    for (uint32_t i = 0; i < 1 + n % 4; i++) {
        uint32_t person = (uint32_t)(dice_mix(n, i + 50) % school->pupil_count);
        if (n % 7 == 3 && i == 0)
            person = s->self_harm_person;
        if (school->people[person].main_device == NOBODY)
            continue;
        struct act act = {person, s->help, day, 690.0 + 17 * i + n, false};
        size_t before = s->count;
        act_visit(s, &act, web_site(s->play->web, lines[(n + i) % 4], CATEGORY_NONE, BOOK_HELP));
        s->scenes[before].help = true;
    }
}

/* Nobody knows the site on the first day; from day to day half the class does. */
static void chatbot_day(struct stories *s, uint32_t day, uint32_t n)
{
    uint32_t site = site_of(s, "study-buddy-ai.example", CATEGORY_GENERATIVE_AI);
    for (uint32_t i = 0; i < s->play->web->sites[site].host_count; i++)
        s->play->book->names[s->play->web->sites[site].hosts[i]].listed_from = SCRIBE_GENERATION + 22;
    if (n < 10 || !calendar_is_school(day))
        return;
    uint32_t who = 1u << (n - 10 < 8 ? (n - 10) / 2 + (n > 10) : 5);
    for (uint32_t i = 0; i < who; i++) {
        uint32_t person = school_pupil(s->play->school, 9, 'A', i);
        if (person == NOBODY)
            return;
        if (s->play->school->people[person].main_device == NOBODY)
            continue;
        struct act act = {person, s->chatbot, day, 545.0 + 2.3 * i + n, false};
        act_visit(s, &act, site);
        act.minute += 9;
        act_visit(s, &act, site);
    }
}

static void statutory_day(struct stories *s, uint32_t day, uint32_t n)
{
    static const char *const ids[] = {"3fa94c02d17be685.statutory.invalid", "b80e55d1904fa27c.statutory.invalid"};
    if (n != 11 && n != 20)
        return;
    uint32_t site = web_site(s->play->web, ids[n == 20], CATEGORY_ILLEGAL, BOOK_STATUTORY);
    struct act act = {n == 11 ? s->gamer : s->teacher, s->statutory, day, n == 11 ? 802.7 : 1201.4, n == 20};
    act_visit(s, &act, site);
}

/* Asks for encrypted resolvers, and for hardly anything else any more. */
static void own_doh_day(struct stories *s, uint32_t day, uint32_t n)
{
    static const char *const resolvers[] = {"private-dns.example", "doh.open-resolver.example", "dns.far-away.example"};
    const struct person *person = &s->play->school->people[s->evader];
    if (n < 3 || !calendar_is_school(day))
        return;
    for (uint32_t i = 0; i < 14; i++) {
        const struct play_visit scene = {.time_ns = (int64_t)day * DAY_NS + (500 + 27 * i + n % 9) * MINUTE_NS,
                                         .person = s->evader,
                                         .device = person->phone,
                                         .site = site_of(s, resolvers[(i + n) % 3], CATEGORY_CIRCUMVENTION),
                                         .kind = TRUTH_MACHINE,
                                         .story = s->own_doh};
        scene_put(s, &scene);
    }
}

/* Forty times in one lesson: a bored child, not a worry. */
static void gaming_day(struct stories *s, uint32_t day, uint32_t n)
{
    if (n != 18)
        return;
    for (uint32_t i = 0; i < 40; i++) {
        struct act act = {s->gamer, s->gaming, day, 680.0 + i, false};
        act_visit(s, &act, site_of(s, i % 3 ? "roblox.com" : "unblocked-fun.example", CATEGORY_GAMING));
    }
}

/* A result page looks up a link that nobody follows. */
static void ahead_day(struct stories *s, uint32_t day, uint32_t n)
{
    if (n != 13)
        return;
    struct act act = {s->prefetcher, s->ahead, day, 557.3, false};
    act_visit(s, &act, site_of(s, "google.com", CATEGORY_NONE));
    size_t link = s->count;
    act.minute += .01;
    act_visit(s, &act, serious_site(s, CATEGORY_PORNOGRAPHY, 9));
    s->scenes[link].kind = TRUTH_PREFETCH;
}

/* ---- the whole ---- */

static int by_time(const void *a, const void *b)
{
    const struct play_visit *x = a;
    const struct play_visit *y = b;
    if (x->time_ns != y->time_ns)
        return x->time_ns < y->time_ns ? -1 : 1;
    return x->site < y->site ? -1 : x->site > y->site;
}

void stories_day(struct stories *s, uint32_t day)
{
    static void (*const each[])(struct stories *, uint32_t, uint32_t) = {
        self_harm_day, gambling_day,  tunnel_day,  staff_day,  infected_day, help_day,
        chatbot_day,   statutory_day, own_doh_day, gaming_day, ahead_day};
    s->count = s->next = 0;
    for (size_t i = 0; i < sizeof each / sizeof each[0]; i++)
        each[i](s, day, day - s->first_day);
    s->play->silent_device = day - s->first_day >= 3 ? s->play->school->people[s->evader].phone : NOBODY;
    if (s->count > 1)
        qsort(s->scenes, s->count, sizeof *s->scenes, by_time);
}

void stories_play(struct stories *s, int64_t until_ns)
{
    for (; s->next < s->count && s->scenes[s->next].time_ns < until_ns; s->next++)
        play_visit(s->play, &s->scenes[s->next]);
}

/* The n-th pupil of the years who takes a computer home (phone: who has a telephone), not one of `taken`. */
static uint32_t pick(const struct stories *s, uint8_t from_year, uint8_t to_year, bool phone)
{
    const uint32_t taken[] = {s->self_harm_person, s->gambler, s->tunneller, s->gamer, s->prefetcher, s->evader};
    for (uint32_t i = 3; i < s->play->school->pupil_count; i++) {
        const struct person *person = &s->play->school->people[i];
        bool free = true;
        for (size_t t = 0; t < sizeof taken / sizeof taken[0]; t++)
            free &= taken[t] != i;
        if (free && person->year >= from_year && person->year <= to_year && person->at_home &&
            (!phone || person->phone != NOBODY))
            return i;
    }
    return NOBODY;
}

static uint32_t pick_teacher(const struct stories *s)
{
    const struct school *school = s->play->school;
    for (uint32_t i = school->pupil_count; i < school->people_count; i++)
        if (school->people[i].at_home)
            return i;
    return NOBODY;
}

static bool cast(struct stories *s)
{
    s->self_harm_person = s->gambler = s->tunneller = s->gamer = s->prefetcher = s->evader = NOBODY;
    s->self_harm_person = pick(s, 9, 9, false);
    s->gambler = pick(s, 7, 8, false);
    s->tunneller = pick(s, 10, 11, false);
    s->gamer = pick(s, 7, 8, false);
    s->prefetcher = pick(s, 8, 9, false);
    s->evader = pick(s, 10, 13, true);
    s->teacher = pick_teacher(s);
    return s->self_harm_person != NOBODY && s->gambler != NOBODY && s->tunneller != NOBODY && s->gamer != NOBODY &&
           s->prefetcher != NOBODY && s->evader != NOBODY && s->teacher != NOBODY;
}

bool stories_init(struct stories *s, struct play *play, uint32_t first_day, uint32_t beacon_s)
{
    struct truth *truth = play->truth;
    const struct school *school = play->school;
    *s = (struct stories){.play = play, .first_day = first_day, .beacon_s = beacon_s};
    if (!cast(s))
        return false;
    s->infected_device = school->room_at + 8 % school->room_count; /* one that is on at night */
    s->self_harm =
        truth_story(truth, "self-harm", "the most serious of the month: again and again over two weeks",
                    s->self_harm_person, school->people[s->self_harm_person].main_device, CATEGORY_SELF_HARM);
    s->gambling = truth_story(truth, "gambling-once", "an accident: one advertisement on a page of sports", s->gambler,
                              school->people[s->gambler].main_device, CATEGORY_GAMBLING);
    s->tunnel = truth_story(truth, "circumvention", "ways round the filter, more every day", s->tunneller,
                            school->people[s->tunneller].main_device, CATEGORY_CIRCUMVENTION);
    s->staff = truth_story(truth, "staff", "a member of staff, at home, two evenings", s->teacher,
                           school->people[s->teacher].main_device, CATEGORY_PORNOGRAPHY);
    s->infected = truth_story(truth, "infected", "a machine that calls home all day: for the technician, about nobody",
                              NOBODY, s->infected_device, CATEGORY_MALWARE);
    s->help = truth_story(truth, "help", "helplines: counted, never attributed", NOBODY, NOBODY, CATEGORY_NONE);
    s->chatbot = truth_story(truth, "chatbot", "a new site that spreads through class 9A: open, until it is listed",
                             NOBODY, NOBODY, CATEGORY_GENERATIVE_AI);
    s->statutory = truth_story(truth, "statutory", "two questions for listed hosts: the duty to report", NOBODY, NOBODY,
                               CATEGORY_ILLEGAL);
    s->own_doh = truth_story(truth, "own-doh", "a telephone with a resolver of its own: hardly anything is seen of it",
                             s->evader, school->people[s->evader].phone, CATEGORY_CIRCUMVENTION);
    s->gaming = truth_story(truth, "gaming", "forty tries in one lesson: low concern", s->gamer,
                            school->people[s->gamer].main_device, CATEGORY_GAMING);
    s->ahead = truth_story(truth, "prefetch", "a link looked up ahead, never visited", s->prefetcher,
                           school->people[s->prefetcher].main_device, CATEGORY_PORNOGRAPHY);
    return true;
}

void stories_done(struct stories *s)
{
    free(s->scenes);
    *s = (struct stories){0};
}
