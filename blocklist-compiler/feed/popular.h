/*
 * The names that most people ask for, by rank. A list that blocks one of them is right (a list of social media) or badly
 * wrong, so it is flagged for somebody to look at.
 *
 *     1,example.com        rank and name, as rankings are published (further columns are not read); a first line
 *                          without a number is a heading; text, or a zip, gzip or xz archive of one file
 *     example.com          the name alone: the line's place is its rank; "#" starts a comment
 *
 * Memory: all is owned by the struct. Threads: popular_find() may run in any number of threads at once.
 */
#ifndef FEED_POPULAR_H
#define FEED_POPULAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"
#include "dns/key.h"
#include "feed/span.h"

#define POPULAR_NAMES_MAX 1000000

struct popular;

struct popular_name {
    uint32_t rank;    /* 1 is the most popular */
    bool ours;        /* of the shipped list; its rank is the place there */
    const char *text; /* without closing dot */
};

/* Takes up to names_max names. ERR_NOMEM. */
ERR_CHECKED int popular_new(size_t names_max, struct popular **out);
void popular_free(struct popular *popular);

/*
 * Adds the names of a list, but for those that are there already; lines that have none are left. ERR_NOMEM; errors of
 * tree_next() for an archive.
 */
ERR_CHECKED int popular_read(struct popular *popular, struct span text);

/* Adds the shipped list (data/popular-names.txt), whatever names_max says. ERR_NOMEM. */
ERR_CHECKED int popular_add_shipped(struct popular *popular);

/* Its names; NULL behind the last. */
extern const char *const popular_shipped[];

size_t popular_count(const struct popular *popular);
/* In the order in which they were read. */
const struct popular_name *popular_at(const struct popular *popular, size_t index);

/*
 * The most popular of the names that are the key itself (self) or below it (below), or NULL. After popular_read() of
 * all lists.
 */
const struct popular_name *popular_find(const struct popular *popular, const struct name_key *key, bool self,
                                        bool below);

#endif
