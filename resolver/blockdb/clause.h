/*
 * Clauses: rules of a generation that masks can't say (layout and meaning: belisha/blockdb_format.h). A name pays for
 * them only when a listed name on its way carries some, or when it shares three bytes with a floating pattern.
 *
 * Made when a generation is opened; every offset is checked there. Threads: read-only afterwards, any number.
 */
#ifndef BLOCKDB_CLAUSE_H
#define BLOCKDB_CLAUSE_H

#include "blockdb/internal.h"

#define CLAUSE_HITS_MAX      256
#define CLAUSE_TRIES_MAX     4096 /* patterns tried on one name: what a list with very many of them may cost */
#define CLAUSE_EXHAUSTED_MAX 32   /* given up at their limits, each after about 1 ms: then no more are tried */

/* A clause in whose reach a name or an address lies, and whose pattern matches the name. */
struct clause_hit {
    uint16_t id;
    uint8_t labels; /* of the name it hangs on, or bits of the prefix: what has more of them is more specific */
    bool exact;     /* it hangs on the name itself */
};

struct clause_hits {
    const struct name_key *key; /* NULL: of an address */
    uint32_t count, tries;
    unsigned exhausted; /* of the tries, those that were given up */
    uint32_t given_up;  /* clauses that may hold and were not tried to their end, or had no room */
    uint64_t unsure;    /* what those of them block: a name that is too dear to judge stays blocked */
    struct clause_hit at[CLAUSE_HITS_MAX]; /* count of them are set */
    size_t text_len;                       /* 0: not made yet */
    char text[NAME_KEY_MAX];               /* the name, for patterns */
};

struct clause_table;

static inline void clause_hits_init(struct clause_hits *hits, const struct name_key *key)
{
    hits->key = key;
    hits->count = hits->tries = hits->given_up = 0;
    hits->exhausted = 0;
    hits->unsure = 0;
    hits->text_len = 0;
}

/* *out: NULL when there are none. ERR_DAMAGED, ERR_NOMEM; *out_why then says what. */
ERR_CHECKED int clause_table_new(const struct blockdb *db, struct clause_table **out, const char **out_why);
void clause_table_free(struct clause_table *table);

/* Adds those of a value. */
void clause_hits_add(const struct blockdb *db, const struct blockdb_value_record *value, uint8_t labels, bool exact,
                     struct clause_hits *hits);
/* Adds the floating ones that may concern the name. */
void clause_hits_float(const struct clause_table *table, struct clause_hits *hits);
/* Adds those of the listed prefixes around an address that are not longer than bits. */
void clause_hits_address(const struct blockdb *db, enum blockdb_address_use use, const uint8_t addr[16], unsigned bits,
                         struct clause_hits *hits);

/* Adds to sum what the hits that hold say about a question for `type`. */
void clause_judge(const struct clause_table *table, uint16_t type, struct clause_hits *hits, struct blockdb_rules *sum,
                  struct blockdb_match *out);
/* Once out->categories are known: which of the hits that judge left decides the answer. */
void clause_choose(const struct clause_table *table, const struct clause_hits *hits, struct blockdb_match *out);

#endif
