/*
 * The keyed hashes of a statutory list; belisha/statutory_format.h says what of. Threads: pure.
 */
#ifndef STATUTORY_HASH_H
#define STATUTORY_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "belisha/statutory_format.h"

#define HASH_LEN 16

/* The secrets that are made of one key file. */
struct hash_keys {
    uint8_t entries[HASH_LEN];
    uint8_t ids[HASH_LEN];
    uint8_t check[HASH_LEN]; /* no secret: meta has it */
};

void hash_keys_make(const uint8_t key[STATUTORY_KEY_LEN], struct hash_keys *out);

/* SipHash-2-4, 128 bits, of len bytes. */
void hash_make(const uint8_t secret[HASH_LEN], const uint8_t *bytes, size_t len, uint8_t out[HASH_LEN]);

/* The wire name by which a listed host (its key of len bytes) is written down. Returns its length; out: NAME_MAX_LEN. */
size_t hash_opaque_name(const struct hash_keys *keys, const uint8_t *host, size_t len, uint8_t *out);

#endif
