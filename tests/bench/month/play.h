/*
 * The play itself: minute by minute, who opens which site, and all the questions that come of it.
 *
 *     a page        its hosts in the first second, then scripts, fonts, counters and advertisements of others for two more;
 *                   names whose addresses the device still knows are not asked for
 *     a blocked one its first host alone, of all types; many try again
 *     a search      links of the result page are looked up ahead of any click
 *     a class       opens the same site within the same two minutes
 *     by itself     each device, at all hours: updates, mail, time, telemetry, apps whose sites are blocked
 *
 * Threads: one.
 */
#ifndef MONTH_PLAY_H
#define MONTH_PLAY_H

#include "agenda.h"
#include "calendar.h"
#include "school.h"
#include "scribe.h"
#include "truth.h"
#include "web.h"

#define FORMS 10u /* of a year, at most */

struct play {
    struct book *book;
    struct web *web;
    struct school *school;
    struct truth *truth;
    struct scribe *scribe;
    struct agenda agenda;
    struct dice dice;
    double scale; /* of the visits that are not planted, and of what devices do by themselves */
    int64_t from_ns;
    uint32_t notice;                     /* the name of the notice page */
    uint32_t lesson_site[13 - 6][FORMS]; /* what the class does in this lesson; NOBODY: nothing with computers */
    uint16_t *home_from, *home_to;       /* by person: minutes of this evening at home */
    uint32_t silent_device;              /* goes round the school's resolver; NOBODY: none */
};

/* One who opens a site. */
struct play_visit {
    int64_t time_ns;
    uint32_t person, device, site;
    uint8_t kind; /* enum truth_kind */
    uint8_t story;
    bool home;
    bool help;
};

void play_visit(struct play *play, const struct play_visit *visit);
/* A name alone, of all types that the device asks for. */
void play_name(struct play *play, const struct ask *ask);

/* Lessons and evenings of the day. */
void play_day(struct play *play, uint32_t day);
void play_minute(struct play *play, const struct moment *moment);

#endif
