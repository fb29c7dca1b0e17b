/*
 * When each device last asked: by its number in the roster, kept by all workers together, read by the manager.
 *
 *     asked    ┌────────────────┬───────────────────────────────────┐
 *              │ minute  32 bit │ in which of the last 32 steps     │   a step is 5 minutes; bit 0 is the one that
 *              └────────────────┴───────────────────────────────────┘   `minute` is in
 *     evaded   the last minute in which it asked for a name by which devices find ways round us
 *
 * A worker writes once a minute for each device, without a lock: when two of them do in one moment, one of the two marks
 * may be lost, and the other says nearly the same.
 *
 * Nothing of this is kept when the program ends. Questions for protected help are not noted: not even that a device asked.
 *
 * Memory:  12 bytes a device, of which only the pages are real that are used.
 * Threads: hearing_note() and hearing_of() any; the others one.
 */
#ifndef IDENTITY_HEARING_H
#define IDENTITY_HEARING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"

#define HEARING_STEP_MIN 5
#define HEARING_STEPS    32 /* 160 minutes */

struct hearing {
    _Atomic uint64_t *asked;
    _Atomic uint32_t *evaded;
    uint32_t max; /* the largest number */
};

/* max: the largest device number that is noted. ERR_NOMEM. */
ERR_CHECKED int hearing_new(uint32_t max, struct hearing **out);
void hearing_free(struct hearing *hearing);

/* Of the rest of hearing_note(). */
void hearing_note_minute(struct hearing *hearing, uint32_t device, uint32_t minute);

/* A device asked. evades: for a name by which devices find ways round us. */
static inline void hearing_note(struct hearing *hearing, uint32_t device, int64_t now_s, bool evades)
{
    uint32_t minute = (uint32_t)(now_s / 60);
    if (device > hearing->max)
        return;
    if (atomic_load_explicit(&hearing->asked[device], memory_order_relaxed) >> 32 != minute)
        hearing_note_minute(hearing, device, minute);
    if (__builtin_expect(evades, 0) && atomic_load_explicit(&hearing->evaded[device], memory_order_relaxed) != minute)
        atomic_store_explicit(&hearing->evaded[device], minute, memory_order_relaxed);
}

struct heard {
    int64_t asked_s;  /* to the minute, wall time; 0: never */
    int64_t evaded_s; /* the same */
    uint32_t steps;   /* in which steps up to that of asked_s, bit 0, there was a question */
};

struct heard hearing_of(const struct hearing *hearing, uint32_t device);

/* In how many steps since from_s it asked; only as far back as steps are known. */
unsigned heard_steps_since(const struct heard *heard, int64_t from_s);

#endif
