/*
 * Random names and numbers from a fixed seed: every run of a test sees the same ones.
 *
 * Memory: the caller's. Threads: one struct random per thread.
 */
#ifndef TESTS_DNS_RANDOM_H
#define TESTS_DNS_RANDOM_H

#include <stddef.h>
#include <stdint.h>

#include "dns/name.h"

struct random {
    uint64_t state; /* not 0 */
};

/* xorshift64*. */
static inline uint64_t random_next(struct random *random)
{
    random->state ^= random->state >> 12;
    random->state ^= random->state << 25;
    random->state ^= random->state >> 27;
    return random->state * UINT64_C(0x2545f4914f6cdd1d);
}

/* 0 .. limit - 1 */
static inline unsigned random_below(struct random *random, unsigned limit)
{
    return (unsigned)((random_next(random) >> 33) % limit);
}

/* Bytes of a label: mostly letters of both cases and the signs that have a meaning in text, now and then any byte. */
static inline uint8_t random_label_byte(struct random *random)
{
    static const char usual[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.\\\"();@$ *";
    if (random_below(random, 8) == 0)
        return (uint8_t)random_next(random);
    return (uint8_t)usual[random_below(random, sizeof usual - 1)];
}

/* A well-formed name of up to 255 bytes, from the root to the longest; returns its length. */
static inline size_t random_name(struct random *random, uint8_t out[NAME_MAX_LEN])
{
    size_t want = random_below(random, 4) == 0 ? NAME_MAX_LEN : 1 + random_below(random, 60);
    size_t len = 0;
    while (len + 2 < want) {
        size_t room = want - len - 2;
        size_t most = room < NAME_LABEL_MAX ? room : NAME_LABEL_MAX;
        size_t label_len = 1 + random_below(random, (unsigned)most);
        out[len++] = (uint8_t)label_len;
        while (label_len-- > 0)
            out[len++] = random_label_byte(random);
    }
    out[len++] = 0;
    return len;
}

#endif
