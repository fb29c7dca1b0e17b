/* Strands become episodes, with scores, in order (episode/builder.h). */
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "episode/inside.h"
#include "episode/score.h"

/* ---- one episode ---- */

static enum episode_age age_of(struct episode_builder *b, uint32_t group)
{
    if (b->opts.age == NULL)
        return EPISODE_AGE_UNKNOWN;
    if (group >= b->age_cap) {
        uint32_t cap = b->askers.groups.count + 64;
        uint8_t *ages = realloc(b->ages, cap);
        if (ages == NULL)
            return EPISODE_AGE_UNKNOWN;
        memset(ages + b->age_cap, 0, cap - b->age_cap);
        b->ages = ages;
        b->age_cap = cap;
    }
    if (b->ages[group] == 0)
        b->ages[group] = (uint8_t)(1 + b->opts.age(b->opts.ctx, askers_group_name(&b->askers, group)));
    return (enum episode_age)(b->ages[group] - 1);
}

static void fill_who(const struct episode_builder *b, const struct strand *s, struct episode_who *out)
{
    const struct asker *asker = &b->askers.items[s->who];
    *out =
        (struct episode_who){.kind = (enum episode_who_kind)asker->kind,
                             .best = s->best,
                             .worst = s->worst,
                             .several_devices = asker->kind == EPISODE_USER && (s->flags & STRAND_SEVERAL_DEVICES) != 0,
                             .several_groups = (s->flags & STRAND_SEVERAL_GROUPS) != 0,
                             .crowded = asker->kind == EPISODE_ADDRESS && asker->crowded,
                             .user = asker->user,
                             .device = asker->kind == EPISODE_USER ? s->device : asker->device,
                             .client = s->client,
                             .group = askers_group_name(&b->askers, s->group)};
}

/* More than twice as many visits in the second half as in the first, and some in both. */
static bool is_rising(const struct strand *s)
{
    unsigned before = 0, after = 0;
    for (unsigned i = 0; i < STRAND_COURSE; i++)
        *(i < STRAND_COURSE / 2 ? &before : &after) += s->course[i];
    return before > 0 && after >= 2 * before + 2;
}

/* Each visit one look-up, while other pages were loading or among a list of links; and no more than twice in all. */
static bool is_accident(const struct episode *e, const struct strand *s)
{
    uint32_t singles = s->singles + (s->visit_lookups == 1);
    bool told = e->who.kind != EPISODE_NOBODY && !e->who.crowded;
    return told && e->visits <= 2 && singles == e->visits && (uint32_t)s->with_page + s->previews >= e->visits;
}

static uint32_t flags_of(const struct episode_builder *b, const struct strand *s, const struct episode *e)
{
    uint32_t flags = s->flags & ~(STRAND_SEVERAL_DEVICES | STRAND_SEVERAL_GROUPS);
    bool one = e->who.kind != EPISODE_NOBODY && !e->who.crowded; /* habits of many are nobody's */
    flags |= one && (e->days >= 2 || e->visits >= 3) ? EPISODE_REPEATED : 0;
    flags |= is_accident(e, s) ? EPISODE_ACCIDENTAL : 0;
    flags |= one && is_rising(s) ? EPISODE_RISING : 0;
    flags |= e->who.kind != EPISODE_NOBODY && strand_is_machine(s) ? EPISODE_MACHINE : 0;
    flags |= one && s->previews > 0 ? EPISODE_PREVIEW : 0;
    flags |= e->site.kind == SITE_STATUTORY ? EPISODE_STATUTORY : 0;
    flags |= s->night > 0 ? EPISODE_NIGHT : 0;
    flags |= s->lesson > 0 ? EPISODE_LESSON : 0;
    flags |= s->others > 0 ? EPISODE_SEVERAL_SITES : 0;
    flags |= inside_is_company(b, s->site) ? EPISODE_COMPANY : 0;
    flags |= inside_is_new(b, s->site) ? EPISODE_NEW : 0;
    flags |= e->reason == REASON_EXCEPTION ? EPISODE_EXCEPTION : 0;
    return flags;
}

/* By what stays the same in every run: numbers of the roster, words, names. */
static uint64_t key_of(const struct episode_builder *b, const struct strand *s, const struct episode_who *who)
{
    size_t site_len;
    const uint8_t *site = sites_key(&b->sites, s->site, &site_len);
    struct {
        uint32_t kind, number;
        uint8_t client[16];
        uint64_t group, site;
        uint8_t category, verdict, zero[6];
    } key = {.kind = who->kind, .site = XXH3_64bits(site, site_len), .category = s->category, .verdict = s->verdict};
    switch (who->kind) {
    case EPISODE_USER:
        key.number = who->user;
        break;
    case EPISODE_DEVICE:
        key.number = who->device;
        break;
    case EPISODE_ADDRESS:
        memcpy(key.client, who->client.bytes, sizeof key.client);
        break;
    case EPISODE_NOBODY:
        key.group = XXH3_64bits(who->group, strlen(who->group));
        break;
    }
    uint64_t hash = XXH3_64bits(&key, sizeof key);
    return hash == 0 ? 1 : hash;
}

