/*
 * Which sites somebody of the school has been at before, and since which day: to tell which ones are new.
 *
 * It outlives the log. So it has nothing of people, groups or times of day, and not even the names: a site is a hash by a key
 * that the file has. Who has the file can ask whether a site is in it, and since when; nobody can read a list out of it.
 *
 *     0    magic "BLSHSEEN", u32 version 1, u32 the first day of which it knows
 *     16   key, 16 bytes; u64 how many entries
 *     40   entries of 10 bytes, in order: u64 hash of the site, u16 the day it was first seen
 *          xxh3-64 over all before
 *
 * Days are those of UTC since 1970; numbers are little endian.
 *
 * Memory:  heap, 16 bytes a site; at most SEEN_MAX.
 * Threads: one; seen_day() any, while nobody adds.
 */
#ifndef EPISODE_SEEN_H
#define EPISODE_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"
#include "episode/site.h"

#define SEEN_MAX  2000000u
#define SEEN_FILE "sites-seen" /* its name in the folder of state */

struct seen;

/* An empty one with a key of its own. ERR_NOMEM. */
ERR_CHECKED int seen_new(struct seen **out);
void seen_free(struct seen *seen);

/* From a file's bytes: ERR_DAMAGED, ERR_FORMAT_VERSION, ERR_NOMEM. From the file: also ERR_NOENT, ERR_ACCESS, ERR_IO, ERR_LIMIT. */
ERR_CHECKED int seen_parse(const uint8_t *bytes, size_t len, struct seen **out);
ERR_CHECKED int seen_open(const char *path, struct seen **out);
/* Puts it in the place of the file at path, mode 0640. ERR_NOMEM, ERR_ACCESS, ERR_NOSPACE, ERR_IO... */
ERR_CHECKED int seen_save(const struct seen *seen, const char *path);

/* Somebody was at the site on this day; the earliest day counts. Beyond SEEN_MAX nothing is added. ERR_NOMEM. */
ERR_CHECKED int seen_add(struct seen *seen, const struct site *site, uint16_t day);
/* The first day; -1: never. */
int seen_day(const struct seen *seen, const struct site *site);
size_t seen_count(const struct seen *seen);

/* The first day of which it knows, so that a site that is not in it was not seen since; UINT16_MAX: it knows of none. */
uint16_t seen_since(const struct seen *seen);
/* It knows of this day, and of all between. */
void seen_knows(struct seen *seen, uint16_t day);

/*
 * Learns from the log in dir what was asked in [from, to): only names are read, in half the time that rows take.
 * ERR_NOENT: there is no log. ERR_ACCESS, ERR_NOMEM.
 */
ERR_CHECKED int seen_learn(struct seen *seen, const char *dir, const struct tables *tables,
                           const struct site_finder *finder, int64_t from_ns, int64_t to_ns);

#endif
