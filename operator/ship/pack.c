#include "ship/pack.h"

#include <stdlib.h>

#include <zlib.h>
#include <zstd.h>

#define GZIP_LEVEL  1
#define GZIP_WINDOW (15 + 16) /* the largest window, and gzip's header */
#define GZIP_MEMORY 8
#define ZSTD_LEVEL  3

const char *pack_name(enum pack_kind kind)
{
    return kind == PACK_ZSTD ? "zstd" : "gzip";
}

/* Room for size bytes, which are written to directly. */
static int room(struct text *out, size_t size)
{
    out->len = 0;
    if (size + 1 <= out->cap)
        return 0;
    char *grown = realloc(out->bytes, size + 1);
    if (grown == NULL)
        return ERR_NOMEM;
    out->bytes = grown;
    out->cap = size + 1;
    return 0;
}

static int gzip(const struct text *in, struct text *out)
{
    z_stream z = {0};
    if (deflateInit2(&z, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW, GZIP_MEMORY, Z_DEFAULT_STRATEGY) != Z_OK)
        return ERR_NOMEM;
    int code = room(out, deflateBound(&z, in->len));
    if (code == 0) {
        z.next_in = (z_const Bytef *)in->bytes;
        z.avail_in = (uInt)in->len;
        z.next_out = (Bytef *)out->bytes;
        z.avail_out = (uInt)out->cap;
        code = deflate(&z, Z_FINISH) == Z_STREAM_END ? 0 : ERR_NOMEM;
        out->len = z.total_out;
    }
    deflateEnd(&z);
    return code;
}

static int zstd(const struct text *in, struct text *out)
{
    int code = room(out, ZSTD_compressBound(in->len));
    if (code < 0)
        return code;
    size_t len = ZSTD_compress(out->bytes, out->cap, in->bytes, in->len, ZSTD_LEVEL);
    if (ZSTD_isError(len))
        return ERR_NOMEM;
    out->len = len;
    return 0;
}

int pack(enum pack_kind kind, const struct text *in, struct text *out)
{
    return kind == PACK_ZSTD ? zstd(in, out) : gzip(in, out);
}
