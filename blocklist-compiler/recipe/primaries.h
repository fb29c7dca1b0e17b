/*
 * How the recipe says that a zone is brought from its primaries: a `source` of dns://..., `transfer` and `tsig`.
 *
 * Threads: pure; any thread.
 */
#ifndef RECIPE_PRIMARIES_H
#define RECIPE_PRIMARIES_H

#include "config/schema.h"
#include "recipe/recipe.h"

/* The keys of `tsig`, into a struct primaries_part. */
extern const struct schema_option primaries_tsig_options[];

/* The words of `transfer`, ending in NULL; the first is the one that is not said. */
extern const char *const primaries_transfers[];

/* As it is written. */
struct primaries_part {
    int transfer; /* index in primaries_transfers */
    const char *tsig_name, *tsig_secret_file;
    int tsig_algorithm;
};

bool primaries_is_source(const char *source);

/* Complains about a source that is none, and about what is said of one that is no zone. */
void primaries_check(const struct primaries_part *part, const char *source, const char *feed, const char *format,
                     const struct config_place *place, struct config_errors *errors);

/* secret_file: the path of that of part, made absolute; NULL: none. */
struct recipe_primaries primaries_from(const struct primaries_part *part, const char *secret_file);

#endif