void inside_fill(struct episode_builder *b, const struct strand *s, struct episode *out)
{
    struct site site;
    sites_get(&b->sites, s->site, &site);
    *out = (struct episode){.site = site,
                            .category = s->category,
                            .verdict = s->verdict,
                            .reason = s->reason,
                            .first_ns = s->first_ns,
                            .last_ns = s->last_ns,
                            .questions = s->questions,
                            .lookups = s->lookups,
                            .visits = s->visits,
                            .names = strand_names(s),
                            .matched = strands_name(&b->strands, s->matched),
                            .days = (uint16_t)__builtin_popcountll(s->days),
                            .night = s->night,
                            .lesson = s->lesson,
                            .previews = s->previews};
    for (unsigned i = 0; i < EPISODE_NAMES_MAX; i++)
        out->examples[i] = strands_name(&b->strands, s->examples[i]);
    fill_who(b, s, &out->who);
    out->key = key_of(b, s, &out->who);
    out->strand = inside_strand(s->who, s->site);
    out->flags = flags_of(b, s, out);
    score_make(out, tables_concern(b->opts.tables, s->category), age_of(b, s->group), s->others);
}

/* ---- all of them ---- */

/* What counts as one more site of a category: visits on purpose, as far as can be told. */
static bool counts_as_site(struct episode_builder *b, const struct strand *s)
{
    struct episode episode;
    inside_fill(b, s, &episode);
    return episode.who.kind != EPISODE_NOBODY && (episode.flags & (EPISODE_ACCIDENTAL | EPISODE_MACHINE)) == 0 &&
           s->category != CATEGORY_NONE;
}

struct tally {
    uint32_t who, category_1; /* 1 + category; 0: free */
    uint32_t sites;
};

static struct tally *tally_of(struct tally *tallies, uint32_t mask, const struct strand *s)
{
    const uint32_t pair[2] = {s->who, s->category};
    for (uint32_t i = (uint32_t)XXH3_64bits(pair, sizeof pair) & mask;; i = (i + 1) & mask) {
        struct tally *tally = &tallies[i];
        if (tally->category_1 == 0)
            *tally = (struct tally){.who = s->who, .category_1 = s->category + 1u};
        if (tally->who == s->who && tally->category_1 == s->category + 1u)
            return tally;
    }
}

/* How many other sites of the category each who was at. */
static int others_count(struct episode_builder *b)
{
    uint32_t slots = 64;
    while (slots / 2 < b->strands.count)
        slots *= 2;
    struct tally *tallies = calloc(slots, sizeof *tallies);
    if (tallies == NULL)
        return ERR_NOMEM;
    for (size_t i = 0; i < b->strands.count; i++) {
        struct strand *s = &b->strands.items[i];
        s->score = counts_as_site(b, s); /* until it has a score */
        tally_of(tallies, slots - 1, s)->sites += s->score;
    }
    for (size_t i = 0; i < b->strands.count; i++) {
        struct strand *s = &b->strands.items[i];
        uint32_t others = s->score == 0 ? 0 : tally_of(tallies, slots - 1, s)->sites - 1;
        s->others = (uint16_t)(others < UINT16_MAX ? others : UINT16_MAX);
    }
    free(tallies);
    return 0;
}

struct place {
    uint64_t key;
    int64_t last_ns;
    uint32_t strand;
    uint8_t score, weight;
};

static int by_concern(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->score != y->score)
        return x->score < y->score ? 1 : -1;
    if (x->weight != y->weight)
        return x->weight < y->weight ? 1 : -1;
    if (x->last_ns != y->last_ns)
        return x->last_ns < y->last_ns ? 1 : -1;
    return x->key < y->key ? -1 : x->key > y->key;
}

static struct place place_of(struct episode_builder *b, uint32_t i)
{
    struct strand *s = &b->strands.items[i];
    struct episode e;
    inside_fill(b, s, &e);
    s->score = e.score;
    return (struct place){.key = e.key,
                          .last_ns = e.last_ns,
                          .strand = i,
                          .score = e.score,
                          .weight = tables_concern(b->opts.tables, e.category)->weight};
}

int episode_builder_finish(struct episode_builder *b)
{
    int err = inside_flush(b);
    err = err < 0 ? err : others_count(b);
    size_t count = b->strands.count;
    struct place *places = calloc(count + 1, sizeof *places);
    uint32_t *order = calloc(count + 1, sizeof *order);
    if (err < 0 || places == NULL || order == NULL) {
        free(places);
        free(order);
        return err < 0 ? err : ERR_NOMEM;
    }
    for (size_t i = 0; i < count; i++)
        places[i] = place_of(b, (uint32_t)i);
    qsort(places, count, sizeof *places, by_concern);
    for (size_t i = 0; i < count; i++)
        order[i] = places[i].strand;
    free(places);
    free(b->order);
    b->order = order;
    b->finished = true;
    return inside_newcomers_sort(b);
}

size_t episode_count(const struct episode_builder *b)
{
    return b->finished ? b->strands.count : 0;
}

void episode_get(struct episode_builder *b, size_t index, struct episode *out)
{
    inside_fill(b, &b->strands.items[b->order[index]], out);
}

void episode_sums(const struct episode_builder *b, struct episode_sums *out)
{
    *out = b->sums;
    out->people = b->askers.keys.count;
    out->sites = b->sites.keys.count;
}
