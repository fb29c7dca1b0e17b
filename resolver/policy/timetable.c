#include "policy/timetable.h"

#include <stdlib.h>
#include <string.h>

struct timetable {
    struct policy_schedule *schedules;
    size_t count;
    struct timetable_set *classes; /* schedules that concern each */
    size_t class_count;
    struct calendar calendar;
    struct time_zone *zone;
};

static bool has(const struct timetable_set *set, size_t index)
{
    return set->bits[index / 64] >> (index % 64) & 1;
}

static void put(struct timetable_set *set, size_t index)
{
    set->bits[index / 64] |= UINT64_C(1) << (index % 64);
}

/* ---- making ---- */

static void *copy(const void *from, size_t bytes)
{
    void *made = malloc(bytes + 1);
    if (made != NULL && bytes > 0)
        memcpy(made, from, bytes);
    return made;
}

static int copy_schedule(const struct policy_schedule *from, struct policy_schedule *to)
{
    *to = *from;
    to->name = strdup(from->name);
    to->groups = copy(from->groups, from->group_count * sizeof *from->groups);
    to->times.windows = copy(from->times.windows, from->times.window_count * sizeof *from->times.windows);
    to->allow &= ~POLICY_NEVER_OPENED;
    return to->name == NULL || to->groups == NULL || to->times.windows == NULL ? ERR_NOMEM : 0;
}

/* Lessons are in the windows already. */
static int copy_calendar(struct timetable *table, const struct calendar *from)
{
    if (from == NULL)
        return 0;
    struct calendar *to = &table->calendar;
    to->term_count = from->term_count;
    to->holiday_count = from->holiday_count;
    to->terms = copy(from->terms, from->term_count * sizeof *from->terms);
    to->holidays = copy(from->holidays, from->holiday_count * sizeof *from->holidays);
    int rc = to->terms == NULL || to->holidays == NULL ? ERR_NOMEM : time_zone_copy(from->zone, &table->zone);
    to->zone = table->zone;
    return rc;
}

static int check(const struct policy_opts *opts, const struct policy_schedule *schedule)
{
    if (schedule->level != POLICY_NO_LEVEL && schedule->level >= opts->level_count)
        return ERR_INVAL;
    for (size_t i = 0; i < schedule->group_count; i++)
        if (schedule->groups[i] != POLICY_GROUP_DEFAULT && schedule->groups[i] >= opts->group_count)
            return ERR_INVAL;
    return 0;
}

/* Marks a schedule in the sets of the groups that it concerns; the last is that of clients in no group. */
static void mark(const struct policy_opts *opts, size_t index, struct timetable_set groups[])
{
    const struct policy_schedule *schedule = &opts->schedules[index];
    for (size_t i = 0; i < schedule->group_count; i++)
        put(&groups[schedule->groups[i] < opts->group_count ? schedule->groups[i] : opts->group_count], index);
    for (size_t g = 0; schedule->group_count == 0 && g <= opts->group_count; g++)
        put(&groups[g], index);
}

struct numbered {
    struct timetable_set set;
    size_t group;
};

static int compare_numbered(const void *a, const void *b)
{
    const struct numbered *x = a;
    const struct numbered *y = b;
    return memcmp(&x->set, &y->set, sizeof x->set);
}

/* Equal sets become one class. */
static int classify(struct timetable *table, const struct policy_opts *opts, uint16_t classes[])
{
    size_t count = opts->group_count + 1;
    struct timetable_set *sets = calloc(count, sizeof *sets);
    struct numbered *sorted = calloc(count, sizeof *sorted);
    table->classes = calloc(count, sizeof *table->classes);
    int rc = sets == NULL || sorted == NULL || table->classes == NULL ? ERR_NOMEM : 0;
    for (size_t i = 0; i < opts->schedule_count && rc == 0; i++)
        mark(opts, i, sets);
    for (size_t g = 0; g < count && rc == 0; g++)
        sorted[g] = (struct numbered){.set = sets[g], .group = g};
    if (rc == 0)
        qsort(sorted, count, sizeof *sorted, compare_numbered);
    for (size_t g = 0; g < count && rc == 0; g++) {
        if (g == 0 || compare_numbered(&sorted[g - 1], &sorted[g]) != 0)
            table->classes[table->class_count++] = sorted[g].set;
        classes[sorted[g].group] = (uint16_t)(table->class_count - 1);
    }
    free(sets);
    free(sorted);
    return rc;
}

