/*
 * From keys of 16 bytes to numbers counted up from 0, while a table is made. Internal to identity/.
 *
 * Threads: one.
 */
#ifndef IDENTITY_MAP16_H
#define IDENTITY_MAP16_H

#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"

#define MAP16_NONE UINT32_MAX

struct map16 {
    uint8_t (*keys)[16]; /* of each number */
    uint64_t *slots;     /* number + 1, below it 32 bits of the hash; 0: free */
    size_t mask;
    size_t count, cap;
    uint64_t seed;
};

/* max: how many keys there can be. ERR_NOMEM. */
ERR_CHECKED int map16_init(struct map16 *map, size_t max, uint64_t seed);
void map16_done(struct map16 *map);

/* The key's number, a new one if it had none. */
uint32_t map16_add(struct map16 *map, const uint8_t key[16]);
/* Brings near what the next call for this key looks at first. */
void map16_fetch(const struct map16 *map, const uint8_t key[16]);
/* Or MAP16_NONE. */
uint32_t map16_find(const struct map16 *map, const uint8_t key[16]);

/* 64 bits of which all depend on all of key and seed. */
static inline uint64_t map16_hash(const uint8_t key[16], uint64_t seed)
{
    uint64_t low, high;
    __builtin_memcpy(&low, key, 8);
    __builtin_memcpy(&high, key + 8, 8);
    low = (low ^ seed) * UINT64_C(0x9e3779b97f4a7c15);
    high = (high ^ (low >> 29) ^ low ^ (seed << 32 | seed >> 32)) * UINT64_C(0xbf58476d1ce4e5b9);
    high = (high ^ high >> 32) * UINT64_C(0x94d049bb133111eb);
    return high ^ high >> 29;
}

#endif
