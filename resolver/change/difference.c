#include "change/difference.h"

#include <stdio.h>
#include <string.h>

#include "base/category.h"
#include "change/change_line.h"
#include "change/hours.h"
#include "dns/name.h"

struct comparison {
    const struct policy_opts *before, *after;
    struct text *out;
    struct difference sum;
};

#define TELL(c, ...)                                                                                                   \
    do {                                                                                                               \
        text_printf((c)->out, __VA_ARGS__);                                                                            \
        (c)->sum.line_count++;                                                                                         \
    } while (0)

/* ---- what a level opens ---- */

static uint64_t open_of(const struct policy_level *level)
{
    uint64_t closed = level->block | level->hold | level->unless_approved;
    return level->default_block ? (level->allow | level->log_only) & ~closed : ~closed;
}

/* What was open to everybody before: more than that may be new to those who come from somewhere else. */
static uint64_t open_to_all(const struct policy_opts *policy)
{
    uint64_t open = open_of(&policy->levels[policy->default_level]);
    for (size_t i = 0; i < policy->group_count; i++)
        open &= open_of(&policy->levels[policy->groups[i].level]);
    return open;
}

static const struct policy_level *level_find(const struct policy_opts *policy, const char *name)
{
    for (size_t i = 0; i < policy->level_count; i++)
        if (strcmp(policy->levels[i].name, name) == 0)
            return &policy->levels[i];
    return NULL;
}

static const struct policy_group *group_find(const struct policy_opts *policy, const char *name)
{
    for (size_t i = 0; i < policy->group_count; i++)
        if (strcmp(policy->groups[i].name, name) == 0)
            return &policy->groups[i];
    return NULL;
}

static const struct policy_level *level_of(const struct policy_opts *policy, const struct policy_group *group)
{
    return &policy->levels[group->level];
}

/* Bits that no category has say nothing. */
static void note_opened(struct comparison *c, uint64_t opened)
{
    for (unsigned i = 0; i < CATEGORY_MAX - 1; i++)
        if (opened >> i & 1 && category_name(i) != NULL)
            c->sum.opens |= UINT64_C(1) << i;
}

/* ---- levels ---- */

static const char *mode_of(const struct policy_level *level, unsigned category)
{
    uint64_t bit = UINT64_C(1) << category;
    return level->block & bit             ? "blocked"
           : level->hold & bit            ? "held"
           : level->unless_approved & bit ? "blocked unless approved"
           : level->log_only & bit        ? "logged only"
           : level->allow & bit           ? "allowed"
           : level->default_block         ? "blocked by default"
                                          : "allowed by default";
}

static bool by_default(const struct policy_level *level, unsigned category)
{
    return !((level->block | level->hold | level->unless_approved | level->log_only | level->allow) >> category & 1);
}

static void compare_modes(struct comparison *c, const struct policy_level *before, const struct policy_level *after)
{
    for (unsigned i = 0; i < CATEGORY_MAX; i++) {
        if (category_name(i) == NULL || (by_default(before, i) && by_default(after, i)))
            continue; /* what the default says is told once */
        const char *was = mode_of(before, i), *is = mode_of(after, i);
        if (strcmp(was, is) != 0)
            TELL(c, "level %s: %s is %s, was %s\n", after->name, category_name(i), is, was);
    }
}

static void compare_safe_search(struct comparison *c, const struct policy_level *before,
                                const struct policy_level *after)
{
    uint64_t some_before = before->safe_strict | before->safe_moderate,
             some = after->safe_strict | after->safe_moderate;
    bool weaker = (before->safe_strict & ~after->safe_strict) != 0 || (some_before & ~some) != 0;
    if (before->safe_strict == after->safe_strict && before->safe_moderate == after->safe_moderate)
        return;
    TELL(c, "level %s: SafeSearch is %s\n", after->name, weaker ? "weaker at some search engines" : "stronger");
    if (weaker)
        c->sum.opens |= CHANGE_OPENS_ANYTHING;
}

static void compare_levels(struct comparison *c, const struct policy_level *before, const struct policy_level *after)
{
    static const char *const wordings[] = {"primary", "secondary", "staff"};
    compare_modes(c, before, after);
    if (before->default_block != after->default_block)
        TELL(c, "level %s: names that no rule concerns are %s, were %s\n", after->name,
             after->default_block ? "blocked" : "allowed", before->default_block ? "blocked" : "allowed");
    if (before->default_block && !after->default_block)
        c->sum.opens |= CHANGE_OPENS_ANYTHING;
    if (before->keep_ech != after->keep_ech)
        TELL(c, "level %s: browsers %s hide from the firewall which site they open\n", after->name,
             after->keep_ech ? "may" : "can't");
    if (after->keep_ech && !before->keep_ech)
        c->sum.opens |= CHANGE_OPENS_ANYTHING;
    compare_safe_search(c, before, after);
    if (before->wording != after->wording)
        TELL(c, "level %s: the notice page speaks to %s, spoke to %s\n", after->name, wordings[after->wording],
             wordings[before->wording]);
    note_opened(c, open_of(after) & ~open_of(before));
}

