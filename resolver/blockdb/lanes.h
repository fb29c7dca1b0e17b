/*
 * Many bytes at once, in plain C: the compiler makes vector instructions of it wherever the machine has them.
 * They read further than they are asked: up to LANES_OVERREAD bytes behind the first byte.
 * Threads: pure.
 */
#ifndef BLOCKDB_LANES_H
#define BLOCKDB_LANES_H

#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define LANES          16
#define LANES_OVERREAD (3 * LANES)

typedef uint8_t lanes __attribute__((vector_size(LANES)));

/* Eight bytes as a number, the first one lowest. */
static inline uint64_t lanes_load8(const void *at)
{
    uint64_t bytes;
    memcpy(&bytes, at, sizeof(bytes));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    bytes = __builtin_bswap64(bytes);
#endif
    return bytes;
}

/* Bit n is set when byte n of mask is; its bytes are all ones or all zero. */
static inline uint32_t lanes_bits(lanes mask)
{
#ifdef __SSE2__
    return (uint32_t)_mm_movemask_epi8((__m128i)mask);
#else
    const uint8_t *at = (const uint8_t *)&mask;
    uint64_t low = (lanes_load8(at) & UINT64_C(0x8040201008040201)) * UINT64_C(0x0101010101010101) >> 56;
    uint64_t high = (lanes_load8(at + 8) & UINT64_C(0x8040201008040201)) * UINT64_C(0x0101010101010101) >> 56;
    return (uint32_t)(low | high << 8);
#endif
}

/* Bit n is set when byte n is above the limit. */
static inline uint32_t lanes_above(const uint8_t *bytes, uint8_t limit)
{
    lanes some;
    memcpy(&some, bytes, LANES);
    return lanes_bits((lanes)(some > limit));
}

/* How many bytes at the start of count are above the limit. */
static inline uint32_t bytes_above(const uint8_t *bytes, uint32_t count, uint8_t limit)
{
    for (uint32_t i = 0; i < count; i += LANES) {
        uint32_t bits = lanes_above(bytes + i, limit) ^ 0xffffu;
        if (bits != 0) {
            i += (uint32_t)__builtin_ctz(bits);
            return i < count ? i : count;
        }
    }
    return count;
}

/*
 * How many of ascending bytes are <= limit. Nearly all lists of branch bytes have at most 48, and comparing all of those
 * costs less than a wrong guess about how many there are.
 */
static inline uint32_t bytes_up_to(const uint8_t *bytes, uint32_t count, uint8_t limit)
{
    uint64_t bits = lanes_above(bytes, limit) | (uint64_t)lanes_above(bytes + LANES, limit) << LANES |
                    (uint64_t)lanes_above(bytes + 2 * LANES, limit) << (2 * LANES) | UINT64_C(1) << (3 * LANES);
    uint32_t found = (uint32_t)__builtin_ctzll(bits);
    if (__builtin_expect(found == 3 * LANES, 0))
        while (found < count && bytes[found] <= limit)
            found++;
    return found < count ? found : count;
}

/* How many of the first len bytes of a and b are equal. */
static inline uint32_t bytes_common(const uint8_t *a, const uint8_t *b, uint32_t len)
{
    for (uint32_t i = 0; i < len; i += 8) {
        uint64_t different = lanes_load8(a + i) ^ lanes_load8(b + i);
        if (different != 0) {
            i += (uint32_t)__builtin_ctzll(different) / 8;
            return i < len ? i : len;
        }
    }
    return len;
}

/* The sum of count bytes. */
static inline uint32_t bytes_sum(const uint8_t *bytes, uint32_t count)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < count; i += 8) {
        uint64_t some = lanes_load8(bytes + i);
        if (count - i < 8)
            some &= (UINT64_C(1) << (8 * (count - i))) - 1;
        some = (some & UINT64_C(0x00ff00ff00ff00ff)) + (some >> 8 & UINT64_C(0x00ff00ff00ff00ff));
        sum += (uint32_t)(some * UINT64_C(0x0001000100010001) >> 48);
    }
    return sum;
}

#endif
