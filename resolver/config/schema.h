/*
 * What a configuration file may say: tables of options, and their reading into structs.
 *
 * A table has one row per key. Its row says the type, where the value goes in the struct, the default, and one line of
 * help; the reference page is compared with the tables by a test. Reading reports every unknown key (with a suggestion),
 * every bad value and every missing required key, and goes on to the next.
 *
 *     static const struct schema_option cache_options[] = {
 *         {.key = "size", .type = &schema_bytes, .offset = offsetof(struct cache_part, bytes), .min = 65536,
 *          .fallback = "64MiB", .help = "memory for answers"},
 *         {0}};
 *
 * Memory: values are in the caller's arena. Threads: pure over the arena.
 */
#ifndef CONFIG_SCHEMA_H
#define CONFIG_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "belisha/err.h"
#include "config/errors.h"
#include "config/yaml.h"

struct schema_option;

/*
 * A kind of single value. parse: text to the `size` bytes at out; ERR_MALFORMED (the message then says expect),
 * ERR_LIMIT (outside min..max), ERR_NOMEM.
 */
struct schema_type {
    const char *name;   /* in the reference page, e.g. "duration" */
    const char *expect; /* what would be right, after "must be ", e.g. "a duration such as 500ms, 10s, 2h or 14d" */
    size_t size;
    int (*parse)(const char *text, const struct schema_option *option, struct arena *arena, void *out);
    /* The i-th of the words it takes, NULL behind the last: for "did you mean"; NULL when any text may be right. */
    const char *(*word)(const struct schema_option *option, size_t i);
};

/* C type of the field behind each: */
extern const struct schema_type schema_bool;     /* bool: true|false, yes|no, on|off */
extern const struct schema_type schema_int;      /* int64_t */
extern const struct schema_type schema_duration; /* int64_t, ms; "500ms", "10s", "5m", "2h", "14d", "8w"; 0 */
extern const struct schema_type schema_bytes;  /* int64_t; "4096", "64KiB", "64MiB", "2GiB"; K, M, G alone are 1024s */
extern const struct schema_type schema_string; /* const char *, not empty */
extern const struct schema_type schema_word;   /* int: index in option->words */
extern const struct schema_type schema_category; /* int: enum category */
extern const struct schema_type schema_ipv4;     /* struct ipaddr */
extern const struct schema_type schema_ipv6;     /* struct ipaddr */
extern const struct schema_type schema_endpoint; /* struct endpoint; option->port where the text has none */
extern const struct schema_type schema_prefix;   /* struct prefix; a bare address is a host */
extern const struct schema_type schema_name;     /* const uint8_t *: wire, lower case */

enum schema_shape {
    SCHEMA_ONE,  /* a value of type, or a mapping of `fields` */
    SCHEMA_LIST, /* a struct schema_list of them; a single one may stand without brackets */
    SCHEMA_PAIRS, /* a struct schema_list with keys: a mapping whose keys are free; short_key: the key of a single value */
};

struct schema_list {
    void *items; /* count times type->size or item_size bytes */
    size_t count;
    const struct config_place *places; /* of each item */
    const char *const *keys;           /* SCHEMA_PAIRS: of each item */
};

struct schema_option {
    const char *key;                    /* NULL ends a table */
    const struct schema_type *type;     /* NULL: a mapping, see fields */
    size_t offset;                      /* of the field in the struct; of a mapping: of the part struct */
    const struct schema_option *fields; /* of a mapping */
    size_t place_offset;      /* 0: none; else of a struct config_place: where the option's value is written */
    size_t item_size;         /* SCHEMA_LIST and SCHEMA_PAIRS of mappings: bytes of one item's struct */
    const char *short_key;    /* a mapping, or pairs: a plain value stands for {short_key: value} */
    const char *const *words; /* schema_word: ends in NULL */
    int64_t min, max;         /* schema_int, duration (ms), bytes; both 0: any that is not negative */
    const char *fallback;     /* YAML text; NULL: the field stays zero */
    const char *help;         /* one line, no full stop */
    enum schema_shape shape;
    uint16_t port; /* schema_endpoint */
    bool required;
};

/* A row with this type fills a struct config_place with where the mapping itself was written. Its key is "". */
extern const struct schema_type schema_place;

/*
 * Reads a mapping (NULL: an empty one) into the struct at out, which must be zero. Reports to errors; ERR_CONFIG when
 * there was something to report, ERR_NOMEM.
 */
ERR_CHECKED int schema_read(const struct schema_option options[], const struct yaml_node *map, struct arena *arena,
                            struct config_errors *errors, void *out);

/* Called for every option, parents before children. path: "cache.size", "zones[].name". */
typedef void (*schema_visit)(void *ctx, const char *path, const struct schema_option *option);
void schema_walk(const struct schema_option options[], schema_visit visit, void *ctx);

/* Writes what an option takes, as the reference page says it: "duration, 1s to 1h", "list: network". */
void schema_describe(const struct schema_option *option, FILE *to);

/* Writes the effective values as YAML: what map says, defaults for the rest. */
void schema_write(const struct schema_option options[], const struct yaml_node *map, FILE *to);

#endif
