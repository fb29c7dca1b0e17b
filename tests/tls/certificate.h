/* A certificate of its own making for tests, in files of a new folder. */
#ifndef CERTIFICATE_H
#define CERTIFICATE_H

#include <stdint.h>

struct certificate {
    char dir[64];
    char cert[96], key[96]; /* PEM files */
};

/* Self-signed, for the name; the test ends when it can't be made. password: of the key; NULL: none. */
void certificate_make(struct certificate *out, const char *name, const char *password);
/* SHA-256 of its SubjectPublicKeyInfo. */
void certificate_pin(const struct certificate *certificate, uint8_t out[32]);
void certificate_remove(const struct certificate *certificate);

#endif
