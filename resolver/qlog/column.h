/*
 * Columns of a block: many values of one kind, byte by byte in planes, each column compressed by zstd.
 *
 * Planes put the high bytes of numbers, which hardly differ, beside each other; planes that are zero throughout at the
 * high end are not stored at all.
 *
 * Memory:  struct column_packer begins as {0}; column_packer_done() frees. A struct column points into the bytes it was
 *          parsed from.
 * Threads: a packer belongs to one thread.
 */
#ifndef QLOG_COLUMN_H
#define QLOG_COLUMN_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "belisha/err.h"
#include "qlog/day_key.h"
#include "qlog/format.h"

/* `count` values of `width` bytes (1..16), the first at `base`, each `stride` bytes behind the one before. */
struct column_shape {
    size_t width;
    size_t stride;
    size_t count;
};

struct column_packer {
    int level;        /* of compression; 0: what costs little, column by column */
    void *compress;   /* ZSTD_CCtx */
    void *decompress; /* ZSTD_DCtx */
    uint8_t *planes;
    size_t planes_cap;
    uint8_t *packed;
    size_t packed_cap;
    uint8_t *opened; /* what was sealed */
    size_t opened_cap;
};

void column_packer_done(struct column_packer *packer);

/* Adds the column to out, sealed unless key is NULL. ERR_NOMEM. */
ERR_CHECKED int column_write(struct column_packer *packer, uint8_t id, const void *base,
                             const struct column_shape *shape, const struct day_key *key, struct text *out);

struct column {
    struct column_header header;
    const uint8_t *packed;
};

/* Returns the bytes used. ERR_DAMAGED. */
ERR_CHECKED int64_t column_parse(const uint8_t *bytes, size_t len, struct column *out);

/* Whether it is clear, or sealed with this key. */
bool column_opens(struct column_packer *packer, const struct column *column, const struct day_key *key);

/*
 * Fills base with the values; the shape's count must be the column's. key: of the day, for a sealed one. ERR_DAMAGED,
 * ERR_NOMEM, ERR_UNSUPPORTED (a cipher of a later version, or sealed and no key).
 */
ERR_CHECKED int column_read(struct column_packer *packer, const struct column *column, const struct day_key *key,
                            void *base, const struct column_shape *shape);

#endif
