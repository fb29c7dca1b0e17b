/*
 * Network cards that forwarders told of and nobody knows yet: from the workers to the manager, which gives them numbers.
 *
 * A fixed number of places; where one is taken, the sighting is dropped, and made again with the next question.
 *
 * Threads: any may add, one takes. No locks.
 */
#ifndef IDENTITY_SIGHTINGS_H
#define IDENTITY_SIGHTINGS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIGHTINGS_PLACES 1024 /* a power of two */

struct sightings {
    _Atomic uint64_t places[SIGHTINGS_PLACES]; /* 0: free; else the card's 48 bits */
};

void sightings_add(struct sightings *sightings, const uint8_t mac[6]);
/* Takes one out. from: where to go on, 0 at first; false: there is none behind it. */
bool sightings_take(struct sightings *sightings, size_t *from, uint8_t out[6]);

#endif
