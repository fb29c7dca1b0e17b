/*
 * The key that a record is signed with (Ed25519, RFC 8032), and its public half, by which anybody can tell that nothing was
 * changed since.
 *
 * Both are PEM files that openssl reads as well (RFC 8410: PKCS #8 and SubjectPublicKeyInfo). The private one belongs to the
 * program alone: mode 0400. A key is called by its id, the first half of BLAKE2b-256 over the 32 bytes of its public half.
 *
 * Memory:  structs are the caller's; signing_key_done() leaves nothing of the secret behind.
 * Threads: pure, but for the files.
 */
#ifndef SIGNING_SIGNING_KEY_H
#define SIGNING_SIGNING_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "belisha/err.h"

#define SIGNING_PUBLIC_LEN    32
#define SIGNING_SIGNATURE_LEN 64
#define SIGNING_ID_LEN        16
#define SIGNING_ID_TEXT_MAX   (2 * SIGNING_ID_LEN + 1)
#define SIGNING_PEM_MAX       4096 /* bytes of a file that is looked at */

struct signing_public {
    uint8_t bytes[SIGNING_PUBLIC_LEN];
    uint8_t id[SIGNING_ID_LEN];
};

struct signing_key {
    struct signing_public public;
    uint8_t secret[64];
};

/*
 * Reads the private key at path. Where there is none, one is drawn and written there first, with its folder (mode 0700);
 * *out_made says so. ERR_ACCESS: others may read it, or we may not; ERR_MALFORMED, ERR_NOSPACE, ERR_IO.
 */
ERR_CHECKED int signing_key_open(const char *path, struct signing_key *out, bool *out_made);
void signing_key_done(struct signing_key *key);

void signing_key_sign(const struct signing_key *key, const void *bytes, size_t len, uint8_t out[SIGNING_SIGNATURE_LEN]);

bool signing_public_verify(const struct signing_public *public, const void *bytes, size_t len,
                           const uint8_t signature[SIGNING_SIGNATURE_LEN]);

/* Adds the PEM form. */
void signing_public_write(const struct signing_public *public, struct text *out);
/* The first public key in a PEM text. ERR_MALFORMED. */
ERR_CHECKED int signing_public_parse(const char *pem, size_t len, struct signing_public *out);
/* The same of a file. ERR_NOENT, ERR_ACCESS, ERR_IO too. */
ERR_CHECKED int signing_public_load(int dir_fd, const char *path, struct signing_public *out);

/* Hexadecimal. Returns out. */
char *signing_id_to_text(const uint8_t id[SIGNING_ID_LEN], char out[SIGNING_ID_TEXT_MAX]);

#endif
