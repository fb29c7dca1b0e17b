#include "feed/guard.h"

#include <stdlib.h>

struct kept {
    struct listed_name name;
    enum refusal why;
    bool alone; /* names below it are nobody's concern */
};

/*
 * Nearly no rule touches a kept name, so most are sent on by their last TAIL_LEN bytes: a name and another one above or
 * below it end alike. Shorter names take the slow way.
 */
#define TAIL_LEN  8
#define TAIL_BITS 14

struct guard {
    struct suffix_set *suffixes;
    struct kept *kept; /* canaries first */
    size_t kept_count;
    uint64_t tails[(1U << TAIL_BITS) / 64]; /* one bit for each hash that a kept name's tail has */
    bool has_short;                         /* a kept name is shorter than a tail */
    struct prefix *addresses;
    size_t address_count;
};

/*
 * The names of the network's own questions; each covers what is below it, and the policy answers it before any list. The
 * last two must resolve: Firefox believes its canary only where they do.
 */
static const struct {
    const char *name;
    bool alone;
} canaries[] = {
    {"use-application-dns.net", false},
    {"mask.icloud.com", false},
    {"mask-h2.icloud.com", false},
    {"mask-api.icloud.com", false},
    {"mask-canary.icloud.com", false},
    {"doh.dns.apple.com", false},
    {"resolver.arpa", false},
    {"firefox.com", true},
    {"mozilla.org", true},
};
#define CANARY_COUNT (sizeof canaries / sizeof canaries[0])

static unsigned tail_of(const struct listed_name *name)
{
    uint64_t tail;
    memcpy(&tail, name->text + name->text_len - TAIL_LEN, TAIL_LEN);
    return (unsigned)(tail * UINT64_C(0x9e3779b97f4a7c15) >> (64 - TAIL_BITS));
}

static int keep(struct guard *guard, const struct listed_name *name, enum refusal why)
{
    struct kept *kept = reallocarray(guard->kept, guard->kept_count + 1, sizeof *kept);
    if (kept == NULL)
        return ERR_NOMEM;
    guard->kept = kept;
    kept[guard->kept_count++] = (struct kept){.name = *name, .why = why};
    if (name->text_len < TAIL_LEN)
        guard->has_short = true;
    else
        guard->tails[tail_of(name) / 64] |= UINT64_C(1) << tail_of(name) % 64;
    return 0;
}

static int keep_text(struct guard *guard, struct span text, enum refusal why)
{
    struct listed_name name;
    if (normalise_name(text, &name) != REFUSED_NONE)
        return ERR_MALFORMED;
    /* Help services are our own list and may be anything; what a school types could be "uk" by mistake. */
    bool checked = why == REFUSED_OWN_DOMAIN || why == REFUSED_LEARNING_PLATFORM;
    if (checked && (name.key.labels < 2 || suffix_find(guard->suffixes, &name) == SUFFIX_ICANN))
        return ERR_INVAL;
    return keep(guard, &name, why);
}

static int keep_canaries(struct guard *guard)
{
    int err = 0;
    for (size_t i = 0; i < CANARY_COUNT && err == 0; i++) {
        err = keep_text(guard, span_of(canaries[i].name), REFUSED_CANARY);
        if (err == 0)
            guard->kept[i].alone = canaries[i].alone;
    }
    return err;
}

int guard_add(struct guard *guard, struct span names, enum refusal why, unsigned *out_line)
{
    unsigned number = 0;
    while (names.len > 0) {
        struct span line = span_cut(&names, '\n');
        line.len = span_find(line, '#');
        line = span_trim(line);
        number++;
        int err = line.len == 0 ? 0 : keep_text(guard, line, why);
        if (err < 0) {
            *out_line = number;
            return err;
        }
    }
    return 0;
}

int guard_add_address(struct guard *guard, const struct prefix *prefix)
{
    struct prefix *addresses = reallocarray(guard->addresses, guard->address_count + 1, sizeof *addresses);
    if (addresses == NULL)
        return ERR_NOMEM;
    guard->addresses = addresses;
    addresses[guard->address_count++] = *prefix;
    return 0;
}

int guard_use_suffixes(struct guard *guard, const char *file)
{
    struct suffix_set *suffixes;
    int err = suffix_new(file, &suffixes);
    if (err < 0)
        return err;
    suffix_free(guard->suffixes);
    guard->suffixes = suffixes;
    return 0;
}

const struct suffix_set *guard_suffixes(const struct guard *guard)
{
    return guard->suffixes;
}

int guard_new(struct span help, struct guard **out, unsigned *out_line)
{
    struct guard *guard = calloc(1, sizeof *guard);
    if (guard == NULL)
        return ERR_NOMEM;
    int err = guard_use_suffixes(guard, NULL);
    if (err == 0)
        err = keep_canaries(guard);
    if (err == 0)
        err = guard_add(guard, help, REFUSED_PROTECTED_HELP, out_line);
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
    free(guard->addresses);
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

/* A rule keeps people from such a name alone: its own, or one above that covers it. */
static bool keeps_from(const struct listed_name *rule, bool covers_below, const struct listed_name *kept)
{
    return (rule->text_len == kept->text_len || covers_below) &&
           at_or_below(kept->text, kept->text_len, rule->text, rule->text_len);
}

static bool may_touch(const struct guard *guard, const struct listed_name *rule)
{
    if (rule->text_len < TAIL_LEN || guard->has_short)
        return true;
    unsigned tail = tail_of(rule);
    return (guard->tails[tail / 64] >> tail % 64 & 1) != 0;
}

enum refusal guard_check(const struct guard *guard, const struct listed_name *name, bool covers_below, bool suffix_ok,
                         enum suffix_kind *out_suffix)
{
    size_t count = may_touch(guard, name) ? guard->kept_count : 0;
    *out_suffix = SUFFIX_NONE;
    for (size_t i = 0; i < count; i++) {
        const struct kept *kept = &guard->kept[i];
        /* A canary's parent may be listed: policy answers canaries before it asks for categories. */
        if (kept->alone ? keeps_from(name, covers_below, &kept->name)
                        : touches(name, covers_below && guard_is_reachable(kept->why), &kept->name))
            return kept->why;
    }
    if (covers_below)
        *out_suffix = suffix_find(guard->suffixes, name);
    return *out_suffix == SUFFIX_ICANN && !suffix_ok ? REFUSED_PUBLIC_SUFFIX : REFUSED_NONE;
}

enum refusal guard_check_address(const struct guard *guard, const struct prefix *prefix)
{
    for (size_t i = 0; i < guard->address_count; i++) {
        const struct prefix *own = &guard->addresses[i];
        if (prefix_contains(own, &prefix->addr) || prefix_contains(prefix, &own->addr))
            return REFUSED_OWN_ADDRESS;
    }
    return REFUSED_NONE;
}

size_t guard_name_count(const struct guard *guard)
{
    return guard->kept_count - CANARY_COUNT;
}

const char *guard_name(const struct guard *guard, size_t index, enum refusal *out_why)
{
    const struct kept *kept = &guard->kept[CANARY_COUNT + index];
    if (out_why != NULL)
        *out_why = kept->why;
    return kept->name.text;
}

size_t guard_address_count(const struct guard *guard)
{
    return guard->address_count;
}

const struct prefix *guard_address(const struct guard *guard, size_t index)
{
    return &guard->addresses[index];
}
