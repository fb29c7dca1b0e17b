/*
 * What recipe and configuration say of the school, as the guard of its names: help services, own domains and addresses,
 * the learning platform.
 *
 * The resolver's configuration knows much of it already, so that a school writes it once: names of local records, of
 * conditional zones and of the notice page are own domains, addresses of records are own addresses, and protected_help
 * counts for feeds too. Threads: one.
 */
#ifndef SCHOOL_SCHOOL_H
#define SCHOOL_SCHOOL_H

#include "belisha/err.h"
#include "config/errors.h"
#include "feed/guard.h"
#include "recipe/recipe.h"

/* Under which name the fetched Public Suffix List is kept among the copies of feeds; no feed can have it. */
#define SCHOOL_SUFFIXES "+public-suffix-list"

/* A copy with fewer rules is not the list: it has about 10,000, a page of an error has none. */
#define SCHOOL_SUFFIX_RULES_MIN 1000

/* recipe NULL: the shipped help names only. ERR_CONFIG: errors says what is wrong with a name or a file. ERR_NOMEM. */
ERR_CHECKED int school_guard(const struct recipe *recipe, struct config_errors *errors, struct guard **out);

/*
 * Gives the guard the suffixes of the copy that a run has kept in the folder of copies; where the recipe has no source or
 * there is no good copy, it keeps the system's. ERR_NOMEM, ERR_LIMIT.
 */
ERR_CHECKED int school_use_kept_suffixes(const struct recipe *recipe, const char *copies, struct guard *guard);

#endif
