/*
 * An opened list. Tests and the fuzzer use statutory_from_values() to reach the reader without an LMDB file.
 */
#ifndef STATUTORY_INTERNAL_H
#define STATUTORY_INTERNAL_H

#include "statutory/hash.h"
#include "statutory/statutory.h"

/* A value of the file. */
struct statutory_value {
    const uint8_t *bytes;
    size_t len;
};

enum { STATUTORY_META, STATUTORY_ENTRIES, STATUTORY_FEEDS, STATUTORY_VALUE_COUNT };

struct statutory {
    struct statutory_meta meta;
    struct hash_keys keys;
    struct statutory_entry *entries;
    struct statutory_feed_record *feeds;
    uint32_t *starts;    /* by the first bits of a hash: the first entry; one more than there are of them */
    unsigned start_bits; /* how many bits */
};

/* The group of a hash: its first bits. */
static inline uint32_t statutory_group(const uint8_t *hash, unsigned bits)
{
    uint32_t word = (uint32_t)hash[0] << 24 | (uint32_t)hash[1] << 16 | (uint32_t)hash[2] << 8 | hash[3];
    return bits == 0 ? 0 : word >> (32 - bits);
}

/* Copies what it keeps. Errors as of statutory_open(). */
ERR_CHECKED int statutory_from_values(const struct statutory_value values[STATUTORY_VALUE_COUNT],
                                      const uint8_t key[STATUTORY_KEY_LEN], struct statutory **out, char *why,
                                      size_t why_cap);

#endif