static void tell_new_level(struct comparison *c, const struct policy_level *level)
{
    const char *before = " open are ";
    TELL(c, "level %s is new:", level->name);
    for (unsigned i = 0; i < CATEGORY_MAX; i++) {
        if (category_name(i) == NULL || !(open_of(level) >> i & 1))
            continue;
        text_printf(c->out, "%s%s", before, category_name(i));
        before = ", ";
    }
    text_printf(c->out, before[0] == ' ' ? " no category is open%s\n" : "%s\n",
                level->default_block ? "; what no rule concerns is blocked" : "");
    note_opened(c, open_of(level) & ~open_to_all(c->before));
}

static void compare_all_levels(struct comparison *c)
{
    for (size_t i = 0; i < c->after->level_count; i++) {
        const struct policy_level *after = &c->after->levels[i];
        const struct policy_level *before = level_find(c->before, after->name);
        if (before == NULL)
            tell_new_level(c, after);
        else
            compare_levels(c, before, after);
    }
    for (size_t i = 0; i < c->before->level_count; i++)
        if (level_find(c->after, c->before->levels[i].name) == NULL)
            TELL(c, "level %s is gone\n", c->before->levels[i].name);
}

/* ---- groups ---- */

static bool has_network(const struct policy_group *group, const struct prefix *network)
{
    for (size_t i = 0; i < group->network_count; i++)
        if (memcmp(&group->networks[i], network, sizeof *network) == 0)
            return true;
    return false;
}

#define NETWORK_TEXT_MAX (IPADDR_TEXT_MAX + 8)

static char *network_to_text(const struct prefix *network, char out[NETWORK_TEXT_MAX])
{
    char address[IPADDR_TEXT_MAX];
    bool v4 = ipaddr_is_v4(&network->addr);
    snprintf(out, NETWORK_TEXT_MAX, "%s/%u", ipaddr_to_text(&network->addr, address),
             v4 && network->bits >= 96 ? network->bits - 96u : network->bits);
    return out;
}

/* Networks of one that the other has not. Returns how many. */
static size_t tell_networks(struct comparison *c, const struct policy_group *one, const struct policy_group *other,
                            const char *what)
{
    char text[NETWORK_TEXT_MAX];
    size_t count = 0;
    for (size_t i = 0; i < one->network_count; i++) {
        if (has_network(other, &one->networks[i]))
            continue;
        TELL(c, "group %s: network %s is %s\n", one->name, network_to_text(&one->networks[i], text), what);
        count++;
    }
    return count;
}

static void compare_groups(struct comparison *c, const struct policy_group *before, const struct policy_group *after)
{
    const struct policy_level *was = level_of(c->before, before), *is = level_of(c->after, after);
    if (strcmp(was->name, is->name) != 0)
        TELL(c, "group %s: level is %s, was %s\n", after->name, is->name, was->name);
    note_opened(c, open_of(is) & ~open_of(was));
    if (is->default_block < was->default_block)
        c->sum.opens |= CHANGE_OPENS_ANYTHING;
    if (before->acceptance != after->acceptance)
        TELL(c, "group %s: who has not accepted the school's rules %s\n", after->name,
             after->acceptance ? "now has the restricted level" : "has the group's level all the same");
    if (before->acceptance && !after->acceptance)
        note_opened(c, open_of(is) & ~open_of(&c->before->levels[c->before->restricted_level]));
    if (tell_networks(c, after, before, "new") > 0)
        note_opened(c, open_of(is) & ~open_to_all(c->before));
    /* Who is no longer in it may have more elsewhere. */
    if (tell_networks(c, before, after, "gone") > 0)
        note_opened(c, open_of(&c->after->levels[c->after->default_level]) & ~open_of(was));
}

static void tell_new_group(struct comparison *c, const struct policy_group *group)
{
    const struct policy_level *level = level_of(c->after, group);
    const struct policy_group nothing = {.name = group->name};
    TELL(c, "group %s is new: level %s\n", group->name, level->name);
    tell_networks(c, group, &nothing, "new");
    note_opened(c, open_of(level) & ~open_to_all(c->before));
}

/* For people whose time is over, or who have not accepted what they must. */
static void compare_restricted(struct comparison *c)
{
    const struct policy_level *was = &c->before->levels[c->before->restricted_level];
    const struct policy_level *is = &c->after->levels[c->after->restricted_level];
    if (strcmp(was->name, is->name) != 0)
        TELL(c, "people whose time is over: level is %s, was %s\n", is->name, was->name);
    note_opened(c, open_of(is) & ~open_of(was));
}

