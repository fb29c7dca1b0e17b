/*
 * How the log hides who asked: columns under the key of their day, persons under a key of their own.
 *
 *     column   XChaCha20-Poly1305: nonce (24 bytes), the column's bytes, tag (16); authenticated with them: the column's
 *              header and the day
 *     person   in the who table, of an entry with a user: the client (of IPv4, its four bytes) and the device are xored
 *              with ChaCha20 (RFC 8439, 2.4) under the person's key, nonce: the block's, then the number of the entry (u32).
 *              The user is left out; the person's slot stands for it
 *
 * Threads: pure.
 */
#ifndef QLOG_SEAL_H
#define QLOG_SEAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "belisha/err.h"
#include "qlog/day_key.h"
#include "qlog/format.h"

#define SEAL_OVERHEAD 40u /* bytes that a sealed column has more */

struct block_who;

/* Adds bytes sealed to out. header: as it will be written, cipher and packed_len included. */
void seal_column(const struct day_key *key, const struct column_header *header, const void *bytes, size_t len,
                 struct text *out);
/* To out, which has room for len - SEAL_OVERHEAD bytes. ERR_DAMAGED: another key, or changed. */
ERR_CHECKED int seal_column_open(const struct day_key *key, const struct column_header *header, const uint8_t *sealed,
                                 size_t len, uint8_t *out);

/* Xors what says who it was; once more and it is back. */
void seal_person(const uint8_t person_key[DAY_KEY_LEN], uint64_t block_nonce, uint32_t entry, struct block_who *who);

#endif
