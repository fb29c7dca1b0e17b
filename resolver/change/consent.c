#include "change/consent.h"

#include <string.h>

#define PEOPLE_MAX 64
#define FREE       (-1)

static size_t count_of(const struct consent_needed *needed, uint8_t role)
{
    size_t count = 0;
    for (size_t i = 0; i < needed->count; i++)
        count += needed->roles[i] == role;
    return count;
}

/* As many of each role as the list has, where there are not so many yet. */
static void unite(struct consent_needed *needed, const struct rules_approvals *list)
{
    for (size_t i = 0; i < list->count; i++) {
        size_t wanted = 0;
        for (size_t k = 0; k <= i; k++)
            wanted += list->roles[k] == list->roles[i];
        if (count_of(needed, list->roles[i]) < wanted && needed->count < CONSENT_NEEDED_MAX)
            needed->roles[needed->count++] = list->roles[i];
    }
}

void consent_needed(const struct rules *rules, uint64_t opens, struct consent_needed *out)
{
    struct consent_needed needed = {.count = 0};
    unite(&needed, &rules->approvals);
    for (size_t i = 0; i < rules->rule_count; i++)
        if (rules->rules[i].opens & opens)
            unite(&needed, &rules->rules[i].approvals);
    *out = needed;
}

/* Who stands for which needed role: a matching that grows by one for each that can be found a place (Kuhn). */
struct matching {
    const struct consent_needed *needed;
    const uint64_t *approved;
    size_t approved_count;
    int taken_by[PEOPLE_MAX]; /* of each person: index in needed, or FREE */
    bool seen[PEOPLE_MAX];
};

static bool find_place(struct matching *m, int place)
{
    for (size_t p = 0; p < m->approved_count; p++) {
        if (m->seen[p] || !(m->approved[p] >> m->needed->roles[place] & 1))
            continue;
        m->seen[p] = true;
        if (m->taken_by[p] == FREE || find_place(m, m->taken_by[p])) {
            m->taken_by[p] = place;
            return true;
        }
    }
    return false;
}

void consent_missing(const struct consent_needed *needed, const uint64_t approved[], size_t approved_count,
                     struct consent_needed *out)
{
    struct matching m = {.needed = needed,
                         .approved = approved,
                         .approved_count = approved_count > PEOPLE_MAX ? PEOPLE_MAX : approved_count};
    struct consent_needed missing = {.count = 0};
    for (size_t p = 0; p < PEOPLE_MAX; p++)
        m.taken_by[p] = FREE;
    for (size_t i = 0; i < needed->count; i++) {
        memset(m.seen, 0, sizeof m.seen);
        if (!find_place(&m, (int)i))
            missing.roles[missing.count++] = needed->roles[i];
    }
    *out = missing;
}
