#include "play.h"

#include <stdio.h>
#include <stdlib.h>

#include "belisha/category.h"
#include "dns/rr.h"

#define MS INT64_C(1000000)

/* ---- questions ---- */

static enum school_level level_of(const struct play *play, uint32_t person)
{
    return person == NOBODY ? LEVEL_GUESTS : (enum school_level)play->school->people[person].level;
}

/* Whether the device knows the answer itself; if not, it will. */
static bool is_known(struct play *play, const struct ask *ask)
{
    struct device *device = &play->school->devices[ask->device];
    const struct book_name *name = &play->book->names[ask->name];
    uint32_t place = (ask->name * 2654435761u >> 16) % SEEN_PLACES;
    uint32_t now_s = (uint32_t)((ask->time_ns - play->from_ns) / 1000000000);
    bool blocked =
        name->category != CATEGORY_NONE && rules_mode(level_of(play, ask->person), name->category) >= RULE_HOLD;
    if (device->seen_name[place] == ask->name && device->seen_until_s[place] > now_s)
        return true;
    device->seen_name[place] = ask->name;
    device->seen_until_s[place] = now_s + (blocked ? 10 : name->ttl_s);
    return false;
}

static void type_put(struct play *play, const struct ask *ask, uint16_t type, uint32_t after_us)
{
    struct ask one = *ask;
    one.type = type;
    one.time_ns += (int64_t)after_us * 1000 + dice_below(&play->dice, 1000);
    agenda_put(&play->agenda, &one);
}

void play_name(struct play *play, const struct ask *ask)
{
    static const double https[WEB_SYSTEMS] = {.35, .9, .95, .6, 0};
    enum web_system system = (enum web_system)play->school->devices[ask->device].system;
    if (is_known(play, ask))
        return;
    type_put(play, ask, DNS_TYPE_A, 0);
    if (system != WEB_THING)
        type_put(play, ask, DNS_TYPE_AAAA, 200);
    if (dice_chance(&play->dice, https[system]))
        type_put(play, ask, DNS_TYPE_HTTPS, 100);
}

static void later(struct play *play, const struct play_visit *visit, uint32_t name, double after_ms)
{
    const struct ask ask = {.time_ns = visit->time_ns + (int64_t)(after_ms * 1e6),
                            .name = name,
                            .device = visit->device,
                            .person = visit->person,
                            .home = visit->home};
    play_name(play, &ask);
}

/* ---- a page ---- */

static bool is_blocked(struct play *play, const struct play_visit *visit)
{
    const struct web_site *site = &play->web->sites[visit->site];
    const struct book_name *name = &play->book->names[site->hosts[0]];
    struct verdict v =
        rules_judge(level_of(play, visit->person), name, scribe_generation(play->scribe, visit->time_ns));
    return v.action == VERDICT_NOTICE;
}

/* The notice page, and people who do not believe it. */
static void blocked_page(struct play *play, const struct play_visit *visit)
{
    const struct web_site *site = &play->web->sites[visit->site];
    double at = 0;
    later(play, visit, site->hosts[0], at);
    later(play, visit, play->notice, 60);
    for (int again = 0; again < 3 && dice_chance(&play->dice, .4); again++) {
        at += 11000 + dice_wait(&play->dice, 9000);
        later(play, visit, site->hosts[again % site->host_count], at);
    }
}

static void video_pieces(struct play *play, const struct play_visit *visit)
{
    char host[64];
    uint32_t pieces = 1 + dice_below(&play->dice, 3);
    for (uint32_t i = 0; i < pieces; i++) {
        uint32_t n = dice_below(&play->dice, 400);
        snprintf(host, sizeof host, "rr%u---sn-%04x%04x.googlevideo.com", 1 + n % 8, (unsigned)dice_mix(n, 3) & 0xffff,
                 (unsigned)dice_mix(n, 4) & 0xffff);
        later(play, visit, book_put(play->book, host, BOOK_PLAIN, CATEGORY_VIDEO, 300), 800 + 900.0 * i);
    }
}

