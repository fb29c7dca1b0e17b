/*
 * What a forwarder downstream of us says, in the EDNS options of a question, about the client that it asks for.
 *
 *     65001  the client's network card, 6 bytes                    dnsmasq --add-mac
 *     65073  ... as text, aa:bb:cc:dd:ee:ff or in base64           dnsmasq --add-mac=text, --add-mac=base64
 *     65074  a name of the forwarder itself, or of its site        dnsmasq --add-cpe-id
 *     8      the client's address, or the network it is in         EDNS Client Subnet (RFC 7871), --add-subnet
 *
 * Anybody can send these. Who is believed, and in what, is the caller's to know.
 *
 * An option that is there twice, or not of its form, was not said: a client may have added the other one.
 *
 * Memory:  out points into the options. Threads: pure.
 */
#ifndef IDENTITY_FORWARDED_H
#define IDENTITY_FORWARDED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ipaddr.h"

#define FORWARDED_OPTION_MAC 65001
#define FORWARDED_CPE_MAX    64 /* bytes */
#define FORWARDED_SUBNET_MAX 20 /* bytes of the option of RFC 7871, 6, without code and length */

struct forwarded {
    bool has_mac, has_subnet, has_cpe;
    uint8_t mac[6];
    struct prefix subnet; /* 128 bits: one client */
    uint8_t cpe_len;
    const uint8_t *cpe;
    uint8_t subnet_len;
    const uint8_t *subnet_option; /* to be said back in the answer (RFC 7871, 7.2.1) */
};

/* options: the rdata of an OPT record. */
void forwarded_read(const uint8_t *options, size_t len, struct forwarded *out);

/* The address that stands for a forwarder by its name: in 100::/64, which no packet comes from (RFC 6666). */
struct ipaddr forwarded_cpe_address(const uint8_t *cpe, size_t len);

#endif
