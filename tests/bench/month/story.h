/*
 * Story-lines: what a safeguarding lead should find in the month, and what should not trouble them.
 *
 * They are played whatever the size of the log. truth.json says who did what, when, and what should be made of it.
 *
 * Threads: one.
 */
#ifndef MONTH_STORY_H
#define MONTH_STORY_H

#include "play.h"

struct stories {
    struct play *play;
    uint32_t first_day; /* since 1970 */
    uint32_t beacon_s;  /* between two calls of the infected machine */
    uint32_t self_harm_person, gambler, tunneller, teacher, gamer, prefetcher, evader;
    uint8_t self_harm, gambling, tunnel, staff, infected, help, chatbot, statutory, own_doh, gaming, ahead;
    uint32_t infected_device;
    struct play_visit *scenes; /* of this day, by time */
    size_t count, cap, next;
};

/* false: the school is too small for them. */
bool stories_init(struct stories *stories, struct play *play, uint32_t first_day, uint32_t beacon_s);
void stories_day(struct stories *stories, uint32_t day);
/* Plays what begins before the moment. */
void stories_play(struct stories *stories, int64_t until_ns);
void stories_done(struct stories *stories);

#endif
