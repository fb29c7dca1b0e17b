/*
 * Fields of the lease formats: bounded pieces of a text that need not end with a zero.
 *
 * Threads: pure.
 */
#ifndef LEASE_FIELD_H
#define LEASE_FIELD_H

#include "belisha/err.h"
#include "lease/lease.h"

struct field {
    const char *bytes;
    size_t len;
};

bool field_is(struct field f, const char *word);
/* The next piece of *rest up to one of the byte `end` or its end; *rest goes behind it. */
struct field field_cut(struct field *rest, char end);

/* The first byte of *rest, which is not empty; *rest goes behind it. */
static inline char field_take(struct field *rest)
{
    rest->len--;
    return *rest->bytes++;
}

/* Decimal digits alone, at most FIELD_NUMBER_MAX. ERR_MALFORMED. */
#define FIELD_NUMBER_MAX (INT64_C(1) << 40)
ERR_CHECKED int field_number(struct field f, int64_t *out);
ERR_CHECKED int field_address(struct field f, struct ipaddr *out);
/* "0:16:3e:0a:1:ff": pairs of hexadecimal digits, of which the first may be missing. Returns how many bytes, at most cap. */
ERR_CHECKED int field_hex(struct field f, uint8_t *out, size_t cap);

/* Its value; -1: it is none. */
int field_hex_digit(char c);

/* An Ethernet address; false for addresses of other kinds, and when it is none. */
bool field_mac(struct field f, uint8_t out[6]);
/* The Ethernet address in a DUID that was made of one (RFC 8415, 11.2 and 11.4). */
bool duid_mac(const uint8_t *duid, size_t len, uint8_t out[6]);

#endif
