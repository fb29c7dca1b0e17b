#include "qlog/column.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include "qlog/seal.h"

#define RAW_LEN_MAX   BLOCK_LEN_MAX
#define WIDTH_MAX     16u
#define PLANE_LEN_MIN 4096u /* bytes; below, the tables would cost more than they save */

void column_packer_done(struct column_packer *packer)
{
    ZSTD_freeCCtx(packer->compress);
    ZSTD_freeDCtx(packer->decompress);
    free(packer->planes);
    free(packer->packed);
    free(packer->opened);
    *packer = (struct column_packer){0};
}

static int room_make(uint8_t **bytes, size_t *cap, size_t len)
{
    if (len <= *cap)
        return 0;
    uint8_t *grown = realloc(*bytes, len);
    if (grown == NULL)
        return ERR_NOMEM;
    *bytes = grown;
    *cap = len;
    return 0;
}

/* Values of the width of a type are loaded whole; others (addresses) byte by byte. */
static bool is_number(const struct column_shape *shape)
{
    return shape->width == 1 || shape->width == 2 || shape->width == 4 || shape->width == 8;
}

static inline uint64_t value_at(const uint8_t *at, size_t width)
{
    uint64_t value = 0;
    memcpy(&value, at, width);
    return value;
}

static inline uint64_t numbers_bits(const uint8_t *base, size_t width, const struct column_shape *shape)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < shape->count; i++)
        bits |= value_at(base + i * shape->stride, width);
    return bits;
}

static size_t numbers_planes_used(const uint8_t *base, const struct column_shape *shape)
{
    uint64_t bits = shape->width == 1   ? numbers_bits(base, 1, shape)
                    : shape->width == 2 ? numbers_bits(base, 2, shape)
                    : shape->width == 4 ? numbers_bits(base, 4, shape)
                                        : numbers_bits(base, 8, shape);
    size_t used = 0;
    for (; bits != 0; bits >>= 8)
        used++;
    return used;
}

/* Planes up to the highest that is not all zero. */
static size_t planes_used(const uint8_t *base, const struct column_shape *shape)
{
    if (is_number(shape))
        return numbers_planes_used(base, shape);
    for (size_t plane = shape->width; plane > 0; plane--)
        for (size_t i = 0; i < shape->count; i++)
            if (base[i * shape->stride + plane - 1] != 0)
                return plane;
    return 0;
}

static void planes_gather(const uint8_t *base, const struct column_shape *shape, size_t used, uint8_t *planes)
{
    const size_t count = shape->count;
    const size_t stride = shape->stride;
    if (count > 0 && stride == 1) {
        memcpy(planes, base, used * count);
        return;
    }
    for (size_t plane = 0; plane < used; plane++)
        for (size_t i = 0; i < count; i++)
            planes[plane * count + i] = base[i * stride + plane];
}

/* ---- planes back to values: with width, planes used and stride known, the compiler makes vectors of it ---- */

#define INLINE static inline __attribute__((always_inline))

INLINE void numbers_put(const uint8_t *restrict planes, size_t count, size_t used, size_t width, size_t stride,
                        uint8_t *restrict base)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t value = 0;
        for (size_t plane = 0; plane < used; plane++)
            value |= (uint64_t)planes[plane * count + i] << 8 * plane;
        memcpy(base + i * stride, &value, width);
    }
}

INLINE void numbers_put_used(const uint8_t *planes, size_t count, size_t used, size_t width, size_t stride,
                             uint8_t *base)
{
    switch (used) {
    case 0:
        numbers_put(planes, count, 0, width, stride, base);
        return;
    case 1:
        numbers_put(planes, count, 1, width, stride, base);
        return;
    case 2:
        numbers_put(planes, count, 2, width, stride, base);
        return;
    case 3:
        numbers_put(planes, count, 3, width, stride, base);
        return;
    case 4:
        numbers_put(planes, count, 4, width, stride, base);
        return;
    default:
        numbers_put(planes, count, used, width, stride, base);
        return;
    }
}

