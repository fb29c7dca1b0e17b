/*
 * The sites that were asked for, by numbers of our own, and which site a name is of, remembered for the names that come again.
 *
 * Memory:  heap, owned by the struct: at most SITES_MAX sites of about 150 bytes, and 6 MiB for names.
 * Threads: one.
 */
#ifndef EPISODE_SITES_H
#define EPISODE_SITES_H

#include "episode/site.h"
#include "qlog/dict.h"

#define SITES_MAX  500000u
#define SITES_NONE UINT32_MAX /* no more room: the site has no number */

struct sites_name;

struct sites {
    const struct site_finder *finder;
    struct dict keys; /* kind, then the service's name or the domain (wire) */
    struct sites_name *names;
    uint64_t seed;
    uint32_t max; /* SITES_MAX */
};

/* A name as it is looked at. */
struct sites_found {
    enum site_kind kind;
    uint32_t name_hash; /* the same in every run */
    struct sites_name *slot;
};

/* finder outlives the struct. ERR_NOMEM. */
ERR_CHECKED int sites_init(struct sites *sites, const struct site_finder *finder);
void sites_done(struct sites *sites);

/* name: wire, lower case, len bytes. out is good until the next call. */
void sites_find(struct sites *sites, const uint8_t *name, size_t len, struct sites_found *out);
/* The number of the found name's site; SITES_NONE. ERR_NOMEM. */
ERR_CHECKED int64_t sites_number(struct sites *sites, const uint8_t *name, const struct sites_found *found);

/* number: not SITES_NONE. Texts of out are good until the next sites_number(). */
void sites_get(const struct sites *sites, uint32_t number, struct site *out);
/* Bytes that are the same for the same site in every run. */
const uint8_t *sites_key(const struct sites *sites, uint32_t number, size_t *out_len);

#endif