static void open_page(struct play *play, const struct play_visit *visit)
{
    const struct web_site *site = &play->web->sites[visit->site];
    later(play, visit, site->hosts[0], 0);
    for (uint32_t i = 1; i < site->host_count; i++)
        later(play, visit, site->hosts[i], 60 + dice_wait(&play->dice, 350));
    for (uint32_t i = 0; i < site->foreign_count; i++)
        if (dice_chance(&play->dice, .8))
            later(play, visit, site->foreign[i], 150 + dice_wait(&play->dice, 900));
    if (site->foreign_count > 12) /* an auction: other bidders each time */
        for (uint32_t more = dice_below(&play->dice, 8); more > 0; more--) {
            const struct web_site *other = &play->web->sites[dice_below(&play->dice, web_known_count)];
            if (other->foreign_count > 0)
                later(play, visit, other->foreign[dice_below(&play->dice, other->foreign_count)],
                      700 + dice_wait(&play->dice, 1200));
        }
    if (site->category == CATEGORY_VIDEO)
        video_pieces(play, visit);
    if (dice_chance(&play->dice, .03))
        for (int probe = 0; probe < 3; probe++)
            later(play, visit, play->web->nonsense[dice_below(&play->dice, play->web->nonsense_count)], 5 * probe);
}

/* Hosts of the links on a result page, one name each, and nothing behind it. */
static void links_ahead(struct play *play, const struct play_visit *visit)
{
    uint32_t links = 2 + dice_below(&play->dice, 6);
    for (uint32_t i = 0; i < links; i++) {
        struct play_visit link = *visit;
        link.site = dice_draw(&play->dice, &play->web->urns[WEB_FREE]);
        link.kind = TRUTH_PREFETCH;
        link.story = 0;
        link.time_ns += 400 * MS;
        play_visit(play, &link);
    }
}

void play_visit(struct play *play, const struct play_visit *visit)
{
    const struct web_site *site = &play->web->sites[visit->site];
    bool blocked = is_blocked(play, visit);
    const struct truth_visit what = {.time_ns = visit->time_ns,
                                     .person = visit->person,
                                     .device = visit->device,
                                     .site = visit->site,
                                     .kind = visit->kind,
                                     .story = visit->story,
                                     .blocked = blocked,
                                     .help = visit->help};
    truth_note(play->truth, &what);
    if (visit->kind != TRUTH_VISIT) {
        later(play, visit, site->hosts[0], dice_unit(&play->dice) * 300);
        return;
    }
    if (blocked)
        blocked_page(play, visit);
    else
        open_page(play, visit);
    if (site->searches && !blocked)
        links_ahead(play, visit);
}

/* ---- which site ---- */

/* Visits to what hardly anybody looks for, in a million of a pupil's own. */
static const struct {
    uint8_t category;
    uint16_t in_a_million;
} rare[] = {{CATEGORY_PORNOGRAPHY, 700},   {CATEGORY_GAMBLING, 350},      {CATEGORY_PIRACY, 900},
            {CATEGORY_CIRCUMVENTION, 900}, {CATEGORY_FILE_SHARING, 500},  {CATEGORY_DATING, 150},
            {CATEGORY_VIOLENCE, 120},      {CATEGORY_WEAPONS, 80},        {CATEGORY_DRUGS, 90},
            {CATEGORY_HACKING, 160},       {CATEGORY_PARKED, 400},        {CATEGORY_UNSAFE_SEARCH, 300},
            {CATEGORY_ADULT_MIXED, 400},   {CATEGORY_PHISHING, 60},       {CATEGORY_ANONYMOUS_MESSAGING, 200},
            {CATEGORY_REMOTE_CONTROL, 60}, {CATEGORY_MISINFORMATION, 80}, {CATEGORY_DYNAMIC_DNS, 90},
            {CATEGORY_SELF_HARM, 8},       {CATEGORY_EXTREMISM, 6},       {CATEGORY_RACIAL_HATRED, 8}};

static uint32_t site_choose(struct play *play, enum web_audience audience)
{
    uint32_t throw = dice_below(&play->dice, 1000000);
    if (audience != WEB_FREE)
        throw = throw *4 > 1000000 ? 999999 : throw *4;
    for (size_t i = 0; i < sizeof rare / sizeof rare[0]; i++) {
        if (throw < rare[i].in_a_million)
            return play->web->serious_at[rare[i].category] +
                   dice_below(&play->dice, play->web->serious_count[rare[i].category]);
        throw -= rare[i].in_a_million;
    }
    return dice_draw(&play->dice, &play->web->urns[audience]);
}

