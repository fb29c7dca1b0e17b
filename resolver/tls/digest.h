/*
 * Digests of bytes, and comparing them: what protocols that are older than TLS prove with a shared secret.
 *
 * MD5 is here for RADIUS alone (RFC 2866, 3; RFC 3579, 3.2), which has nothing else.
 *
 * Errors:  ERR_UNSUPPORTED: this machine's OpenSSL is set up to refuse the digest; ERR_NOMEM.
 * Threads: pure; any.
 */
#ifndef TLS_DIGEST_H
#define TLS_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"

#define DIGEST_MD5_LEN    16
#define DIGEST_SHA256_LEN 32

struct digest_part {
    const void *bytes;
    size_t len;
};

/* MD5 of all parts, one behind the other. */
ERR_CHECKED int digest_md5(const struct digest_part parts[], size_t count, uint8_t out[DIGEST_MD5_LEN]);

/* HMAC-MD5 (RFC 2104). */
ERR_CHECKED int digest_hmac_md5(const void *key, size_t key_len, const void *bytes, size_t len,
                                uint8_t out[DIGEST_MD5_LEN]);

ERR_CHECKED int digest_sha256(const void *bytes, size_t len, uint8_t out[DIGEST_SHA256_LEN]);

/* SHA-256 of what comes piece by piece. NULL: no memory, or refused. One thread for each. */
struct digest_flow;
struct digest_flow *digest_flow_new(void);
void digest_flow_add(struct digest_flow *flow, const void *bytes, size_t len);
void digest_flow_get(struct digest_flow *flow, uint8_t out[DIGEST_SHA256_LEN]); /* then nothing may be added */
void digest_flow_free(struct digest_flow *flow);

/* Takes the same time wherever they differ. */
bool digest_equal(const void *a, const void *b, size_t len);

#endif
