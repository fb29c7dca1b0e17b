/*
 * A time zone: how far its clocks are ahead of UTC, and when that changes.
 *
 * Read from a TZif file of the system (RFC 8536), so that the process's own TZ plays no part. What such a file does not
 * list, behind its last change, says the rule in its footer (POSIX TZ: "GMT0BST,M3.5.0/1,M10.5.0").
 *
 * Threads: immutable once made; pure.
 */
#ifndef POLICY_TIME_ZONE_H
#define POLICY_TIME_ZONE_H

#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"

#define TIME_ZONE_FILE_MAX (64u << 10) /* the largest of the system's has 4 KiB */

struct time_zone;

/* bytes: a whole TZif file. ERR_MALFORMED, ERR_FORMAT_VERSION (no TZif), ERR_LIMIT, ERR_NOMEM. */
ERR_CHECKED int time_zone_parse(const uint8_t *bytes, size_t len, struct time_zone **out);
/* By a rule alone, zero-terminated, as in a footer. ERR_MALFORMED, ERR_NOMEM. */
ERR_CHECKED int time_zone_from_rule(const char *rule, struct time_zone **out);
/* zone NULL: a copy of UTC is NULL too. ERR_NOMEM. */
ERR_CHECKED int time_zone_copy(const struct time_zone *zone, struct time_zone **out);
/* Bytes of it, which may be copied as they are. */
size_t time_zone_size(const struct time_zone *zone);
void time_zone_free(struct time_zone *zone);

/* Seconds to be added to UTC. zone NULL: UTC. */
int32_t time_zone_offset_s(const struct time_zone *zone, int64_t utc_s);
/* The first instant after utc_s at which that changes; INT64_MAX: never. */
int64_t time_zone_next_s(const struct time_zone *zone, int64_t utc_s);

#endif
