#include "feed/guard.h"

#include <stdlib.h>

#include "feed/suffix.h"

struct kept {
    struct listed_name name;
    enum refusal why;
};

/*
 * Nearly no rule touches a kept name, so most are sent on by their last TAIL_LEN bytes: a name and another one above or
 * below it end alike. Shorter names take the slow way.
 */
#define TAIL_LEN 8

struct guard {
    struct suffix_set *suffixes;
    struct kept *kept; /* help names first */
    uint64_t *tails;   /* of each kept name */
    size_t help_count, kept_count;
    bool has_short; /* a kept name is shorter than a tail */
};

/* The names of the network's own questions; each covers what is below it. The policy answers them before any list. */
static const char *const canaries[] = {
    "use-application-dns.net", "mask.icloud.com", "mask-h2.icloud.com", "mask-api.icloud.com", "resolver.arpa",
};
#define CANARY_COUNT (sizeof canaries / sizeof canaries[0])

static uint64_t tail_of(const struct listed_name *name)
{
    uint64_t tail;
    memcpy(&tail, name->text + name->text_len - TAIL_LEN, TAIL_LEN);
    return tail;
}

static int keep(struct guard *guard, struct span text, enum refusal why)
{
    struct kept row = {.why = why};
    if (normalise_name(text, &row.name) != REFUSED_NONE)
        return ERR_MALFORMED;
    struct kept *kept = reallocarray(guard->kept, guard->kept_count + 1, sizeof *kept);
    if (kept == NULL)
        return ERR_NOMEM;
    guard->kept = kept;
    uint64_t *tails = reallocarray(guard->tails, guard->kept_count + 1, sizeof *tails);
    if (tails == NULL)
        return ERR_NOMEM;
    guard->tails = tails;
    guard->has_short |= row.name.text_len < TAIL_LEN;
    tails[guard->kept_count] = row.name.text_len < TAIL_LEN ? 0 : tail_of(&row.name);
    kept[guard->kept_count++] = row;
    return 0;
}

static int keep_canaries(struct guard *guard)
{
    for (size_t i = 0; i < CANARY_COUNT; i++) {
        int err = keep(guard, span_of(canaries[i]), REFUSED_CANARY);
        if (err < 0)
            return err;
    }
    return 0;
}

static int keep_help(struct guard *guard, struct span text, unsigned *out_line)
{
    unsigned number = 0;
    while (text.len > 0) {
        struct span line = span_cut(&text, '\n');
        line.len = span_find(line, '#');
        line = span_trim(line);
        number++;
        int err = line.len == 0 ? 0 : keep(guard, line, REFUSED_PROTECTED_HELP);
        if (err < 0) {
            *out_line = number;
            return err;
        }
    }
    guard->help_count = guard->kept_count;
    return 0;
}

int guard_new(struct span help, struct guard **out, unsigned *out_line)
{
    struct guard *guard = calloc(1, sizeof *guard);
    if (guard == NULL)
        return ERR_NOMEM;
    int err = suffix_new(NULL, &guard->suffixes);
    if (err == 0)
        err = keep_help(guard, help, out_line);
    if (err == 0)
        err = keep_canaries(guard);
    if (err < 0) {
        guard_free(guard);
        return err;
    }
    *out = guard;
    return 0;
}

void guard_free(struct guard *guard)
{
    if (guard == NULL)
        return;
    suffix_free(guard->suffixes);
    free(guard->kept);
    free(guard->tails);
    free(guard);
}

/* Whether name is parent itself or below it, in text form. */
static bool at_or_below(const char *name, size_t name_len, const char *parent, size_t parent_len)
{
    if (name_len < parent_len || memcmp(name + name_len - parent_len, parent, parent_len) != 0)
        return false;
    return name_len == parent_len || name[name_len - parent_len - 1] == '.';
}

/* A rule touches a kept name when it lies in that name's tree, or covers it from above. */
static bool touches(const struct listed_name *rule, bool covers_below, const struct listed_name *kept)
{
    return at_or_below(rule->text, rule->text_len, kept->text, kept->text_len) ||
           (covers_below && at_or_below(kept->text, kept->text_len, rule->text, rule->text_len));
}

static bool may_touch(const struct guard *guard, const struct listed_name *rule)
{
    bool found = rule->text_len < TAIL_LEN || guard->has_short;
    if (found)
        return true;
    uint64_t tail = tail_of(rule);
    for (size_t i = 0; i < guard->kept_count; i++)
        found |= guard->tails[i] == tail;
    return found;
}

enum refusal guard_check(const struct guard *guard, const struct listed_name *name, bool covers_below, bool suffix_ok)
{
    size_t count = may_touch(guard, name) ? guard->kept_count : 0;
    for (size_t i = 0; i < count; i++) {
        const struct kept *kept = &guard->kept[i];
        /* A canary's parent may be listed: policy answers canaries before it asks for categories. */
        if (touches(name, covers_below && kept->why == REFUSED_PROTECTED_HELP, &kept->name))
            return kept->why;
    }
    if (covers_below && !suffix_ok && suffix_check(guard->suffixes, name))
        return REFUSED_PUBLIC_SUFFIX;
    return REFUSED_NONE;
}

int64_t guard_suffix_time_s(const struct guard *guard)
{
    return suffix_time_s(guard->suffixes);
}

size_t guard_help_count(const struct guard *guard)
{
    return guard->help_count;
}

const char *guard_help_name(const struct guard *guard, size_t index)
{
    return guard->kept[index].name.text;
}
