#include "episode/fresh.h"

#include <stdlib.h>
#include <string.h>

/* Numbers that follow each other fall on bits as if by chance (the end of MurmurHash3): the estimate rests on that. */
static unsigned bit_of(uint32_t who)
{
    who ^= who >> 16;
    who *= UINT32_C(0x85ebca6b);
    who ^= who >> 13;
    who *= UINT32_C(0xc2b2ae35);
    return (who ^ who >> 16) >> 24;
}

static int by_site_grow(struct freshes *f, uint32_t site)
{
    if (site < f->by_site_cap)
        return 0;
    uint32_t cap = site * 2 + 1024;
    uint32_t *by_site = realloc(f->by_site, cap * sizeof *by_site);
    if (by_site == NULL)
        return ERR_NOMEM;
    memset(by_site + f->by_site_cap, 0, (cap - f->by_site_cap) * sizeof *by_site);
    f->by_site = by_site;
    f->by_site_cap = cap;
    return 0;
}

static int item_add(struct freshes *f, uint32_t site)
{
    if (f->count == f->cap) {
        uint32_t cap = f->cap * 2 + 256;
        struct fresh *items = realloc(f->items, cap * sizeof *items);
        if (items == NULL)
            return ERR_NOMEM;
        f->items = items;
        f->cap = cap;
    }
    f->items[f->count++] = (struct fresh){.site = site, .category = CATEGORY_NONE};
    f->by_site[site] = f->count;
    return 0;
}

int freshes_find(struct freshes *f, uint32_t site, bool is_known, struct fresh **out)
{
    int err = by_site_grow(f, site);
    if (err == 0 && f->by_site[site] == 0) {
        if (is_known || f->count >= (f->max == 0 ? FRESH_MAX : f->max))
            f->by_site[site] = FRESH_KNOWN;
        else
            err = item_add(f, site);
    }
    if (err < 0)
        return err;
    *out = f->by_site[site] == FRESH_KNOWN ? NULL : &f->items[f->by_site[site] - 1];
    return 0;
}

static void people_add(struct fresh *fresh, const struct fresh_visit *visit)
{
    unsigned bit = bit_of(visit->who);
    fresh->bits[bit >> 6] |= UINT64_C(1) << (bit & 63);
    for (unsigned i = 0; i < fresh->people_count; i++)
        if (fresh->people[i] == visit->who)
            return;
    if (fresh->people_count == FRESH_PEOPLE)
        return;
    fresh->people[fresh->people_count] = visit->who;
    fresh->people_ns[fresh->people_count++] = visit->time_ns;
}

void fresh_add(struct fresh *fresh, const struct fresh_visit *visit, bool reached)
{
    if (fresh->questions == 0) {
        fresh->first_ns = fresh->last_ns = visit->time_ns;
        fresh->group = visit->group;
    }
    fresh->questions++;
    fresh->reached |= reached;
    if (visit->time_ns < fresh->first_ns)
        fresh->first_ns = visit->time_ns;
    if (visit->time_ns > fresh->last_ns)
        fresh->last_ns = visit->time_ns;
    fresh->several_groups |= visit->group != fresh->group;
    if (fresh->category == CATEGORY_NONE || visit->weight > fresh->weight) {
        fresh->category = visit->category;
        fresh->weight = visit->weight;
    }
    people_add(fresh, visit);
}

uint32_t fresh_people(const struct fresh *fresh)
{
    unsigned set = 0;
    double sum = 0;
    if (fresh->people_count < FRESH_PEOPLE)
        return fresh->people_count;
    for (unsigned i = 0; i < 4; i++)
        set += (unsigned)__builtin_popcountll(fresh->bits[i]);
    for (unsigned i = 0; i < set; i++)
        sum += 256.0 / (256.0 - i);
    return sum < FRESH_PEOPLE ? FRESH_PEOPLE : (uint32_t)(sum + 0.5);
}

bool fresh_is_at_once(const struct fresh *fresh)
{
    if (fresh->several_groups)
        return false;
    for (unsigned i = 2; i < fresh->people_count; i++)
        if (fresh->people_ns[i] - fresh->people_ns[i - 2] <= FRESH_SOON_NS)
            return true;
    return false;
}

void freshes_done(struct freshes *f)
{
    free(f->items);
    free(f->by_site);
    *f = (struct freshes){0};
}
