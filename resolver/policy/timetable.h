/*
 * The schedules of a policy, and whom each concerns.
 *
 * Groups that the same schedules concern are one class, so that what applies now has to be found for each class and level
 * only, however many groups there are.
 *
 * Rules where several schedules hold at once: of those that put another level in place the first holds, and while it does
 * only its own `allow` counts; what one blocks no other opens; what a level blocks each may open, but for
 * POLICY_NEVER_OPENED.
 *
 * Threads: immutable once made; any thread.
 */
#ifndef POLICY_TIMETABLE_H
#define POLICY_TIMETABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"
#include "policy/opts.h"

/* Schedules, by bits of their indexes. */
struct timetable_set {
    uint64_t bits[POLICY_SCHEDULES_MAX / 64];
};

struct timetable;

/*
 * Copies schedules and calendar. Writes the class of each group to classes, which has room for group_count + 1: the last is
 * that of clients in no group. ERR_NOMEM, ERR_INVAL (an index out of range), ERR_LIMIT.
 */
ERR_CHECKED int timetable_new(const struct policy_opts *opts, uint16_t classes[], struct timetable **out);
void timetable_free(struct timetable *table);

size_t timetable_class_count(const struct timetable *table);
size_t timetable_count(const struct timetable *table);
const struct policy_schedule *timetable_schedule(const struct timetable *table, size_t index);
const struct calendar *timetable_calendar(const struct timetable *table);

/* Those that are active now. */
void timetable_active(const struct timetable *table, int64_t now_s, struct timetable_set *out);
/* When that changes next; INT64_MAX: not before until_s. */
int64_t timetable_next_s(const struct timetable *table, int64_t now_s, int64_t until_s);

/* Whether two sets are the same for a class. */
bool timetable_same(const struct timetable *table, size_t class, const struct timetable_set *a,
                    const struct timetable_set *b);

/* Whether a schedule is active and concerns the class and the level. */
bool timetable_takes_part(const struct timetable *table, size_t class, uint16_t level,
                          const struct timetable_set *active, size_t index);

/* What schedules make of a level. */
struct timetable_effect {
    uint16_t level;   /* index of the one in force */
    uint64_t allow;   /* opened in it */
    uint64_t block;   /* blocked in it, whatever else is said */
    bool level_taken; /* a schedule put it there */
};

/* Of the set's schedules those count that concern the class and the level. */
void timetable_effect(const struct timetable *table, size_t class, uint16_t level, const struct timetable_set *active,
                      struct timetable_effect *out);
/* Categories that some schedule may change for the class and level, at whatever time; *out_all: the level itself too. */
uint64_t timetable_reach(const struct timetable *table, size_t class, uint16_t level, bool *out_all);

#endif
