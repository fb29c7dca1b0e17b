/*
 * Collects the names of all feeds and puts them in key order: one entry per name, with what all feeds together say.
 *
 * trie_new → trie_add ... → trie_build → trie_next ... → trie_free. Additions come in any order, from any number of
 * feeds, as often as they like; a name costs its key and 17 bytes until trie_build() has merged it.
 *
 * Merging: masks are united, sets of feeds and clauses too. Pruning: an entry without clauses goes when every mask of it, for itself and for what is
 * below it, is contained in what its listed parents already say for names below them. As effective categories are made of
 * the union of all hits, no look-up changes by that.
 *
 * Errors: negative enum err. Threads: a trie belongs to one thread at a time; trie_build() starts its own and ends them.
 */
#ifndef TRIE_TRIE_H
#define TRIE_TRIE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "belisha/blockdb_format.h"
#include "belisha/err.h"
#include "dns/key.h"

struct trie;

struct trie_opts {
    unsigned thread_count; /* for sorting; 0: one per processor */
    uint64_t names_max;    /* additions; 0: no limit but that of the key store, 4 GiB */
};

/* What one feed says about one name. */
struct trie_item {
    struct blockdb_rules self;  /* for the name itself */
    struct blockdb_rules below; /* for names below it */
    uint16_t feed;              /* index in the feed table */
    bool has_clause;
    uint16_t clause; /* id of a clause that hangs on the name */
};

struct trie_stats {
    uint64_t added;      /* calls of trie_add that succeeded */
    uint64_t duplicates; /* of them: merged into an entry of the same name */
    uint64_t subsumed;   /* entries dropped because a parent says as much */
    uint64_t entries;    /* what remains */
};

/* What an entry's value id stands for. Pointers are good until trie_free(). */
struct trie_value {
    struct blockdb_rules self, below;
    const uint16_t *feeds; /* ascending */
    size_t feed_count;
    uint32_t feedset;        /* values with the same number have the same feeds */
    const uint16_t *clauses; /* ascending */
    size_t clause_count;
    uint64_t entry_count; /* entries with this value; 0 for one that only existed on the way */
};

struct trie_entry {
    const uint8_t *key;
    size_t key_len;
    uint32_t value;
};

ERR_CHECKED int trie_new(const struct trie_opts *opts, struct trie **out);
void trie_free(struct trie *trie);

/* ERR_INVAL for the root, a cut key and rules that say nothing; ERR_LIMIT; ERR_NOMEM. The trie stays usable. */
ERR_CHECKED int trie_add(struct trie *trie, const struct name_key *key, const struct trie_item *item);

/* Sorts, merges, prunes. Once; no additions after it. ERR_NOMEM, ERR_LIMIT (more different values than a list can hold). */
ERR_CHECKED int trie_build(struct trie *trie, struct trie_stats *out);

uint64_t trie_entry_count(const struct trie *trie);
size_t trie_value_count(const struct trie *trie);
/* Feed set numbers are below this. */
size_t trie_feedset_count(const struct trie *trie);
/* id < trie_value_count(). */
void trie_value(const struct trie *trie, uint32_t id, struct trie_value *out);

/* The entry at *position (start with 0), which it moves on. 1, or 0 at the end. After trie_build() only. */
int trie_next(const struct trie *trie, uint64_t *position, struct trie_entry *out);

#endif
