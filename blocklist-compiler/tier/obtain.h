/*
 * Brings a statutory list in without it ever touching a disk: into memory that has a path (memfd_create(2)).
 *
 * Threads: different feeds may be brought in at once, after download_init().
 */
#ifndef TIER_OBTAIN_H
#define TIER_OBTAIN_H

#include <stdbool.h>

#include "belisha/err.h"
#include "fetch/download.h"
#include "recipe/recipe.h"

struct obtain_opts {
    struct download_opts download;                                        /* bytes_max and total_ms are the feed's */
    struct download_access (*access)(const struct recipe_access *access); /* in the words of fetch/ */
    int64_t now_s;                                                        /* wall time */
};

struct obtained {
    int fd;         /* -1: there is nothing */
    char path[64];  /* by which fd can be opened again */
    bool unchanged; /* the server says that the last one is current */
    struct store_entry copy;
};

/*
 * last: source and validators of the last good copy, or NULL to have the list in any case. Errors of download(); why gets
 * a sentence.
 */
ERR_CHECKED int obtain(const struct recipe_feed *feed, const struct store_entry *last, const struct obtain_opts *opts,
                       struct obtained *out, char why[DOWNLOAD_WHY_MAX]);
void obtained_done(struct obtained *obtained);

#endif
