/*
 * Sorts records by their keys: multikey quicksort on eight bytes of the key at a time, kept in the record, so that the
 * keys themselves are read once per eight shared bytes. Threads share a queue of large ranges.
 */
#ifndef TRIE_SORT_H
#define TRIE_SORT_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#define SORT_KEY_SLACK 8 /* bytes behind the last key that may be read */

struct record {
    uint64_t head; /* the sorter's own */
    uint32_t key;  /* where the key starts in the key store: a length byte, then its bytes */
    uint32_t value;
};

static_assert(sizeof(struct record) == 16, "a record is what tens of millions of names cost");

/*
 * keys: no key holds two zero bytes in a row or ends with one (dns/key.h). When threads can't be started, fewer sort.
 */
void sort_records(struct record *records, size_t count, const uint8_t *keys, unsigned thread_count);

#endif
