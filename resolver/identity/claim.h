/*
 * A claim: one source says, for a time, who is behind an address or a network card.
 *
 *     source            says                                              grade of a user
 *     CLAIM_RADIUS      the user who authenticated on the network         A
 *     CLAIM_LOGON       the user who logged on to the device              B
 *     CLAIM_LOAN        the pupil to whom the device is lent              C
 *     CLAIM_STATIC      what the configuration says of the device         C
 *     CLAIM_LEASE       which card the DHCP server gave the address to    (D: a device only)
 *     CLAIM_FORWARDER   which card a trusted forwarder saw the question
 *                       come from                                         (D: a device only)
 *
 * `host` is what it says of itself when the claim is a lease or a RADIUS session: everybody can call their telephone
 * LIBRARY-PC-3. In a loan or a static claim it is the name by which the school knows the device.
 *
 * A claim has an address or a card, or both; a loan may have a host alone, which is then joined to the card that a static
 * claim knows by that name.
 *
 * User and host are the store's to clean (clean.h): a source hands on what it got. The key is kept as it is.
 */
#ifndef IDENTITY_CLAIM_H
#define IDENTITY_CLAIM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ipaddr.h"

/* The best evidence of a person first. */
enum claim_source { CLAIM_RADIUS, CLAIM_LOGON, CLAIM_LOAN, CLAIM_STATIC, CLAIM_LEASE, CLAIM_FORWARDER };
#define CLAIM_SOURCES 6

#define CLAIM_USER_MAX 128 /* bytes of text, as in the next two */
#define CLAIM_HOST_MAX 63
#define CLAIM_KEY_MAX  96

struct claim {
    enum claim_source source;
    uint16_t origin; /* which of the source's files or servers, counted by the source; 0 when it has one */
    bool has_address, has_mac;
    struct ipaddr address;
    uint8_t mac[6];
    char user[CLAIM_USER_MAX + 1]; /* "": none */
    char host[CLAIM_HOST_MAX + 1]; /* "": none */
    char key[CLAIM_KEY_MAX + 1];   /* names the claim at its source and origin: a session id, an address */
    int64_t from_s, until_s;       /* wall time; until: the first second in which it no longer holds, 0: no end */
};

/* "RADIUS", "logon", ...: for people. */
const char *claim_source_name(enum claim_source source);

static inline bool claim_holds(const struct claim *claim, int64_t now_s)
{
    return claim->from_s <= now_s && (claim->until_s == 0 || now_s < claim->until_s);
}

#endif
