/* Punycode (RFC 3492): the encoder, for labels that IDNA refuses but registries sell (emoji). Pure; any thread. */
#ifndef FEED_PUNYCODE_H
#define FEED_PUNYCODE_H

#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"

/*
 * Encodes count code points to out, without the xn-- in front and without a closing zero. Returns the bytes written,
 * ERR_LIMIT when out_cap is too small, ERR_INVAL for an empty input or a number that is no code point.
 */
ERR_CHECKED int punycode_write(const uint32_t *points, size_t count, char *out, size_t out_cap);

#endif
