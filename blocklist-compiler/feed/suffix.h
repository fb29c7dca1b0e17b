/*
 * The public suffixes of the ICANN part of the Public Suffix List: names such as co.uk, below which anybody may register.
 *
 * libpsl knows the list but takes a microsecond a name. The system's copy of the list is therefore read once into a set
 * of hashes that sends nearly all names on; libpsl decides about the rest. Without such a copy libpsl's own decides about
 * all.
 *
 * Threads: suffix_check() may run in any number of threads at once; the rest belongs to one.
 */
#ifndef FEED_SUFFIX_H
#define FEED_SUFFIX_H

#include <stdbool.h>
#include <stdint.h>

#include "belisha/err.h"
#include "feed/normalise.h"

struct suffix_set;

/* file: NULL for the system's copy. ERR_NOMEM. */
ERR_CHECKED int suffix_new(const char *file, struct suffix_set **out);
void suffix_free(struct suffix_set *set);

/* Whether name is a public suffix itself. */
bool suffix_check(const struct suffix_set *set, const struct listed_name *name);

/* Wall time of the list that decides, s since 1970; for telling whether it is another one than before. */
int64_t suffix_time_s(const struct suffix_set *set);

#endif
