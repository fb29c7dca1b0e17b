/* Chance that is the same for the same seed, on every machine (xoshiro256**). Threads: one. */
#ifndef MONTH_DICE_H
#define MONTH_DICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dice {
    uint64_t state[4];
};

void dice_init(struct dice *dice, uint64_t seed);
uint64_t dice_next(struct dice *dice);
/* 0..bound-1; 0 for a bound of 0. */
uint32_t dice_below(struct dice *dice, uint32_t bound);
double dice_unit(struct dice *dice); /* [0, 1) */
bool dice_chance(struct dice *dice, double chance);
/* Of mean `mean`, as waiting times are. */
double dice_wait(struct dice *dice, double mean);
/* How often something of that mean happens. */
uint32_t dice_count(struct dice *dice, double mean);
/* The same mix of the same numbers, without a die. */
uint64_t dice_mix(uint64_t a, uint64_t b);

/* One of many by weight, in one throw (Walker's aliases). */
struct dice_urn {
    uint32_t *other;
    double *stay;
    uint32_t count;
};

/* false: no memory. */
bool dice_urn_make(struct dice_urn *urn, const double *weights, uint32_t count);
uint32_t dice_draw(struct dice *dice, const struct dice_urn *urn);
void dice_urn_done(struct dice_urn *urn);

#endif
