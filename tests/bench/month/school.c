#include "school.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "identity/roster.h"
#include "qlog/record.h"

#define FORM_PUPILS 28u

const char *const school_groups[GROUPS] = {"pupils", "sixth-form", "staff", "guests", "equipment", "homes"};
const char *const school_levels[LEVELS] = {"year-7-9", "year-10-11", "sixth-form", "staff", "guests"};

static const char *const first_names[] = {
    "aaliyah", "adam",   "aisha",  "alex",    "alfie",  "amelia", "amir",   "anna",    "archie", "ava",
    "ben",     "bella",  "callum", "chloe",   "daisy",  "daniel", "david",  "dylan",   "edward", "ella",
    "emily",   "ethan",  "eva",    "faith",   "finley", "freya",  "george", "grace",   "hamza",  "hannah",
    "harry",   "henry",  "holly",  "ibrahim", "imran",  "isla",   "jack",   "jacob",   "jasmin", "joseph",
    "kai",     "kate",   "leo",    "lily",    "logan",  "lucy",   "maisie", "maryam",  "mason",  "maya",
    "megan",   "mia",    "molly",  "nathan",  "niamh",  "noah",   "olivia", "omar",    "oscar",  "phoebe",
    "poppy",   "priya",  "rosie",  "ruby",    "ryan",   "sam",    "sara",   "scarlet", "sofia",  "tanvir",
    "theo",    "thomas", "tilly",  "toby",    "wiktor", "yusuf",  "zara",   "zoe",     "zuzanna"};
static const char *const last_names[] = {
    "adeyemi", "ahmed",   "akhtar",  "allen",   "ashby",  "bailey",  "begum",  "bell",   "bennett",  "booth",
    "brook",   "burns",   "carter",  "chandra", "clarke", "collins", "cooper", "dale",   "davies",   "dean",
    "dixon",   "doyle",   "eastman", "ellis",   "evans",  "farmer",  "fisher", "flynn",  "foster",   "frost",
    "gale",    "gibson",  "grant",   "green",   "hale",   "hall",    "hart",   "hassan", "holt",     "hughes",
    "hussain", "iqbal",   "jarvis",  "jones",   "kaur",   "kelly",   "khan",   "king",   "kowalski", "lane",
    "lee",     "lewis",   "lowe",    "malik",   "marsh",  "mills",   "moore",  "morris", "nash",     "nowak",
    "okafor",  "osborne", "owen",    "page",    "park",   "patel",   "perry",  "price",  "quinn",    "rahman",
    "reid",    "rose",    "shah",    "sharp",   "singh",  "smith",   "stone",  "swift",  "tanaka",   "taylor",
    "thorpe",  "turner",  "vaughan", "wade",    "ward",   "webb",    "west",   "wood",   "wright",   "yates"};

#define FIRSTS (sizeof first_names / sizeof first_names[0])
#define LASTS  (sizeof last_names / sizeof last_names[0])

/* "07a.hart" would name a year that passes; names stay. A second amelia.hart is amelia.hart2. */
static void user_make(struct school *school, struct dice *dice, struct person *person)
{
    const char *first = first_names[dice_below(dice, FIRSTS)];
    const char *last = last_names[dice_below(dice, LASTS)];
    unsigned same = 1;
    for (uint32_t i = 0; &school->people[i] < person; i++) {
        const char *user = school->people[i].user;
        size_t len = strlen(first) + 1 + strlen(last);
        same += strncmp(user, first, strlen(first)) == 0 && user[strlen(first)] == '.' &&
                strncmp(user + strlen(first) + 1, last, strlen(last)) == 0 &&
                (user[len] == '\0' || isdigit((unsigned char)user[len]));
    }
    snprintf(person->user, sizeof person->user, same == 1 ? "%s.%s" : "%s.%s%u", first, last, same);
}

static struct device *device_new(struct school *school, uint32_t *out_index)
{
    *out_index = school->device_count;
    struct device *device = &school->devices[school->device_count++];
    *device = (struct device){.owner = NOBODY, .place = (uint16_t)*out_index};
    memset(device->seen_name, 0xff, sizeof device->seen_name);
    return device;
}

