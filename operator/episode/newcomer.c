#include "episode/newcomer.h"

#include <stdlib.h>

#include "episode/inside.h"
#include "episode/lookalike.h"
#include "episode/seen.h"

#define DAY_NS (INT64_C(86400) * 1000000000)

/* ---- while rows come ---- */

static bool is_known(const struct episode_builder *b, uint32_t number)
{
    struct site site;
    sites_get(&b->sites, number, &site);
    int day = seen_day(b->opts.seen, &site);
    return day >= 0 && day < b->opts.from_ns / DAY_NS;
}

int inside_newcomer(struct episode_builder *b, const struct inside_visit *visit)
{
    struct fresh *fresh;
    bool asked = freshes_has(&b->freshes, visit->site);
    int err = freshes_find(&b->freshes, visit->site, asked ? false : is_known(b, visit->site), &fresh);
    if (err < 0 || fresh == NULL)
        return err;
    const struct fresh_visit said = {.time_ns = visit->time_ns,
                                     .who = visit->who,
                                     .group = visit->group,
                                     .category = visit->category,
                                     .weight = tables_concern(b->opts.tables, visit->category)->weight};
    fresh_add(fresh, &said, visit->reached);
    return 0;
}

int inside_visit_note(struct episode_builder *b, const struct inside_asked *asked)
{
    if (b->opts.seen == NULL || !deed_is_visit(&asked->deed))
        return 0;
    return inside_newcomer(b, &(struct inside_visit){.time_ns = asked->time_ns,
                                                     .who = asked->who,
                                                     .site = asked->site,
                                                     .group = asked->group,
                                                     .category = asked->deed.category,
                                                     .reached = deed_reaches(&asked->deed)});
}

/* Where nothing is known of the time before, everything would be new. */
static bool knows_before(const struct episode_builder *b)
{
    return b->opts.seen != NULL && seen_since(b->opts.seen) < b->opts.from_ns / DAY_NS;
}

bool inside_is_new(const struct episode_builder *b, uint32_t site)
{
    return knows_before(b) && freshes_has(&b->freshes, site) && b->freshes.by_site[site] != FRESH_KNOWN;
}

/* ---- when they are all there ---- */

static unsigned hints_of(const struct episode_builder *b, const struct fresh *fresh, const char **out_like)
{
    struct site site;
    char text[NAME_TEXT_MAX];
    unsigned hints = fresh_is_at_once(fresh) ? NEWCOMER_AT_ONCE : 0;
    *out_like = NULL;
    sites_get(&b->sites, fresh->site, &site);
    if (site.service != NULL)
        return hints;
    name_to_text(site.domain, text);
    *out_like = lookalike_find(b->lookalikes, text);
    hints |= *out_like != NULL ? NEWCOMER_LOOKALIKE : 0;
    hints |= lookalike_is_foreign(text) ? NEWCOMER_FOREIGN : 0;
    hints |= lookalike_is_random(text) ? NEWCOMER_RANDOM : 0;
    hints |= lookalike_is_way_round(text) ? NEWCOMER_WAY_ROUND : 0;
    return hints;
}

struct place {
    uint32_t index, people;
    unsigned hints;
    int64_t first_ns;
};

static int by_interest(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    int more = __builtin_popcount(y->hints) - __builtin_popcount(x->hints);
    if (more != 0)
        return more;
    if (x->people != y->people)
        return x->people < y->people ? 1 : -1;
    if (x->first_ns != y->first_ns)
        return x->first_ns < y->first_ns ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

int inside_newcomers_sort(struct episode_builder *b)
{
    size_t count = 0;
    struct place *places = calloc(b->freshes.count + 1, sizeof *places);
    b->newcomers = calloc(b->freshes.count + 1, sizeof *b->newcomers);
    int err = places == NULL || b->newcomers == NULL ? ERR_NOMEM : lookalikes_new(b->opts.tables, &b->lookalikes);
    if (err < 0) {
        free(places);
        return err;
    }
    for (uint32_t i = 0; knows_before(b) && i < b->freshes.count; i++) {
        const char *like;
        const struct fresh *fresh = &b->freshes.items[i];
        unsigned hints = hints_of(b, fresh, &like);
        if (fresh->reached && (hints != 0 || !inside_is_company(b, fresh->site)))
            places[count++] =
                (struct place){.index = i, .people = fresh_people(fresh), .hints = hints, .first_ns = fresh->first_ns};
    }
    qsort(places, count, sizeof *places, by_interest);
    for (size_t i = 0; i < count; i++)
        b->newcomers[i] = places[i].index;
    b->newcomer_count = count;
    free(places);
    return 0;
}

size_t newcomer_count(const struct episode_builder *b)
{
    return b->newcomer_count;
}

void newcomer_get(const struct episode_builder *b, size_t index, struct newcomer *out)
{
    const struct fresh *fresh = &b->freshes.items[b->newcomers[index]];
    uint32_t people = fresh_people(fresh);
    bool few = people < NEWCOMER_FEW;
    *out =
        (struct newcomer){.category = fresh->category,
                          .first_ns = few ? fresh->first_ns - fresh->first_ns % DAY_NS : fresh->first_ns,
                          .last_ns = few ? fresh->last_ns - fresh->last_ns % DAY_NS : fresh->last_ns,
                          .questions = few ? 0 : fresh->questions,
                          .people = few ? 0 : people,
                          .group = few || fresh->several_groups ? NULL : askers_group_name(&b->askers, fresh->group)};
    sites_get(&b->sites, fresh->site, &out->site);
    out->hints = hints_of(b, fresh, &out->like);
}
