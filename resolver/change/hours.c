#include "change/hours.h"

#include <string.h>

#include "base/category.h"
#include "change/change_line.h"

struct comparison {
    const struct policy_opts *before, *after;
    struct text *out;
    struct difference *sum;
};

static void tell(struct comparison *c, const char *name, const char *what)
{
    text_printf(c->out, "schedule %s %s\n", name, what);
    c->sum->line_count++;
}

/* ---- one schedule ---- */

static const struct policy_schedule *find(const struct policy_opts *policy, const char *name)
{
    for (size_t i = 0; i < policy->schedule_count; i++)
        if (strcmp(policy->schedules[i].name, name) == 0)
            return &policy->schedules[i];
    return NULL;
}

static bool same_times(const struct schedule *a, const struct schedule *b)
{
    if (a->window_count != b->window_count || a->season != b->season || a->dates.first != b->dates.first ||
        a->dates.last != b->dates.last)
        return false;
    for (size_t i = 0; i < a->window_count; i++)
        if (a->windows[i].from_s != b->windows[i].from_s || a->windows[i].to_s != b->windows[i].to_s ||
            a->windows[i].days != b->windows[i].days)
            return false;
    return true;
}

static const char *group_name(const struct policy_opts *policy, uint16_t group)
{
    return group < policy->group_count ? policy->groups[group].name : "";
}

static bool concerns(const struct policy_opts *policy, const struct policy_schedule *schedule, const char *group)
{
    for (size_t i = 0; i < schedule->group_count; i++)
        if (strcmp(group_name(policy, schedule->groups[i]), group) == 0)
            return true;
    return false;
}

static bool same_groups(const struct comparison *c, const struct policy_schedule *a, const struct policy_schedule *b)
{
    if (a->group_count != b->group_count)
        return false;
    for (size_t i = 0; i < a->group_count; i++)
        if (!concerns(c->after, b, group_name(c->before, a->groups[i])))
            return false;
    return true;
}

static bool has_level(const struct policy_opts *policy, uint64_t levels, const char *name)
{
    for (size_t i = 0; i < policy->level_count; i++)
        if (levels >> i & 1 && strcmp(policy->levels[i].name, name) == 0)
            return true;
    return false;
}

static bool same_levels(const struct comparison *c, uint64_t a, uint64_t b)
{
    size_t count_a = (size_t)__builtin_popcountll(a), count_b = (size_t)__builtin_popcountll(b);
    for (size_t i = 0; i < c->before->level_count; i++)
        if (a >> i & 1 && !has_level(c->after, b, c->before->levels[i].name))
            return false;
    return count_a == count_b;
}

static const char *level_name(const struct policy_opts *policy, uint16_t level)
{
    return level < policy->level_count ? policy->levels[level].name : "";
}

/* ---- what it opens ---- */

static void note(struct comparison *c, uint64_t categories)
{
    for (unsigned i = 0; i < CATEGORY_MAX - 1; i++)
        if (categories >> i & 1 && category_name(i) != NULL)
            c->sum->opens |= UINT64_C(1) << i;
}

/* All that it may open at any time: what of it was open before is not looked at. */
static void note_all(struct comparison *c, const struct policy_schedule *schedule)
{
    note(c, schedule->allow);
    if (schedule->level != POLICY_NO_LEVEL)
        c->sum->opens |= CHANGE_OPENS_ANYTHING;
}

static void tell_categories(struct comparison *c, const char *name, uint64_t categories, const char *what)
{
    for (unsigned i = 0; i < CATEGORY_MAX; i++) {
        if (!(categories >> i & 1) || category_name(i) == NULL)
            continue;
        text_printf(c->out, "schedule %s: %s %s\n", name, what, category_name(i));
        c->sum->line_count++;
    }
}

static void compare(struct comparison *c, const struct policy_schedule *before, const struct policy_schedule *after)
{
    const char *name = after->name;
    tell_categories(c, name, after->allow & ~before->allow, "now opens");
    tell_categories(c, name, before->allow & ~after->allow, "no longer opens");
    tell_categories(c, name, after->block & ~before->block, "now blocks");
    tell_categories(c, name, before->block & ~after->block, "no longer blocks");
    note(c, (after->allow & ~before->allow) | (before->block & ~after->block));
    bool times = !same_times(&before->times, &after->times);
    bool whom = !same_groups(c, before, after) || !same_levels(c, before->levels, after->levels);
    bool level = strcmp(level_name(c->before, before->level), level_name(c->after, after->level)) != 0;
    if (times)
        tell(c, name, "has other times");
    if (whom)
        tell(c, name, "is for others");
    if (level)
        tell(c, name, "brings another level");
    if (times || whom || level) {
        note_all(c, after);
        note(c, before->block);
    }
}

static void compare_schedules(struct comparison *c)
{
    for (size_t i = 0; i < c->after->schedule_count; i++) {
        const struct policy_schedule *after = &c->after->schedules[i];
        const struct policy_schedule *before = find(c->before, after->name);
        if (before != NULL) {
            compare(c, before, after);
            continue;
        }
        tell(c, after->name, "is new");
        tell_categories(c, after->name, after->allow, "opens");
        tell_categories(c, after->name, after->block, "blocks");
        note_all(c, after);
    }
    for (size_t i = 0; i < c->before->schedule_count; i++) {
        const struct policy_schedule *before = &c->before->schedules[i];
        if (find(c->after, before->name) != NULL)
            continue;
        tell(c, before->name, "is gone");
        note(c, before->block);
        if (before->level != POLICY_NO_LEVEL)
            c->sum->opens |= CHANGE_OPENS_ANYTHING;
    }
}

/* ---- the calendar ---- */

static bool same_spans(const struct calendar_span *a, size_t a_count, const struct calendar_span *b, size_t b_count)
{
    return a_count == b_count && (a_count == 0 || memcmp(a, b, a_count * sizeof *a) == 0);
}

/* Lessons are told by the windows of the schedules that name them. */
static bool same_calendar(const struct calendar *a, const struct calendar *b)
{
    static const struct calendar none;
    a = a == NULL ? &none : a;
    b = b == NULL ? &none : b;
    return same_spans(a->terms, a->term_count, b->terms, b->term_count) &&
           same_spans(a->holidays, a->holiday_count, b->holidays, b->holiday_count) &&
           (a->zone == NULL) == (b->zone == NULL);
}

void hours_write(const struct policy_opts *before, const struct policy_opts *after, struct text *out,
                 struct difference *sum)
{
    struct comparison c = {.before = before, .after = after, .out = out, .sum = sum};
    compare_schedules(&c);
    if (same_calendar(before->calendar, after->calendar))
        return;
    text_printf(out, "the calendar has other terms, holidays or another time zone\n");
    sum->line_count++;
    for (size_t i = 0; i < after->schedule_count; i++)
        note_all(&c, &after->schedules[i]);
}
