/*
 * What a builder (episode/builder.h) is made of: questions come in row by row (builder.c) or block by block (feed.c), strands
 * grow (take.c), episodes are told (result.c).
 */
#ifndef EPISODE_INSIDE_H
#define EPISODE_INSIDE_H

#include "episode/around.h"
#include "episode/asker.h"
#include "episode/builder.h"
#include "episode/deed.h"
#include "episode/fresh.h"
#include "episode/sites.h"
#include "episode/strand.h"

#define INSIDE_TIES 1024u /* questions of one instant that are put in order; more stay as they come, piece by piece */

/* One question that may belong to an episode. */
struct inside_asked {
    int64_t time_ns;
    uint32_t who, site; /* numbers of askers and sites */
    uint32_t found_hash;
    uint32_t group, device;
    struct ipaddr client;
    uint8_t grade;
    uint8_t kind; /* enum site_kind */
    struct deed deed;
    const uint8_t *name;    /* wire; outlives the next questions of the same instant */
    const uint8_t *matched; /* NULL: as the name */
};

struct inside_tie_names {
    uint8_t name[NAME_MAX_LEN], matched[NAME_MAX_LEN];
};

/* How often a site was asked for, and how often along with another one. */
struct inside_company {
    uint32_t asked, along;
};

struct inside_feed;
struct lookalikes; /* episode/lookalike.h */

struct episode_builder {
    struct episode_opts opts;
    struct askers askers;
    struct sites sites;
    struct strands strands;
    struct inside_asked *ties; /* questions of one instant */
    struct inside_tie_names *tie_names;
    size_t tie_count;
    struct freshes freshes;
    struct inside_company *company; /* by site */
    uint32_t company_cap;
    struct inside_feed *feed; /* of feed.c; NULL: no block came yet */
    struct episode_sums sums;
    /* When it is finished: */
    bool finished;
    uint32_t *order; /* indexes of strands */
    uint8_t *ages;   /* 1 + enum episode_age, by group; 0: not asked yet */
    uint32_t age_cap;
    uint32_t *newcomers; /* indexes of freshes */
    size_t newcomer_count;
    struct lookalikes *lookalikes;
};

/* Takes one question: those of one instant in the order of inside_flush(). ERR_NOMEM. */
ERR_CHECKED int inside_take(struct episode_builder *builder, const struct inside_asked *asked);
/* Somebody looked a site up: what comes after it is near to it. ERR_NOMEM. */
ERR_CHECKED int inside_lead(struct episode_builder *builder, struct asker *asker, uint32_t site, int64_t time_ns);
/*
 * Whether the site comes along with others, so that pages ask for it and nobody goes there: such sites are too many for any
 * table. Of what was only asked for now and then nothing is said.
 */
bool inside_is_company(const struct episode_builder *builder, uint32_t site);
/* Somebody was at a site. */
struct inside_visit {
    int64_t time_ns;
    uint32_t who, site, group;
    uint8_t category;
    bool reached;
};

/* Counts who comes to sites that nobody was seen at before; where opts.seen is not NULL. ERR_NOMEM. */
ERR_CHECKED int inside_newcomer(struct episode_builder *builder, const struct inside_visit *visit);
/* The same for a question, if it is about a site. ERR_NOMEM. */
ERR_CHECKED int inside_visit_note(struct episode_builder *builder, const struct inside_asked *asked);
/* Whether nobody was seen there before the period; false where nothing is known of that time. */
bool inside_is_new(const struct episode_builder *builder, uint32_t site);
ERR_CHECKED int inside_newcomers_sort(struct episode_builder *builder);
/* Lets the question wait for others of its instant; takes those of the one before. Its names outlive inside_keep(). ERR_NOMEM. */
ERR_CHECKED int inside_wait(struct episode_builder *builder, const struct inside_asked *asked);
/* Copies the names of those that wait, which are gone then. */
void inside_keep(struct episode_builder *builder);
/* Somebody of the group asked for help: questions of an earlier instant are taken first. ERR_NOMEM. */
ERR_CHECKED int inside_help(struct episode_builder *builder, uint32_t group, int64_t time_ns);
/* Takes the questions that wait for others of their instant. ERR_NOMEM. */
ERR_CHECKED int inside_flush(struct episode_builder *builder);
void inside_feed_free(struct inside_feed *feed);
/* Makes the episode of a strand, with its score as far as it is known. */
void inside_fill(struct episode_builder *builder, const struct strand *strand, struct episode *out);

/* What an episode and its visits have in common, within a builder. */
static inline uint64_t inside_strand(uint32_t who, uint32_t site)
{
    return (uint64_t)who << 32 | site;
}

#endif
