/*
 * What is known beforehand: which names belong to one service, which ask for themselves, how much a category matters.
 *
 * Made from data/sites.yaml, data/background.yaml and data/concern.yaml, which the program carries inside itself.
 *
 * Memory: heap, until tables_free(). Threads: immutable once made; any thread.
 */
#ifndef EPISODE_TABLES_H
#define EPISODE_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "belisha/category.h"
#include "belisha/err.h"
#include "config/errors.h"

/* What a name is to a visit. */
enum site_kind {
    SITE_PLAIN,     /* by its registrable domain */
    SITE_SERVICE,   /* one of several names of a service */
    SITE_OWN,       /* the school's own, of the local network, reverse: no site of the world */
    SITE_HELP,      /* protected help: not to be spoken of */
    SITE_STATUTORY, /* an opaque id stands for the name (statutory/statutory.h) */
    SITE_DELIVERY,  /* from here on background: programs and pages ask, not people */
    SITE_ADVERT,
    SITE_ANALYTICS,
    SITE_TELEMETRY,
    SITE_CONNECTIVITY,
    SITE_PLATFORM,
    SITE_KIND_COUNT
};

static inline bool site_kind_is_background(enum site_kind kind)
{
    return kind >= SITE_DELIVERY;
}

enum concern_risk { RISK_CONTENT = 1, RISK_CONTACT = 2, RISK_CONDUCT = 4, RISK_COMMERCE = 8 };

struct concern {
    const char *means; /* what an episode of it may mean: a sentence or more, for a safeguarding lead */
    const char *then;  /* what to do about it */
    uint8_t weight;    /* 0 to 60; 0: never an episode */
    uint8_t risks;     /* enum concern_risk, the main ones */
    bool machine;      /* that a program asks makes it no better */
};

struct tables;

/* A name that sites.yaml or background.yaml has. */
struct tables_hit {
    enum site_kind kind;
    const char *service; /* SITE_SERVICE, or SITE_DELIVERY of one; NULL */
    uint8_t labels;      /* of the listed name */
    bool is_shared;      /* below it everybody may have a site */
};

/* What to read instead of the files inside the program: tests. */
struct tables_texts {
    const char *sites, *background, *concern; /* YAML; NULL: the shipped one */
};

/* texts: NULL for what is shipped. ERR_CONFIG: errors says why; ERR_NOMEM. */
ERR_CHECKED int tables_new(const struct tables_texts *texts, struct config_errors *errors, struct tables **out);
void tables_free(struct tables *tables);

/* Never NULL; of CATEGORY_NONE and categories of a later version one without weight. */
const struct concern *tables_concern(const struct tables *tables, unsigned category);
/* The category with the most weight of a mask; CATEGORY_NONE for an empty one. */
unsigned tables_gravest(const struct tables *tables, uint64_t categories);
/* What the longest listed name at or above name (wire, lower case) is. false: none is listed. */
bool tables_find(const struct tables *tables, const uint8_t *name, struct tables_hit *out);

/* The i-th name of a service, wire; NULL behind the last. */
const uint8_t *tables_service_name(const struct tables *tables, size_t i);

#endif
