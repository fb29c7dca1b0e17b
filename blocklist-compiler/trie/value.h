/*
 * What entries can say (masks and feed sets), each different one kept once under an id. Threads: one at a time.
 */
#ifndef TRIE_VALUE_H
#define TRIE_VALUE_H

#include "belisha/blockdb_format.h"
#include "trie/feedset.h"

struct value {
    struct blockdb_rules self, below;
    uint32_t feedset;
    uint32_t clauseset; /* ids of clauses, in clausesets */
};

struct value_merge {
    uint64_t pair; /* both ids, the smaller one high; UINT64_MAX: free */
    uint32_t merged;
};

struct value_table {
    struct value *values;
    uint32_t count, cap;
    uint32_t *slots; /* id + 1 by hash, 0: free */
    uint32_t slot_count;
    struct value_merge *merges; /* cache of recent merges by hash of the pair */
    struct feedset_table feedsets;
    struct feedset_table clausesets; /* sets of clause ids are kept as sets of feeds are */
};

ERR_CHECKED int value_init(struct value_table *table);
void value_done(struct value_table *table);

/* The id of a value. ERR_NOMEM, ERR_LIMIT (BLOCKDB_VALUE_MAX). */
ERR_CHECKED int value_intern(struct value_table *table, const struct value *value, uint32_t *out);
/* The id of what both say together. The same errors. */
ERR_CHECKED int value_merge(struct value_table *table, uint32_t a, uint32_t b, uint32_t *out);

static inline void rules_add(struct blockdb_rules *sum, const struct blockdb_rules *more)
{
    sum->block |= more->block;
    sum->allow |= more->allow;
    sum->important_block |= more->important_block;
    sum->important_allow |= more->important_allow;
}

/* Whether rules say nothing that `known` does not say. */
static inline int rules_within(const struct blockdb_rules *rules, const struct blockdb_rules *known)
{
    return ((rules->block & ~known->block) | (rules->allow & ~known->allow) |
            (rules->important_block & ~known->important_block) | (rules->important_allow & ~known->important_allow)) ==
           0;
}

#endif
