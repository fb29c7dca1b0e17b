/*
 * The marker: that the statutory tier was set up, with which feeds, by which right and since when. It stands in the tier's
 * folder and, for everyone to read, in the folder of generations. What it names is in force until both are deleted by hand.
 *
 *     {"version": 1, "feeds": [{"name", "body", "membership", "licence", "since_s", "max_age_s", "test_hosts": [...]}]}
 *
 * It names no entry of a list: the test hosts are the vendor's own, which it publishes.
 *
 * Memory: owned by the struct. Threads: one at a time.
 */
#ifndef TIER_MARKER_H
#define TIER_MARKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"
#include "recipe/recipe.h"

struct json_t;

struct marker {
    struct json_t *root; /* NULL: there is none */
};

/* Reads either place. ERR_DAMAGED: there is one that can't be read; ERR_ACCESS, ERR_IO, ERR_NOMEM. */
ERR_CHECKED int marker_load(struct marker *marker, const char *folder, const char *tier_folder);
void marker_done(struct marker *marker);

size_t marker_count(const struct marker *marker);
const char *marker_feed(const struct marker *marker, size_t index);
bool marker_has(const struct marker *marker, const char *feed);

/* The feed is set up, or what is said about it is new; `since` stays. ERR_NOMEM. */
ERR_CHECKED int marker_set(struct marker *marker, const struct recipe_feed *feed, int64_t now_s);

/* ERR_NOSPACE, ERR_ACCESS, ERR_IO, ERR_NOMEM. */
ERR_CHECKED int marker_save(const struct marker *marker, const char *folder, const char *tier_folder);

#endif
