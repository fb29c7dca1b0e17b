/*
 * What a builder (episode/builder.h) is made of: questions come in (builder.c), strands grow, episodes are told (result.c).
 */
#ifndef EPISODE_INSIDE_H
#define EPISODE_INSIDE_H

#include "episode/asker.h"
#include "episode/builder.h"
#include "episode/deed.h"
#include "episode/sites.h"
#include "episode/strand.h"

#define PAGE_NS        INT64_C(2000000000)    /* what comes with a page comes within it */
#define ALONE_NS       INT64_C(60000000000)   /* a person at work asks for some other site within it */
#define AFTER_BLOCK_NS INT64_C(1800000000000) /* a way round that is looked for later has other reasons */
#define PREVIEW_SITES  3                      /* so many other sites at once: a list of links */
#define CROWD_LEADS    60                     /* sites in a minute that one person does not open */

/* One question that may belong to an episode. */
struct inside_asked {
    int64_t time_ns;
    uint32_t who, site; /* numbers of askers and sites */
    uint32_t found_hash;
    uint32_t group, device;
    struct ipaddr client;
    uint8_t grade;
    struct deed deed;
    const uint8_t *name;    /* wire; outlives the next questions of the same instant */
    const uint8_t *matched; /* NULL: as the name */
};

struct inside_tie_names {
    uint8_t name[NAME_MAX_LEN], matched[NAME_MAX_LEN];
};

struct episode_builder {
    struct episode_opts opts;
    struct askers askers;
    struct sites sites;
    struct strands strands;
    struct inside_asked *ties; /* questions of one instant */
    struct inside_tie_names *tie_names;
    size_t tie_count;
    struct episode_sums sums;
    /* When it is finished: */
    bool finished;
    uint32_t *order; /* indexes of strands */
    uint8_t *ages;   /* 1 + enum episode_age, by group; 0: not asked yet */
    uint32_t age_cap;
};

/* Takes the questions that wait for others of their instant. ERR_NOMEM. */
ERR_CHECKED int inside_flush(struct episode_builder *builder);
/* Makes the episode of a strand, with its score as far as it is known. */
void inside_fill(struct episode_builder *builder, const struct strand *strand, struct episode *out);

#endif
