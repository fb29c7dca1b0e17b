/*
 * What a recipe may say: its tables for the schema layer of the configuration, and the structs that they fill. Only
 * recipe.c turns these into a struct recipe.
 *
 * Memory: values are in the caller's arena. Threads: pure over the arena.
 */
#ifndef RECIPE_OPTIONS_H
#define RECIPE_OPTIONS_H

#include "config/schema.h"
#include "recipe/primaries.h"
#include "recipe/recipe.h"

enum { TIER_ORDINARY, TIER_STATUTORY };

struct widen_part {
    const uint8_t *host;
    const char *decided_by, *on, *reason;
};

/* One feed as it is written. */
struct feed_part {
    const char *name, *source, *licence, *zone;
    int format;
    struct schema_list category, categories; /* int each; the second with folders as keys */
    bool subdomains, single_labels, public_suffixes;
    int64_t every_ms;
    struct schema_list widen, test_hosts; /* struct widen_part; const uint8_t * */
    int tier;
    const char *body, *membership;
    int64_t max_age_ms;
    struct recipe_access access;
    struct primaries_part primaries;
    struct recipe_limits limits;
    struct config_place place;
};

/* A list that feeds are judged by, as it is written. */
struct reference_part {
    const char *source;
    int64_t every_ms, names;
    struct config_place place;
};

struct recipe_part {
    const char *out, *protected_help, *config, *proxy, *proxy_user_file;
    int64_t keep;
    struct schema_list own_domains, learning_platform; /* const char * */
    struct schema_list own_addresses;                  /* struct prefix */
    struct reference_part public_suffix_list, popular;
    struct schema_list feeds;
};

/* formats: the words that `format` takes, ending in NULL. ERR_CONFIG: errors says why; ERR_NOMEM. */
ERR_CHECKED int options_read(const struct yaml_node *tree, const char *const formats[], struct arena *arena,
                             struct config_errors *errors, struct recipe_part *out);

#endif
