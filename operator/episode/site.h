/*
 * Which site a name belongs to: a service that people know by one name (data/sites.yaml), else the registrable domain by the
 * Public Suffix List, both parts of it, so that what somebody has below github.io is a site of its own.
 *
 *     static.bbci.co.uk        BBC
 *     www.oak.hants.sch.uk     oak.hants.sch.uk
 *     anna.github.io           anna.github.io
 *     d1x.cloudfront.net       background: delivery
 *
 * Threads: immutable once made; any thread.
 */
#ifndef EPISODE_SITE_H
#define EPISODE_SITE_H

#include "dns/name.h"
#include "episode/tables.h"

struct site {
    enum site_kind kind;
    const char *service;   /* SITE_SERVICE, or SITE_DELIVERY of one; NULL: its domain names it */
    const uint8_t *domain; /* wire: the site's part of the name that was given; of a service what is listed of it */
};

struct site_finder_opts {
    const struct tables *tables; /* outlives the finder */
    const char *suffix_file;     /* of the Public Suffix List; NULL: the newest that the system has */
    const uint8_t *const *own;   /* wire names of the school's own zones, which are no sites; copied */
    size_t own_count;
    const uint8_t *const *help; /* wire names of protected help, each with all below it; copied */
    size_t help_count;
};

struct site_finder;

/* ERR_NOMEM, ERR_MALFORMED (a name of opts). */
ERR_CHECKED int site_finder_new(const struct site_finder_opts *opts, struct site_finder **out);
void site_finder_free(struct site_finder *finder);

/* name: wire, lower case; out points into it. Takes about a microsecond: keep what it says. */
void site_find(const struct site_finder *finder, const uint8_t *name, struct site *out);

/* The service's name, or the domain as people write it. */
const char *site_to_text(const struct site *site, char out[NAME_TEXT_MAX]);

#endif
