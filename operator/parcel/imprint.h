/*
 * The two hashes of a file that leaves: BLAKE2b-256, as the log has it everywhere, and SHA-256, which every system can
 * compute (sha256sum, certutil, Get-FileHash).
 *
 * Memory: owned by the struct between imprint_begin() and imprint_end() or imprint_drop(). Threads: one.
 */
#ifndef PARCEL_IMPRINT_H
#define PARCEL_IMPRINT_H

#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"

#define IMPRINT_LEN      32
#define IMPRINT_TEXT_MAX (2 * IMPRINT_LEN + 1)

struct imprint {
    struct imprint_running *running; /* NULL after the end: then the struct may be copied */
    uint64_t bytes;
    uint8_t blake2b[IMPRINT_LEN], sha256[IMPRINT_LEN]; /* after imprint_end() */
};

ERR_CHECKED int imprint_begin(struct imprint *imprint); /* ERR_NOMEM; ERR_UNSUPPORTED: OpenSSL refuses SHA-256 */
void imprint_add(struct imprint *imprint, const void *bytes, size_t len);
void imprint_end(struct imprint *imprint);
/* Instead of the end, or after it. */
void imprint_drop(struct imprint *imprint);

/* BLAKE2b of what was added so far. */
void imprint_so_far(const struct imprint *imprint, uint8_t out[IMPRINT_LEN]);

/* Small hexadecimal digits. Returns out. */
char *imprint_to_text(const uint8_t hash[IMPRINT_LEN], char out[IMPRINT_TEXT_MAX]);

#endif