static void card_make(struct dice *dice, struct device *device)
{
    static const char *const makers[] = {"3c:22:fb", "a4:83:e7", "f0:18:98", "dc:a6:32", "5c:e9:1e"};
    uint32_t tail = dice_below(dice, 1u << 24);
    snprintf(device->name, sizeof device->name, "%s:%02x:%02x:%02x", makers[dice_below(dice, 5)], tail >> 16,
             tail >> 8 & 255, tail & 255);
}

static void phone_give(struct school *school, struct dice *dice, struct person *person, uint32_t index)
{
    struct device *device = device_new(school, &person->phone);
    device->owner = index;
    device->system = dice_chance(dice, .6) ? WEB_APPLE : WEB_ANDROID;
    device->grade = QLOG_GRADE_USER;
    device->group = person->group;
    device->has_v6 = dice_chance(dice, .3);
    device->over_dot = device->system == WEB_ANDROID && dice_chance(dice, .2);
    card_make(dice, device);
}

static void main_give(struct school *school, struct dice *dice, struct person *person, uint32_t index)
{
    double kind = dice_unit(dice);
    if (person->year > 0 && person->year < 12 && kind > .78)
        return; /* the computer room */
    struct device *device = device_new(school, &person->main_device);
    bool loan = person->year > 0 && kind > .74;
    device->owner = index;
    device->group = person->group;
    device->system = person->year == 0 || loan ? WEB_WINDOWS : kind > .55 ? WEB_APPLE : WEB_CHROME;
    device->grade = person->year == 0 ? QLOG_GRADE_LOGON : loan ? QLOG_GRADE_LOAN : QLOG_GRADE_USER;
    device->has_v6 = dice_chance(dice, .2);
    person->at_home = loan || device->system == WEB_CHROME || (person->year == 0 && dice_chance(dice, .5));
    snprintf(device->name, sizeof device->name, "%s-%04u",
             person->year == 0              ? "staff"
             : loan                         ? "loan"
             : device->system == WEB_CHROME ? "cb"
                                            : "ipad",
             index + 1);
}

static void person_make(struct school *school, struct dice *dice, uint32_t index, uint32_t pupils)
{
    struct person *person = &school->people[index];
    *person = (struct person){.main_device = NOBODY, .phone = NOBODY, .keenness = (float)(.4 + dice_wait(dice, .6))};
    if (index < pupils) {
        uint32_t year_size = pupils / 7 + 1;
        person->year = (uint8_t)(7 + index / year_size);
        person->form = (char)('A' + index % year_size / FORM_PUPILS);
    }
    person->level = person->year == 0   ? LEVEL_STAFF
                    : person->year < 10 ? LEVEL_LOWER
                    : person->year < 12 ? LEVEL_UPPER
                                        : LEVEL_SIXTH;
    person->group = person->year == 0 ? GROUP_STAFF : person->year > 11 ? GROUP_SIXTH : GROUP_PUPILS;
    if (person->keenness > 3)
        person->keenness = 3;
    user_make(school, dice, person);
    main_give(school, dice, person, index);
    if (person->year == 0 ? dice_chance(dice, .8) : dice_chance(dice, (person->year - 6) * .1))
        phone_give(school, dice, person, index);
}

