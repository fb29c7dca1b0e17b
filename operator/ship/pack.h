/*
 * Compression of what is sent: gzip (RFC 1952), which every server takes, and zstd (RFC 8878).
 *
 * Threads: pure; any thread.
 */
#ifndef SHIP_PACK_H
#define SHIP_PACK_H

#include "base/text.h"
#include "belisha/err.h"

enum pack_kind { PACK_GZIP, PACK_ZSTD };

/* The name of the encoding in HTTP. */
const char *pack_name(enum pack_kind kind);
/* Replaces what is in out. ERR_NOMEM. */
ERR_CHECKED int pack(enum pack_kind kind, const struct text *in, struct text *out);

#endif