INLINE void numbers_put_stride(const uint8_t *planes, const struct column_shape *shape, size_t used, size_t width,
                               uint8_t *base)
{
    if (shape->stride == width)
        numbers_put_used(planes, shape->count, used, width, width, base);
    else
        numbers_put_used(planes, shape->count, used, width, shape->stride, base);
}

/* What is wider than a number: addresses, of which mostly the highest planes are in use. */
static void addresses_put(const uint8_t *restrict planes, size_t count, size_t used, size_t stride,
                          uint8_t *restrict base)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t address[16] = {0};
        for (size_t plane = 0; plane < used; plane++)
            address[plane] = planes[plane * count + i];
        memcpy(base + i * stride, address, sizeof address);
    }
}

static void planes_scatter(const uint8_t *planes, const struct column_shape *shape, size_t used, uint8_t *base)
{
    switch (shape->width) {
    case 1:
        if (shape->stride == 1 && used == 1 && shape->count > 0)
            memcpy(base, planes, shape->count);
        else
            numbers_put_stride(planes, shape, used, 1, base);
        return;
    case 2:
        numbers_put_stride(planes, shape, used, 2, base);
        return;
    case 4:
        numbers_put_stride(planes, shape, used, 4, base);
        return;
    case 8:
        numbers_put_stride(planes, shape, used, 8, base);
        return;
    default:
        assert(shape->width == 16);
        break;
    }
    addresses_put(planes, shape->count, used, shape->stride, base);
}

/* Each level up costs as much again; only these columns get smaller by it. */
static int level_of(uint8_t id)
{
    switch (id) {
    case COLUMN_WHO:
    case COLUMN_NAMES:
        return 3;
    case COLUMN_WHAT:
    case COLUMN_WHAT_NAME:
        return 2;
    default:
        return 1;
    }
}

/*
 * One frame, in which no block of zstd reaches over the end of a plane of some size: the values of two planes have little
 * in common, and with a table of their own the high bytes of a port or a time take the bits that they need.
 */
static size_t planes_pack(struct column_packer *packer, size_t bound, size_t planes, size_t count, int level)
{
    ZSTD_CCtx *context = packer->compress;
    ZSTD_outBuffer out = {.dst = packer->packed, .size = bound};
    size_t parts = count >= PLANE_LEN_MIN ? planes : 1;
    size_t part_len = count >= PLANE_LEN_MIN ? count : planes * count;
    (void)ZSTD_CCtx_reset(context, ZSTD_reset_session_only);
    (void)ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level);
    (void)ZSTD_CCtx_setPledgedSrcSize(context, planes * count);
    for (size_t part = 0; part < parts || part == 0; part++) {
        ZSTD_inBuffer in = {.src = packer->planes + part * part_len, .size = parts == 0 ? 0 : part_len};
        ZSTD_EndDirective end = part + 1 < parts ? ZSTD_e_flush : ZSTD_e_end;
        size_t left = ZSTD_compressStream2(context, &out, &in, end);
        if (left != 0)
            return (size_t)-1; /* an error, or no room */
    }
    return out.pos;
}

int column_write(struct column_packer *packer, uint8_t id, const void *base, const struct column_shape *shape,
                 const struct day_key *key, struct text *out)
{
    size_t used = planes_used(base, shape);
    size_t raw_len = used * shape->count;
    size_t bound = ZSTD_compressBound(raw_len) + used * 64;
    struct column_header header = {.id = id, .width = (uint8_t)used, .count = (uint32_t)shape->count};
    if (packer->compress == NULL && (packer->compress = ZSTD_createCCtx()) == NULL)
        return ERR_NOMEM;
    if (room_make(&packer->planes, &packer->planes_cap, raw_len + 1) < 0 ||
        room_make(&packer->packed, &packer->packed_cap, bound) < 0)
        return ERR_NOMEM;
    planes_gather(base, shape, used, packer->planes);
    int level = packer->level != 0 ? packer->level : level_of(id);
    size_t packed_len = planes_pack(packer, bound, used, shape->count, level);
    if (ZSTD_isError(packed_len))
        return ERR_NOMEM;
    bool smaller = packed_len < raw_len;
    header.coding = smaller ? COLUMN_ZSTD : COLUMN_RAW;
    size_t len = smaller ? packed_len : raw_len;
    const uint8_t *bytes = smaller ? packer->packed : packer->planes;
    header.packed_len = (uint32_t)(key == NULL ? len : len + SEAL_OVERHEAD);
    header.cipher = key == NULL ? COLUMN_CLEAR : COLUMN_SEALED;
    text_add(out, (const char *)&header, sizeof header);
    if (key == NULL)
        text_add(out, (const char *)bytes, len);
    else
        seal_column(key, &header, bytes, len, out);
    return text_ok(out) ? 0 : ERR_NOMEM;
}

