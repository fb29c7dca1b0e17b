/* What the fuzzers of lease files share: the same bytes in one piece and in small ones must give the same leases. */
#ifndef TESTS_FUZZ_LEASES_H
#define TESTS_FUZZ_LEASES_H

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lease/reading.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void fuzz_sum(void *ctx, const struct lease *lease)
{
    uint64_t *sum = ctx;
    assert(strlen(lease->host) <= LEASE_HOST_MAX);
    assert(lease->until_s >= 0 && lease->renewed_s >= 0);
    *sum = *sum * 31 + (uint64_t)lease->until_s + lease->address.bytes[15] + (lease->has_mac ? lease->mac[5] : 0) +
           strlen(lease->host);
}

/* Reads in pieces; each has memory of its own, so that a byte read too far is noticed. */
static inline uint64_t fuzz_read(enum reading_format format, const uint8_t *data, size_t size, size_t piece,
                                 struct reading *r)
{
    uint64_t sum = 0;
    size_t from = 0, to = 0;
    reading_begin(r, format);
    while (to < size) {
        to = size - to < piece ? size : to + piece;
        char *bytes = malloc(to - from);
        if (bytes == NULL)
            abort();
        memcpy(bytes, data + from, to - from);
        size_t used = reading_take(r, bytes, to - from, fuzz_sum, &sum);
        assert(used <= to - from);
        from += used;
        free(bytes);
    }
    return sum;
}

static inline int fuzz_leases(enum reading_format format, const uint8_t *data, size_t size)
{
    struct reading whole, pieces;
    uint64_t sum = fuzz_read(format, data, size, size, &whole);
    uint64_t sum_of_pieces = fuzz_read(format, data, size, size / 7 + 1, &pieces);
    /* where a record is too long, it depends on the pieces what is seen of it */
    if (size < READING_RECORD_MAX) {
        assert(sum == sum_of_pieces);
        assert(whole.lease_count == pieces.lease_count && whole.refused_count == pieces.refused_count);
        assert(whole.refused_line == pieces.refused_line);
    }
    return 0;
}

#endif
