/*
 * A lease: a DHCP server gave an address to a device, for a time.
 *
 *     file or socket ──▶ reading.h: bytes in, leases out ──▶ book.h: what holds of one source ──▶ claims of identity/
 *                           kea_csv.c   Kea's memfile, for IPv4 and IPv6
 *                           kea_json.c  Kea's answers over its control socket
 *                           isc.c       dhcpd.leases of ISC DHCP, for IPv4 and IPv6
 *                           dnsmasq.c   dnsmasq.leases
 *
 * The host name is what the device calls itself, unless the DHCP server knows better. It is a stranger's text, cleaned
 * (identity/clean.h) and nothing more.
 */
#ifndef LEASE_LEASE_H
#define LEASE_LEASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ipaddr.h"

#define LEASE_HOST_MAX 63 /* bytes of text */

struct lease {
    struct ipaddr address;
    uint8_t mac[6];
    bool has_mac;
    bool active;                   /* false: the address is nobody's (any more); only address counts then */
    char host[LEASE_HOST_MAX + 1]; /* "": none */
    int64_t renewed_s;             /* when the server last heard of the device, wall time; 0: the source does not say */
    int64_t until_s;               /* the first second in which it no longer holds; 0: no end */
};

/* Takes one lease; it lives for the call. */
typedef void (*lease_sink)(void *ctx, const struct lease *lease);

#endif
