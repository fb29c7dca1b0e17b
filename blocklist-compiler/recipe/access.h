/*
 * How the recipe says that a feed is asked for: `credentials` and `proxy`. Secrets stand in files of their own, never in
 * the recipe, which many people may read.
 *
 * Threads: pure; any thread.
 */
#ifndef RECIPE_ACCESS_H
#define RECIPE_ACCESS_H

#include "config/schema.h"
#include "recipe/recipe.h"

/* The keys of `credentials`, into a struct recipe_access. */
extern const struct schema_option access_options[];

/* Complains about what can't be meant: credentials for a file, a key without its certificate, secrets in an address. */
void access_check(const struct recipe_access *access, const char *source, const char *feed,
                  const struct config_place *place, struct config_errors *errors);

/* The same of `proxy` and `proxy_user_file` alone. place: NULL: of the whole recipe. */
void access_check_proxy(const char *proxy, const char *user_file, const struct config_place *place,
                        struct config_errors *errors);

#endif
