/*
 * The check byte of an entry (belisha/blockdb_format.h): a hash of the end of its key that takes the place of the key's
 * last byte. As it costs nothing and differs for nearly all keys of a bucket, a search compares check bytes first.
 *
 * An ending is the last eight bytes of a key as a number, the last one highest; a shorter key has zeros in front.
 * Threads: pure.
 */
#ifndef BLOCKDB_CHECK_H
#define BLOCKDB_CHECK_H

#include <stdint.h>
#include <string.h>

#define CHECK_LEN   8
#define CHECK_SHIFT 56
#define CHECK_PRIME UINT64_C(0x9e3779b97f4a7c01) /* its lowest byte is 1: the last byte of the key can be got back */

static inline uint8_t check_of(uint64_t ending)
{
    return (uint8_t)(ending * CHECK_PRIME >> CHECK_SHIFT);
}

/* The last byte of a key; ending: with zero in its place. */
static inline uint8_t check_last(uint8_t check, uint64_t ending)
{
    return (uint8_t)(check - check_of(ending));
}

/* What a key ends with, len > 0; slow. */
static inline uint64_t check_ending(const uint8_t *key, size_t len)
{
    uint64_t ending = 0;
    for (size_t i = len < CHECK_LEN ? 0 : len - CHECK_LEN; i < len; i++)
        ending = ending >> 8 | (uint64_t)key[i] << CHECK_SHIFT;
    return ending;
}

#endif
