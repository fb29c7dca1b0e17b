/*
 * YAML files as trees of places and texts.
 *
 * The one file that knows libfyaml is yaml.c. A tree keeps where each node was written, so that whoever reads meaning
 * into it can point there. Tags are ignored; aliases and duplicate keys are errors.
 *
 * Memory: trees, texts and sources live in the caller's arena. Threads: pure over the arena.
 */
#ifndef CONFIG_YAML_H
#define CONFIG_YAML_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "belisha/err.h"
#include "config/errors.h"

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml_node {
    enum yaml_kind kind;
    struct config_place at;
    const char *text; /* YAML_SCALAR; zero-terminated, no zero inside */
    bool quoted;      /* YAML_SCALAR */
    const char *key;  /* of a member of a map */
    struct config_place key_at;
    struct yaml_node *first; /* children, in the order of the file */
    struct yaml_node *next;
};

#define YAML_DEPTH_MAX 16
#define YAML_FILE_MAX  (16u << 20)

/*
 * Reads a file. *out is NULL for an empty one. ERR_CONFIG: refused, the reasons
 * are in errors; ERR_NOMEM.
 */
ERR_CHECKED int yaml_read_file(struct arena *arena, const char *path, struct config_errors *errors,
                               struct yaml_node **out);

/* The same from memory; name stands in messages. text is not kept. */
ERR_CHECKED int yaml_read_text(struct arena *arena, const char *name, const char *text, size_t text_len,
                               struct config_errors *errors, struct yaml_node **out);

/* The member called key, or NULL; also when map is NULL or no map. */
struct yaml_node *yaml_find(const struct yaml_node *map, const char *key);

/* A key without a value counts as not given: so a section can stand with all its lines commented out. */
bool yaml_is_empty(const struct yaml_node *node);

/*
 * Lays `over` on `under`: maps merge, everything else replaces. Either may be NULL. The result reuses nodes of both.
 */
struct yaml_node *yaml_merge(struct yaml_node *under, struct yaml_node *over);

#endif
