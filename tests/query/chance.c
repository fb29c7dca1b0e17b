/*
 * In place of real chance: an engine in a test draws the same numbers each time. They are odd, so that server_pick()
 * never goes exploring.
 */
#include "base/random.h"

uint32_t random_u32(struct random_pool *pool)
{
    static uint32_t last = 1;
    (void)pool;
    last = last * 1664525u + 1013904223u;
    return last | 1;
}

void random_bytes(struct random_pool *pool, void *out, size_t len)
{
    for (size_t i = 0; i < len; i++)
        ((uint8_t *)out)[i] = (uint8_t)(random_u32(pool) >> 16);
}
