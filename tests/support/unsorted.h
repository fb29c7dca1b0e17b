/*
 * Additions to a trie in any order, for tests and benchmarks: trie_put() wants them in the order of their keys.
 * Fails the program when memory ends.
 */
#ifndef TESTS_SUPPORT_UNSORTED_H
#define TESTS_SUPPORT_UNSORTED_H

#include "trie/trie.h"

struct unsorted;

struct unsorted *unsorted_new(void);
void unsorted_add(struct unsorted *unsorted, const struct name_key *key, const struct trie_item *item);

/* Sorts and builds; unsorted is gone afterwards. threads: that sort, and parts of the trie. */
struct trie *unsorted_build(struct unsorted *unsorted, unsigned threads, struct trie_stats *out_stats);

#endif