static void rooms_fill(struct school *school, struct dice *dice, uint32_t pupils)
{
    school->room_at = school->device_count;
    school->room_count = pupils / 12 + 4;
    for (uint32_t i = 0; i < school->room_count; i++) {
        uint32_t index;
        struct device *device = device_new(school, &index);
        device->system = WEB_WINDOWS;
        device->grade = QLOG_GRADE_LOGON;
        device->group = GROUP_PUPILS;
        snprintf(device->name, sizeof device->name, "room%u-%02u", i / 30 + 1, i % 30 + 1);
    }
    school->guest_at = school->device_count;
    school->guest_count = pupils / 25 + 2;
    for (uint32_t i = 0; i < school->guest_count; i++) {
        uint32_t index;
        struct device *device = device_new(school, &index);
        device->system = dice_chance(dice, .5) ? WEB_APPLE : WEB_ANDROID;
        device->grade = QLOG_GRADE_ADDRESS;
        device->group = GROUP_GUESTS;
    }
    school->thing_at = school->device_count;
    school->thing_count = pupils / 15 + 3;
    for (uint32_t i = 0; i < school->thing_count; i++) {
        static const char *const kinds[] = {"printer", "board", "camera"};
        uint32_t index;
        struct device *device = device_new(school, &index);
        device->system = WEB_THING;
        device->grade = QLOG_GRADE_DEVICE;
        device->group = GROUP_THINGS;
        snprintf(device->name, sizeof device->name, "%s-%02u", kinds[i % 3], i / 3 + 1);
    }
}

static int roster_fill(struct school *school, const char *path)
{
    struct roster *roster;
    int code = roster_open(path, NULL, NULL, &roster);
    if (code < 0)
        return code;
    for (uint32_t i = 0; i < school->people_count; i++)
        school->people[i].number = roster_number(roster, ROSTER_USER, school->people[i].user);
    for (uint32_t i = 0; i < school->device_count; i++) {
        struct device *device = &school->devices[i];
        char called[96];
        if (device->name[0] == '\0')
            continue;
        device->number = roster_number(roster, ROSTER_DEVICE, device->name);
        if (device->owner == NOBODY || strchr(device->name, ':') == NULL)
            continue;
        const char *user = school->people[device->owner].user;
        snprintf(called, sizeof called, "%.*ss-%s", (int)strcspn(user, "."), user,
                 device->system == WEB_APPLE ? "iphone" : "galaxy");
        roster_call(roster, device->number, called);
    }
    code = roster_sync(roster);
    roster_close(roster);
    return code;
}

int school_init(struct school *school, struct dice *dice, uint32_t pupils, const char *roster)
{
    *school = (struct school){.pupil_count = pupils, .staff_count = pupils / 10 + 2};
    school->people_count = school->pupil_count + school->staff_count;
    school->people = calloc(school->people_count, sizeof *school->people);
    school->devices = calloc(school->people_count * 2u + pupils + 32u, sizeof *school->devices);
    if (school->people == NULL || school->devices == NULL)
        return ERR_NOMEM;
    for (uint32_t i = 0; i < school->people_count; i++)
        person_make(school, dice, i, pupils);
    rooms_fill(school, dice, pupils);
    return roster_fill(school, roster);
}

/* Leases move on from day to day; some addresses change hands. Of IPv6 the lower half is another one each day. */
struct ipaddr school_address(const struct device *device, uint32_t index, uint32_t day, bool home)
{
    static const uint8_t networks[GROUPS] = {20, 25, 30, 40, 50, 20};
    uint16_t place =
        device->group == GROUP_THINGS ? device->place : (uint16_t)((device->place * 7u + day * 3u) % 8000u);
    uint8_t v4[4] = {10, networks[device->group], (uint8_t)(place >> 8), (uint8_t)place};
    if (home) {
        uint8_t at_home[4] = {198, (uint8_t)(18 + (index >> 16)), (uint8_t)(index >> 8), (uint8_t)index};
        return ipaddr_from_v4(at_home);
    }
    if (!device->has_v6)
        return ipaddr_from_v4(v4);
    uint64_t lower = dice_mix(index, day);
    uint8_t v6[16] = {0xfd, 0x10, 0, networks[device->group]};
    memcpy(v6 + 8, &lower, sizeof lower);
    return ipaddr_from_v6(v6);
}

uint32_t school_pupil(const struct school *school, uint8_t year, char form, uint32_t n)
{
    for (uint32_t i = 0; i < school->pupil_count; i++)
        if (school->people[i].year == year && school->people[i].form == form && n-- == 0)
            return i;
    return NOBODY;
}

void school_done(struct school *school)
{
    free(school->people);
    free(school->devices);
    *school = (struct school){0};
}