int64_t column_parse(const uint8_t *bytes, size_t len, struct column *out)
{
    struct column column = {.packed = bytes + sizeof column.header};
    if (len < sizeof column.header)
        return ERR_DAMAGED;
    memcpy(&column.header, bytes, sizeof column.header);
    const struct column_header *h = &column.header;
    size_t raw_len = (size_t)h->width * h->count;
    size_t clear_len = h->cipher == COLUMN_SEALED ? h->packed_len - SEAL_OVERHEAD : h->packed_len;
    if (h->packed_len > len - sizeof *h || h->width > WIDTH_MAX || h->count > RAW_LEN_MAX || raw_len > RAW_LEN_MAX ||
        h->coding > COLUMN_ZSTD || (h->cipher == COLUMN_SEALED && h->packed_len < SEAL_OVERHEAD) ||
        (h->coding == COLUMN_RAW && clear_len != raw_len))
        return ERR_DAMAGED;
    *out = column;
    return (int64_t)(sizeof *h + h->packed_len);
}

/* The bytes as they are coded. */
static int column_unseal(struct column_packer *packer, const struct column *column, const struct day_key *key,
                         const uint8_t **out, size_t *out_len)
{
    const struct column_header *h = &column->header;
    *out = column->packed;
    *out_len = h->packed_len;
    if (h->cipher == COLUMN_CLEAR)
        return 0;
    if (h->cipher != COLUMN_SEALED || key == NULL)
        return ERR_UNSUPPORTED;
    if (room_make(&packer->opened, &packer->opened_cap, h->packed_len) < 0)
        return ERR_NOMEM;
    *out = packer->opened;
    *out_len = h->packed_len - SEAL_OVERHEAD;
    return seal_column_open(key, h, column->packed, h->packed_len, packer->opened);
}

bool column_opens(struct column_packer *packer, const struct column *column, const struct day_key *key)
{
    const uint8_t *bytes;
    size_t len;
    return column->header.cipher != COLUMN_SEALED || column_unseal(packer, column, key, &bytes, &len) == 0;
}

static int column_unpack(struct column_packer *packer, const struct column *column, const struct day_key *key,
                         const uint8_t **out)
{
    const struct column_header *h = &column->header;
    size_t raw_len = (size_t)h->width * h->count;
    const uint8_t *bytes;
    size_t len;
    int code = column_unseal(packer, column, key, &bytes, &len);
    if (code < 0)
        return code;
    if (h->coding == COLUMN_RAW) {
        *out = bytes;
        return 0;
    }
    if (packer->decompress == NULL && (packer->decompress = ZSTD_createDCtx()) == NULL)
        return ERR_NOMEM;
    if (room_make(&packer->planes, &packer->planes_cap, raw_len + 1) < 0)
        return ERR_NOMEM;
    if (ZSTD_decompressDCtx(packer->decompress, packer->planes, raw_len, bytes, len) != raw_len)
        return ERR_DAMAGED;
    *out = packer->planes;
    return 0;
}

int column_read(struct column_packer *packer, const struct column *column, const struct day_key *key, void *base,
                const struct column_shape *shape)
{
    const uint8_t *planes;
    if (column->header.count != shape->count || column->header.width > shape->width)
        return ERR_DAMAGED;
    int code = column_unpack(packer, column, key, &planes);
    if (code < 0)
        return code;
    planes_scatter(planes, shape, column->header.width, base);
    return 0;
}
