/*
 * Pseudonyms: a person, a device or an address as 64 bits that tell who is the same and nothing else to whoever has no key.
 *
 * Keyed BLAKE2b (RFC 7693) over the kind and the name. Schools of a trust have the same key, so that a person who is seen in two
 * of them is one. Who has the key and a list of names can find the names again: it is kept as the names would be.
 *
 * Threads: pure, but for the file.
 */
#ifndef SHIP_PSEUDONYM_H
#define SHIP_PSEUDONYM_H

#include <stdint.h>

#include "base/secret.h"
#include "belisha/err.h"

#define PSEUDONYM_SECRET_MIN 32 /* bytes of the file's text */

enum pseudonym_kind { PSEUDONYM_USER = 1, PSEUDONYM_DEVICE = 2, PSEUDONYM_CLIENT = 3 };

struct pseudonym_key {
    uint8_t bytes[32];
};

/* Errors of secret_read(); ERR_LIMIT: too short. why gets a sentence. */
ERR_CHECKED int pseudonym_key_load(const char *path, struct pseudonym_key *out, char why[SECRET_WHY_MAX]);
/* Draws a key and writes its file, mode 0400, which must not be there yet. ERR_EXIST, ERR_ACCESS, ERR_NOENT, ERR_NOSPACE, ERR_IO. */
ERR_CHECKED int pseudonym_key_make(const char *path);
void pseudonym_key_wipe(struct pseudonym_key *key);

/* Never 0: that stands for nobody. scope: what the name has a meaning in (a site); "": everywhere. */
uint64_t pseudonym(const struct pseudonym_key *key, enum pseudonym_kind kind, const char *scope, const char *name);

#endif
