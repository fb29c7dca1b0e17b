/*
 * Which names a site needs: learned from what was asked with it.
 *
 *     visit      the site, or a name below it, was asked by a client: a visit of this client, from two seconds before until
 *                NEEDS_AFTER_S behind its last question for the site
 *     need       a name that was asked by a client in its visits
 *
 * Rows of the log pass three times, in the order of time. A name that
 * everybody asks all day is asked in visits too: what counts is in how many of the visits it was asked, and how often it was
 * asked without one.
 *
 * Bounds: NEEDS_VISITS_MAX visits, the newest; NEEDS_NAMES_MAX names.
 *
 * Threads: one. Memory: needs_free() gives all back.
 */
#ifndef OPERATOR_NEEDS_H
#define OPERATOR_NEEDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ipaddr.h"
#include "belisha/err.h"
#include "dns/name.h"

#define NEEDS_BEFORE_S   2
#define NEEDS_AFTER_S    20
#define NEEDS_VISITS_MAX 4096
#define NEEDS_NAMES_MAX  4096

/* A question, as the log has it. */
struct needs_asked {
    int64_t time_ns;
    struct ipaddr client; /* all zero: nobody is said to have asked; such a question counts for nothing */
    const uint8_t *name;  /* wire, lower case */
    bool kept;            /* it was kept from a client of the class because of where it leads, */
    uint8_t category;     /* ... which is in this category */
};

struct need {
    uint8_t name[NAME_MAX_LEN];
    uint32_t visits;  /* in which it was asked */
    uint32_t clients; /* of these visits */
    uint64_t in, out; /* questions in visits, and without one */
    bool kept;        /* as above: the last time */
    uint8_t category;
};

struct needs;

/* For a site (wire, lower case) with all names below it. ERR_NOMEM. */
ERR_CHECKED int needs_new(const uint8_t *site, struct needs **out);
void needs_free(struct needs *needs);

/*
 * First every question, for the visits; then needs_meet() once; then every question again, for what was asked in visits;
 * then every question once more, for how often that is asked without one. ERR_NOMEM.
 */
ERR_CHECKED int needs_visit(struct needs *needs, const struct needs_asked *asked);
void needs_meet(struct needs *needs);
ERR_CHECKED int needs_look(struct needs *needs, const struct needs_asked *asked);
void needs_weigh(struct needs *needs, const struct needs_asked *asked);

size_t needs_visits(const struct needs *needs);
size_t needs_clients(const struct needs *needs); /* of all visits */

/* What was asked in visits, the most needed first. Good until needs_free(). */
const struct need *needs_list(struct needs *needs, size_t *out_count);

/* Whether the site does not seem to work without it: asked in a quarter of the visits, and mostly in visits. */
bool need_is_needed(const struct need *need, size_t visits);

#endif
