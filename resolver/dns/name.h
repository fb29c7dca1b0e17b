/*
 * Domain names in wire form.
 *
 * A name is length-prefixed labels ending in a zero byte, 1 to 255 bytes, labels of 1 to 63 bytes (RFC 1035, 3.1). Every
 * byte value may stand in a label (RFC 2181, 11); only A-Z and a-z are equal to each other (RFC 4343). name_* functions
 * never see a compression pointer: msg_name_unpack() (dns/msg.h) resolves those first.
 *
 * Text is the presentation form of RFC 1035, 5.1: dots between labels, \. and \\ and \DDD escapes, with no closing dot
 * when printed ("." is the root).
 *
 * Memory:  allocates nothing; every buffer is the caller's.
 * Errors:  negative enum err; outputs are untouched on failure.
 * Threads: pure; any thread.
 */
#ifndef DNS_NAME_H
#define DNS_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "belisha/err.h"

#define NAME_MAX_LEN 255      /* bytes on the wire, with the root's zero */
#define NAME_MAX_LABELS 127   /* without the root */
#define NAME_LABEL_MAX 63     /* bytes */
#define NAME_TEXT_MAX 1005    /* 4 bytes for each of at most 250 label bytes, dots, closing zero: never overflows */

/* Length in bytes of the name at wire, or ERR_MALFORMED (label over 63, name over 255), ERR_TRUNCATED (past len). */
ERR_CHECKED int name_check(const uint8_t *wire, size_t len);

/* Length of a name already known to be well-formed. */
size_t name_len(const uint8_t *name);

/* Labels without the root: "example.com" has 2, the root 0. */
unsigned name_label_count(const uint8_t *name);

/* Lower-cases the A-Z of len bytes in place or from `from` to `to` (they may be equal). Length bytes stay as they are. */
void name_lower(uint8_t *to, const uint8_t *from, size_t len);

/* Case-insensitive (RFC 4343). */
bool name_equal(const uint8_t *a, const uint8_t *b);

/* Whether name is parent itself or below it. Case-insensitive. */
bool name_is_at_or_below(const uint8_t *name, const uint8_t *parent);

/* The part of name that remains without its first `labels` labels (the root if there are not so many). */
const uint8_t *name_skip_labels(const uint8_t *name, unsigned labels);

/*
 * The first labels of a name as a name of their own, one more with each call: of a.b.c first a, then a.b, and that is all,
 * for there must be something left behind it. *len is 0 before the first call. False: there is no more, front is as it was.
 */
bool name_front_grow(const uint8_t *name, uint8_t front[NAME_MAX_LEN], size_t *len);

/*
 * Text of text_len bytes to a wire name, with or without a closing dot, case kept. Returns the bytes written (1..255).
 * ERR_MALFORMED: empty label, empty text, bad escape, label over 63 or name over 255 bytes.
 */
ERR_CHECKED int name_from_text(const char *text, size_t text_len, uint8_t out[NAME_MAX_LEN]);

/* Escapes everything outside 0x21..0x7e, and . \ " ( ) ; @ $. Returns out. */
char *name_to_text(const uint8_t *name, char out[NAME_TEXT_MAX]);

#endif
