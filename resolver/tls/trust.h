/*
 * Whom we believe when we are the client: roots, and what a server must prove (RFC 8310, 5: the strict profile, nothing
 * is sent to a server that can't).
 *
 *     trust    the roots, one for all servers
 *     peer     one server: its name, or the keys it may have, or both
 *     tickets  what one server gave us to come back quicker with; each is used once (RFC 8446, C.4)
 *
 * Threads: trust is immutable once made; tickets belong to the thread of their sessions.
 */
#ifndef TLS_TRUST_H
#define TLS_TRUST_H

#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"
#include "tls/identity.h"

#define TLS_PIN_LEN     32 /* SHA-256 of a SubjectPublicKeyInfo (RFC 7858, 4.2) */
#define TLS_TICKETS_MAX 4

struct tls_trust;

/* With a name, a pin or both; an empty one is our own mistake. */
struct tls_peer {
    const char
        *name; /* in the certificate, which a root vouches for: a host name or an address; NULL: pins decide alone */
    const uint8_t (*pins)[TLS_PIN_LEN]; /* the server's own key is one of these */
    size_t pin_count;
};

struct tls_tickets {
    struct ssl_session_st *kept[TLS_TICKETS_MAX];
    size_t count;
};

/* ca_file: PEM file of roots; NULL: the system's. why: TLS_WHY_MAX bytes. ERR_NOENT, ERR_ACCESS, ERR_CONFIG, ERR_NOMEM. */
ERR_CHECKED int tls_trust_load(const char *ca_file, struct tls_trust **out, char *why);
void tls_trust_free(struct tls_trust *trust);

/* A pin as text: base64 of the digest, 44 characters; "sha256//" may stand before it. ERR_MALFORMED. */
ERR_CHECKED int tls_pin_parse(const char *text, uint8_t out[TLS_PIN_LEN]);

/* Begins as {0}. */
void tls_tickets_done(struct tls_tickets *tickets);

#endif
