/*
 * All feeds' sheaves as one list: merged by key, in parts that several threads fill at once, and pruned.
 *
 * Threads: list_make() starts its own and ends them.
 */
#ifndef COMPILER_LIST_H
#define COMPILER_LIST_H

#include "blocklist-compiler/samples.h"
#include "sheaf/sheaf.h"
#include "trie/trie.h"

struct list_opts {
    struct sheaf *const *sheaves; /* by feed; NULL: the feed has no rules */
    size_t count;
    unsigned threads;
    struct samples *samples; /* gets some names of every feed */
};

/*
 * *out_trie: the caller's to free. clauses: empty, gets those of all feeds. Clauses over BLOCKDB_CLAUSE_MAX are left out
 * with their rules, those of the last feeds: out_left[feed] counts such rules. ERR_NOMEM; ERR_LIMIT; ERR_DAMAGED.
 */
ERR_CHECKED int list_make(const struct list_opts *opts, struct trie **out_trie, struct trie_stats *out_stats,
                          struct clauses *clauses, uint64_t out_left[]);

#endif
