/*
 * The two hashes of a file that leaves: BLAKE2b-256, as the log has it everywhere, and SHA-256, which every system can
 * compute (sha256sum, certutil, Get-FileHash).
 *
 * Threads: one.
 */
#ifndef PARCEL_DIGEST_H
#define PARCEL_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include <sodium.h>

#define DIGEST_LEN      32
#define DIGEST_TEXT_MAX (2 * DIGEST_LEN + 1)

struct digest {
    crypto_generichash_state blake2b_state;
    crypto_hash_sha256_state sha256_state;
    uint64_t bytes;
    uint8_t blake2b[DIGEST_LEN], sha256[DIGEST_LEN]; /* after digest_end() */
};

void digest_begin(struct digest *digest);
void digest_add(struct digest *digest, const void *bytes, size_t len);
void digest_end(struct digest *digest);

/* Small hexadecimal digits. Returns out. */
char *digest_to_text(const uint8_t hash[DIGEST_LEN], char out[DIGEST_TEXT_MAX]);

#endif
