/*
 * Many bytes at once. The vectors are plain C; two steps that C has no words for use SSE2, which every x86-64 has, or eight
 * bytes in a number elsewhere.
 * Threads: pure.
 */
#ifndef BLOCKDB_LANES_H
#define BLOCKDB_LANES_H

#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define LANES     16
#define LANES_ALL 0xffffu     /* bits of that many */
#define ROW       (3 * LANES) /* bytes that one look at a list compares, whatever its length */

typedef uint8_t lanes __attribute__((vector_size(LANES)));

/* Eight bytes as a number, the first one lowest. */
static inline uint64_t bytes_load8(const void *at)
{
    uint64_t bytes;
    memcpy(&bytes, at, sizeof(bytes));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    bytes = __builtin_bswap64(bytes);
#endif
    return bytes;
}

static inline lanes lanes_load(const uint8_t *at)
{
    lanes some;
    memcpy(&some, at, LANES);
    return some;
}

static inline void lanes_clear(void *at)
{
    const lanes none = {0};
    memcpy(at, &none, LANES);
}

/* Bit n is set when byte n of mask is; its bytes are all ones or all zero. */
static inline uint32_t lanes_bits(lanes mask)
{
#ifdef __SSE2__
    return (uint32_t)_mm_movemask_epi8((__m128i)mask);
#else
    const uint8_t *at = (const uint8_t *)&mask;
    uint64_t low = (bytes_load8(at) & UINT64_C(0x8040201008040201)) * UINT64_C(0x0101010101010101) >> 56;
    uint64_t high = (bytes_load8(at + 8) & UINT64_C(0x8040201008040201)) * UINT64_C(0x0101010101010101) >> 56;
    return (uint32_t)(low | high << 8);
#endif
}

static inline uint32_t lanes_sum(lanes some)
{
#ifdef __SSE2__
    __m128i halves = _mm_sad_epu8((__m128i)some, _mm_setzero_si128());
    return (uint32_t)(_mm_cvtsi128_si32(halves) + _mm_extract_epi16(halves, 4));
#else
    uint32_t sum = 0;
    for (unsigned i = 0; i < LANES; i++)
        sum += some[i];
    return sum;
#endif
}

/* Bit n of the result is set when a[n] is x and b[n] is y, for n below ROW. */
static inline uint64_t row_find(const uint8_t *a, uint8_t x, const uint8_t *b, uint8_t y)
{
    uint64_t bits = 0;
#pragma GCC unroll 3
    for (unsigned i = 0; i < ROW; i += LANES)
        bits |= (uint64_t)lanes_bits((lanes)(lanes_load(a + i) == x) & (lanes)(lanes_load(b + i) == y)) << i;
    return bits;
}

/* The sum of the first count bytes, at most ROW. */
static inline uint32_t row_sum(const uint8_t *bytes, uint32_t count)
{
    static const uint8_t MASK[2 * ROW] = {
#define ONES 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff
        ONES,
        ONES,
        ONES,
#undef ONES
    };
    const uint8_t *mask = MASK + ROW - count;
    uint32_t sum = 0;
#pragma GCC unroll 3
    for (unsigned i = 0; i < ROW; i += LANES)
        sum += lanes_sum(lanes_load(bytes + i) & lanes_load(mask + i));
    return sum;
}

/* How many of the first len bytes of a and b are equal. Reads up to LANES - 1 bytes more of both. */
static inline uint32_t bytes_common(const uint8_t *a, const uint8_t *b, uint32_t len)
{
    for (uint32_t i = 0; i < len; i += LANES) {
        uint32_t equal = lanes_bits((lanes)(lanes_load(a + i) == lanes_load(b + i)));
        if (equal != LANES_ALL) {
            i += (uint32_t)__builtin_ctz(~equal);
            return i < len ? i : len;
        }
    }
    return len;
}

/* Bit n is set when byte n is zero, for n below 64. */
static inline uint64_t bytes_zero64(const uint8_t *bytes)
{
    uint64_t bits = 0;
#pragma GCC unroll 4
    for (unsigned i = 0; i < 64; i += LANES)
        bits |= (uint64_t)lanes_bits((lanes)(lanes_load(bytes + i) == (lanes){0})) << i;
    return bits;
}

/* All ones in the bytes in front of the first zero byte, zero from there on. */
static inline uint64_t bytes_before_zero(uint64_t bytes)
{
    uint64_t zeros = (bytes - UINT64_C(0x0101010101010101)) & ~bytes & UINT64_C(0x8080808080808080);
    return ((zeros & -zeros) >> 7) - 1;
}

#endif
