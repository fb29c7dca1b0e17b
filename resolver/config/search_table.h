/*
 * The table of search engines: which hosts SafeSearch answers with which other host (data/safesearch.yaml).
 *
 * The shipped table is inside the program. The configuration adds engines, replaces those of the same name, or does without
 * the shipped ones.
 *
 * Memory: everything is in the caller's arena. Threads: pure over the arena.
 */
#ifndef CONFIG_SEARCH_TABLE_H
#define CONFIG_SEARCH_TABLE_H

#include "base/arena.h"
#include "belisha/err.h"
#include "config/schema.h"
#include "policy/policy.h"
#include "query/query.h"

#define SEARCH_HOSTS_MAX     4096 /* of all engines */
#define SEARCH_ADDRESSES_MAX 8    /* of one target */
#define SEARCH_YOUTUBE       "youtube"

/* A name or an address. */
struct options_target {
    const uint8_t *name; /* wire, lower case; NULL: the address */
    struct ipaddr address;
};

/* An engine as it is written. */
struct options_search {
    struct config_place at;
    const char *name;
    struct schema_list hosts;  /* const uint8_t * */
    struct schema_list strict; /* struct options_target: one name, or addresses */
    struct schema_list moderate;
    const char *source;
    const char *verified;
};

extern const struct schema_option search_fields[]; /* of struct options_search */

/* The shipped table, as text. */
extern const unsigned char search_table_shipped[];
extern const size_t search_table_shipped_len;

/*
 * Reads a table from text that is called `name` in messages. *out: of struct options_search. ERR_CONFIG: errors says why;
 * ERR_NOMEM.
 */
ERR_CHECKED int search_table_parse(struct arena *arena, const char *name, const char *text, size_t text_len,
                                   struct config_errors *errors, struct schema_list *out);

struct search_table {
    struct query_search *searches;
    size_t search_count;
    struct policy_name *hosts; /* POLICY_SPECIAL_SAFE_SEARCH */
    size_t host_count;
};

/*
 * The engines of the table, those of `added` in place of others with their name or behind them. What is wrong with them
 * goes to errors; then the result is not to be used. ERR_NOMEM.
 */
ERR_CHECKED int search_table_build(struct arena *arena, const struct schema_list *table,
                                   const struct schema_list *added, struct config_errors *errors,
                                   struct search_table *out);

#endif
