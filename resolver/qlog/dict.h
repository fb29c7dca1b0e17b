/*
 * A dictionary of byte strings: equal strings get the same number, in order of first appearance.
 *
 * The strings lie one behind the other in `bytes`; when all have one length, that is an array of structs.
 *
 * Memory:  heap, owned by the struct. Begins as {0}.
 * Threads: one.
 */
#ifndef QLOG_DICT_H
#define QLOG_DICT_H

#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"

struct dict {
    uint8_t *bytes;
    size_t bytes_len, bytes_cap;
    struct dict_entry *entries;
    struct dict_slot *slots;
    uint32_t count, entry_cap, slot_count;
    uint64_t seed; /* strings are chosen by clients: a secret seed keeps them from colliding on purpose */
};

/* The number of the string, added if new. ERR_NOMEM. */
ERR_CHECKED int64_t dict_put(struct dict *dict, const void *key, size_t len);
/* The same in three steps for many strings at once, so that the misses of the processor's cache overlap: hash all, touch
 * all, put all. */
ERR_CHECKED int dict_begin(struct dict *dict); /* before the first hash. ERR_NOMEM */
uint32_t dict_hash(const struct dict *dict, const void *key, size_t len);
void dict_touch(const struct dict *dict, uint32_t hash);
ERR_CHECKED int64_t dict_put_hashed(struct dict *dict, const void *key, size_t len, uint32_t hash);
/* The number, or -1. */
int64_t dict_find(const struct dict *dict, const void *key, size_t len);
/* The string of a number below count; valid until the next dict_put(). */
const uint8_t *dict_at(const struct dict *dict, uint32_t number, size_t *out_len);
/* Takes back the string that dict_put() added last. */
void dict_pop(struct dict *dict);
/* Forgets the strings, keeps the memory. */
void dict_clear(struct dict *dict);
void dict_done(struct dict *dict);

#endif
