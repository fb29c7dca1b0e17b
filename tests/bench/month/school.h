/*
 * Who is at the school, and what they hold in their hands.
 *
 *     pupils   years 7 to 13 in classes of 28: a Chromebook that goes home, a tablet, or the computer room; older ones a
 *              telephone besides
 *     staff    a laptop, and a telephone
 *     guests   telephones of a day that nobody knows
 *     things   printers, boards, cameras
 *
 * Names and addresses are made up. Numbers are those of a real roster file, which is written with them.
 *
 * Threads: one.
 */
#ifndef MONTH_SCHOOL_H
#define MONTH_SCHOOL_H

#include "base/ipaddr.h"
#include "book.h"
#include "dice.h"
#include "web.h"

enum school_level { LEVEL_LOWER, LEVEL_UPPER, LEVEL_SIXTH, LEVEL_STAFF, LEVEL_GUESTS, LEVELS };
enum school_group { GROUP_PUPILS, GROUP_SIXTH, GROUP_STAFF, GROUP_GUESTS, GROUP_THINGS, GROUP_HOMES, GROUPS };

extern const char *const school_groups[GROUPS];
extern const char *const school_levels[LEVELS];

#define NOBODY UINT32_MAX

struct person {
    char user[64];
    uint32_t number; /* in the roster */
    uint8_t year;    /* 0: staff */
    char form;       /* 'A'...; 0: staff */
    uint8_t level;
    uint8_t group;
    uint32_t main_device, phone; /* indices of devices; NOBODY: none */
    float keenness;              /* of the web, about 1 */
    bool at_home;                /* takes the main device home */
};

#define SEEN_PLACES 256u /* names of which a device knows the address itself */

struct device {
    char name[64];
    uint32_t number; /* in the roster; 0: nobody knows it */
    uint32_t owner;  /* index of a person; NOBODY: whoever logs on, or nobody */
    uint8_t system;  /* enum web_system */
    uint8_t grade;   /* enum qlog_grade, of whoever uses it */
    uint8_t group;   /* of its network */
    bool has_v6;
    bool over_dot;  /* asks over TLS, also in school */
    uint16_t place; /* in its network */
    uint32_t seen_name[SEEN_PLACES];
    uint32_t seen_until_s[SEEN_PLACES]; /* since the beginning */
};

struct school {
    struct person *people;
    uint32_t people_count, pupil_count, staff_count;
    struct device *devices;
    uint32_t device_count;
    uint32_t room_at, room_count;   /* computers of the computer rooms */
    uint32_t guest_at, guest_count; /* telephones of guests */
    uint32_t thing_at, thing_count;
};

/* Makes people and devices, and the roster file at `roster`. Negative enum err. */
int school_init(struct school *school, struct dice *dice, uint32_t pupils, const char *roster);
/* The address from which the device asks on that day. */
struct ipaddr school_address(const struct device *device, uint32_t index, uint32_t day, bool home);
/* The n-th pupil of that year and form; NOBODY: there are not so many. */
uint32_t school_pupil(const struct school *school, uint8_t year, char form, uint32_t n);
void school_done(struct school *school);

#endif
