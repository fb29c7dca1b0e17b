/*
 * The recipe: which feeds are read, how, and into which categories (feeds.yaml; docs/reference/feeds.md).
 *
 * It is read by the schema layer of the configuration, so that an error names file, line, the word, and what would be
 * right. A relative path is relative to the recipe's own folder.
 *
 * Memory: all of a recipe lives until recipe_free(). Threads: immutable once loaded.
 */
#ifndef RECIPE_RECIPE_H
#define RECIPE_RECIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"
#include "config/errors.h"

#define RECIPE_FEEDS_MAX 1000

/* What is believable of a feed. A copy beyond is not taken; the last good one stays. */
struct recipe_limits {
    int64_t bytes;  /* at most, as fetched; of an archive also as unpacked, times 20 */
    int64_t lines;  /* at most; 0 = any */
    int64_t min;    /* accepted names, at least */
    int64_t max;    /* accepted names, at most; 0 = any */
    int64_t change; /* per cent by which the accepted names may shrink or grow from one copy to the next; 0 = any */
};

/* A folder of a tree and its categories. */
struct recipe_folder {
    const char *folder;
    uint64_t categories;
};

struct recipe_feed {
    const char *name;    /* unique; letters, digits, "-", "_", "." */
    const char *source;  /* https://..., or an absolute path */
    size_t format;       /* index in the formats given to recipe_load() */
    uint64_t categories; /* 0 when folders (or the format) say it */
    const struct recipe_folder *folders;
    size_t folder_count;
    bool subdomains;      /* a plain domain stands for those below it */
    bool single_labels;   /* names of one label are accepted */
    bool public_suffixes; /* rules that cover a public suffix are accepted */
    const char *licence;  /* "" = not said */
    const char *zone;     /* rpz: NULL = the file says it */
    int64_t every_s;      /* how often to ask for a new copy */
    struct recipe_limits limits;
};

struct recipe {
    const char *out;            /* folder of the generations; NULL = not said */
    int64_t keep;               /* generations */
    const char *protected_help; /* file of more names that must stay reachable; NULL = the shipped ones only */
    const struct recipe_feed *feeds;
    size_t feed_count;
    struct arena *arena;
};

/*
 * formats: names of the feed formats, ending in NULL. ERR_CONFIG: errors says why; ERR_NOMEM.
 */
ERR_CHECKED int recipe_load(const char *path, const char *const formats[], struct recipe **out,
                            struct config_errors *errors);
void recipe_free(struct recipe *recipe);

/* The limits and other values of a feed that nobody has said anything about. */
struct recipe_feed recipe_feed_default(void);

#endif