int timetable_new(const struct policy_opts *opts, uint16_t classes[], struct timetable **out)
{
    struct timetable *table = calloc(1, sizeof *table);
    if (table == NULL)
        return ERR_NOMEM;
    table->schedules = calloc(opts->schedule_count + 1, sizeof *table->schedules);
    int rc = table->schedules == NULL ? ERR_NOMEM : copy_calendar(table, opts->calendar);
    if (rc == 0 && opts->schedule_count > POLICY_SCHEDULES_MAX)
        rc = ERR_LIMIT;
    for (size_t i = 0; i < opts->schedule_count && rc == 0; i++) {
        rc = check(opts, &opts->schedules[i]);
        if (rc == 0)
            rc = copy_schedule(&opts->schedules[i], &table->schedules[table->count++]);
    }
    if (rc == 0)
        rc = classify(table, opts, classes);
    if (rc < 0) {
        timetable_free(table);
        return rc;
    }
    *out = table;
    return 0;
}

static void release(const void *memory)
{
    free((void *)(uintptr_t)memory);
}

void timetable_free(struct timetable *table)
{
    if (table == NULL)
        return;
    for (size_t i = 0; i < table->count; i++) {
        release(table->schedules[i].name);
        release(table->schedules[i].groups);
        release(table->schedules[i].times.windows);
    }
    free(table->schedules);
    free(table->classes);
    release(table->calendar.terms);
    release(table->calendar.holidays);
    time_zone_free(table->zone);
    free(table);
}

/* ---- asking ---- */

size_t timetable_class_count(const struct timetable *table)
{
    return table->class_count;
}

size_t timetable_count(const struct timetable *table)
{
    return table->count;
}

const struct policy_schedule *timetable_schedule(const struct timetable *table, size_t index)
{
    return &table->schedules[index];
}

const struct calendar *timetable_calendar(const struct timetable *table)
{
    return &table->calendar;
}

void timetable_active(const struct timetable *table, int64_t now_s, struct timetable_set *out)
{
    *out = (struct timetable_set){0};
    for (size_t i = 0; i < table->count; i++)
        if (schedule_is_active(&table->schedules[i].times, &table->calendar, now_s))
            put(out, i);
}

int64_t timetable_next_s(const struct timetable *table, int64_t now_s, int64_t until_s)
{
    int64_t best = INT64_MAX;
    for (size_t i = 0; i < table->count; i++) {
        int64_t next =
            schedule_next_s(&table->schedules[i].times, &table->calendar, now_s, best < until_s ? best : until_s);
        if (next < best)
            best = next;
    }
    return best;
}

bool timetable_same(const struct timetable *table, size_t class, const struct timetable_set *a,
                    const struct timetable_set *b)
{
    const struct timetable_set *concerned = &table->classes[class];
    for (size_t i = 0; i < sizeof a->bits / sizeof a->bits[0]; i++)
        if (((a->bits[i] ^ b->bits[i]) & concerned->bits[i]) != 0)
            return false;
    return true;
}

static bool concerns(const struct timetable *table, size_t class, uint16_t level, size_t index)
{
    const struct policy_schedule *schedule = &table->schedules[index];
    return has(&table->classes[class], index) && (schedule->levels == 0 || (schedule->levels >> level & 1));
}

bool timetable_takes_part(const struct timetable *table, size_t class, uint16_t level,
                          const struct timetable_set *active, size_t index)
{
    return has(active, index) && concerns(table, class, level, index);
}

void timetable_effect(const struct timetable *table, size_t class, uint16_t level, const struct timetable_set *active,
                      struct timetable_effect *out)
{
    *out = (struct timetable_effect){.level = level};
    for (size_t i = 0; i < table->count; i++) {
        const struct policy_schedule *schedule = &table->schedules[i];
        if (!timetable_takes_part(table, class, level, active, i))
            continue;
        out->block |= schedule->block;
        if (schedule->level != POLICY_NO_LEVEL && !out->level_taken) {
            out->level_taken = true;
            out->level = schedule->level;
            out->allow = schedule->allow;
        } else if (!out->level_taken) {
            out->allow |= schedule->allow;
        }
    }
    out->allow &= ~out->block;
}

uint64_t timetable_reach(const struct timetable *table, size_t class, uint16_t level, bool *out_all)
{
    uint64_t reach = 0;
    *out_all = false;
    for (size_t i = 0; i < table->count; i++) {
        if (!concerns(table, class, level, i))
            continue;
        reach |= table->schedules[i].allow | table->schedules[i].block;
        *out_all |= table->schedules[i].level != POLICY_NO_LEVEL;
    }
    return reach;
}