static void visits_make(struct play *play, const struct play_visit *like, double rate, enum web_audience audience)
{
    int64_t minute_ns = like->time_ns;
    for (uint32_t n = dice_count(&play->dice, rate * play->scale); n > 0; n--) {
        struct play_visit visit = *like;
        if (visit.device == play->silent_device)
            return;
        visit.site = site_choose(play, audience);
        visit.time_ns = minute_ns + (int64_t)(dice_unit(&play->dice) * (double)MINUTE_NS);
        play_visit(play, &visit);
    }
}

/* ---- a day ---- */

static void evenings_plan(struct play *play)
{
    for (uint32_t i = 0; i < play->school->people_count; i++) {
        const struct person *person = &play->school->people[i];
        play->home_from[i] = play->home_to[i] = 0;
        if (!person->at_home || !dice_chance(&play->dice, person->year == 0 ? .4 : .55))
            continue;
        uint32_t from = 16 * 60 + dice_below(&play->dice, 4 * 60);
        uint32_t to = from + 20 + (uint32_t)dice_wait(&play->dice, 60);
        play->home_from[i] = (uint16_t)from;
        play->home_to[i] = (uint16_t)(to < 23 * 60 + 30 ? to : 23 * 60 + 30);
    }
}

void play_day(struct play *play, uint32_t day)
{
    (void)day;
    evenings_plan(play);
}

static void lessons_plan(struct play *play)
{
    for (uint32_t year = 0; year < 7; year++)
        for (uint32_t form = 0; form < FORMS; form++)
            play->lesson_site[year][form] =
                dice_chance(&play->dice, .45) ? dice_draw(&play->dice, &play->web->urns[WEB_LESSON]) : NOBODY;
}

static bool lesson_begins(const struct moment *moment)
{
    return moment->part == PART_LESSON &&
           (moment->minute == 530 || calendar_at(moment->day, moment->minute - 1).part != PART_LESSON ||
            calendar_at(moment->day, moment->minute - 1).lesson != moment->lesson);
}

/* Who has no computer of their own sits in the computer room, each time somewhere else. */
static uint32_t device_in_school(const struct play *play, uint32_t index, const struct moment *moment)
{
    const struct person *person = &play->school->people[index];
    if (person->main_device != NOBODY)
        return person->main_device;
    uint64_t seat = dice_mix(index, moment->day * 8 + moment->lesson);
    return play->school->room_at + (uint32_t)(seat % play->school->room_count);
}

static void pupil_in_lesson(struct play *play, uint32_t index, const struct moment *moment, struct play_visit *visit)
{
    const struct person *person = &play->school->people[index];
    uint32_t form = (uint32_t)(person->form - 'A') % FORMS;
    uint32_t site = play->lesson_site[person->year - 7][form];
    if (site == NOBODY)
        return;
    visit->device = device_in_school(play, index, moment);
    uint32_t into = moment->minute - (moment->minute < 650 ? 530 : moment->minute < 790 ? 670 : 840);
    into = moment->minute < 840 ? into % 60 : into;
    if (into >= 4 && into < 6 && dice_chance(&play->dice, .5 * (play->scale < 1 ? play->scale : 1))) {
        visit->site = site;
        visit->time_ns += (int64_t)(dice_unit(&play->dice) * (double)MINUTE_NS);
        play_visit(play, visit);
        return;
    }
    if (into > 5)
        visits_make(play, visit, .34 * person->keenness, into < 45 ? WEB_LESSON : WEB_FREE);
}

static void pupil_minute(struct play *play, uint32_t index, const struct moment *moment, struct play_visit *visit)
{
    const struct person *person = &play->school->people[index];
    bool free_time = moment->school && (moment->part == PART_BREAK || moment->part == PART_ARRIVAL);
    if (moment->school && moment->part == PART_LESSON)
        pupil_in_lesson(play, index, moment, visit);
    if (free_time && person->phone != NOBODY) {
        visit->device = person->phone;
        visits_make(play, visit, .25 * person->keenness, WEB_FREE);
    } else if (free_time && (dice_mix(index, moment->day) & 7) == 0) { /* the library */
        visit->device = device_in_school(play, index, moment);
        visits_make(play, visit, .5 * person->keenness, WEB_FREE);
    }
}

