/*
 * The Public Suffix List: names below which anybody may register (co.uk: its ICANN part) or below which somebody lets
 * others have their sites (github.io: its private part).
 *
 * libpsl knows the list but takes a microsecond a name. The system's copy of the list is therefore read once into a set
 * of hashes that sends nearly all names on; libpsl decides about the rest. Without such a copy libpsl's own decides about
 * all.
 *
 * Threads: suffix_find() may run in any number of threads at once; the rest belongs to one.
 */
#ifndef FEED_SUFFIX_H
#define FEED_SUFFIX_H

#include <stdbool.h>
#include <stdint.h>

#include "belisha/err.h"
#include "feed/normalise.h"

struct suffix_set;

enum suffix_kind { SUFFIX_NONE, SUFFIX_ICANN, SUFFIX_PRIVATE };

/* Which list decides. */
enum suffix_origin {
    SUFFIX_GIVEN,    /* the caller's file */
    SUFFIX_SYSTEM,   /* the copy that the distribution keeps */
    SUFFIX_BUILT_IN, /* the one that libpsl was built with */
};

/* file: NULL for the system's copy. Where it is no list, libpsl's own decides. ERR_NOMEM. */
ERR_CHECKED int suffix_new(const char *file, struct suffix_set **out);
void suffix_free(struct suffix_set *set);

/* What kind of suffix the name itself is, or all names one label below it are ("*.sch.uk"). A name in both parts is one of the ICANN part. */
enum suffix_kind suffix_find(const struct suffix_set *set, const struct listed_name *name);

enum suffix_origin suffix_origin(const struct suffix_set *set);
/* Rules of both parts that were read from a file; 0 for SUFFIX_BUILT_IN. */
size_t suffix_rule_count(const struct suffix_set *set);

/* When the list that decides was made, s since 1970: as it says itself, else of its file. */
int64_t suffix_time_s(const struct suffix_set *set);

/* Two lists with the same rules have the same one. */
uint64_t suffix_digest(const struct suffix_set *set);

#endif
