/*
 * Files that only who has the vault's key can read: what the tier must keep between runs, and what a sealed export will
 * need. XChaCha20 and Poly1305 (libsodium's secretbox); mode 0600.
 *
 *     file   "belvlt01" | nonce[24] | box            the box: 16 bytes of authentication, then the encrypted bytes
 *
 * Threads: one at a time.
 */
#ifndef TIER_VAULT_H
#define TIER_VAULT_H

#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"

#define VAULT_KEY_LEN 32
#define VAULT_MAX     (256u << 20) /* bytes of the largest content */

struct vault {
    const char *dir;
    uint8_t key[VAULT_KEY_LEN];
};

/* ERR_NOENT; ERR_DAMAGED: changed, or of another key. *out is the caller's to free. ERR_NOMEM, ERR_IO, ERR_ACCESS. */
ERR_CHECKED int vault_get(const struct vault *vault, const char *name, uint8_t **out, size_t *out_len);

/* ERR_NOSPACE, ERR_IO, ERR_ACCESS, ERR_NOMEM, ERR_LIMIT; the old file stays then. */
ERR_CHECKED int vault_put(const struct vault *vault, const char *name, const void *bytes, size_t len);

#endif
