/*
 * Keys: names turned round, so that sorting puts every name behind its parent.
 *
 * The key of www.Example.com is  "com" 00 "example" 00 "www"  : labels from the right, lower case, a zero byte between
 * two labels and none at the end. The separator sorts below every other byte, so all names below example.com follow it
 * directly, before example-shop.com. A listed name P covers a name N exactly when key(P) is a prefix of key(N) and ends
 * there at a label boundary: the next byte of key(N) is zero, or there is none.
 *
 * A label holding a zero byte can't be told from a boundary, so the key ends before the first such label (counted from
 * the right) and `whole` is false: parents still match, the name itself never does.
 *
 * Memory: allocates nothing. Threads: pure.
 */
#ifndef DNS_KEY_H
#define DNS_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"

#define NAME_KEY_MAX   254 /* bytes; a 255-byte wire name gives at most 253 */
#define NAME_KEY_SLACK 16  /* bytes behind a key that may be read, whatever they are: a search compares many at once */

struct name_key {
    uint16_t len;    /* bytes used; 0 for the root */
    uint8_t labels;  /* labels in the key */
    bool whole;      /* false: cut at a label with a zero byte */
    uint8_t bytes[NAME_KEY_MAX + NAME_KEY_SLACK];
};

/* name: well-formed wire name, any case. */
void name_key_make(const uint8_t *name, struct name_key *out);

/*
 * The wire name (lower case) of a key of len bytes; out_name holds 255 bytes. Returns the name's length, or
 * ERR_MALFORMED (empty label, label over 63 or name over 255 bytes).
 */
ERR_CHECKED int name_key_to_name(const uint8_t *key, size_t len, uint8_t *out_name);

#endif
