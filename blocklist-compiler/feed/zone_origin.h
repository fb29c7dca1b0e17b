/*
 * Where names of a master file begin (RFC 1035, 5.1): a name without a closing dot is relative to it.
 * Memory: none. Threads: pure.
 */
#ifndef FEED_ZONE_ORIGIN_H
#define FEED_ZONE_ORIGIN_H

#include <stdbool.h>

#include "feed/span.h"

#define ORIGIN_MAX 255

struct zone_origin {
    char text[ORIGIN_MAX + 1]; /* absolute, without the closing dot */
    size_t len;
    bool known;
};

static inline bool zone_origin_is_absolute(struct span name)
{
    return name.len > 0 && name.at[name.len - 1] == '.';
}

/* The name, relative to base or absolute, as an origin. False when it does not fit. */
bool zone_origin_set(struct zone_origin *origin, struct span name, const struct zone_origin *base);

#endif
