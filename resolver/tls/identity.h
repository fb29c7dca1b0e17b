/*
 * What a TLS server shows its clients: certificate chain, private key, and the protocol it speaks inside.
 *
 * TLS 1.2 and 1.3 only, no renegotiation, no early data (RFC 9325; a repeated question in early data would be answered
 * twice). Sessions are resumed by tickets whose keys live as long as the identity.
 *
 * Memory:  a session keeps what it needs of its identity: tls_identity_free() may be called while sessions live.
 * Threads: immutable once made; sessions of any thread may start from it.
 */
#ifndef TLS_IDENTITY_H
#define TLS_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>

#include "belisha/err.h"

#define TLS_WHY_MAX 512

struct tls_identity;

struct tls_identity_opts {
    const char *certificate; /* PEM file: the server's own certificate first, then those that lead to a root */
    const char *key;         /* PEM file of its private key, without a password */
};

/* why: TLS_WHY_MAX bytes, gets a sentence that names the file. ERR_NOENT, ERR_ACCESS, ERR_CONFIG, ERR_NOMEM. */
ERR_CHECKED int tls_identity_load(const struct tls_identity_opts *opts, struct tls_identity **out, char *why);
void tls_identity_free(struct tls_identity *identity);

#endif
