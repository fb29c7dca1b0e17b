/*
 * How the question's name is spelt in one ask: each letter small or capital by chance (draft-vixie-dnsext-dns0x20-00).
 * A server copies the question into its reply (RFC 1035, 7.3), so who has not seen it must guess the spelling as well as
 * the id and the port.
 *
 * Memory: nothing is allocated. Threads: pure but for the pool.
 */
#ifndef UPSTREAM_SPELLING_H
#define UPSTREAM_SPELLING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/random.h"
#include "dns/name.h"

/* Bit i: byte i of the name is a capital, if it is a letter. All zero: small letters. */
struct spelling {
    uint8_t capital[(NAME_MAX_LEN + 7) / 8];
};

/* name is of len bytes, wire, lower case. */
void spelling_draw(struct spelling *spelling, size_t len, struct random_pool *random);
void spelling_write(const struct spelling *spelling, const uint8_t *name, size_t len, uint8_t *out);

/* Whether `got` is the name in exactly this spelling. */
bool spelling_equal(const struct spelling *spelling, const uint8_t *name, size_t len, const uint8_t *got);

#endif
