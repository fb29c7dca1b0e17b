/*
 * What recipe and configuration say of the school, as the guard of its names: help services, own domains and addresses,
 * the learning platform.
 *
 * The resolver's configuration knows much of it already, so that a school writes it once: names of local records, of
 * conditional zones and of the notice page are own domains, addresses of records are own addresses, and protected_help
 * counts for feeds too. Threads: one.
 */
#ifndef COMPILER_SCHOOL_H
#define COMPILER_SCHOOL_H

#include "belisha/err.h"
#include "config/errors.h"
#include "feed/guard.h"
#include "recipe/recipe.h"

/* recipe NULL: the shipped help names only. ERR_CONFIG: errors says what is wrong with a name or a file. ERR_NOMEM. */
ERR_CHECKED int school_guard(const struct recipe *recipe, struct config_errors *errors, struct guard **out);

#endif
