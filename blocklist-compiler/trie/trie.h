/*
 * The list: one entry per name in key order, with what all feeds together say about it.
 *
 *     trie_new → trie_item_value, trie_put ... → trie_build → trie_next ... → trie_free
 *
 * The keys come in order, cut into parts that several threads fill at once: all keys of a part lie behind those of the
 * part before. Which part a key is in makes no difference to the result. A name costs its key and 5 bytes.
 *
 * Merging: what comes for one key is united: masks, sets of feeds, clauses. Pruning: an entry without clauses goes when
 * every mask of it, for itself and for what is below it, is contained in what its listed parents already say for names
 * below them. As effective categories are made of the union of all hits, no look-up changes by that.
 *
 * Errors: negative enum err. Threads: each part may have one of its own until trie_build(), which starts its own and ends
 * them; afterwards a trie is only read, by any number.
 */
#ifndef TRIE_TRIE_H
#define TRIE_TRIE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "belisha/blockdb_format.h"
#include "belisha/err.h"
#include "dns/key.h"

#define TRIE_PARTS_MAX 16
#define TRIE_APART     128 /* bytes between what two threads write, so that they do not wait for the same cache line */

struct trie;

struct trie_opts {
    unsigned part_count; /* at most TRIE_PARTS_MAX; 0: one */
    uint64_t names_max;  /* additions to a part; 0: no limit */
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
    uint64_t added;      /* additions that succeeded, each as often as it was said to stand */
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
    const uint8_t *key; /* good until trie_free() */
    size_t key_len;
    uint32_t value;
};

ERR_CHECKED int trie_new(const struct trie_opts *opts, struct trie **out);
void trie_free(struct trie *trie);

/* A number for what an item says, to be put in this part. ERR_INVAL for rules that say nothing; ERR_LIMIT; ERR_NOMEM. */
ERR_CHECKED int trie_item_value(struct trie *trie, unsigned part, const struct trie_item *item, uint32_t *out);

/*
 * One rule, which stands `repeat` times. ERR_INVAL for the root and for a key before the last one; ERR_LIMIT; ERR_NOMEM.
 * The trie stays usable.
 */
ERR_CHECKED int trie_put(struct trie *trie, unsigned part, const uint8_t *key, size_t key_len, uint32_t value,
                         uint64_t repeat);

/*
 * Unites the parts, prunes. Once; no additions after it. ERR_INVAL when the parts are not in order; ERR_NOMEM, ERR_LIMIT
 * (more different values than a list can hold).
 */
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
