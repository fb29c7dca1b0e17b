/*
 * Sites that were not seen before the period, while rows come in: who was there, as far as it takes to count them.
 *
 * Memory: heap, owned by the struct, 120 bytes a site; at most FRESH_MAX. Begins as {0}. Threads: one.
 */
#ifndef EPISODE_FRESH_H
#define EPISODE_FRESH_H

#include "episode/builder.h"

#define FRESH_MAX     200000u
#define FRESH_PEOPLE  8u
#define FRESH_SOON_NS INT64_C(600000000000) /* three people of one group within it came at once */

struct fresh {
    uint32_t site, questions;
    int64_t first_ns, last_ns;
    uint32_t people[FRESH_PEOPLE];   /* the first ones */
    int64_t people_ns[FRESH_PEOPLE]; /* when each came first */
    uint64_t bits[4];                /* of hashes of all */
    uint32_t group;
    uint8_t people_count;
    uint8_t category, weight;
    bool several_groups;
    bool reached;
};

struct freshes {
    struct fresh *items;
    uint32_t count, cap;
    uint32_t *by_site; /* 1 + index; FRESH_KNOWN: seen before; 0: not asked yet */
    uint32_t by_site_cap;
    uint32_t max; /* 0: FRESH_MAX */
};

#define FRESH_KNOWN UINT32_MAX

/* The site's place, made if there is none; NULL: it was seen before, or there is no more room. ERR_NOMEM. */
ERR_CHECKED int freshes_find(struct freshes *freshes, uint32_t site, bool is_known, struct fresh **out);
/* Whether it was found out yet if the site was seen before. */
static inline bool freshes_has(const struct freshes *freshes, uint32_t site)
{
    return site < freshes->by_site_cap && freshes->by_site[site] != 0;
}

struct fresh_visit {
    int64_t time_ns;
    uint32_t who, group;
    uint8_t category, weight; /* the weight is the category's */
};

/* reached: an answer was given; a site that only blocks were seen of is no newcomer. */
void fresh_add(struct fresh *fresh, const struct fresh_visit *visit, bool reached);
/* Different people; from FRESH_PEOPLE on an estimate. */
uint32_t fresh_people(const struct fresh *fresh);
/* Three of one group, and of no other, within FRESH_SOON_NS. */
bool fresh_is_at_once(const struct fresh *fresh);
void freshes_done(struct freshes *freshes);

#endif
