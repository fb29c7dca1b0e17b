/*
 * How much an episode should concern a safeguarding lead, from 0 to 100, and of what the number is made.
 *
 * It begins with the weight of the category (data/concern.yaml) and adds for what makes it more pressing: days, visits,
 * nights, other sites of the kind, a way round after a block, young people. These count the more, the graver the category. What
 * looks like an accident or like a program takes away. The number only puts a list in order; it proves nothing.
 *
 * Threads: pure; any thread.
 */
#ifndef EPISODE_SCORE_H
#define EPISODE_SCORE_H

#include "episode/builder.h"

/* Puts score and parts into the episode, of which all else is known. */
void score_make(struct episode *episode, const struct concern *concern, enum episode_age age, unsigned other_sites);

#endif
