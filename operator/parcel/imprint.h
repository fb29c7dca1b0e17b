/*
 * The two hashes of a file that leaves: BLAKE2b-256, as the log has it everywhere, and SHA-256, which every system can
 * compute (sha256sum, certutil, Get-FileHash).
 *
 * Threads: one.
 */
#ifndef PARCEL_IMPRINT_H
#define PARCEL_IMPRINT_H

#include <stddef.h>
#include <stdint.h>

#include <sodium.h>

#define IMPRINT_LEN      32
#define IMPRINT_TEXT_MAX (2 * IMPRINT_LEN + 1)

struct imprint {
    crypto_generichash_state blake2b_state;
    crypto_hash_sha256_state sha256_state;
    uint64_t bytes;
    uint8_t blake2b[IMPRINT_LEN], sha256[IMPRINT_LEN]; /* after imprint_end() */
};

void imprint_begin(struct imprint *imprint);
void imprint_add(struct imprint *imprint, const void *bytes, size_t len);
void imprint_end(struct imprint *imprint);

/* Small hexadecimal digits. Returns out. */
char *imprint_to_text(const uint8_t hash[IMPRINT_LEN], char out[IMPRINT_TEXT_MAX]);

#endif
