/*
 * The path of a DNS-over-HTTPS request (RFC 8484, 4.1): `/dns-query?dns=AAABAAAB...`.
 *
 * Threads: pure; any thread. Memory: allocates nothing.
 */
#ifndef NET_DOH_TARGET_H
#define NET_DOH_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"

/* Whether the part of target before any '?' is path, byte for byte. */
bool doh_target_is(const char *target, size_t len, const char *path);

/*
 * The message in the target's `dns` parameter: base64url without padding (RFC 4648, 5). Returns its length.
 * ERR_NOENT: there is no such parameter. ERR_MALFORMED: it is not base64url, or empty. ERR_LIMIT: longer than cap.
 */
ERR_CHECKED int doh_target_message(const char *target, size_t len, uint8_t *out, size_t cap);

#endif
