/*
 * Addresses of network cards (IEEE 802, EUI-48).
 *
 * Threads: pure.
 */
#ifndef BASE_MAC_H
#define BASE_MAC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"

#define MAC_LEN      6
#define MAC_TEXT_MAX 18 /* "3c:22:fb:01:02:03" with the closing zero */

/*
 * Twelve hexadecimal digits: in pairs with ':', '-' or ' ' between them (02:00:00:00:00:01), in fours with '.'
 * (0200.0000.0001), in sixes with '-' (020000-000001), or together. ERR_MALFORMED, also for the address that nobody has (all zero) and for those of groups.
 */
ERR_CHECKED int mac_from_text(const char *text, size_t len, uint8_t out[MAC_LEN]);
/* Returns out. */
char *mac_to_text(const uint8_t mac[MAC_LEN], char out[MAC_TEXT_MAX]);

/* Whether it can be one card's: not all zero, not a group's. */
bool mac_is_usable(const uint8_t mac[MAC_LEN]);

/* Given by software and not by a maker: most telephones make one up for each network, and may change it. */
static inline bool mac_is_local(const uint8_t mac[MAC_LEN])
{
    return (mac[0] & 2) != 0;
}

#endif