static void compare_all_groups(struct comparison *c)
{
    const struct policy_level *was = &c->before->levels[c->before->default_level];
    const struct policy_level *is = &c->after->levels[c->after->default_level];
    for (size_t i = 0; i < c->after->group_count; i++) {
        const struct policy_group *after = &c->after->groups[i];
        const struct policy_group *before = group_find(c->before, after->name);
        if (before == NULL)
            tell_new_group(c, after);
        else
            compare_groups(c, before, after);
    }
    for (size_t i = 0; i < c->before->group_count; i++) {
        const struct policy_group *before = &c->before->groups[i];
        if (group_find(c->after, before->name) != NULL)
            continue;
        TELL(c, "group %s is gone\n", before->name);
        note_opened(c, open_of(is) & ~open_of(level_of(c->before, before)));
    }
    if (strcmp(was->name, is->name) != 0)
        TELL(c, "clients in no group: level is %s, was %s\n", is->name, was->name);
    note_opened(c, open_of(is) & ~open_of(was));
    compare_restricted(c);
}

/* ---- what the people file may do ---- */

/* Without limits it may open whatever a person's own rules can, and give every level. */
static uint64_t people_open(const struct policy_opts *policy)
{
    return policy->people_limited ? policy->people_open : ~POLICY_NEVER_OPENED;
}

static bool people_may_have(const struct policy_opts *policy, const char *level)
{
    for (size_t i = 0; i < policy->level_count; i++)
        if (strcmp(policy->levels[i].name, level) == 0)
            return !policy->people_limited || policy->people_levels >> i & 1;
    return false;
}

static void compare_people_limits(struct comparison *c)
{
    uint64_t was = people_open(c->before), is = people_open(c->after);
    for (unsigned i = 0; i < CATEGORY_MAX - 1; i++)
        if (category_name(i) != NULL && ((was ^ is) >> i & 1))
            TELL(c, "people file: it %s open %s to a person\n", is >> i & 1 ? "may" : "may no longer",
                 category_name(i));
    note_opened(c, is & ~was);
    for (size_t i = 0; i < c->after->level_count; i++) {
        const char *level = c->after->levels[i].name;
        bool had = people_may_have(c->before, level), has = people_may_have(c->after, level);
        if (had == has)
            continue;
        TELL(c, "people file: it %s give level %s\n", has ? "may" : "may no longer", level);
        if (has)
            c->sum.opens |= CHANGE_OPENS_ANYTHING;
    }
}

/* ---- names ---- */

static bool has_name(const struct policy_opts *policy, const struct policy_name *name)
{
    for (size_t i = 0; i < policy->name_count; i++)
        if (policy->names[i].special == name->special && policy->names[i].below == name->below &&
            name_equal(policy->names[i].name, name->name))
            return true;
    return false;
}

/* Only those that the school writes: others come with the program, or with records and zones. */
static const char *kind_of(const struct policy_name *name)
{
    switch (name->special) {
    case POLICY_SPECIAL_BLOCK:
        return "blocked for everyone";
    case POLICY_SPECIAL_ALLOW:
        return "allowed for everyone";
    case POLICY_SPECIAL_HELP:
        return "protected help";
    case POLICY_SPECIAL_NXDOMAIN:
        return "answered with NXDOMAIN";
    case POLICY_SPECIAL_NONE:
    case POLICY_SPECIAL_NODATA:
    case POLICY_SPECIAL_RECORD:
    case POLICY_SPECIAL_ZONE:
    case POLICY_SPECIAL_SAFE_SEARCH:
        break;
    }
    return NULL;
}

static void tell_names(struct comparison *c, const struct policy_opts *one, const struct policy_opts *other, bool new)
{
    char text[NAME_TEXT_MAX];
    for (size_t i = 0; i < one->name_count; i++) {
        const struct policy_name *name = &one->names[i];
        const char *kind = kind_of(name);
        if (kind == NULL || has_name(other, name))
            continue;
        TELL(c, "%s %s %s\n", name_to_text(name->name, text), new ? "is now" : "is no longer", kind);
        bool closes = name->special == POLICY_SPECIAL_BLOCK || name->special == POLICY_SPECIAL_NXDOMAIN;
        if (closes != new)
            c->sum.opens |= CHANGE_OPENS_ANYTHING;
    }
}

/* ---- the whole ---- */

void difference_write(const struct policy_opts *before, const struct policy_opts *after, struct text *out,
                      struct difference *out_sum)
{
    struct comparison c = {.before = before, .after = after, .out = out};
    compare_all_levels(&c);
    compare_all_groups(&c);
    hours_write(before, after, out, &c.sum);
    if (before->person_count != after->person_count)
        TELL(&c, "people: %zu have rules of their own or a group, %zu had\n", after->person_count,
             before->person_count);
    compare_people_limits(&c);
    tell_names(&c, after, before, true);
    tell_names(&c, before, after, false);
    if (before->nxdomain != after->nxdomain || before->zones_lead_to_notice != after->zones_lead_to_notice)
        TELL(&c, "blocked names are answered in another way (nxdomain, zone_answers)\n");
    *out_sum = c.sum;
}