static void staff_minute(struct play *play, uint32_t index, const struct moment *moment, struct play_visit *visit)
{
    const struct person *person = &play->school->people[index];
    bool works = moment->school && moment->part >= PART_ARRIVAL && moment->part <= PART_AFTER;
    if (!works)
        return;
    visit->device = person->main_device;
    visits_make(play, visit, .4 * person->keenness, WEB_STAFF);
    if (person->phone != NOBODY && moment->part == PART_BREAK) {
        visit->device = person->phone;
        visits_make(play, visit, .2 * person->keenness, WEB_STAFF);
    }
}

static void home_minute(struct play *play, uint32_t index, const struct moment *moment, struct play_visit *visit)
{
    const struct person *person = &play->school->people[index];
    if (moment->minute < play->home_from[index] || moment->minute >= play->home_to[index])
        return;
    visit->device = person->main_device;
    visit->home = true;
    visits_make(play, visit, .45 * person->keenness, person->year == 0 ? WEB_STAFF : WEB_FREE);
}

static void guests_minute(struct play *play, const struct moment *moment, struct play_visit *visit)
{
    bool open = moment->school && moment->part >= PART_ARRIVAL && moment->part <= PART_AFTER;
    visit->person = NOBODY;
    for (uint32_t i = 0; open && i < play->school->guest_count; i++) {
        visit->device = play->school->guest_at + i;
        visits_make(play, visit, .05, WEB_STAFF);
    }
}

/* ---- by themselves ---- */

/* Questions an hour of a device that nobody touches; 0: it is off, or elsewhere. */
static double pulse_rate(const struct play *play, uint32_t index, const struct moment *moment, bool *out_home)
{
    const struct device *device = &play->school->devices[index];
    bool day = moment->school && moment->part >= PART_ARRIVAL && moment->part <= PART_AFTER;
    *out_home = false;
    if (device->system == WEB_THING)
        return 6;
    if (index >= play->school->room_at && index < play->school->room_at + play->school->room_count)
        return day ? 12 : index % 8 == 0 ? 9 : 0;
    if (index >= play->school->guest_at && index < play->school->guest_at + play->school->guest_count)
        return day ? 14 : 0;
    if (device->owner == NOBODY)
        return 0;
    const struct person *person = &play->school->people[device->owner];
    if (person->phone == index)
        return day ? 22 : 0;
    if (day && moment->part != PART_AFTER)
        return 14;
    *out_home = true;
    return person->at_home &&
                   (moment->minute >= play->home_from[device->owner] && moment->minute < play->home_to[device->owner])
               ? 14
           : person->at_home && moment->part == PART_EVENING ? 1.5
                                                             : 0;
}

static void pulses_make(struct play *play, const struct moment *moment, int64_t minute_ns)
{
    for (uint32_t index = 0; index < play->school->device_count; index++) {
        bool home;
        const struct device *device = &play->school->devices[index];
        double rate = pulse_rate(play, index, moment, &home);
        if (rate <= 0 || !dice_chance(&play->dice, rate / 60 * play->scale))
            continue;
        struct ask ask = {
            .time_ns = minute_ns + (int64_t)(dice_unit(&play->dice) * (double)MINUTE_NS),
            .name = play->web->pulse[device->system][dice_below(&play->dice, play->web->pulse_count[device->system])],
            .device = index,
            .person = device->owner,
            .home = home};
        play_name(play, &ask);
        play->truth->pulses++;
    }
}

void play_minute(struct play *play, const struct moment *moment)
{
    int64_t minute_ns = (int64_t)moment->day * DAY_NS + moment->minute * MINUTE_NS;
    if (lesson_begins(moment))
        lessons_plan(play);
    for (uint32_t i = 0; i < play->school->people_count; i++) {
        struct play_visit visit = {.time_ns = minute_ns, .person = i, .kind = TRUTH_VISIT};
        if (play->school->people[i].year == 0)
            staff_minute(play, i, moment, &visit);
        else
            pupil_minute(play, i, moment, &visit);
        visit.time_ns = minute_ns;
        home_minute(play, i, moment, &visit);
    }
    struct play_visit visit = {.time_ns = minute_ns, .kind = TRUTH_VISIT};
    guests_minute(play, moment, &visit);
    pulses_make(play, moment, minute_ns);
}
